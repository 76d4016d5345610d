#include <skein/agents/start_process.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace skein::agents {

namespace {

// From linux/close_range.h, which may be older than the kernel.
constexpr unsigned close_range_cloexec = 4;

error refused(std::string what, int code, std::string const& program = {}) {
  return error{errc::io_failed, std::move(what) + std::generic_category().message(code), program};
}

/// Where the new process failed, and why; sent to its parent.
struct start_failure {
  enum step : int { files, limits, folder, program } at;
  int code;
};

/// All that the new process needs, made before the fork: between fork and exec nothing may allocate or lock.
struct start_plan {
  pid_t parent;
  char const* program;
  char* const* arguments;
  char* const* environment;
  char const* folder;   // null: stay
  int input, output, errors, report;
  rlim_t memory, cpu;   // 0: as it is
};

using limit_kind = decltype(RLIMIT_AS);

/// `grace` above the limit the kernel does not ask any more.
bool limit(limit_kind what, rlim_t most, rlim_t grace) noexcept {
  if (most == 0) return true;
  struct rlimit limits {};
  if (::getrlimit(what, &limits) != 0) return false;
  limits.rlim_max = std::min(limits.rlim_max, most + grace);
  limits.rlim_cur = std::min(limits.rlim_max, most);
  return ::setrlimit(what, &limits) == 0;
}

bool becomes(int fd, int standard) noexcept { return fd < 0 || ::dup2(fd, standard) >= 0; }

/// Only calls of the async-signal-safe kind (signal-safety(7)), and the system calls getrlimit and setrlimit.
[[noreturn]] void run_program(start_plan const& p) noexcept {
  start_failure why{start_failure::program, 0};
  auto const refuse = [&] {
    why.code = errno;
    [[maybe_unused]] auto const told = ::write(p.report, &why, sizeof why);
    ::_exit(127);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != p.parent) ::_exit(127);   // it died before the line above
  ::setpgid(0, 0);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  why.at = start_failure::files;
  if (!becomes(p.input, STDIN_FILENO) || !becomes(p.output, STDOUT_FILENO) || !becomes(p.errors, STDERR_FILENO)) refuse();
  // What this program opened without O_CLOEXEC is not for others. An old kernel says ENOSYS; ours are all O_CLOEXEC.
  ::syscall(SYS_close_range, 3u, ~0u, close_range_cloexec);
  why.at = start_failure::limits;
  if (!limit(RLIMIT_AS, p.memory, 0) || !limit(RLIMIT_CPU, p.cpu, 1)) refuse();
  why.at = start_failure::folder;
  if (p.folder && ::chdir(p.folder) != 0) refuse();
  why.at = start_failure::program;
  ::execve(p.program, p.arguments, p.environment);
  refuse();
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string> const& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto const& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

error start_error(process_request const& what, start_failure const& why) {
  switch (why.at) {
    case start_failure::folder: return refused("its working directory " + what.working_directory + ": ", why.code, what.program);
    case start_failure::limits: return refused("its limits: ", why.code, what.program);
    case start_failure::files: return refused("its files: ", why.code, what.program);
    case start_failure::program: break;
  }
  return refused("", why.code, what.program);
}

}  // namespace

unique_fd above_standard(unique_fd fd) {
  if (!fd || fd.get() > STDERR_FILENO) return fd;
  return unique_fd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
}

result<pipe_ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refused("no pipe: ", errno);
  pipe_ends made{above_standard(unique_fd{ends[0]}), above_standard(unique_fd{ends[1]})};
  if (!made.read || !made.write) return refused("no pipe: ", errno);
  return made;
}

bool executable_file(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

result<std::string> program_file(std::string const& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  while (!path.empty()) {
    auto const end = std::min(path.find(':'), path.size());
    auto const file = std::filesystem::path{path.substr(0, end)} / name;
    path.remove_prefix(std::min(end + 1, path.size()));
    if (executable_file(file)) return file.string();
  }
  return error{errc::io_failed, "PATH has no such program", name};
}

result<started_process> start_process(process_request const& what) {
  auto report = make_pipe();
  if (!report) return error{errc::io_failed, report.error().message(), what.program};
  auto const arguments = pointers(what.arguments), environment = pointers(what.environment);
  start_plan const plan{::getpid(), what.program.c_str(), arguments.data(), environment.data(),
                        what.working_directory.empty() ? nullptr : what.working_directory.c_str(), what.input, what.output, what.errors,
                        report->write.get(), what.memory_bytes_max, what.cpu_seconds_max};
  started_process made;
  made.pid = ::fork();
  if (made.pid == 0) run_program(plan);
  if (made.pid < 0) return refused("", errno, what.program);
  report->write.reset();
  start_failure why{};
  ssize_t got = 0;
  do got = ::read(report->read.get(), &why, sizeof why);
  while (got < 0 && errno == EINTR);
  if (got == sizeof why) {
    ::waitpid(made.pid, nullptr, 0);
    return start_error(what, why);
  }
  made.process = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, made.pid, 0))};
  if (!made.process) {
    auto const code = errno;
    ::kill(made.pid, SIGKILL);
    ::waitpid(made.pid, nullptr, 0);
    return refused("it cannot be watched: ", code, what.program);
  }
  return made;
}

}  // namespace skein::agents
