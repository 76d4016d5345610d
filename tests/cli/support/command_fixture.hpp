// The skein command as users run it: the real program, its output and its exit codes.
#pragma once

#include "distributed/support/child.hpp"
#include "tracing/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace skein::testing {

/// How a program ended, and what it said.
struct outcome {
  int code = -1;
  std::string out, err;
};

inline std::string content_of(std::string const& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::size_t lines_in(std::string const& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

/// Has a folder of its own, in which everything runs.
class command_fixture : public ::testing::Test {
 protected:
  // Runs a shell line in the folder of the test, with the command at hand as $SKEIN.
  outcome shell(std::string const& line) {
    auto const script = "cd '" + folder.path().string() + "' && SKEIN='" SKEIN_COMMAND "' && { " + line + "; } > stdout.txt 2> stderr.txt";
    int const status = std::system(script.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(folder / "stdout.txt"), content_of(folder / "stderr.txt")};
  }
  outcome skein_command(std::string const& arguments) { return shell("\"$SKEIN\" " + arguments); }

  /// The command, running beside the test in its folder; what it says to stderr goes to the file `err`.
  child start(std::vector<std::string> const& arguments, std::vector<std::string> environment = {}) {
    std::vector<std::string> command{"/bin/sh", "-c", R"(exec "$0" "$@" 2>> err)", SKEIN_COMMAND};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return child{command, {.environment = std::move(environment), .folder = folder.path().string()}};
  }
  static int stop(child& one) {
    one.signal(SIGTERM);
    return one.wait();
  }

  temporary_folder folder;
};

}  // namespace skein::testing
