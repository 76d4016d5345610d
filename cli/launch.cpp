#include "launch.hpp"

#include "topology.hpp"
#include "wrong_setup.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace skein::cli {
namespace {

std::string read_file(std::string const& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in || std::filesystem::is_directory(path)) throw error{errc::io_failed, "cannot be read; pass the path of a topology file (TOML)", path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// False: a signal came first.
bool are_served(orchestrator& hub, topology const& what, agents::stop_signals const& signals) {
  constexpr std::chrono::milliseconds look_every{200};
  auto const deadline = std::chrono::steady_clock::now() + what.wait_timeout;
  while (signals.received() == 0) {
    auto const left = deadline - std::chrono::steady_clock::now();
    try {
      hub.wait_for_agents(what.wait_for, std::clamp<std::chrono::nanoseconds>(left, std::chrono::nanoseconds{0}, look_every));
      return true;
    } catch (error const& e) {
      if (e.code() != errc::timeout || left <= look_every) throw;
    }
  }
  return false;
}

void launch(std::string const& path, output& out) {
  auto const what = checked_setup([&] { return parse_topology(read_file(path), path).value(); });
  // What the file names lies beside it, from wherever it is launched.
  std::filesystem::current_path(std::filesystem::absolute(path).parent_path());
  run_hub_service(what.hub, out, [&](orchestrator& hub, agents::stop_signals& signals) {
    std::vector<launched> workers;
    for (auto const& one : what.workers) workers.push_back(hub.launch(one));
    if (!are_served(hub, what, signals)) return workers;
    out.write("ready\n");
    out.flush();
    return workers;
  });
}

}  // namespace

void add_launch(CLI::App& root, output& out) {
  auto const path = std::make_shared<std::string>();
  auto& command = *root.add_subcommand("launch", "Run a hub and the workers that a topology file names, until SIGTERM");
  command.add_option("TOPOLOGY", *path, "A TOML file; its paths are relative to its folder")->type_name("")->required();
  command.callback([path, &out] { launch(*path, out); });
}

}  // namespace skein::cli
