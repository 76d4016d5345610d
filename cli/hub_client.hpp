// A running hub, as the commands that talk to one see it.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace skein::cli {

/// How a command finds its hub, and how it prints.
struct hub_options {
  std::string ledger = ".skein/ledger.db";   ///< The ledger file of the hub, or its control socket.
  bool json = false;
};

/// Adds --ledger and --json.
void add_hub_options(CLI::App& command, hub_options& options);

/// Asks the hub; the result of its answer. `request` is an object with "request". Throws skein::error.
[[nodiscard]] nlohmann::json ask_hub(std::string const& ledger, nlohmann::json const& request,
                                     std::optional<std::chrono::nanoseconds> timeout = std::chrono::seconds{30});

/// A member of an answer as text for people: strings as they are, other values as JSON, lists with commas, what is missing as nothing.
[[nodiscard]] std::string text_of(nlohmann::json const& object, char const* member);

}  // namespace skein::cli
