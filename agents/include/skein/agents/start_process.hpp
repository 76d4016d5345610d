// Starts a program in a process and a group of its own, bound to the life of the calling thread: what runs commands and what launches workers share.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/registry/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace skein::agents {

/// What to start. A view: the caller's values must outlive the call.
struct process_request {
  std::string const& program;                    ///< As for execve: no look-up.
  std::vector<std::string> const& arguments;     ///< Argument 0 first.
  std::vector<std::string> const& environment;   ///< All of it, NAME=value.
  std::string const& working_directory;          ///< Empty: this process's.
  int input = -1;                                ///< Descriptor that becomes standard input; above 2, as the next two are.
  int output = -1;                               ///< -1: this process's.
  int errors = -1;                               ///< -1: this process's.
  std::size_t memory_bytes_max = 0;              ///< Of address space; 0 = no limit of ours.
  std::uint32_t cpu_seconds_max = 0;             ///< 0 = no limit of ours.
};

/// A process that runs; whoever has it must wait for it.
struct started_process {
  int pid = 0;         ///< Also its group's.
  unique_fd process;   ///< A pidfd: readable once the process has ended.
};

/// The ends of a pipe, both closed on exec and above 2: a copy of 0, 1 or 2, which a program that closed its own may be given, would be lost.
struct pipe_ends {
  unique_fd read;    ///< Where it ends.
  unique_fd write;   ///< Where it begins.
};

/// A pipe; errc::io_failed with the system's reason.
[[nodiscard]] result<pipe_ends> make_pipe();

/// This descriptor, or a copy of it that is above 2.
[[nodiscard]] unique_fd above_standard(unique_fd fd);

/// Where programs are looked for when there is no PATH.
inline constexpr std::string_view usual_path = "/usr/local/bin:/usr/bin:/bin";

/// Whether this is a file that this process may execute.
[[nodiscard]] bool executable_file(std::filesystem::path const& path);

/// The file that `name` runs: itself when it has a slash, otherwise the first of `path` (as PATH) that may be executed. errc::io_failed names it.
[[nodiscard]] result<std::string> program_file(std::string const& name, std::string_view path);

/// The process gets SIGKILL when the calling thread ends, has default signal handlers, no blocked signal, and no file of ours but the three.
/// Blocks until the program runs or has been refused. Thread-safe. errc::io_failed at the program, saying what was refused and why.
[[nodiscard]] result<started_process> start_process(process_request const& what);

}  // namespace skein::agents
