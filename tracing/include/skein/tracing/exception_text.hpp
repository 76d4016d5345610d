// What is recorded of an exception.
#pragma once

#include <exception>
#include <string>

namespace skein {

/// An exception as two texts.
struct exception_text {
  std::string type;      ///< Demangled: `std::runtime_error`.
  std::string message;   ///< what(), or the text itself where a string was thrown.
  friend bool operator==(exception_text const&, exception_text const&) = default;
};

/// Never fails: what is no std::exception is named by its type.
[[nodiscard]] exception_text describe_exception(std::exception const& exception);
/// The same; null gives an empty text.
[[nodiscard]] exception_text describe_exception(std::exception_ptr exception);

}  // namespace skein
