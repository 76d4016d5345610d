// An artifact as users see it: the typed value, and what was recorded when it was published.
#pragma once

#include <skein/bus/artifact.hpp>
#include <skein/registry/artifact_traits.hpp>

#include <memory>
#include <utility>

namespace skein {

/// What was recorded of an artifact: id, type, version, produced_by, run, correlation, cause, tags, visibility, trace context, created_at.
using artifact_meta = bus::artifact_data;

/// A typed, immutable artifact; copying shares it. The value is decoded when the artifact is made of bytes, once per payload.
template <artifact_value T>
class artifact {
 public:
  /// `value` is what `data` holds, decoded.
  artifact(bus::artifact_ptr data, std::shared_ptr<T const> value) : data_(std::move(data)), value_(std::move(value)) {}

  /// Reads the payload as T. errc::bad_payload when the bytes are not a T.
  [[nodiscard]] static result<artifact> of(bus::artifact_ptr data) {
    auto value = value_of<T>(data->payload);
    if (!value) return value.error();
    return artifact{std::move(data), std::move(*value)};
  }

  /// The value; lives as long as any copy of this artifact.
  [[nodiscard]] T const& operator*() const noexcept { return *value_; }
  /// A member of the value.
  [[nodiscard]] T const* operator->() const noexcept { return value_.get(); }
  /// What was recorded when it was published.
  [[nodiscard]] artifact_meta const& meta() const noexcept { return *data_; }
  /// The id, unique on every board.
  [[nodiscard]] artifact_id const& id() const noexcept { return data_->id; }

 private:
  bus::artifact_ptr data_;
  std::shared_ptr<T const> value_;
};

}  // namespace skein
