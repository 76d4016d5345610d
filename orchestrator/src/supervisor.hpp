// Watches over worker processes from one thread: starts them, reads what they print, starts them again, ends them.
#pragma once

#include "line_prefixer.hpp"
#include "spawn.hpp"
#include "wake_event.hpp"

#include <skein/orchestrator/launch.hpp>
#include <skein/registry/error.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace skein {

/// Thread-safe. Its thread is the parent of all workers and lives as long as they do: they are bound to its life.
class supervisor {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Told, on the supervisor's thread and without its lock, that this worker has ended and will not be started again.
  using ended = std::function<void(worker_status const& how)>;

  /// The workers of one launch.
  struct group;

  explicit supervisor(ended tell);
  supervisor(supervisor const&) = delete;
  supervisor& operator=(supervisor const&) = delete;
  /// stop().
  ~supervisor();

  /// Starts all replicas, or none. `environment` is everything they get but SKEIN_NAME. Blocks until they run.
  /// errc::io_failed, misuse (a name that is in use, or after stop()).
  [[nodiscard]] result<std::shared_ptr<group>> start(launch_options const& options, std::vector<std::string> environment);
  [[nodiscard]] std::vector<worker_status> workers(group const& of) const;
  /// SIGTERM, and SIGKILL after the group's grace; returns when all have ended.
  void stop(group& which);
  /// Nothing is started again from here on.
  void let_end();
  /// Ends all workers, and the thread. `tell` is not called any more afterwards.
  void stop();

 private:
  struct worker;
  using lock = std::unique_lock<std::mutex>;

  void run();
  std::vector<std::shared_ptr<worker>> due(time_point now);
  result<void> start_first(group& of);
  void start_again(worker& one, time_point now);
  void read_output(worker& one);
  void reap(worker& one, time_point now);
  void after_exit(worker& one, bool failed, time_point now);
  static worker_status status_of(worker const& one);
  void end_stopping(time_point now);
  [[nodiscard]] std::optional<time_point> next_due() const;
  [[nodiscard]] std::size_t running(group const* of) const;
  void tell_ended(lock& held);

  ended const tell_;
  wake_event wake_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<group>> groups_;      // not ended yet
  std::deque<std::shared_ptr<group>> starting_;
  std::vector<worker_status> gone_;                 // to be told
  bool letting_end_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace skein
