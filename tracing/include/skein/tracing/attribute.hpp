// Attributes of spans, runs and events: OpenTelemetry's value kinds under a key.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skein {

/// An attribute's value: bool, 64-bit integer, double, string, or a list of strings (OpenTelemetry common, attribute).
class attribute_value {
 public:
  /// How it is kept: every integer as 64 bits, every float as double.
  using variant = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

  attribute_value() : value_(false) {}
  /// From whatever a program has at hand, without being asked.
  attribute_value(bool value) : value_(value) {}                                        // NOLINT: implicit by purpose
  /// An integer; one above the range of std::int64_t wraps.
  template <std::integral I>
  attribute_value(I value) : value_(static_cast<std::int64_t>(value)) {}                // NOLINT
  /// A floating-point number.
  template <std::floating_point F>
  attribute_value(F value) : value_(static_cast<double>(value)) {}                      // NOLINT
  /// From text (copied), or a list of texts.
  attribute_value(std::string value) : value_(std::move(value)) {}                      // NOLINT
  attribute_value(std::string_view value) : value_(std::string{value}) {}               // NOLINT
  attribute_value(char const* value) : value_(std::string{value}) {}                    // NOLINT
  attribute_value(std::vector<std::string> value) : value_(std::move(value)) {}         // NOLINT

  /// What it is, to visit.
  [[nodiscard]] variant const& get() const noexcept { return value_; }
  friend bool operator==(attribute_value const&, attribute_value const&) = default;

 private:
  variant value_;
};

/// A key and its value.
struct attribute {
  std::string key;         ///< By OpenTelemetry's convention words with dots: `pipeline.version`.
  attribute_value value;   ///< What was set last.
  friend bool operator==(attribute const&, attribute const&) = default;
};

/// In the order in which they were set; a key stands once (set_attribute replaces).
using attributes = std::vector<attribute>;

/// Sets or replaces.
void set_attribute(attributes& all, std::string_view key, attribute_value value);
/// The value under `key`, or nullptr.
[[nodiscard]] attribute_value const* find_attribute(attributes const& all, std::string_view key) noexcept;
/// A JSON object, keys in the given order. Non-finite numbers become strings ("NaN", "Infinity", "-Infinity").
[[nodiscard]] std::string to_json(attributes const& all);
/// Appends the same to `out`.
void append_json(std::string& out, attributes const& all);

}  // namespace skein
