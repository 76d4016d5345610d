// How far the inventory is, and a line on the terminal that says so.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

namespace sbom {

/// How far the inventory is. Thread-safe.
struct progress {
  std::atomic<std::size_t> packages_all = 0, packages = 0, files = 0, bytes = 0;
};

/// While it lives, draws `shown` on standard error every 100 ms, from a thread of its own; its end takes the line away.
class progress_line {
 public:
  explicit progress_line(progress const& shown);
  progress_line(progress_line const&) = delete;
  progress_line& operator=(progress_line const&) = delete;
  ~progress_line();

 private:
  void draw() const;

  progress const& shown_;
  std::jthread thread_;
};

}  // namespace sbom
