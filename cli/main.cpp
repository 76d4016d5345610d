// The skein command. Exit codes: 0 done, 1 it did not work (said on stderr), 2 wrong usage: arguments, keys, addresses, files that cannot be right.
#include "bus.hpp"
#include "launch.hpp"
#include "output.hpp"
#include "publish.hpp"
#include "traces.hpp"
#include "wrong_setup.hpp"

#include <skein/registry/error.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>

namespace {

constexpr int done = 0, refused = 1, wrong_usage = 2;

int run(int argc, char** argv, skein::cli::output& out) {
  CLI::App root{"Skein: agent pipelines on a blackboard bus, one causal trace per workflow", "skein"};
  root.require_subcommand(1);
  root.set_version_flag("--version", "skein " SKEIN_VERSION);
  root.footer("Every subcommand has --help. Exit codes: 0 done, 1 it did not work (the reason is on stderr), 2 wrong usage.");
  skein::cli::add_traces(root, out);
  skein::cli::add_bus(root, out);
  skein::cli::add_launch(root, out);
  skein::cli::add_publish(root, out);
  try {
    root.parse(argc, argv);
    out.flush();
    return done;
  } catch (CLI::ParseError const& stopped) {
    return root.exit(stopped) == 0 ? done : wrong_usage;  // --help and --version stop the parsing too.
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  skein::cli::output out;
  try {
    return run(argc, argv, out);
  } catch (skein::cli::closed_pipe const&) {
    return done;
  } catch (skein::cli::publish_failed const&) {
    out.flush();
    return refused;
  } catch (skein::cli::wrong_setup const& wrong) {
    std::cerr << "skein: " << wrong.what() << '\n';
    return wrong_usage;
  } catch (skein::error const& failed) {
    std::cerr << "skein: " << skein::cli::shown(failed) << '\n';
    return refused;
  } catch (std::exception const& failed) {
    std::cerr << "skein: " << failed.what() << '\n';
    return refused;
  }
}
