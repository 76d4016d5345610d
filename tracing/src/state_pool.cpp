#include "state_pool.hpp"

#include <cstdint>
#include <new>

namespace skein {
namespace {

constexpr std::uint32_t spare_max = 64;

struct spare {
  spare* next;
};

// Trivially destroyed, so that spans may still end while the thread's other locals are destroyed.
struct spares {
  spare* first = nullptr;
  std::size_t bytes = 0;   // Of each; there is one kind of state.
  std::uint32_t count = 0;
  bool watched = false, gone = false;
};
constinit thread_local spares mine{};

struct watch {
  ~watch() {
    while (mine.first != nullptr) {
      auto* const next = mine.first->next;
      ::operator delete(mine.first);
      mine.first = next;
    }
    mine.gone = true;
  }
};

/// Sees to it that the thread's end frees what it keeps.
void begin_watch() noexcept {
  thread_local watch const at_end;
  static_cast<void>(&at_end);
  mine.watched = true;
}

}  // namespace

void* take_state_memory(std::size_t bytes) {
  auto* const first = mine.first;
  if (first == nullptr || mine.bytes != bytes) return ::operator new(bytes);
  mine.first = first->next;
  --mine.count;
  return first;
}

void give_state_memory(void* memory, std::size_t bytes) noexcept {
  if (!mine.watched && !mine.gone) begin_watch();
  bool const fits = mine.count == 0 || mine.bytes == bytes;
  if (mine.gone || mine.count >= spare_max || !fits) return ::operator delete(memory);
  mine.first = ::new (memory) spare{mine.first};
  mine.bytes = bytes;
  ++mine.count;
}

}  // namespace skein
