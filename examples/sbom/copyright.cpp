#include "copyright.hpp"

#include "control_file.hpp"
#include "spdx_licences.hpp"
#include "text.hpp"

#include <algorithm>
#include <set>

namespace sbom {
namespace {

/// A file with more odd lines than this is not worth a finding for each.
constexpr std::size_t findings_max = 10;

constexpr std::string_view common_licences = "/usr/share/common-licenses/";

bool is_machine_readable(std::string_view text) {
  for (auto const line : lines_of(text)) {
    if (trimmed(line).empty()) continue;
    auto const small = lower(line);
    return small.starts_with("format:") || small.starts_with("format-specification:");
  }
  return false;
}

class reader {
 public:
  explicit reader(std::string_view path) : path_(path) {}

  copyright_facts read(std::string_view text) {
    if (is_machine_readable(text)) read_fields(text);
    if (licences_.empty()) read_references(text);
    if (licences_.empty()) facts_.findings.push_back({finding_kind::unclear_licence, path_, "names no licence that a program can read"});
    auto all = joined(licences_, licence_expression::shape::all);
    facts_.expression = all.text();
    facts_.custom = std::move(all.custom);
    return std::move(facts_);
  }

 private:
  void read_fields(std::string_view text) {
    auto const file = parse_control_file(text);
    for (auto const& fault : file.faults) found(finding_kind::malformed, fault.line, fault.what);
    // A License stanza without Files only spells out what others refer to by name.
    std::vector<control_field const*> stated, spelled_out;
    for (auto const& stanza : file.stanzas) {
      auto const* licence = stanza.find("License");
      if (!licence) continue;
      bool const states = &stanza == &file.stanzas.front() || stanza.find("Files");
      (states ? stated : spelled_out).push_back(licence);
    }
    std::set<std::string, std::less<>> seen;
    for (auto const* licence : stated.empty() ? spelled_out : stated) {
      std::string_view const value = licence->value;
      auto const synopsis = trimmed(value.substr(0, value.find('\n')));
      if (seen.emplace(synopsis).second) take(synopsis, licence->line);
    }
  }
  void take(std::string_view synopsis, std::size_t line) {
    if (auto licence = from_debian(synopsis)) return licences_.push_back(std::move(*licence));
    found(finding_kind::unclear_licence, line,
          synopsis.empty() ? "the License field has no name" : "the License field is prose, not names");
  }
  void read_references(std::string_view text) {
    std::set<std::string, std::less<>> names;
    for (auto at = text.find(common_licences); at != std::string_view::npos; at = text.find(common_licences, at)) {
      at += common_licences.size();
      auto const end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", at);
      auto name = text.substr(at, end == std::string_view::npos ? end : end - at);
      while (name.ends_with('.') || name.ends_with('-')) name.remove_suffix(1);  // The end of a sentence, or a line broken there.
      if (!name.empty() && name.size() <= 40) names.emplace(name);
    }
    for (auto const& name : names) licences_.push_back(from_common_licence(name));
  }
  void found(finding_kind kind, std::size_t line, std::string what) {
    if (facts_.findings.size() < findings_max) facts_.findings.push_back({kind, path_ + ':' + std::to_string(line), std::move(what)});
  }

  std::string path_;
  std::vector<licence_expression> licences_;
  copyright_facts facts_;
};

}  // namespace

copyright_facts parse_copyright(std::string_view text, std::string_view path) { return reader{path}.read(text); }

}  // namespace sbom
