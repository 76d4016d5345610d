#include "os_release.hpp"

#include "text.hpp"

namespace sbom {
namespace {

/// Shell quoting as far as the format allows it: one kind of quotes around, backslashes inside.
std::string unquoted(std::string_view value) {
  value = trimmed(value);
  bool const quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  if (quoted) value = value.substr(1, value.size() - 2);
  std::string out;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) ++at;
    out += value[at];
  }
  return visible(out);
}

}  // namespace

system_name read_os_release(root_folder const& root) {
  system_name made{"a Debian system", "debian"};
  for (auto const* path : {"etc/os-release", "usr/lib/os-release"}) {
    auto const text = root.read(path, 1u << 20);
    if (!text) continue;
    for (auto const line : lines_of(*text)) {
      if (line.starts_with("PRETTY_NAME=")) made.name = unquoted(line.substr(12));
      if (line.starts_with("ID=")) made.id = unquoted(line.substr(3));
    }
    break;
  }
  return made;
}

}  // namespace sbom
