#include <skein/registry/block_memory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace skein::detail {
namespace {

TEST(block_memory, is_used_again_by_the_thread_that_gave_it_back) {
  void* const first = take_block(80);
  give_block(first, 80);
  EXPECT_EQ(take_block(65), first);   // of the same step
  void* const other = take_block(96);
  EXPECT_NE(other, first);
  give_block(other, 96);
  give_block(first, 65);
}

TEST(block_memory, may_be_given_back_by_another_thread) {
  std::vector<void*> blocks;
  for (std::size_t size = 1; size <= block_size_max_bytes; ++size) {
    blocks.push_back(take_block(size));
    std::memset(blocks.back(), 0xff, size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back()) % block_step_bytes, 0u);
  }
  std::thread{[&] {
    for (std::size_t i = 0; i < blocks.size(); ++i) give_block(blocks[i], i + 1);
    void* const again = take_block(block_size_max_bytes);
    EXPECT_EQ(again, blocks.back());
    give_block(again, block_size_max_bytes);
  }}.join();
}

#ifdef __SANITIZE_ADDRESS__
TEST(block_memory, is_out_of_bounds_while_nobody_has_it) {
  auto* const block = static_cast<char*>(take_block(80));
  give_block(block, 80);
  EXPECT_TRUE(__asan_address_is_poisoned(block + 40));
  EXPECT_EQ(take_block(80), block);
  EXPECT_FALSE(__asan_address_is_poisoned(block + 40));
  give_block(block, 80);
}
#endif

TEST(block_memory, allocates_what_is_large_or_aligned_elsewhere) {
  struct alignas(64) aligned {
    std::array<char, 64> kept;
  };
  auto const one = std::allocate_shared<aligned>(block_allocator<aligned>{});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(one.get()) % 64, 0u);
  using large = std::array<char, 1'000>;
  auto const other = std::allocate_shared<large>(block_allocator<large>{});
  other->fill(1);
  EXPECT_EQ(other->back(), 1);
}

}  // namespace
}  // namespace skein::detail
