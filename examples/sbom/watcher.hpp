// The person at the terminal: shows how far it is, and listens to Ctrl-C.
#pragma once

#include <atomic>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>

#include <signal.h>

namespace sbom {

/// How far the inventory is. Thread-safe.
struct progress {
  std::atomic<std::size_t> packages_all = 0, packages = 0, files = 0, bytes = 0;
};

/// Takes SIGINT and SIGTERM on a thread of its own: the first one requests `stop`, a second one ends the process at once with exit code
/// 130. A signal that was ignored when the program started stays ignored. With `draw`, writes a progress line to standard error every
/// 100 ms and takes it away at the end. Make it before any other thread, and destroy it after them: signals are blocked for the thread
/// that makes it and for those that it starts.
class watcher {
 public:
  watcher(std::stop_source stop, progress const& seen, bool draw);
  watcher(watcher const&) = delete;
  watcher& operator=(watcher const&) = delete;
  ~watcher();

 private:
  void watch();
  void draw_line() const;

  std::stop_source stop_;
  progress const& seen_;
  bool const draw_;
  sigset_t awaited_, before_;
  std::thread thread_;
};

}  // namespace sbom
