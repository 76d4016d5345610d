// Attributes where they lie in the bytes of a span: read without a copy and without an allocation.
#pragma once

#include <skein/tracing/attribute.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skein {

/// A list of texts. Valid as long as the bytes that it was read from.
class text_list_view {
 public:
  text_list_view() = default;
  /// For the reader of spans: texts one after another, each behind its length.
  explicit text_list_view(std::string_view encoded) noexcept : bytes_(encoded) {}

  /// Calls `see(std::string_view)` for each, in order.
  template <std::invocable<std::string_view> See>
  void for_each(See&& see) const {
    for (auto rest = bytes_; !rest.empty();) see(next(rest));
  }
  /// A copy.
  [[nodiscard]] std::vector<std::string> to_vector() const;

 private:
  [[nodiscard]] static std::string_view next(std::string_view& rest) noexcept;
  std::string_view bytes_;
};

/// One attribute. Its texts are valid as long as this, and as the span that it was read from.
class attribute_view {
 public:
  /// OpenTelemetry's kinds, as in attribute_value. An id that was kept as bytes is its text here.
  using variant = std::variant<bool, std::int64_t, double, std::string_view, text_list_view>;

  attribute_view() = default;
  attribute_view(attribute_view const&) = delete;
  attribute_view& operator=(attribute_view const&) = delete;

  std::string_view key;   ///< As it was set.
  variant value;          ///< What was set last.

  /// A copy of the value.
  [[nodiscard]] attribute_value to_value() const;

 private:
  friend class attributes_view;
  std::array<char, 40> id_text_;
};

/// The attributes of a span, an event or a link, in the order in which they were set; a key stands once. A value: two pointers.
class attributes_view {
 public:
  attributes_view() = default;
  /// For the reader of spans: entries, those among them that are no attributes left out.
  explicit attributes_view(std::string_view entries) noexcept : entries_(entries) {}

  /// Calls `see(attribute_view const&)` for each.
  template <std::invocable<attribute_view const&> See>
  void for_each(See&& see) const {
    attribute_view each;
    for (auto rest = entries_; next(rest, each);) see(static_cast<attribute_view const&>(each));
  }
  /// A copy of the value under `key`, if there is one.
  [[nodiscard]] std::optional<attribute_value> find(std::string_view key) const;
  /// Appends the same JSON object as skein::append_json of the copied attributes.
  void append_json(std::string& out) const;
  /// Copies them to the end of `out`.
  void append_to(attributes& out) const;

 private:
  /// Reads the next attribute off `rest`; false at the end.
  static bool next(std::string_view& rest, attribute_view& out) noexcept;
  std::string_view entries_;
};

}  // namespace skein
