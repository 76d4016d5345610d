// The key of a join by a field, without a text for what mostly is one number.
#pragma once

#include <skein/registry/payload.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace skein {

/// A key as field_key() makes it. A value: two are equal exactly where their texts would be.
struct field_key_value {
  std::int64_t integer = 0;   ///< The value, where it is a whole number that fits.
  std::string text;           ///< Anything else as field_key() writes it; empty where it is `integer`.

  /// As field_key() writes it.
  [[nodiscard]] std::string to_string() const;
  /// From what to_string() has written.
  [[nodiscard]] static field_key_value parse(std::string_view written);
  /// Whether it is the same key.
  friend bool operator==(field_key_value const& a, field_key_value const& b) noexcept { return a.integer == b.integer && a.text == b.text; }
};

/// The key of the field at `path`, into one that is there. False where there is none (see field_key()); what `to` holds then means nothing.
[[nodiscard]] bool put_field_key(std::string_view path, payload const& of, field_key_value& to) noexcept;

}  // namespace skein
