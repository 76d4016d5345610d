// The value inside an artifact: typed where it was made, bytes where it crossed a process or a disk, each made from the other once.
#pragma once

#include <skein/registry/artifact_type.hpp>

#include <memory>

namespace skein {

/// An immutable value, shared by its copies. Copying is a reference count. All members are thread-safe:
/// encoding and decoding happen on first need, at most once, whichever thread asks first.
class payload {
 public:
  payload() = default;
  /// Takes a typed value (`type` describes what `value` points to).
  payload(artifact_type const& type, std::shared_ptr<void const> value);
  /// Takes encoded bytes, unchecked: what they hold shows when they are decoded.
  explicit payload(skein::bytes encoded);

  /// Whether it holds nothing at all, not even an empty value.
  [[nodiscard]] bool empty() const noexcept { return !state_; }
  /// The msgpack bytes. errc::bad_payload when the value has no encoding. The view lives as long as any copy of this payload.
  [[nodiscard]] result<bytes_view> encoded() const;
  /// The value as `type`: the shared typed value when it is that C++ type, otherwise decoded from bytes.
  [[nodiscard]] result<std::shared_ptr<void const>> as(artifact_type const& type) const;
  /// The described type when the payload was made from a value in this process; nullptr when it came as bytes.
  [[nodiscard]] artifact_type const* native_type() const noexcept;
  /// The size of the encoded bytes if they exist already, otherwise 0. Never encodes.
  [[nodiscard]] std::size_t encoded_size_if_known() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace skein
