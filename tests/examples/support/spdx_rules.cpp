#include "spdx_rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>

namespace sbom::testing {
namespace {

using nlohmann::json;
using names = std::set<std::string>;

class rules {
 public:
  std::vector<std::string> of(std::string_view text) {
    auto const document = json::parse(text, nullptr, false);
    if (document.is_discarded()) return {"is no JSON in UTF-8"};
    check_document(document);
    return std::move(found_);
  }

 private:
  void check_document(json const& document) {
    members("document", document, {"SPDXID", "creationInfo", "dataLicense", "name", "spdxVersion", "documentNamespace"},
            {"comment", "packages", "relationships", "hasExtractedLicensingInfos", "annotations"});
    require(document.value("spdxVersion", "") == "SPDX-2.3", "spdxVersion is SPDX-2.3 (6.1)");
    require(document.value("dataLicense", "") == "CC0-1.0", "dataLicense is CC0-1.0 (6.2)");
    require(document.value("SPDXID", "") == "SPDXRef-DOCUMENT", "the document's SPDXID is SPDXRef-DOCUMENT (6.3)");
    require(!document.value("name", "").empty(), "the document has a name (6.4)");
    matches(document.value("documentNamespace", ""), "[a-z][a-z0-9+.-]*:[^#\\s]+", "documentNamespace is a URI without # (6.5)");
    auto const creation = document.value("creationInfo", json::object());
    members("creationInfo", creation, {"created", "creators"}, {"comment", "licenseListVersion"});
    matches(creation.value("created", ""), "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", "created is UTC to the second (6.9)");
    for (std::string const creator : creation.value("creators", json::array())) {
      matches(creator, "(Person|Organization|Tool): .+", "a creator is a person, an organization or a tool (6.8)");
    }
    require(!creation.value("creators", json::array()).empty(), "there is a creator (6.8)");
    ids_.insert("SPDXRef-DOCUMENT");
    for (auto const& licence : document.value("hasExtractedLicensingInfos", json::array())) check_licence(licence);
    for (auto const& package : document.value("packages", json::array())) check_package(package);
    check_relationships(document.value("relationships", json::array()));
  }

  void check_licence(json const& licence) {
    members("extracted licence", licence, {"extractedText", "licenseId"}, {"name", "comment", "seeAlsos", "crossRefs"});
    matches(licence.value("licenseId", ""), "LicenseRef-[a-zA-Z0-9.-]+", "a licenseId is a LicenseRef (10.1)");
    require(!licence.value("extractedText", "").empty(), "an extracted licence has a text (10.2)");
    require(licences_.insert(licence.value("licenseId", "")).second, "a licenseId is there once");
  }

  void check_package(json const& package) {
    members("package", package, {"SPDXID", "downloadLocation", "name"},
            {"annotations", "comment", "copyrightText", "externalRefs", "filesAnalyzed", "homepage", "licenseConcluded", "licenseDeclared",
             "packageVerificationCode", "primaryPackagePurpose", "sourceInfo", "supplier", "versionInfo"});
    auto const id = package.value("SPDXID", "");
    matches(id, "SPDXRef-[a-zA-Z0-9.-]+", "an SPDXID is made of letters, digits, . and - (7.2)");
    require(ids_.insert(id).second, "the SPDXID " + id + " is there once");
    // 7.8, 7.9: without files there is no verification code, and without a word files count as analyzed.
    require(package.value("filesAnalyzed", true) == package.contains("packageVerificationCode"),
            "a verification code goes with analyzed files (7.9)");
    if (package.contains("supplier"))
      matches(package["supplier"], "NOASSERTION|(Person|Organization): .+", "a supplier is a person or an organization (7.5)");
    if (package.contains("homepage")) matches(package["homepage"], "https?://\\S+", "a homepage is a URI (7.11)");
    for (auto const* key : {"licenseConcluded", "licenseDeclared"}) check_expression(package.value(key, "NOASSERTION"));
    for (auto const& reference : package.value("externalRefs", json::array())) {
      members("externalRef", reference, {"referenceCategory", "referenceLocator", "referenceType"}, {"comment"});
      matches(reference.value("referenceCategory", ""), "OTHER|PERSISTENT-ID|SECURITY|PACKAGE-MANAGER", "a category is one of four (7.21)");
      matches(reference.value("referenceLocator", ""), "pkg:deb/[^\\s/@]+/[^\\s/@]+@[^\\s@?]+\\?arch=\\S+", "a package URL has its parts");
    }
    for (auto const& annotation : package.value("annotations", json::array())) {
      members("annotation", annotation, {"annotationDate", "annotationType", "annotator", "comment"}, {});
      matches(annotation.value("annotationType", ""), "OTHER|REVIEW", "an annotation is OTHER or REVIEW (12.3)");
      matches(annotation.value("annotator", ""), "(Person|Organization|Tool): .+",
              "an annotator is a person, an organization or a tool (12.1)");
    }
  }

  /// Annex D: identifiers, AND, OR, WITH, parentheses that match; every LicenseRef is declared.
  void check_expression(std::string const& text) {
    if (text == "NOASSERTION" || text == "NONE") return;
    matches(text, "\\(*[A-Za-z0-9.-]+( WITH [A-Za-z0-9.-]+)?\\)*( (AND|OR) \\(*[A-Za-z0-9.-]+( WITH [A-Za-z0-9.-]+)?\\)*)*",
            "a licence expression (annex D)");
    require(std::count(text.begin(), text.end(), '(') == std::count(text.begin(), text.end(), ')'), "parentheses match in " + text);
    static std::regex const reference{"LicenseRef-[a-zA-Z0-9.-]+"};
    for (std::sregex_iterator at{text.begin(), text.end(), reference}, end; at != end; ++at) {
      require(licences_.contains(at->str()), at->str() + " is declared (10.1)");
    }
  }

  void check_relationships(json const& all) {
    bool described = false;
    for (auto const& one : all) {
      members("relationship", one, {"spdxElementId", "relatedSpdxElement", "relationshipType"}, {"comment"});
      for (auto const* end : {"spdxElementId", "relatedSpdxElement"})
        require(ids_.contains(one.value(end, "")), "a relationship names what is there (11.1)");
      matches(one.value("relationshipType", ""), "DESCRIBES|CONTAINS", "a relationship has a type (11.1)");
      described = described || (one.value("relationshipType", "") == "DESCRIBES" && one.value("spdxElementId", "") == "SPDXRef-DOCUMENT");
    }
    require(described, "the document describes something (11.1)");
  }

  void members(std::string const& what, json const& object, names const& required, names const& allowed) {
    for (auto const& name : required) require(object.contains(name), what + " has " + name);
    for (auto const& [name, value] : object.items()) {
      require(required.contains(name) || allowed.contains(name), what + " may not have " + name);
      require(!value.is_null() && value != "", what + ' ' + name + " has a value");
    }
  }
  void matches(std::string const& text, std::string const& pattern, std::string const& rule) {
    require(std::regex_match(text, std::regex{pattern}), rule + ", not \"" + text + '"');
  }
  void require(bool holds, std::string const& rule) {
    if (!holds) found_.push_back(rule);
  }

  std::vector<std::string> found_;
  names ids_, licences_;
};

}  // namespace

std::vector<std::string> spdx_violations(std::string_view text) { return rules{}.of(text); }

}  // namespace sbom::testing
