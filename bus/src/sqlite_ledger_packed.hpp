// Activations as bytes: most are written twice and never read again, so they stand packed in blocks of consecutive numbers, not in rows.
#pragma once

#include "codec_writer.hpp"

#include <skein/bus/change.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace skein::bus::ledger_file {

/// Activations 32 k to 32 k + 31 are block k.
inline constexpr std::uint64_t block_rows = 32;

/// One activation of a block. Runs and hosts are numbers of their tables; 0 = none.
struct packed_activation {
  activation_row row;                               ///< Without run and host.
  std::int64_t run = 0, host = 0;
  std::size_t begin = 0, changing = 0, end = 0;     ///< Where it stands: what never changes, then the state.
};

/// What can change of an activation, with its host's number.
struct packed_state {
  activation_state state{};
  std::uint32_t attempt = 0, failures = 0, losses = 0;
  timestamp not_before{}, since{};
  std::int64_t host = 0;
  std::string_view error_type, what;
};

/// What the two below write to; it writes over what stands in `memory`, and gives it its size when it goes.
[[nodiscard]] wire::writer pack_over(bytes& memory);
/// What never changes: number, id, run and inputs.
void pack_identity(wire::writer& to, activation_row const& row, std::int64_t run);
/// What follows it.
void pack_state(wire::writer& to, packed_state const& state, subscription_no subscription);
/// All of a block, in the order of the bytes. errc::corrupt for bytes that those two did not write.
[[nodiscard]] result<std::vector<packed_activation>> unpack_block(std::int64_t block, bytes_view rows);
/// The inputs of what pack_identity() wrote.
[[nodiscard]] std::vector<std::uint64_t> unpack_inputs(bytes_view identity);

/// Calls `take` for every activation of the blocks that a query of `block` and `rows` finds.
template <class Take>
[[nodiscard]] result<void> each_activation(sqlite::statement& query, Take take) {
  for (;;) {
    auto const found = query.step();
    if (!found) return found.error();
    if (!*found) return {};
    auto const all = unpack_block(query.integer(0), query.blob(1));
    if (!all) return query.reset(), all.error();
    for (auto const& one : *all) take(one);
  }
}
/// The newest dead ones, by no; the query gives the blocks that have any, the newest first.
[[nodiscard]] result<std::vector<packed_activation>> newest_dead(sqlite::statement& query, std::size_t count);

}  // namespace skein::bus::ledger_file
