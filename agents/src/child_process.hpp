// Runs a program to its end: standard input is fed, standard output and error are gathered, and nothing of it is left afterwards.
#pragma once

#include <skein/registry/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace skein::agents {

struct child_request {
  std::string program;                      ///< As for execve: no look-up.
  std::vector<std::string> arguments;       ///< Argument 0 first.
  std::vector<std::string> environment;     ///< All of it, NAME=value.
  std::string working_directory;            ///< Empty: this process's.
  std::size_t memory_bytes_max = 0;         ///< Of address space; 0 = no limit of ours.
  std::uint32_t cpu_seconds_max = 0;        ///< 0 = no limit of ours.
  std::chrono::nanoseconds timeout{};       ///< Above 0.
  std::size_t output_bytes_max = 0;         ///< Of standard output.
  std::size_t error_bytes_max = 0;          ///< The last so many bytes of standard error are kept.
};

/// Why it ended.
enum class child_end : std::uint8_t { exited, signalled, timed_out, stopped, too_much_output };

struct child_result {
  child_end end = child_end::exited;
  int code = 0;          ///< Exit code or signal.
  int pid = 0;
  std::string output;
  std::string errors;    ///< The end of standard error.
};

/// Blocks until the program has ended, or was killed with its whole process group: at its timeout, when `stop` says true (asked every few
/// milliseconds), when it writes too much. What it left running in its group is killed too. The process dies with the calling thread. errc::io_failed
/// naming program and reason: it could not be started.
[[nodiscard]] result<child_result> run_child(child_request const& what, std::string_view input, std::function<bool()> const& stop);

}  // namespace skein::agents
