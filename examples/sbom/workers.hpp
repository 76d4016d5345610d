// The hashing agent in processes of its own: how the hub starts them, and what they run.
#pragma once

#include "artifacts.hpp"

#include <skein/orchestrator/launch.hpp>

#include <string>

namespace sbom {

/// What a worker is told on its command line; of each package it learns from the artifact.
struct worker_options {
  std::string root;
  sample hashed = {};
};

/// `count` processes of this very program, started again when they fail.
[[nodiscard]] skein::launch_options worker_processes(unsigned count, worker_options const& told);

/// The body of such a process: serves file_hasher, one package at a time, to the hub that started it. Returns the exit code when the hub
/// has no more for it. Throws std::exception where no hub started it, or the root cannot be opened. Blocks.
int work(worker_options const& told);

}  // namespace sbom
