// Strings and floating-point numbers as JSON text. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace skein {

/// Appends a JSON string (RFC 8259 §7); bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& to, std::string_view text);

/// Appends the shortest number that reads back as the same value, with a point or an exponent; "NaN", "Infinity" and "-Infinity" as strings.
void append_json_number(std::string& to, double value);
/// The same; the shortest for a float.
void append_json_number(std::string& to, float value);

}  // namespace skein
