// The fields of a payload's value where it was made, for what needs less of them than all the bytes.
#pragma once

#include <skein/registry/payload.hpp>
#include <skein/registry/shape.hpp>

#include <optional>

namespace skein {

/// A value with its fields. Lives as long as any copy of the payload.
struct native_record {
  void const* object = nullptr;
  codec::field_span fields;
};

/// Of a payload that was made from a record in this process; nullopt for any other. Whether it has been encoded since doesn't matter.
[[nodiscard]] inline std::optional<native_record> native_record_in(payload const& of) {
  auto const* const type = of.native_type();
  if (type == nullptr || type->shape == nullptr) return std::nullopt;
  auto const& shape = type->shape();
  if (shape.kind != codec::shape_kind::record) return std::nullopt;
  return native_record{of.native(*type), shape.fields};
}

}  // namespace skein
