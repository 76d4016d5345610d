// Memory for small things that are made and freed all the time, by many threads: payloads.
#pragma once

#include <cstddef>
#include <memory>

namespace skein::detail {

/// What is rounded up to it shares blocks; also how a block is aligned.
inline constexpr std::size_t block_step_bytes = 16;
/// What is larger comes from the allocator.
inline constexpr std::size_t block_size_max_bytes = 256;

/// So many bytes, at most block_size_max_bytes. A thread uses again what it has given back, and keeps at most 256 KiB of that, until it ends. Throws std::bad_alloc.
[[nodiscard]] void* take_block(std::size_t size);
/// Gives back what take_block() gave for the same size; any thread may.
void give_block(void* block, std::size_t size) noexcept;

/// Allocates by blocks what fits one. For std::allocate_shared.
template <class T>
struct block_allocator {
  using value_type = T;
  static constexpr bool fits = sizeof(T) <= block_size_max_bytes && alignof(T) <= block_step_bytes;

  block_allocator() = default;
  template <class Other>
  block_allocator(block_allocator<Other> const&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if constexpr (fits) {
      if (count == 1) return static_cast<T*>(take_block(sizeof(T)));
    }
    return std::allocator<T>{}.allocate(count);
  }
  void deallocate(T* gone, std::size_t count) noexcept {
    if constexpr (fits) {
      if (count == 1) return give_block(gone, sizeof(T));
    }
    std::allocator<T>{}.deallocate(gone, count);
  }
  friend bool operator==(block_allocator const&, block_allocator const&) noexcept { return true; }
};

}  // namespace skein::detail
