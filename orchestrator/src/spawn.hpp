// Starts a worker's process from the calling thread, in a group of its own, bound to that thread's life.
#pragma once

#include <skein/registry/unique_fd.hpp>

#include <skein/orchestrator/launch.hpp>
#include <skein/registry/error.hpp>

#include <string>
#include <vector>

namespace skein {

struct spawn_request {
  std::string program;                       ///< As for execve: no look-up.
  std::vector<std::string> arguments;        ///< Argument 0 first.
  std::vector<std::string> environment;      ///< All of it, NAME=value.
  std::string working_directory;             ///< Empty: this process's.
  worker_output output = worker_output::inherited;
  std::string output_file;                   ///< For worker_output::file.
};

struct spawned {
  int pid = 0;
  unique_fd process;                         ///< A pidfd: readable once the process has ended.
  unique_fd output;                          ///< For worker_output::prefixed: what it writes to stdout and stderr; does not block.
};

/// The file that `name` runs: itself when it has a slash (made absolute), otherwise the first of PATH that may be executed.
/// errc::io_failed naming the program.
[[nodiscard]] result<std::string> find_program(std::string const& name);

/// The process gets SIGKILL when the calling thread ends, has stdin from /dev/null, default signal handlers, no blocked signal, and no file of
/// ours. The calling thread should block all signals. Blocks until the program runs or has been refused. errc::io_failed naming program and reason.
[[nodiscard]] result<spawned> spawn(spawn_request const& what);

}  // namespace skein
