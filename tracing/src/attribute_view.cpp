#include <skein/tracing/attribute_view.hpp>

#include <skein/registry/hex_text.hpp>

#include "span_bytes.hpp"

#include <type_traits>

namespace skein {
namespace {

struct copy_value {
  template <class T>
  attribute_value operator()(T value) const {
    if constexpr (std::is_same_v<T, text_list_view>) {
      return value.to_vector();
    } else {
      return value;
    }
  }
};

}  // namespace

std::string_view text_list_view::next(std::string_view& rest) noexcept {
  auto const size = static_cast<std::size_t>(flat::load<std::uint64_t>(rest.data()));
  auto const text = rest.substr(flat::word_bytes, size);
  rest.remove_prefix(flat::word_bytes + size);
  return text;
}

std::vector<std::string> text_list_view::to_vector() const {
  std::vector<std::string> all;
  for_each([&](std::string_view text) { all.emplace_back(text); });
  return all;
}

attribute_value attribute_view::to_value() const { return std::visit(copy_value{}, value); }

bool attributes_view::next(std::string_view& rest, attribute_view& out) noexcept {
  char* const ids = out.id_text_.data();
  for (flat::entry each; flat::next(rest, each);) {
    if (!flat::is_attribute(each.kind)) continue;
    out.key = each.key;
    switch (each.kind) {
      case flat::tag::boolean: out.value = each.value.front() != 0; break;
      case flat::tag::integer: out.value = flat::load<std::int64_t>(each.value.data()); break;
      case flat::tag::real: out.value = flat::load<double>(each.value.data()); break;
      case flat::tag::texts: out.value = text_list_view{each.value}; break;
      case flat::tag::hex_id: out.value = std::string_view{ids, write_hex(ids, each.value)}; break;
      case flat::tag::uuid: out.value = std::string_view{ids, write_uuid(ids, each.value)}; break;
      default: out.value = each.value; break;
    }
    return true;
  }
  return false;
}

std::optional<attribute_value> attributes_view::find(std::string_view key) const {
  attribute_view each;
  for (auto rest = entries_; next(rest, each);) {
    if (each.key == key) return each.to_value();
  }
  return std::nullopt;
}

void attributes_view::append_to(attributes& out) const {
  for_each([&](attribute_view const& each) { out.push_back({std::string{each.key}, each.to_value()}); });
}

}  // namespace skein
