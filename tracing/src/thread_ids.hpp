// Each thread's generator of span and run ids.
#pragma once

#include <skein/registry/ids.hpp>

namespace skein {

/// Trivially destroyed: usable to the very end of a thread.
[[nodiscard]] inline id_generator& thread_ids() {
  thread_local id_generator ids;
  return ids;
}

}  // namespace skein
