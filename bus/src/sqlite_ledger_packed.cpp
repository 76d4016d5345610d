#include "sqlite_ledger_packed.hpp"

#include "codec_reader.hpp"
#include "sqlite_ledger_columns.hpp"

#include <algorithm>
#include <limits>

namespace skein::bus::ledger_file {
namespace {

constexpr auto no_limit = std::numeric_limits<std::uint32_t>::max();
constexpr auto numbers_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// Trailing fields that hold nothing are left out: most states are the first three or five.
constexpr std::size_t fields_min = 3;

std::size_t fields_of(packed_state const& state) {
  if (!state.error_type.empty() || !state.what.empty()) return 10;
  if (state.failures != 0 || state.losses != 0) return 8;
  if (state.not_before != timestamp{}) return 6;
  if (state.since != timestamp{}) return 5;
  return state.host != 0 ? 4 : fields_min;
}

}  // namespace

wire::writer pack_over(bytes& memory) { return wire::writer{memory, 0, no_limit, protocol_min}; }

void pack_identity(wire::writer& to, activation_row const& row, std::int64_t run) {
  to.fields(3 + row.inputs.size());
  to.uint(row.no % block_rows);
  to.id(row.id);
  to.uint(static_cast<std::uint64_t>(run));
  for (auto const input : row.inputs) to.uint(input);
}

void pack_state(wire::writer& to, packed_state const& state, subscription_no subscription) {
  auto const count = fields_of(state);
  to.fields(count);
  to.enumerator(state.state);
  to.uint(subscription);
  to.uint(state.attempt);
  if (count > 3) to.uint(static_cast<std::uint64_t>(state.host));
  if (count > 4) to.sint(nanoseconds(state.since));
  if (count > 5) to.sint(nanoseconds(state.not_before));
  if (count > 6) to.uint(state.failures), to.uint(state.losses);
  if (count > 8) to.octets(state.error_type), to.octets(state.what);
}

result<std::vector<packed_activation>> unpack_block(std::int64_t block, bytes_view rows) {
  std::vector<packed_activation> out;
  auto const first = static_cast<std::uint64_t>(block) * block_rows;
  wire::reader in{rows, {no_limit, 16}, "rows"};
  while (in.ok() && in.remaining() > 0) {
    packed_activation one;
    auto& row = one.row;
    one.begin = in.position();
    in.fields(3, [&] {
      row.no = first + in.uint(block_rows - 1);
      row.id = in.id<activation_id>();
      one.run = static_cast<std::int64_t>(in.uint(numbers_max));
      while (in.more()) row.inputs.push_back(in.uint());
    });
    one.changing = in.position();
    in.fields(fields_min, [&] {
      row.state = in.enumerator(activation_state::dropped);
      row.subscription = in.as_uint<subscription_no>();
      row.attempt = in.as_uint<std::uint32_t>();
      if (in.more()) one.host = static_cast<std::int64_t>(in.uint(numbers_max));
      if (in.more()) row.since = in.time();
      if (in.more()) row.not_before = in.time();
      if (in.more()) row.failures = in.as_uint<std::uint32_t>();
      if (in.more()) row.losses = in.as_uint<std::uint32_t>();
      if (in.more()) row.error_type = in.octets();
      if (in.more()) row.what = in.octets();
    });
    one.end = in.position();
    out.push_back(std::move(one));
  }
  if (in.ok()) return out;
  return error{errc::corrupt, "activations " + std::to_string(first) + " to " + std::to_string(first + block_rows - 1) + " cannot be read (" +
                                  in.failure()->message() + "); restore a copy of the ledger or move it away"};
}

std::vector<std::uint64_t> unpack_inputs(bytes_view identity) {
  std::vector<std::uint64_t> out;
  wire::reader in{identity, {no_limit, 16}, "rows"};
  in.fields(3, [&] {
    (void)in.uint();
    (void)in.id<activation_id>();
    (void)in.uint();
    while (in.more()) out.push_back(in.uint());
  });
  return out;
}

result<std::vector<packed_activation>> newest_dead(sqlite::statement& query, std::size_t count) {
  std::vector<packed_activation> out;
  while (out.size() < count) {
    auto const found = query.step();
    if (!found) return found.error();
    if (!*found) break;
    auto all = unpack_block(query.integer(0), query.blob(1));
    if (!all) return query.reset(), all.error();
    std::erase_if(*all, [](auto const& one) { return one.row.state != activation_state::dead; });
    std::ranges::move(*all, std::back_inserter(out));
  }
  query.reset();
  std::ranges::sort(out, {}, [](auto const& one) { return one.row.no; });
  if (out.size() > count) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
  return out;
}

}  // namespace skein::bus::ledger_file
