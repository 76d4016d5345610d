// Tests of file permissions mean nothing to root, so they run as somebody else for a while.
#pragma once

#include <unistd.h>

namespace skein::testing {

/// While it lives, a process of root has the rights of nobody. For other users it does nothing.
class unprivileged {
 public:
  unprivileged() : was_root_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  unprivileged(unprivileged const&) = delete;
  unprivileged& operator=(unprivileged const&) = delete;
  ~unprivileged() {
    if (was_root_) [[maybe_unused]] auto const restored = ::seteuid(0);
  }

 private:
  bool was_root_;
};

}  // namespace skein::testing
