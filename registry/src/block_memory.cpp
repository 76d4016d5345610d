#include <skein/registry/block_memory.hpp>

#include <array>
#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace skein::detail {

namespace {

constexpr std::size_t kept_bytes_max = 256 * 1'024;   // of a thread

struct free_block {
  free_block* next;
};

enum class keeping : unsigned char { not_yet, until_thread_ends, no_more };

// Trivially destroyed, so that a thread may still take and give while its other locals are destroyed.
struct free_blocks {
  std::array<free_block*, block_size_max_bytes / block_step_bytes> by_size{};
  std::size_t bytes = 0;
  keeping state = keeping::not_yet;
};
constinit thread_local free_blocks kept{};

constexpr std::size_t index_of(std::size_t size) noexcept { return (size - 1) / block_step_bytes; }
constexpr std::size_t rounded(std::size_t size) noexcept { return (index_of(size) + 1) * block_step_bytes; }

/// A block that is kept is as good as freed: AddressSanitizer finds who still uses it.
void forbid([[maybe_unused]] void* block, [[maybe_unused]] std::size_t size) noexcept {
#ifdef __SANITIZE_ADDRESS__
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(block) + sizeof(free_block), size - sizeof(free_block));
#endif
}
void allow([[maybe_unused]] void* block, [[maybe_unused]] std::size_t size) noexcept {
#ifdef __SANITIZE_ADDRESS__
  ASAN_UNPOISON_MEMORY_REGION(block, size);
#endif
}

struct keeper {
  keeper() noexcept { kept.state = keeping::until_thread_ends; }
  ~keeper() {
    kept.state = keeping::no_more;
    for (auto*& first : kept.by_size) {
      while (first) {
        auto* const gone = first;
        first = gone->next;
        ::operator delete(gone);
      }
    }
  }
};

void begin_keeping() noexcept {
  thread_local keeper const until_end;
  static_cast<void>(&until_end);
}

}  // namespace

void* take_block(std::size_t size) {
  auto& mine = kept;
  auto*& first = mine.by_size[index_of(size)];
  if (!first) return ::operator new(rounded(size));
  auto* const block = first;
  first = block->next;
  mine.bytes -= rounded(size);
  allow(block, rounded(size));
  return block;
}

void give_block(void* block, std::size_t size) noexcept {
  auto& mine = kept;
  if (mine.state == keeping::not_yet) begin_keeping();
  if (mine.state == keeping::no_more || mine.bytes + rounded(size) > kept_bytes_max) return ::operator delete(block);
  auto*& first = mine.by_size[index_of(size)];
  first = ::new (block) free_block{first};
  mine.bytes += rounded(size);
  forbid(block, rounded(size));
}

}  // namespace skein::detail
