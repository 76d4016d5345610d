// A copy of a ledger while a hub writes it.
#pragma once

#include <skein/registry/error.hpp>

#include <cstdint>
#include <string>

namespace skein {

/// Writes what is committed at this moment to `copy` (0600), and to the disk; gives its size in bytes. Blocks for the whole copy, commits go on
/// meanwhile. A file that is there is not touched. errc::io_failed, invalid_argument (`copy` is there), corrupt.
[[nodiscard]] result<std::uint64_t> backup_ledger(std::string const& ledger, std::string const& copy);

}  // namespace skein
