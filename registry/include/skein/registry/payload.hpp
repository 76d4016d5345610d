// The value inside an artifact: typed where it was made, bytes where it crossed a process or a disk, each made from the other once.
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/block_memory.hpp>

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

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
  /// Takes the value itself, described by `type`, in one piece of memory.
  template <class T>
  [[nodiscard]] static payload holding(artifact_type const& type, T&& value) {
    using kept = box<std::remove_cvref_t<T>>;
    return payload{std::allocate_shared<kept>(detail::block_allocator<kept>{}, type, std::forward<T>(value))};
  }

  /// Whether it holds nothing at all, not even an empty value.
  [[nodiscard]] bool empty() const noexcept { return !state_; }
  /// The msgpack bytes. errc::bad_payload when the value has no encoding. The view lives as long as any copy of this payload.
  [[nodiscard]] result<bytes_view> encoded() const;
  /// The value as `type`: the shared typed value when it is that C++ type, otherwise decoded from bytes.
  [[nodiscard]] result<std::shared_ptr<void const>> as(artifact_type const& type) const;
  /// The same without a share in it: the value lives as long as any copy of this payload.
  [[nodiscard]] result<void const*> look(artifact_type const& type) const;
  /// The value if the payload was made as that very type in this process, otherwise nullptr; `look` knows more. Lives as long as that.
  [[nodiscard]] void const* native(artifact_type const& type) const noexcept { return state_ && state_->type == &type ? state_->value : nullptr; }
  /// The described type when the payload was made from a value in this process; nullptr when it came as bytes.
  [[nodiscard]] artifact_type const* native_type() const noexcept { return state_ ? state_->type : nullptr; }
  /// The size of the encoded bytes if they exist already, otherwise 0. Never encodes.
  [[nodiscard]] std::size_t encoded_size_if_known() const noexcept;
  /// The size of the encoded bytes. Of a value that nobody has encoded they are counted, not made or checked: a text that is not UTF-8 counts as it is. 0 where
  /// there is nothing to count.
  [[nodiscard]] std::size_t encoded_size() const;

 private:
  struct forms;   // The bytes, and what else was decoded from them.

  /// What all copies share; part of the box, or of whatever else keeps the value. `type` and `value` never change, `other` is set once.
  struct state {
    state(artifact_type const* described, void const* typed) noexcept : type(described), value(typed) {}
    state(state const&) = delete;
    state& operator=(state const&) = delete;
    ~state() {
      if (auto* const made = other.load(std::memory_order_relaxed)) drop(made);
    }

    artifact_type const* const type;   // null: it came as bytes
    void const* const value;
    std::atomic<forms*> other{nullptr};   // made when somebody asks
  };
  /// A value in one piece with its state.
  template <class T>
  struct box : state {
    template <class From>
    box(artifact_type const& described, From&& from) : state(&described, &kept), kept(std::forward<From>(from)) {}
    T const kept;
  };
  struct shared_value;
  struct received;

  explicit payload(std::shared_ptr<state> made) noexcept : state_(std::move(made)) {}
  static void drop(forms* made) noexcept;
  static forms& forms_of(state& s);

  std::shared_ptr<state> state_;
};

}  // namespace skein
