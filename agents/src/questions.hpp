// Questions to the hub whose askers wait for the answer.
#pragma once

#include <skein/bus/host_link.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace skein::agents {

/// Thread-safe.
class questions {
 public:
  /// Blocks for the answer. errc::timeout; cancelled (after stop()); io_failed (the hub says why it has no answer).
  [[nodiscard]] result<std::vector<bus::artifact_ptr>> ask(bus::host_link& link, bus::query what, std::chrono::nanoseconds timeout);
  void answered(bus::query_result&& answer);
  /// Ends all waits, and those to come.
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::optional<bus::query_result>> waiting_;
  bool stopped_ = false;
};

}  // namespace skein::agents
