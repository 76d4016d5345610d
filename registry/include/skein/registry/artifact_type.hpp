// What the untyped layers know of a C++ artifact type: its wire name and version, and how to encode, decode and show it.
#pragma once

#include <skein/registry/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace skein {

namespace codec {
struct shape;
}

/// Encoded payloads, and whatever else is bytes.
using bytes = std::vector<std::byte>;
/// Bytes of somebody else's, not owned.
using bytes_view = std::span<std::byte const>;

/// Describes one C++ type that SKEIN_ARTIFACT declared. One immutable object per type and program, alive until exit; compare by `same_as`.
struct artifact_type {
  std::string_view name;                      ///< The wire name, `pizza.idea`.
  std::uint32_t version = 1;                  ///< The version of the C++ type in this program.
  std::type_info const* cpp_type = nullptr;   ///< For messages, and to tell whether a value is of this C++ type.
  std::uint64_t schema_hash = 0;              ///< Of field names and wire kinds in declared order; the same on every machine.

  /// Appends the msgpack map of the value to `out`. Fails only for values that have no encoding (a string that is not UTF-8).
  result<void> (*encode)(void const* value, bytes& out) = nullptr;
  /// Decodes untrusted bytes into a new value. errc::bad_payload names type and field.
  result<std::shared_ptr<void const>> (*decode)(bytes_view encoded) = nullptr;
  /// The value as JSON text (one line).
  std::string (*to_json)(void const* value) = nullptr;
  /// JSON Schema (draft 2020-12) of the type, as JSON text.
  std::string (*json_schema)() = nullptr;
  /// The fields as data (shape.hpp).
  codec::shape const& (*shape)() = nullptr;

  /// Whether both describe the same thing on the wire: name, version and fields.
  [[nodiscard]] bool same_as(artifact_type const& other) const noexcept {
    return this == &other || (name == other.name && version == other.version && schema_hash == other.schema_hash);
  }
};

/// The C++ name of a type for messages, demangled.
[[nodiscard]] std::string cpp_name(std::type_info const& type);

}  // namespace skein
