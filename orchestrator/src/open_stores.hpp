// From the `ledger` and `traces` options to the stores themselves.
#pragma once

#include <skein/bus/ledger.hpp>
#include <skein/orchestrator/options.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skein {

/// Throws skein::error: invalid_argument for what is neither `memory:` nor `sqlite:PATH`, and whatever opening it gives.
[[nodiscard]] std::unique_ptr<bus::ledger> open_ledger(orchestrator_options const& options);

/// The ledger's file; empty for `memory:`.
[[nodiscard]] std::string ledger_file(orchestrator_options const& options);
/// Where the hub listens for commands: beside its ledger file (`FILE.sock`), or, for `memory:`, beside its first ipc endpoint (`PATH.control`); empty when
/// it has neither.
[[nodiscard]] std::string control_socket_path(orchestrator_options const& options);

struct traces_target {
  std::shared_ptr<span_sink> sink;
  std::shared_ptr<sqlite_sink> opened;   ///< Null when the file could not be opened (yet).
  std::string path;
  std::vector<run_id> left_running;      ///< Runs that an earlier process did not end in the file.
};
/// nullopt when no traces file is wanted. Traces are disposable: a file that cannot be opened is tried again with every write, and the
/// program goes on. Throws invalid_argument, and locked for a path that is not the default.
[[nodiscard]] std::optional<traces_target> open_traces(orchestrator_options const& options);

}  // namespace skein
