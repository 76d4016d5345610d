#include "child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace skein::testing {
namespace {

bool enter(::pid_t keeper, char const* kind, int flag) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/ns/%s", static_cast<int>(keeper), kind);
  int const fd = ::open(path, O_RDONLY | O_CLOEXEC);
  bool const entered = fd >= 0 && ::setns(fd, flag) == 0;
  if (fd >= 0) ::close(fd);
  return entered;
}

[[noreturn]] void fail(char const* what) {
  for (char const* part : {what, ": ", ::strerrordesc_np(errno), "\n"}) (void)!::write(STDERR_FILENO, part, std::strlen(part));
  ::_exit(127);
}

/// The test's own environment with these NAME=VALUE instead of its own, and the sbin folders at the end of PATH.
std::vector<std::string> environment_with(std::vector<std::string> const& changed) {
  std::vector<std::string> all{std::string{"PATH="} + (::getenv("PATH") ? ::getenv("PATH") : "/usr/bin:/bin") + ":/usr/sbin:/sbin"};
  all.insert(all.end(), changed.begin(), changed.end());
  auto const set = all.size();
  for (char** one = environ; *one != nullptr; ++one) {
    std::string_view const entry{*one}, name = entry.substr(0, entry.find('=') + 1);
    if (std::none_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(set), [&](auto const& other) { return other.starts_with(name); })) all.emplace_back(entry);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string> const& texts, std::vector<char*> all = {}) {
  for (auto const& one : texts) all.push_back(const_cast<char*>(one.c_str()));
  all.push_back(nullptr);
  return all;
}

/// In the new process. Allocates nothing: another thread of the test may have held the allocator's lock when this one was forked, and
/// the allocator of ThreadSanitizer (GCC 12) does not take it over.
[[noreturn]] void become(std::vector<char*> const& arguments, std::vector<char*> const& environment, child_options const& options, int in, int out, ::pid_t parent) {
  if (!enter(options.network)) fail("setns");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (!options.output.empty()) out = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) fail(options.output.c_str());
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) fail(options.folder.c_str());
  ::execve(arguments[0], arguments.data(), environment.data());
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
  auto const texts = environment_with(options.environment);
  // env(1) looks the program up in that PATH, and leaves itself to it.
  char looks_up[] = "/usr/bin/env";
  auto const arguments = pointers(command, {looks_up}), environment = pointers(texts);
  ::pid_t const parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, environment, options, in[0], out[1], parent);
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
