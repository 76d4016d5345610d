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
constinit thread_local spares kept_back{};

struct watch {
  ~watch() {
    while (kept_back.first != nullptr) {
      auto* const next = kept_back.first->next;
      ::operator delete(kept_back.first);
      kept_back.first = next;
    }
    kept_back.gone = true;
  }
};

/// Sees to it that the thread's end frees what it keeps.
void begin_watch() noexcept {
  thread_local watch const at_end;
  static_cast<void>(&at_end);
  kept_back.watched = true;
}

}  // namespace

void* take_state_memory(std::size_t bytes) {
  auto* const first = kept_back.first;
  if (first == nullptr || kept_back.bytes != bytes) return ::operator new(bytes);
  kept_back.first = first->next;
  --kept_back.count;
  return first;
}

void give_state_memory(void* memory, std::size_t bytes) noexcept {
  if (!kept_back.watched && !kept_back.gone) begin_watch();
  bool const fits = kept_back.count == 0 || kept_back.bytes == bytes;
  if (kept_back.gone || kept_back.count >= spare_max || !fits) return ::operator delete(memory);
  kept_back.first = ::new (memory) spare{kept_back.first};
  kept_back.bytes = bytes;
  ++kept_back.count;
}

}  // namespace skein
