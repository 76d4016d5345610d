#include "control_file.hpp"

#include "text.hpp"

#include <algorithm>

namespace sbom {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  auto const small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return small(x) == small(y); });
}

/// deb-control(5): printable ASCII without spaces and colons, not beginning with # or -.
bool good_name(std::string_view name) {
  bool const printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  return !name.empty() && printable && name.front() != '#' && name.front() != '-';
}

enum class field_state { none, taken, refused };

class parser {
 public:
  void take(std::string_view line, std::size_t number) {
    if (trimmed(line).empty()) {
      if (!stanza_.fields.empty()) end_stanza();
      open_ = field_state::none;
    } else if (line.front() == '#') {
      return;
    } else if (line.front() == ' ' || line.front() == '\t') {
      go_on(line, number);
    } else {
      begin_field(line, number);
    }
  }
  control_file finish() {
    if (!stanza_.fields.empty()) end_stanza();
    return std::move(file_);
  }

 private:
  void begin_field(std::string_view line, std::size_t number) {
    auto const colon = line.find(':');
    auto const name = line.substr(0, colon);
    open_ = field_state::refused;
    if (colon == std::string_view::npos || !good_name(name)) return fault(number, "is neither `Field: value` nor a continuation");
    if (stanza_.find(name)) return fault(number, "repeats the field " + std::string{name});
    if (stanza_.fields.empty()) stanza_.line = number;
    stanza_.fields.push_back({name, std::string{trimmed(line.substr(colon + 1))}, number});
    open_ = field_state::taken;
  }
  void go_on(std::string_view line, std::size_t number) {
    if (open_ == field_state::refused) return;  // With the line that it continues.
    if (open_ == field_state::none) return fault(number, "continues no field");
    auto& value = stanza_.fields.back().value;
    value += '\n';
    line.remove_prefix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    value += line;
  }
  void fault(std::size_t number, std::string what) { file_.faults.push_back({number, std::move(what)}); }
  void end_stanza() {
    file_.stanzas.push_back(std::move(stanza_));
    stanza_ = {};
  }

  control_file file_;
  control_stanza stanza_;
  field_state open_ = field_state::none;  // What a continuation line continues.
};

}  // namespace

control_field const* control_stanza::find(std::string_view name) const {
  auto const found = std::find_if(fields.begin(), fields.end(), [&](auto const& field) { return same_name(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::string_view control_stanza::value(std::string_view name) const {
  auto const* field = find(name);
  return field ? std::string_view{field->value} : std::string_view{};
}

control_file parse_control_file(std::string_view text) {
  parser reading;
  std::size_t number = 0;
  for (auto const line : lines_of(text)) reading.take(line, ++number);
  return reading.finish();
}

}  // namespace sbom
