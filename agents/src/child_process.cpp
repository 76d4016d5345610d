#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace skein::agents {
namespace child_process {

using std::chrono::steady_clock;

// From linux/close_range.h, which may be older than the kernel.
constexpr unsigned close_range_cloexec = 4;
// How soon a cancelled attempt is noticed; nothing wakes a thread that waits for a program.
constexpr std::chrono::milliseconds look_again{20};

error refused(std::string const& program, std::string const& what, int code) {
  return error{errc::io_failed, what + std::generic_category().message(code), program};
}

class owned_fd {
 public:
  explicit owned_fd(int fd = -1) noexcept : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  owned_fd& operator=(owned_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~owned_fd() { reset(); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

struct pipe_ends {
  owned_fd read, write;
};

/// A descriptor 0, 1 or 2, which a program that closed its own may be given, would be lost under dup2.
owned_fd above_standard(owned_fd fd) {
  if (!fd || fd.get() > STDERR_FILENO) return fd;
  return owned_fd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
}

result<pipe_ends> make_pipe(std::string const& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refused(program, "no pipe: ", errno);
  pipe_ends made{above_standard(owned_fd{ends[0]}), above_standard(owned_fd{ends[1]})};
  if (!made.read || !made.write) return refused(program, "no pipe: ", errno);
  return made;
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
  if (::dup2(p.input, STDIN_FILENO) < 0 || ::dup2(p.output, STDOUT_FILENO) < 0 || ::dup2(p.errors, STDERR_FILENO) < 0) refuse();
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

error start_error(child_request const& what, start_failure const& why) {
  switch (why.at) {
    case start_failure::folder: return refused(what.program, "its working directory " + what.working_directory + ": ", why.code);
    case start_failure::limits: return refused(what.program, "its limits: ", why.code);
    case start_failure::files: return refused(what.program, "its files: ", why.code);
    case start_failure::program: break;
  }
  return refused(what.program, "", why.code);
}

/// Keeps SIGPIPE from this thread while it writes into pipes whose readers may go.
class no_sigpipe {
 public:
  no_sigpipe() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  no_sigpipe(no_sigpipe const&) = delete;
  no_sigpipe& operator=(no_sigpipe const&) = delete;
  ~no_sigpipe() {
    struct timespec const at_once {};
    if (!was_pending_) {
      while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

/// A process that was started, in a group of its own; killed and waited for when this goes.
class running_child {
 public:
  [[nodiscard]] result<void> start(child_request const& what) {
    auto in = make_pipe(what.program), out = make_pipe(what.program), err = make_pipe(what.program), report = make_pipe(what.program);
    for (auto const* each : {&in, &out, &err, &report}) {
      if (!*each) return each->error();
    }
    auto const arguments = pointers(what.arguments), environment = pointers(what.environment);
    start_plan const plan{::getpid(), what.program.c_str(), arguments.data(), environment.data(),
                          what.working_directory.empty() ? nullptr : what.working_directory.c_str(), in->read.get(), out->write.get(), err->write.get(),
                          report->write.get(), what.memory_bytes_max, what.cpu_seconds_max};
    pid_ = ::fork();
    if (pid_ == 0) run_program(plan);
    if (pid_ < 0) return refused(what.program, "", errno);
    report->write.reset();
    start_failure why{};
    ssize_t got = 0;
    do got = ::read(report->read.get(), &why, sizeof why);
    while (got < 0 && errno == EINTR);
    if (got == sizeof why) return start_error(what, why);
    process_ = owned_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    if (!process_) return refused(what.program, "it cannot be watched: ", errno);
    input = std::move(in->write);
    output = std::move(out->read);
    errors = std::move(err->read);
    for (auto const* each : {&input, &output, &errors}) ::fcntl(each->get(), F_SETFL, O_NONBLOCK);
    return {};
  }
  running_child() = default;
  running_child(running_child const&) = delete;
  running_child& operator=(running_child const&) = delete;
  ~running_child() { (void)end(); }

  /// Kills what is left of the group, waits for the process, returns how it ended. Its id and its group's are its own until it has been waited for; nothing
  /// when somebody else has waited for it (a program that ignores SIGCHLD does, in a way).
  std::optional<int> end() noexcept {
    if (pid_ <= 0) return std::nullopt;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = 0;
    pid_t waited = 0;
    do waited = ::waitpid(pid_, &status, 0);
    while (waited < 0 && errno == EINTR);
    pid_ = 0;
    return waited < 0 ? std::nullopt : std::optional{status};
  }
  [[nodiscard]] int pid() const noexcept { return pid_; }
  [[nodiscard]] int process() const noexcept { return process_.get(); }

  owned_fd input, output, errors;   // non-blocking

 private:
  pid_t pid_ = 0;
  owned_fd process_;
};

/// Feeds and reads a running program until it has ended or must end.
struct conversation {
  child_request const& what;
  std::string_view input;
  running_child& child;
  child_result& result;

  void feed() {
    while (child.input && !input.empty()) {
      ssize_t const wrote = ::write(child.input.get(), input.data(), input.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0 && errno == EAGAIN) return;
      if (wrote < 0) input = {};   // it does not want more
      else input.remove_prefix(static_cast<std::size_t>(wrote));
    }
    child.input.reset();
  }

  /// Reads what is there; whether all of it was taken.
  template <class Take>
  static bool read(owned_fd& from, Take take) {
    std::array<char, 16'384> buffer;
    while (from) {
      ssize_t const got = ::read(from.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return true;
      if (got <= 0) from.reset();
      else if (!take(std::string_view{buffer.data(), static_cast<std::size_t>(got)})) return false;
    }
    return true;
  }
  bool read_output() {
    return read(child.output, [&](std::string_view some) {
      if (some.size() > what.output_bytes_max - result.output.size()) return false;
      return result.output.append(some), true;
    });
  }
  bool read_errors() {
    return read(child.errors, [&](std::string_view some) {
      result.errors.append(some);
      if (result.errors.size() > what.error_bytes_max) result.errors.erase(0, result.errors.size() - what.error_bytes_max);
      return true;
    });
  }

  child_end hold(std::function<bool()> const& stop) {
    auto const deadline = steady_clock::now() + what.timeout;
    for (;;) {
      if (stop()) return child_end::stopped;
      auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
      if (left.count() <= 0) return child_end::timed_out;
      std::array<pollfd, 4> on{pollfd{child.process(), POLLIN, 0}, pollfd{child.input.get(), POLLOUT, 0}, pollfd{child.output.get(), POLLIN, 0},
                               pollfd{child.errors.get(), POLLIN, 0}};
      ::poll(on.data(), on.size(), static_cast<int>(std::min(left, look_again).count()));
      feed();
      bool const fits = read_output();
      (void)read_errors();
      if (!fits) return child_end::too_much_output;
      if ((on[0].revents & POLLIN) != 0) return child_end::exited;   // what it wrote was there before it ended, and has been read
    }
  }
};

}  // namespace child_process

using namespace child_process;

result<std::string> program_file(std::string const& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  while (!path.empty()) {
    auto const end = std::min(path.find(':'), path.size());
    auto const file = std::filesystem::path{path.substr(0, end)} / name;
    path.remove_prefix(std::min(end + 1, path.size()));
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0) return file.string();
  }
  return error{errc::io_failed, "PATH has no such program", name};
}

result<child_result> run_child(child_request const& what, std::string_view input, std::function<bool()> const& stop) {
  no_sigpipe const quiet;
  running_child child;
  if (auto started = child.start(what); !started) return started.error();
  child_result result;
  result.pid = child.pid();
  result.end = conversation{what, input, child, result}.hold(stop);
  auto const status = child.end();
  if (result.end != child_end::exited) return result;
  if (!status) return error{errc::io_failed, "how the program ended is not known: this process ignores SIGCHLD, or waits for children that are not its own", what.program};
  if (WIFSIGNALED(*status)) {
    result.end = child_end::signalled;
    result.code = WTERMSIG(*status);
  } else {
    result.code = WEXITSTATUS(*status);
  }
  return result;
}

}  // namespace skein::agents
