#include "spawn.hpp"
#include "system_text.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace skein {

namespace {

// From linux/close_range.h, which may be older than the kernel.
constexpr unsigned close_range_cloexec = 4;

error refused(std::string const& program, std::string const& what, int code) {
  return error{errc::io_failed, "cannot start the worker: " + what + system_text(code), program};
}

bool executable(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<char*> pointers(std::vector<std::string> const& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto const& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Where the new process failed, and why; sent to its parent.
struct child_failure {
  enum step : int { files, folder, program } at;
  int code;
};

/// All that the new process needs, made before the fork: between fork and exec nothing may allocate or lock.
struct plan {
  pid_t parent;
  char const* program;
  char* const* arguments;
  char* const* environment;
  char const* folder;   // null: stay
  int input, output;    // output -1: as it is
  int report;
};

/// Only calls of the async-signal-safe kind (signal-safety(7)).
[[noreturn]] void run(plan const& p) noexcept {
  child_failure why{child_failure::program, 0};
  auto const refuse = [&] {
    why.code = errno;
    [[maybe_unused]] auto const told = ::write(p.report, &why, sizeof why);
    ::_exit(127);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != p.parent) ::_exit(127);  // it died before the line above
  ::setpgid(0, 0);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  why.at = child_failure::files;
  if (::dup2(p.input, STDIN_FILENO) < 0) refuse();
  if (p.output >= 0 && (::dup2(p.output, STDOUT_FILENO) < 0 || ::dup2(p.output, STDERR_FILENO) < 0)) refuse();
  // What the program opened without O_CLOEXEC is not for its workers. An old kernel says ENOSYS; ours are all O_CLOEXEC.
  ::syscall(SYS_close_range, 3u, ~0u, close_range_cloexec);
  why.at = child_failure::folder;
  if (p.folder && ::chdir(p.folder) != 0) refuse();
  why.at = child_failure::program;
  ::execve(p.program, p.arguments, p.environment);
  refuse();
  ::_exit(127);
}

/// Copies of the descriptors 0, 1 and 2 would be lost under dup2; a program that closed its own may have been given those.
unique_fd above_standard(unique_fd fd) {
  if (!fd || fd.get() > STDERR_FILENO) return fd;
  return unique_fd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
}

struct pipe_ends {
  unique_fd read, write;
};
result<pipe_ends> make_pipe(std::string const& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refused(program, "no pipe: ", errno);
  return pipe_ends{above_standard(unique_fd{ends[0]}), above_standard(unique_fd{ends[1]})};
}

result<unique_fd> open_output_file(std::string const& path, std::string const& program) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  unique_fd file = above_standard(unique_fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)});
  if (!file) return refused(program, "its output file " + path + " cannot be opened: ", errno);
  return file;
}

error start_failure(spawn_request const& what, child_failure const& why) {
  if (why.at == child_failure::folder) return refused(what.program, "its working directory " + what.working_directory + ": ", why.code);
  return refused(what.program, why.at == child_failure::files ? "its files: " : "", why.code);
}

}  // namespace

result<std::string> find_program(std::string const& name) {
  std::error_code failed;
  if (name.find('/') != std::string::npos) {
    auto const path = std::filesystem::absolute(name, failed);
    if (executable(path)) return path.string();
    return error{errc::io_failed, std::filesystem::exists(path, failed) ? "cannot start the worker: it may not be executed" : "cannot start the worker: there is no such program", path.string()};
  }
  char const* const set = std::getenv("PATH");
  std::string_view rest = set ? set : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    auto const end = std::min(rest.find(':'), rest.size());
    auto const path = std::filesystem::absolute(std::filesystem::path{rest.substr(0, end)} / name, failed);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (executable(path)) return path.string();
  }
  return error{errc::io_failed, "cannot start the worker: PATH has no such program", name};
}

result<spawned> spawn(spawn_request const& what) {
  spawned made;
  unique_fd const input = above_standard(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
  if (!input) return refused(what.program, "/dev/null: ", errno);
  unique_fd output;
  if (what.output == worker_output::prefixed) {
    auto ends = make_pipe(what.program);
    if (!ends) return ends.error();
    made.output = std::move(ends->read);
    output = std::move(ends->write);
    ::fcntl(made.output.get(), F_SETFL, O_NONBLOCK);
  } else if (what.output == worker_output::file) {
    auto file = open_output_file(what.output_file, what.program);
    if (!file) return file.error();
    output = std::move(*file);
  }
  auto report = make_pipe(what.program);
  if (!report) return report.error();

  auto const arguments = pointers(what.arguments), environment = pointers(what.environment);
  plan const p{::getpid(), what.program.c_str(), arguments.data(), environment.data(), what.working_directory.empty() ? nullptr : what.working_directory.c_str(),
               input.get(), output ? output.get() : -1, report->write.get()};
  made.pid = ::fork();
  if (made.pid == 0) run(p);
  if (made.pid < 0) return refused(what.program, "", errno);
  report->write.reset();
  child_failure why{};
  ssize_t got = 0;
  do got = ::read(report->read.get(), &why, sizeof why);
  while (got < 0 && errno == EINTR);
  if (got == sizeof why) {
    ::waitpid(made.pid, nullptr, 0);
    return start_failure(what, why);
  }
  made.process = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, made.pid, 0))};
  if (!made.process) {
    auto const code = errno;
    ::kill(made.pid, SIGKILL);
    ::waitpid(made.pid, nullptr, 0);
    return refused(what.program, "it cannot be watched: ", code);
  }
  return made;
}

}  // namespace skein
