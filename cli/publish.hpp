// `skein publish`: one artifact onto the board of a running hub.
#pragma once

#include "output.hpp"

#include <CLI/CLI.hpp>

namespace skein::cli {

/// Adds `publish` to `root`. Throws as add_bus; with --wait, something that failed for good is publish_failed.
void add_publish(CLI::App& root, output& out);

/// What was published caused a failure, waits for a host that nobody started, or was not done in time; the report has been printed.
struct publish_failed {};

}  // namespace skein::cli
