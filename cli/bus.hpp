// `skein bus …`: run a hub, talk to a running one, make keys.
#pragma once

#include "output.hpp"

#include <CLI/CLI.hpp>

namespace skein::cli {

/// Adds `bus` with its subcommands to `root`. They run while the command line is parsed; they throw skein::error, wrong_setup,
/// closed_pipe and CLI::Error. `out` must outlive the parsing.
void add_bus(CLI::App& root, output& out);

void add_bus_serve(CLI::App& bus, output& out);
void add_bus_exporter(CLI::App& bus, output& out);
void add_bus_look(CLI::App& bus, output& out);      // status, agents, hosts
void add_bus_dead(CLI::App& bus, output& out);
void add_bus_care(CLI::App& bus, output& out);      // pause, resume, cancel, drain, forget, backup, reload-keys
void add_bus_keygen(CLI::App& bus, output& out);

}  // namespace skein::cli
