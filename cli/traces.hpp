// `skein traces …`: what all its subcommands share, and the subcommands.
#pragma once

#include "output.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace skein::cli {

struct traces_options {
  std::string path = ".skein/traces.db";
  bool json = false;
};

/// Adds --traces and --json.
void add_traces_options(CLI::App& command, traces_options& options);

/// Adds `traces` with its subcommands to `root`. They run while the command line is parsed; they throw skein::error, closed_pipe and
/// CLI::Error. `out` must outlive the parsing.
void add_traces(CLI::App& root, output& out);

void add_traces_list(CLI::App& traces, output& out);
void add_traces_tree(CLI::App& traces, output& out);
void add_traces_sql(CLI::App& traces, output& out);

}  // namespace skein::cli
