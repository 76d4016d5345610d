#include "sqlite_ledger_tags.hpp"

#include <charconv>

namespace skein::bus::ledger_file {

void write_tags(std::string& out, std::vector<std::string> const& tags) {
  constexpr char digits[] = "0123456789abcdef";
  out = "[";
  for (auto const& tag : tags) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (char const c : tag) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) >= 0x20) {
        out += c;
      } else {
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 0xf];
      }
    }
    out += '"';
  }
  out += ']';
}

namespace {

/// Reads one string from behind its opening quote to behind its closing one.
bool read_string(std::string_view& rest, std::string& out) {
  while (!rest.empty()) {
    char const c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return true;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (rest.starts_with("u00") && rest.size() >= 5) {
      unsigned value = 0;
      if (std::from_chars(rest.data() + 3, rest.data() + 5, value, 16).ptr != rest.data() + 5) return false;
      out += static_cast<char>(value);
      rest.remove_prefix(5);
    } else if (rest.starts_with('"') || rest.starts_with('\\')) {
      out += rest.front();
      rest.remove_prefix(1);
    } else {
      return false;
    }
  }
  return false;
}

}  // namespace

bool read_tags(std::string_view json, std::vector<std::string>& out) {
  if (!json.starts_with('[') || !json.ends_with(']') || json.size() < 2) return false;
  json = json.substr(1, json.size() - 2);
  while (!json.empty()) {
    if (!out.empty()) {
      if (!json.starts_with(',')) return false;
      json.remove_prefix(1);
    }
    if (!json.starts_with('"')) return false;
    json.remove_prefix(1);
    if (!read_string(json, out.emplace_back())) return false;
  }
  return true;
}

}  // namespace skein::bus::ledger_file
