// Memory for the states of spans: what a thread gives back it gets again, so that spans which start and end on one thread allocate nothing.
#pragma once

#include <cstddef>

namespace skein {

/// Memory of `bytes`, aligned as operator new does. Throws std::bad_alloc.
[[nodiscard]] void* take_state_memory(std::size_t bytes);
/// Gives it back, on any thread: a few stay with the thread, the others go to the system.
void give_state_memory(void* memory, std::size_t bytes) noexcept;

/// The allocator for std::allocate_shared.
template <class T>
struct state_pool {
  using value_type = T;
  state_pool() = default;
  template <class Other>
  state_pool(state_pool<Other> const&) noexcept {}   // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(take_state_memory(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { give_state_memory(memory, count * sizeof(T)); }
  friend bool operator==(state_pool const&, state_pool const&) noexcept { return true; }
};

}  // namespace skein
