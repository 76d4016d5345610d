#include <skein/tracing/attribute.hpp>

#include <skein/tracing/json_value.hpp>

#include <algorithm>

namespace skein {
namespace {

struct append_value {
  std::string& out;
  void operator()(bool value) const { json::append(out, value); }
  void operator()(std::int64_t value) const { json::append(out, value); }
  void operator()(double value) const { json::append(out, value); }
  void operator()(std::string const& value) const { json::append(out, std::string_view{value}); }
  void operator()(std::vector<std::string> const& values) const {
    out += '[';
    bool first = true;
    for (auto const& value : values) {
      if (!first) out += ',';
      first = false;
      json::append(out, std::string_view{value});
    }
    out += ']';
  }
};

}  // namespace

void set_attribute(attributes& all, std::string_view key, attribute_value value) {
  auto const found = std::find_if(all.begin(), all.end(), [&](attribute const& each) { return each.key == key; });
  if (found != all.end()) {
    found->value = std::move(value);
  } else {
    all.push_back({std::string{key}, std::move(value)});
  }
}

attribute_value const* find_attribute(attributes const& all, std::string_view key) noexcept {
  auto const found = std::find_if(all.begin(), all.end(), [&](attribute const& each) { return each.key == key; });
  return found == all.end() ? nullptr : &found->value;
}

void append_json(std::string& out, attributes const& all) {
  out += '{';
  bool first = true;
  for (auto const& each : all) {
    if (!first) out += ',';
    first = false;
    json::append(out, std::string_view{each.key});
    out += ':';
    std::visit(append_value{out}, each.value.get());
  }
  out += '}';
}

std::string to_json(attributes const& all) {
  std::string out;
  append_json(out, all);
  return out;
}

}  // namespace skein
