#include "spdx_document.hpp"

#include "digest.hpp"
#include "text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <map>
#include <set>
#include <string_view>

namespace sbom {
namespace {

// Keeps members in the order in which they are added: fixed, and better to read than by name.
using json = nlohmann::ordered_json;

constexpr std::string_view tool = "Tool: skein-sbom-" SBOM_VERSION;
constexpr std::string_view system_id = "SPDXRef-OperatingSystem";
constexpr std::string_view unknown = "NOASSERTION";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string time_text(std::chrono::sys_seconds time) {
  std::time_t const seconds = time.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

/// https://github.com/package-url/purl-spec: pkg:deb/debian/libc6@2.36-9?arch=amd64
std::string package_url(package const& of, std::string const& distribution) {
  return "pkg:deb/" + percent_encoded(distribution) + '/' + percent_encoded(lower(of.name)) + '@' + percent_encoded(of.version) +
         "?arch=" + percent_encoded(of.architecture);
}

/// An identifier is made of letters, digits, . and -; two names must not become one.
class identifiers {
 public:
  std::string of(std::string_view name) {
    std::string id = "SPDXRef-Package-";
    for (char const c : name) id += is_letter_or_digit(c) || c == '.' || c == '-' ? std::string(1, c) : c == '+' ? "-plus" : "-";
    std::string unique = id;
    for (int number = 2; !used_.insert(unique).second; ++number) unique = id + "-" + std::to_string(number);
    return unique;
  }

 private:
  std::set<std::string> used_;
};

/// `Debian GCC Maintainers <debian-gcc@lists.debian.org>` as SPDX writes it.
std::string person(std::string const& maintainer) {
  auto const open = maintainer.rfind(" <");
  if (open == std::string::npos || !maintainer.ends_with('>')) return "Person: " + maintainer;
  return "Person: " + maintainer.substr(0, open) + " (" + maintainer.substr(open + 2, maintainer.size() - open - 3) + ')';
}

bool is_web_address(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://")) && text.find_first_of(" \\<>\"") == std::string_view::npos;
}

std::string sentence(finding const& one) {
  std::string text{to_string(one.kind)};
  text += ": " + one.where;
  if (!one.what.empty()) text += " (" + one.what + ')';
  return text;
}

json annotations(std::vector<finding> const& findings, std::string const& time) {
  json all = json::array();
  for (auto const& one : findings) {
    all.push_back({{"annotationDate", time}, {"annotationType", "REVIEW"}, {"annotator", tool}, {"comment", sentence(one)}});
  }
  return all;
}

json relationship(std::string_view from, std::string_view type, std::string_view to) {
  return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

json system_package(document_order const& order, std::string const& time) {
  json made{{"name", order.system},        {"SPDXID", system_id},
            {"downloadLocation", unknown}, {"filesAnalyzed", false},
            {"licenseConcluded", unknown}, {"licenseDeclared", unknown},
            {"copyrightText", unknown},    {"primaryPackagePurpose", "OPERATING_SYSTEM"}};
  if (!order.findings.empty()) made["annotations"] = annotations(order.findings, time);
  return made;
}

json package_json(component const& of, std::string const& id, std::string const& distribution, std::string const& time) {
  auto const& subject = of.subject;
  json made{
      {"name", subject.name}, {"SPDXID", id}, {"versionInfo", subject.version}, {"downloadLocation", unknown}, {"filesAnalyzed", false}};
  if (!subject.maintainer.empty()) made["supplier"] = person(subject.maintainer);
  if (is_web_address(subject.homepage)) made["homepage"] = subject.homepage;
  if (!subject.source.empty()) made["sourceInfo"] = "built from the Debian source package " + subject.source;
  // What was read is what the package says of itself; nobody has drawn a conclusion from it.
  made["licenseConcluded"] = unknown;
  made["licenseDeclared"] = of.licence.empty() ? std::string{unknown} : of.licence;
  made["copyrightText"] = unknown;
  made["comment"] = "hashed " + std::to_string(of.hashed) + " of " + counted(of.recorded, "recorded file");
  made["externalRefs"] = json::array(
      {{{"referenceCategory", "PACKAGE-MANAGER"}, {"referenceType", "purl"}, {"referenceLocator", package_url(subject, distribution)}}});
  if (!of.findings.empty()) made["annotations"] = annotations(of.findings, time);
  return made;
}

/// One entry for each LicenseRef, with the packages that use it.
json extracted_licences(std::vector<component> const& components) {
  struct used_licence {
    std::set<std::string> names, packages;
  };
  std::map<std::string, used_licence> used;
  for (auto const& one : components) {
    for (auto const& licence : one.custom) {
      used[licence.id].names.insert(licence.name);
      used[licence.id].packages.insert(one.subject.name);
    }
  }
  json all = json::array();
  for (auto const& [id, licence] : used) {
    std::string text = "The text is in /usr/share/doc/PACKAGE/copyright of:";
    for (auto const& name : licence.packages) text += ' ' + name;
    all.push_back({{"licenseId", id}, {"name", *licence.names.begin()}, {"extractedText", text}});
  }
  return all;
}

std::string slug(std::string_view text) {
  std::string out;
  for (char const c : lower(text)) {
    if (is_letter_or_digit(c)) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

}  // namespace

std::string spdx_document(document_order const& order, std::vector<component> const& components, std::chrono::sys_seconds created) {
  auto const time = time_text(created);
  json made{{"spdxVersion", "SPDX-2.3"},
            {"dataLicense", "CC0-1.0"},
            {"SPDXID", "SPDXRef-DOCUMENT"},
            {"name", order.system},
            {"documentNamespace", ""},
            {"creationInfo", {{"created", time}, {"creators", json::array({tool})}}},
            {"comment", "Hashed: " + to_string(order.hashed) + "."}};
  json packages = json::array({system_package(order, time)});
  json relationships = json::array({relationship("SPDXRef-DOCUMENT", "DESCRIBES", system_id)});
  identifiers ids;
  for (auto const& one : components) {
    auto const id = ids.of(one.subject.id);
    packages.push_back(package_json(one, id, order.distribution, time));
    relationships.push_back(relationship(system_id, "CONTAINS", id));
  }
  made["packages"] = std::move(packages);
  if (auto licences = extracted_licences(components); !licences.empty()) made["hasExtractedLicensingInfos"] = std::move(licences);
  made["relationships"] = std::move(relationships);

  digest content{digest::algorithm::sha256};
  content.update(made.dump());
  made["documentNamespace"] = "https://spdx.org/spdxdocs/" + slug(order.system) + '-' + content.hex().substr(0, 32);
  return made.dump(2) + '\n';
}

}  // namespace sbom
