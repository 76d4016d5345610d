// `skein launch`: a hub and its workers from a topology file.
#pragma once

#include "output.hpp"

#include <CLI/CLI.hpp>

namespace skein::cli {

/// Adds `launch` to `root`. Throws as add_bus.
void add_launch(CLI::App& root, output& out);

}  // namespace skein::cli
