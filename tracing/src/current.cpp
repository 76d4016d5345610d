#include <skein/tracing/current.hpp>

#include <utility>

namespace skein {
namespace {

// Trivially destroyed, so it can still be read when the thread's other locals are gone (static objects that record while they die).
constinit thread_local bool ambient_gone = false;

struct ambient_slot {
  ambient value;
  ~ambient_slot() { ambient_gone = true; }
};

ambient& slot() noexcept {
  thread_local ambient_slot current;
  return current.value;
}

}  // namespace

ambient exchange_current(ambient next) noexcept {
  if (ambient_gone) return {};
  return std::exchange(slot(), std::move(next));
}

ambient const& current_ambient() noexcept {
  static constinit ambient const none{};
  return ambient_gone ? none : slot();
}

}  // namespace skein
