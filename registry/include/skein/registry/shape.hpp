// The shape of a declared type as data: what JSON Schema, the schema hash, JSON input and conflict messages are made of.
// One constant object per C++ type; shapes refer to each other by function, so a type may contain itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace skein::codec {

class payload_writer;
class payload_reader;
struct shape;

/// What a value is on the wire.
enum class shape_kind : std::uint8_t {
  integer,     ///< msgpack integer; enums too
  real,        ///< msgpack float
  boolean,
  text,        ///< msgpack str, UTF-8
  binary,      ///< msgpack bin
  time,        ///< msgpack timestamp (ext -1)
  duration,    ///< msgpack integer: nanoseconds
  optional,    ///< nil or `element`
  list,        ///< array of `element`
  fixed_list,  ///< array of exactly `size` times `element`, or bin of `size` bytes when `element` is null
  map,         ///< map from text or integers to `element`
  tuple,       ///< array of `elements`
  record,      ///< map from field names to `fields`
};

/// How shapes refer to each other: by function, because a type may contain itself.
using shape_function = shape const& (*)();

/// A value that nothing else is in, as it stands in its object; monostate is none. A text is as it is, UTF-8 or not.
using scalar = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, float, double, std::string_view>;

/// One field of a record.
struct field {
  std::string_view name;           ///< As it stands in the payload.
  shape_function type = nullptr;   ///< The shape of its type.
  /// Encodes the field of `*object`; false after recording an error in the writer.
  bool (*write)(payload_writer& to, void const* object) = nullptr;
  /// Decodes into the field of `*object`; false after recording an error in the reader.
  bool (*read)(payload_reader& from, void* object) = nullptr;
  /// The field of `*object` where its type always is a scalar; null for other types. A text is valid as long as the field.
  scalar (*look)(void const* object) = nullptr;
};

/// Fields in declared order. The memory is static.
using field_span = std::span<field const>;

/// One type on the wire.
struct shape {
  shape_kind kind = shape_kind::integer;       ///< Which of the members below mean something.
  std::int64_t min = 0;                        ///< Of integers, inclusive.
  std::uint64_t max = 0;                       ///< Of integers, inclusive.
  std::size_t size = 0;                        ///< Of fixed lists.
  bool integer_keys = false;                   ///< Of maps: integers instead of text.
  shape_function element = nullptr;            ///< Of optionals, lists and maps.
  std::span<shape_function const> elements{};  ///< Of tuples.
  field_span fields{};                         ///< Of records.
};

/// A readable line that is equal for two shapes exactly when they are the same on the wire: `name: text, price_eur: float`.
[[nodiscard]] std::string describe(shape const& described);
/// JSON Schema (draft 2020-12) as one line of JSON. No field is required: a missing one keeps its default.
[[nodiscard]] std::string json_schema(shape const& described, std::string_view title, std::uint32_t version);

}  // namespace skein::codec
