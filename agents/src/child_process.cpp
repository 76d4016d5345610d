#include "child_process.hpp"

#include <skein/agents/start_process.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace skein::agents {
namespace child_process {

using std::chrono::steady_clock;

// How soon a cancelled attempt is noticed; nothing wakes a thread that waits for a program.
constexpr std::chrono::milliseconds look_again{20};

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
    auto in = make_pipe(), out = make_pipe(), err = make_pipe();
    for (auto const* each : {&in, &out, &err}) {
      if (!*each) return error{errc::io_failed, each->error().message(), what.program};
    }
    auto started = start_process({.program = what.program, .arguments = what.arguments, .environment = what.environment, .working_directory = what.working_directory,
                                  .input = in->read.get(), .output = out->write.get(), .errors = err->write.get(), .memory_bytes_max = what.memory_bytes_max,
                                  .cpu_seconds_max = what.cpu_seconds_max});
    if (!started) return started.error();
    child_ = std::move(*started);
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
    if (child_.pid <= 0) return std::nullopt;
    ::kill(-child_.pid, SIGKILL);
    ::kill(child_.pid, SIGKILL);
    int status = 0;
    pid_t waited = 0;
    do waited = ::waitpid(child_.pid, &status, 0);
    while (waited < 0 && errno == EINTR);
    child_.pid = 0;
    return waited < 0 ? std::nullopt : std::optional{status};
  }
  [[nodiscard]] int pid() const noexcept { return child_.pid; }
  [[nodiscard]] int process() const noexcept { return child_.process.get(); }

  unique_fd input, output, errors;   // non-blocking

 private:
  started_process child_;
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
  static bool read(unique_fd& from, Take take) {
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
