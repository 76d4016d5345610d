// Rows back to values: what is open, and the history of a run.
#pragma once

#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

namespace skein::bus::ledger_file {

/// What ledger::load() gives back. errc::corrupt for rows that no ledger writes.
[[nodiscard]] result<board_state> read_state(sqlite::database& file, std::size_t idempotency_keys_max, std::size_t dead_kept_max);
[[nodiscard]] result<run_history> read_history(sqlite::database& file, run_id const& run);
[[nodiscard]] result<std::vector<artifact_ptr>> read_artifacts(sqlite::database& file, std::string_view type, std::size_t limit);
/// A row of the table that held activations up to schema 3, without run and host.
[[nodiscard]] result<activation_row> read_activation_row(sqlite::statement const& row);

}  // namespace skein::bus::ledger_file
