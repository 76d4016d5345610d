#include "child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace skein::testing {
namespace {

bool enter(::pid_t keeper, char const* kind, int flag) {
  auto const path = "/proc/" + std::to_string(keeper) + "/ns/" + kind;
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool const entered = fd >= 0 && ::setns(fd, flag) == 0;
  if (fd >= 0) ::close(fd);
  return entered;
}

[[noreturn]] void fail(char const* what) {
  std::perror(what);
  ::_exit(127);
}

/// In the new process.
[[noreturn]] void become(std::vector<char*> const& arguments, child_options const& options, int in, int out, ::pid_t parent) {
  if (!enter(options.network)) fail("setns");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (!options.output.empty()) out = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) fail(options.output.c_str());
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) fail(options.folder.c_str());
  ::execvp(arguments[0], arguments.data());
  fail(arguments[0]);
}

}  // namespace

bool enter(network_namespace const& where) {
  if (where.keeper == 0) return true;
  return (!where.own_users || enter(where.keeper, "user", CLONE_NEWUSER)) && enter(where.keeper, "net", CLONE_NEWNET);
}

child::child(std::vector<std::string> const& command, child_options const& options) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error{"no pipes"};
  std::vector<char*> arguments;
  for (auto const& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  ::pid_t const parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    for (auto const& one : options.environment) ::putenv(const_cast<char*>(one.c_str()));
    std::string path = ::getenv("PATH") ? ::getenv("PATH") : "/usr/bin:/bin";
    ::setenv("PATH", (path += ":/usr/sbin:/sbin").c_str(), 1);
    become(arguments, options, in[0], out[1], parent);
  }
  ::close(in[0]);
  ::close(out[1]);
  in_ = in[1];
  out_ = out[0];
  if (pid_ < 0) throw std::runtime_error{"no process"};
}

child::child(child&& from) noexcept : pid_(std::exchange(from.pid_, 0)), in_(std::exchange(from.in_, -1)), out_(std::exchange(from.out_, -1)) {}

child& child::operator=(child&& from) noexcept {
  if (this != &from) {
    close();
    pid_ = std::exchange(from.pid_, 0);
    in_ = std::exchange(from.in_, -1);
    out_ = std::exchange(from.out_, -1);
  }
  return *this;
}

child::~child() { close(); }

void child::close() {
  kill();
  end_input();
  if (out_ >= 0) ::close(std::exchange(out_, -1));
}

void child::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

int child::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child::kill() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  wait();
}

void child::say(std::string const& line) const { (void)!::write(in_, (line + "\n").c_str(), line.size() + 1); }

void child::end_input() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
}

std::string child::line() {
  std::string text;
  for (char c = 0; ::read(out_, &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

std::string child::rest() {
  std::string text;
  char some[4096];
  for (::ssize_t n = 0; (n = ::read(out_, some, sizeof some)) > 0;) text.append(some, static_cast<std::size_t>(n));
  return text;
}

finished run(std::vector<std::string> const& command, child_options const& options) {
  child one{command, options};
  one.end_input();
  auto out = one.rest();
  return {one.wait(), std::move(out)};
}

}  // namespace skein::testing
