// The tables of a ledger file: opening, recognising, creating and migrating them.
#pragma once

#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

namespace skein::bus::ledger_file {

/// PRAGMA user_version of the files that this build writes; it reads all lower ones.
inline constexpr int schema_version = 4;

/// Opens the file as a ledger of the current schema, ready for commits. Errors name the file and the way out.
[[nodiscard]] result<sqlite::database> open(sqlite_ledger_options const& options);

/// `cannot open <path>: <why>`, with the code of `why`.
[[nodiscard]] error cannot_open(std::string const& path, error const& why);

}  // namespace skein::bus::ledger_file
