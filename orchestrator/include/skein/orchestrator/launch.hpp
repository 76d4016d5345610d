// Local worker processes of a hub: started, named, watched, started again, drained at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// When a worker that has ended is started again.
enum class restart : std::uint8_t {
  never = 0,
  on_failure,   ///< After an exit code other than 0, or a signal.
  always,
};

/// Where a worker's stdout and stderr go.
enum class worker_output : std::uint8_t {
  prefixed = 0,   ///< To the hub's stderr, each line behind the worker's name.
  inherited,      ///< As they are.
  file,           ///< Appended to `output_folder`/NAME.log.
};

/// Members in the order of designated initialisers.
struct launch_options {
  std::vector<std::string> command = {};               ///< Program and arguments; a program without a slash is looked up in PATH.
  unsigned replicas = 1;                               ///< Processes of this kind; at least 1.
  skein::restart restart = skein::restart::on_failure;   ///< When one that has ended is started again.
  std::vector<std::pair<std::string, std::string>> environment = {};   ///< Added to the hub's own.
  std::string working_directory = {};                  ///< Empty: the hub's.
  std::string name = {};                               ///< Workers are NAME-1, NAME-2, …; empty: the program's file name.
  worker_output output = worker_output::prefixed;      ///< Where what they print goes.
  std::string output_folder = {};                      ///< For worker_output::file; made when missing.

  // Limits.
  std::chrono::nanoseconds backoff_initial = std::chrono::milliseconds{100};   ///< Before the first restart; doubles with each that follows within a minute.
  std::chrono::nanoseconds backoff_max = std::chrono::seconds{30};             ///< No wait before a restart is longer.
  unsigned restarts_max = 10;                          ///< Within a minute; then the worker is given up, said once. 0 = no bound.
  std::chrono::nanoseconds grace = std::chrono::seconds{10};                   ///< At the end: between SIGTERM and SIGKILL.
};

/// One worker process, as it is at this moment.
struct worker_status {
  std::string name;           ///< Its SKEIN_NAME.
  std::int64_t pid = 0;       ///< 0: not running.
  unsigned restarts = 0;      ///< Since it was launched.
  bool given_up = false;      ///< It reached restarts_max and is not started again.
  std::string last_exit;      ///< `exit 1`, `signal 9 (Killed)`; empty: has not ended yet.
};

/// The workers of one launch. Owned by the program; its destructor (or the hub's, whichever is first) drains and joins them: SIGTERM, then after
/// `grace` SIGKILL. Thread-safe.
class launched {
 public:
  /// Private to the implementation.
  class state;
  /// For orchestrator::launch.
  explicit launched(std::shared_ptr<state> of) noexcept;
  launched(launched&&) noexcept;
  launched& operator=(launched&&) noexcept;
  ~launched();

  /// One for each replica, in order; none for a handle that was moved from.
  [[nodiscard]] std::vector<worker_status> workers() const;
  /// Drains and joins. Blocks up to `grace`.
  void stop();

 private:
  std::shared_ptr<state> state_;
};

}  // namespace skein
