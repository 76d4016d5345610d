#include "program.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sbom::testing {
namespace {

std::string content_of(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The child's side, after the fork. Does not return.
[[noreturn]] void become_sbom(std::string const& folder, arguments const& given, std::string const& epoch) {
  // Under a shell that ignores it for background jobs the program would ignore it too.
  std::signal(SIGINT, SIG_DFL);
  if (::chdir(folder.c_str()) != 0) ::_exit(127);
  if (epoch.empty()) {
    ::unsetenv("SOURCE_DATE_EPOCH");
  } else {
    ::setenv("SOURCE_DATE_EPOCH", epoch.c_str(), 1);
  }
  ::setenv("TMPDIR", folder.c_str(), 1);
  std::vector<char*> argv{const_cast<char*>("sbom")};
  for (auto const& one : given) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  ::execv(SBOM_PROGRAM, argv.data());
  ::_exit(127);
}

int code_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error{"the program is not there to wait for"};
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void redirect(std::string const& path, int descriptor) {
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(127);
}

}  // namespace

outcome run_sbom(std::string const& folder, arguments const& given, std::string const& epoch, std::function<void()> const& meanwhile) {
  auto const out = folder + "/stdout.txt", err = folder + "/stderr.txt";
  pid_t const child = ::fork();
  if (child < 0) throw std::runtime_error{"cannot fork"};
  if (child == 0) {
    redirect(out, STDOUT_FILENO);
    redirect(err, STDERR_FILENO);
    become_sbom(folder, given, epoch);
  }
  if (meanwhile) meanwhile();
  int const code = code_of(child);
  return {code, content_of(out), content_of(err)};
}

outcome run_sbom_on_terminal(std::string const& folder, arguments const& given, std::string_view cue,
                             std::function<void(pid_t)> const& then) {
  int terminal = -1;
  pid_t const child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child < 0) throw std::runtime_error{"cannot make a terminal"};
  if (child == 0) become_sbom(folder, given, "1700000000");
  outcome made;
  bool waiting = static_cast<bool>(then);
  char buffer[4096];
  for (;;) {
    auto const count = ::read(terminal, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // EIO: the other end is closed.
    made.out.append(buffer, static_cast<std::size_t>(count));
    if (waiting && made.out.find(cue) != std::string::npos) {
      waiting = false;
      then(child);
    }
  }
  ::close(terminal);
  made.code = code_of(child);
  return made;
}

}  // namespace sbom::testing
