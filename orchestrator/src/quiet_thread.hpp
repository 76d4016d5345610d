// Threads of the hub's own, which leave signals to the program's.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace skein {

/// A thread with all signals blocked, under a name for debuggers (at most 15 characters).
template <class Body>
[[nodiscard]] std::thread quiet_thread(char const* name, Body&& body) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct put_back {
    sigset_t const& mask;
    ~put_back() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } const afterwards{before};
  std::thread made{std::forward<Body>(body)};
  ::pthread_setname_np(made.native_handle(), name);
  return made;
}

}  // namespace skein
