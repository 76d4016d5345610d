// After a crash: spans that the dead process had not handed over are made again from the ledger, so that no child is an orphan, and
// the runs that go on keep what was known of them.
#pragma once

#include "open_stores.hpp"
#include "remote_spans.hpp"

#include <skein/bus/ledger.hpp>
#include <skein/tracing/span_record.hpp>

#include <vector>

namespace skein {

/// A run that an earlier process left open.
struct left_run {
  bus::run_row row;
  run_record known;   ///< As it was in the traces file, or else what the ledger knows.
};

/// Every sampled run that the ledger still holds open. Inserts the spans into `traces` (null: none) that are missing there, also of runs
/// that ended with their process; existing spans stay as they are. A store that cannot be written is left to its own warnings. `remote` gets to know the spans: workers that live may
/// say more of them.
[[nodiscard]] std::vector<left_run> recover_runs(bus::ledger& ledger, traces_target const* traces, remote_spans& remote);

}  // namespace skein
