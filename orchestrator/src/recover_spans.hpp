// After a crash: spans that the dead process had not handed over are made again from the ledger, so that no child is an orphan.
#pragma once

#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite_sink.hpp>

namespace skein {

/// For every run that the ledger still holds open. Existing spans stay as they are. A store that cannot be written is left to its
/// own warnings.
void recover_spans(bus::ledger& ledger, sqlite_sink& into);

}  // namespace skein
