// What a `launched` holds: its workers, and who watches over them.
#pragma once

#include "supervisor.hpp"

namespace skein {

class launched::state {
 public:
  std::shared_ptr<supervisor> by;
  std::shared_ptr<supervisor::group> workers;
};

}  // namespace skein
