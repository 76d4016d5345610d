// A process of a test: started, talked to by pipes, killed; never left behind.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace skein::testing {

/// A network namespace, kept by a process that does nothing else.
struct network_namespace {
  ::pid_t keeper = 0;       ///< 0: the test's own network.
  bool own_users = false;   ///< It lies in a user namespace of its own, because the test is not run by root.
};
/// Moves the calling process there; false with errno when it may not.
[[nodiscard]] bool enter(network_namespace const& where);

struct child_options {
  std::vector<std::string> environment = {};   ///< NAME=VALUE, added to the test's own.
  std::string folder = {};                     ///< Working directory; empty: the test's.
  std::string output = {};                     ///< Standard output goes into this file or FIFO; empty: to line() and rest().
  network_namespace network = {};
};

/// Killed with the thread that made it, and by its destructor.
class child {
 public:
  child() = default;   ///< No process.
  /// A program without a slash is looked up in PATH and the sbin folders. One that can't be started exits with 127.
  explicit child(std::vector<std::string> const& command, child_options const& options = {});
  child(child&& from) noexcept;
  child& operator=(child&& from) noexcept;
  ~child();

  [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// Its exit code once it has ended; 128 + the signal that ended it.
  int wait();
  /// SIGKILL, and waits for its end.
  void kill();

  /// To its standard input.
  void say(std::string const& line) const;
  void end_input();
  /// The next line of its output; what came before its end where there is no newline.
  std::string line();
  /// say() and line().
  std::string ask(std::string const& text) {
    say(text);
    return line();
  }
  /// Its output until all who have it are gone.
  std::string rest();

 private:
  void close();

  ::pid_t pid_ = 0;
  int in_ = -1, out_ = -1;
};

/// Runs a command to its end: its exit code and output.
struct finished {
  int code;
  std::string out;
};
finished run(std::vector<std::string> const& command, child_options const& options = {});

}  // namespace skein::testing
