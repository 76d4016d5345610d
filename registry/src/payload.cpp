#include <skein/registry/payload.hpp>

#include <skein/registry/payload_writer.hpp>

#include "native_record.hpp"

#include <mutex>

namespace skein {

namespace {

/// `new` takes a block: objects of this kind come and go with payloads.
template <class T>
struct in_block {
  static void* operator new(std::size_t size) {
    static_assert(detail::block_allocator<T>::fits);
    return detail::take_block(size);
  }
  static void operator delete(void* gone, std::size_t size) noexcept { detail::give_block(gone, size); }
};

}  // namespace

/// The bytes and the decoded values are each set once under the mutex and then published by an atomic, so that a reader who finds them
/// there takes no lock.
struct payload::forms : in_block<payload::forms> {
  /// One decoded C++ type. Several only when one process reads the same bytes as several types.
  struct decoded : in_block<decoded> {
    decoded(std::type_info const* as, result<std::shared_ptr<void const>> found, std::unique_ptr<decoded> before)
        : cpp_type(as), value(std::move(found)), next(std::move(before)) {}
    std::type_info const* cpp_type;
    result<std::shared_ptr<void const>> value;
    std::unique_ptr<decoded> next;
  };

  forms() = default;
  explicit forms(skein::bytes encoded) : encoded_bytes(std::move(encoded)), encoded_ready(true) {}

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

  result<bytes_view> encoded(state const& of) {
    if (!encoded_ready.load(std::memory_order_acquire)) {
      std::lock_guard const lock{mutex};
      if (!encoded_ready.load(std::memory_order_relaxed)) {
        auto done = of.type->encode(of.value, encoded_bytes);
        if (!done) {
          encode_error = done.error();
          encoded_bytes = {};
        }
        encoded_ready.store(true, std::memory_order_release);
      }
    }
    if (encode_error) return *encode_error;
    return bytes_view{encoded_bytes};
  }

  /// What the bytes are as `type`; lives as long as this.
  result<void const*> decode(state const& of, artifact_type const& type) {
    auto const* found = find(*type.cpp_type);
    if (!found) {
      auto from = encoded(of);
      if (!from) return from.error();
      std::lock_guard const lock{mutex};
      found = find(*type.cpp_type);
      if (!found) {
        decoded_values = std::make_unique<decoded>(type.cpp_type, type.decode(*from), std::move(decoded_values));
        newest_decoded.store(found = decoded_values.get(), std::memory_order_release);
      }
    }
    if (!found->value) return found->value.error();
    return found->value->get();
  }
};

/// A value that somebody else keeps too.
struct payload::shared_value : state {
  shared_value(artifact_type const& described, std::shared_ptr<void const> shared) : state(&described, shared.get()), keeper(std::move(shared)) {}
  std::shared_ptr<void const> const keeper;
};

/// What came as bytes.
struct payload::received : state {
  explicit received(skein::bytes encoded) : state(nullptr, nullptr), inside(std::move(encoded)) { other.store(&inside, std::memory_order_relaxed); }
  ~received() { other.store(nullptr, std::memory_order_relaxed); }   // not a piece of memory of its own
  forms inside;
};

payload::payload(artifact_type const& type, std::shared_ptr<void const> value) : state_(std::make_shared<shared_value>(type, std::move(value))) {}

payload::payload(skein::bytes encoded) : state_(std::allocate_shared<received>(detail::block_allocator<received>{}, std::move(encoded))) {}

void payload::drop(forms* made) noexcept { delete made; }

payload::forms& payload::forms_of(state& s) {
  if (auto* const known = s.other.load(std::memory_order_acquire)) return *known;
  auto made = std::make_unique<forms>();
  forms* first = nullptr;
  // Whoever comes second uses what the first one made.
  return s.other.compare_exchange_strong(first, made.get(), std::memory_order_acq_rel, std::memory_order_acquire) ? *made.release() : *first;
}

result<bytes_view> payload::encoded() const {
  if (!state_) return error{errc::bad_payload, "the payload is empty: it holds neither a value nor bytes"};
  return forms_of(*state_).encoded(*state_);
}

result<void const*> payload::look(artifact_type const& type) const {
  if (!state_) return error{errc::bad_payload, "the payload is empty; " + std::string{type.name} + " was asked for"};
  state& s = *state_;
  if (s.type != nullptr && (s.type == &type || *s.type->cpp_type == *type.cpp_type)) return s.value;
  return forms_of(s).decode(s, type);
}

result<std::shared_ptr<void const>> payload::as(artifact_type const& type) const {
  auto const found = look(type);
  if (!found) return found.error();
  return std::shared_ptr<void const>{state_, *found};
}

std::size_t payload::encoded_size_if_known() const noexcept {
  auto const* const known = state_ ? state_->other.load(std::memory_order_acquire) : nullptr;
  return known && known->encoded_ready.load(std::memory_order_acquire) ? known->encoded_bytes.size() : 0;
}

std::size_t payload::encoded_size() const {
  if (auto const known = encoded_size_if_known(); known != 0) return known;
  if (auto const record = native_record_in(*this)) return codec::record_size(record->object, record->fields);
  auto const made = encoded();
  return made ? made->size() : 0;
}

}  // namespace skein
