// Where and why encoding or decoding stopped. The path is built while the failed call unwinds, so success costs nothing.
#pragma once

#include <skein/registry/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace skein::codec {

/// The one error of a writer or reader. All of these return false, for `return fault.at_field(name);`.
class codec_fault {
 public:
  /// Records what is wrong; the path is added on the way out.
  bool fail(std::string message);
  /// Puts `.name` in front of the path.
  bool at_field(std::string_view name);
  /// Puts `[index]` in front of the path.
  bool at_index(std::size_t index);
  /// Puts `["key"]` or `[key]` in front of the path.
  bool at_key(std::string_view key);
  bool at_key(std::int64_t key);
  bool at_key(std::uint64_t key);

  /// `<type><path>: <message>` as errc::bad_payload, `pizza.pizza.toppings[3]: expected a string, found an integer`.
  [[nodiscard]] skein::error to_error(std::string_view type) const;

 private:
  std::string path_, message_;
};

}  // namespace skein::codec
