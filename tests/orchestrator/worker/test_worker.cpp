// A worker for tests of distributed agents. Its runner answers each errand with a receipt, and does what the errand says besides.
#include "../support/errands.hpp"

#include <skein/skein.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

using skein::testing::errand;
using skein::testing::receipt;

namespace {

void tell(std::string const& path, std::string const& line) {
  std::ofstream out{path};
  out << line << std::endl;
}

/// Waits until somebody writes a line.
std::string hear(std::string const& path) {
  std::ifstream in{path};
  std::string line;
  std::getline(in, line);
  return line;
}

receipt run(errand const& what, skein::context& ctx) {
  receipt made{what.number, static_cast<int>(::getpid()), {}};
  bool const first = ctx.attempt() == 1, waits = what.how == "wait" || what.how == "tell and wait" || (what.how == "wait once" && first);
  if (what.how == "die once" && first) ::raise(SIGKILL);
  if (what.how == "tell" || what.how == "tell and wait" || (what.how == "wait once" && first)) tell(what.path, std::to_string(::getpid()));
  if (waits) made.note = hear(what.path + ".go");
  if (waits && what.how == "wait once") tell(what.path, std::to_string(::getpid()));
  if (what.how == "span") {
    skein::span inside{"inside"};
    inside.set_attribute("errand.number", what.number);
    ctx.span().set_attribute("errand.seen", true);
  }
  if (what.how == "look") made.note = std::to_string(ctx.artifacts<receipt>({.produced_by = "clerk"}).size());
  if (what.how == "look at all") made.note = std::to_string(ctx.artifacts<receipt>({.any_correlation = true}).size());
  if (what.how == "fail") throw std::runtime_error{"as asked"};
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  return skein::serve(argc, argv, skein::agent{"runner"}.on<errand>(run).publishes<receipt>().max_concurrency(4));
}
