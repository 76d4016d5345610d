#include "dpkg.hpp"

#include "control_file.hpp"
#include "text.hpp"

#include <algorithm>
#include <set>

namespace sbom {
namespace {

std::string at_line(std::string_view file, std::size_t line) { return std::string{file} + ':' + std::to_string(line); }

std::string without_slash(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string{path};
}

/// Debian policy 5.6.1 and 5.6.8; a little wider, so that an odd package is listed rather than lost.
bool good_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == '_';
  });
}

std::vector<std::string> conffiles_of(std::string_view value) {
  std::vector<std::string> paths;
  for (auto const line : lines_of(value)) {
    auto const words = words_of(line);  // path, md5, and perhaps a flag
    if (words.size() >= 2) paths.push_back(visible(without_slash(words[0])));
  }
  return paths;
}

package package_of(control_stanza const& stanza) {
  package made;
  made.name = stanza.value("Package");
  made.version = visible(stanza.value("Version"));
  made.architecture = stanza.value("Architecture");
  made.maintainer = visible(stanza.value("Maintainer"));
  made.homepage = visible(stanza.value("Homepage"));
  auto const source = words_of(stanza.value("Source"));  // `name` or `name (version)`
  if (!source.empty()) made.source = visible(source.front());
  made.conffiles = conffiles_of(stanza.value("Conffiles"));
  made.id = stanza.value("Multi-Arch") == "same" ? made.name + ':' + made.architecture : made.name;
  return made;
}

/// What makes the stanza no package that can be named; empty: nothing.
std::string lacks(control_stanza const& stanza) {
  if (!good_word(stanza.value("Package"))) return stanza.find("Package") ? "has a Package that is no name" : "has no Package";
  if (!stanza.find("Status")) return "has no Status";
  return {};
}

std::string installed_lacks(control_stanza const& stanza) {
  if (stanza.value("Version").empty()) return "is installed and has no Version";
  if (!good_word(stanza.value("Architecture"))) return "is installed and has no Architecture";
  return {};
}

class status_reader {
 public:
  status_database read(std::string_view text) {
    auto const file = parse_control_file(text);
    for (auto const& fault : file.faults) malformed(fault.line, fault.what);
    for (auto const& stanza : file.stanzas) take(stanza);
    std::sort(made_.packages.begin(), made_.packages.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
    return std::move(made_);
  }

 private:
  void take(control_stanza const& stanza) {
    if (auto const fault = lacks(stanza); !fault.empty()) return malformed(stanza.line, "the stanza " + fault);
    std::string const name{stanza.value("Package")};
    auto const status = words_of(stanza.value("Status"));  // wanted, error flag, state
    if (status.size() != 3) return malformed(stanza.find("Status")->line, name + " has a Status that is not three words");
    if (status[2] == "not-installed" || status[2] == "config-files") return void(++made_.not_installed);
    if (status[2] != "installed") {
      ++made_.not_installed;
      return malformed(stanza.find("Status")->line, name + " is " + visible(status[2]) + ", neither installed nor removed");
    }
    if (auto const fault = installed_lacks(stanza); !fault.empty()) return malformed(stanza.line, name + ' ' + fault);
    auto made = package_of(stanza);
    if (!seen_.insert(made.id).second) return malformed(stanza.line, made.id + " is there twice; the first stanza counts");
    made_.packages.push_back(std::move(made));
  }
  void malformed(std::size_t line, std::string const& what) {
    made_.findings.push_back({finding_kind::malformed, at_line(status_path, line), what});
  }

  status_database made_;
  std::set<std::string> seen_;
};

bool is_md5(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

}  // namespace

status_database parse_status(std::string_view text) { return status_reader{}.read(text); }

std::vector<std::string> md5sums_paths(package const& of) {
  std::string const folder = "var/lib/dpkg/info/";
  return {folder + of.name + ':' + of.architecture + ".md5sums", folder + of.name + ".md5sums"};
}

recorded_files parse_md5sums(std::string_view text, std::string_view name) {
  recorded_files made;
  std::size_t number = 0;
  for (auto const line : lines_of(text)) {
    ++number;
    if (trimmed(line).empty()) continue;
    bool const separated = line.size() > 34 && line[32] == ' ' && (line[33] == ' ' || line[33] == '*');
    auto const path = separated ? without_slash(line.substr(34)) : std::string{};
    if (path.empty() || !is_md5(line.substr(0, 32)) || path.find('\0') != std::string::npos) {
      made.findings.push_back({finding_kind::malformed, at_line(name, number), "is not a checksum and a path"});
    } else {
      made.files.push_back({path, lower(line.substr(0, 32))});
    }
  }
  // Stable, so that of two lines for one path the first counts.
  std::stable_sort(made.files.begin(), made.files.end(), [](auto const& a, auto const& b) { return a.path < b.path; });
  auto const repeated = std::unique(made.files.begin(), made.files.end(), [](auto const& a, auto const& b) { return a.path == b.path; });
  made.files.erase(repeated, made.files.end());
  return made;
}

diversions::diversions(std::string_view text) {
  auto const lines = lines_of(text);
  for (std::size_t at = 0; at + 2 < lines.size(); at += 3) {
    moved_.emplace(without_slash(lines[at]), diversion{without_slash(lines[at + 1]), std::string{lines[at + 2]}});
  }
}

std::string const& diversions::place_of(std::string const& path, std::string_view package_name) const {
  auto const found = moved_.find(path);
  return found == moved_.end() || found->second.by == package_name ? path : found->second.to;
}

}  // namespace sbom
