#include <skein/registry/payload.hpp>

#include <atomic>
#include <mutex>

namespace skein {

/// What all copies share. `native` and `type` never change; the encoded bytes and the decoded values are each set once under the
/// mutex and then published by an atomic, so that a reader who finds them there takes no lock.
struct payload::state {
  /// One decoded C++ type. Several only when one process reads the same bytes as several types.
  struct decoded {
    std::type_info const* cpp_type;
    result<std::shared_ptr<void const>> value;
    std::unique_ptr<decoded> next;
  };

  explicit state(skein::bytes encoded) : encoded_bytes(std::move(encoded)), encoded_ready(true) {}
  state(artifact_type const& described, std::shared_ptr<void const> value) : type(&described), native(std::move(value)) {}

  artifact_type const* const type = nullptr;
  std::shared_ptr<void const> const native;

  std::mutex mutex;
  skein::bytes encoded_bytes;
  std::optional<error> encode_error;
  std::atomic<bool> encoded_ready{false};
  std::unique_ptr<decoded> decoded_values;
  std::atomic<decoded const*> newest_decoded{nullptr};

  decoded const* find(std::type_info const& cpp_type) const noexcept {
    for (auto const* at = newest_decoded.load(std::memory_order_acquire); at != nullptr; at = at->next.get()) {
      if (*at->cpp_type == cpp_type) return at;
    }
    return nullptr;
  }
};

payload::payload(artifact_type const& type, std::shared_ptr<void const> value) : state_(std::make_shared<state>(type, std::move(value))) {}

payload::payload(skein::bytes encoded) : state_(std::make_shared<state>(std::move(encoded))) {}

result<bytes_view> payload::encoded() const {
  if (!state_) return error{errc::bad_payload, "the payload is empty: it holds neither a value nor bytes"};
  state& s = *state_;
  if (!s.encoded_ready.load(std::memory_order_acquire)) {
    std::lock_guard const lock{s.mutex};
    if (!s.encoded_ready.load(std::memory_order_relaxed)) {
      auto done = s.type->encode(s.native.get(), s.encoded_bytes);
      if (!done) {
        s.encode_error = done.error();
        s.encoded_bytes = {};
      }
      s.encoded_ready.store(true, std::memory_order_release);
    }
  }
  if (s.encode_error) return *s.encode_error;
  return bytes_view{s.encoded_bytes};
}

result<std::shared_ptr<void const>> payload::as(artifact_type const& type) const {
  if (!state_) return error{errc::bad_payload, "the payload is empty; " + std::string{type.name} + " was asked for"};
  state& s = *state_;
  if (s.type != nullptr && (s.type == &type || *s.type->cpp_type == *type.cpp_type)) return s.native;
  if (auto const* found = s.find(*type.cpp_type)) return found->value;

  auto from = encoded();
  if (!from) return from.error();
  std::lock_guard const lock{s.mutex};
  if (auto const* found = s.find(*type.cpp_type)) return found->value;
  s.decoded_values = std::make_unique<state::decoded>(state::decoded{type.cpp_type, type.decode(*from), std::move(s.decoded_values)});
  s.newest_decoded.store(s.decoded_values.get(), std::memory_order_release);
  return s.decoded_values->value;
}

artifact_type const* payload::native_type() const noexcept { return state_ ? state_->type : nullptr; }

std::size_t payload::encoded_size_if_known() const noexcept {
  return state_ && state_->encoded_ready.load(std::memory_order_acquire) ? state_->encoded_bytes.size() : 0;
}

}  // namespace skein
