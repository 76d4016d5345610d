// The parts that several messages (and the ledger) have in common, each with its array as docs/wire-format.md lists it.
#pragma once

#include "codec_reader.hpp"
#include "codec_writer.hpp"

#include <skein/bus/change.hpp>

#include <memory>

namespace skein::bus::wire {

void write(writer& out, attempt_ref const& value);
void write(writer& out, agent_descriptor const& value);
void write(writer& out, span_record const& value);
void write(writer& out, run_record const& value);
void write(writer& out, remote_offer const& value);
void write(writer& out, verdicts const& value);
/// nil for null.
void write(writer& out, std::shared_ptr<visibility const> const& value);
void write(writer& out, std::shared_ptr<trace_headers const> const& value);

// Readers return what they have when the reader fails; the caller asks ok().
[[nodiscard]] attempt_ref read_attempt(reader& in);
[[nodiscard]] agent_descriptor read_agent(reader& in);
void read_span(reader& in, span_record& value);
[[nodiscard]] run_record read_run(reader& in);
[[nodiscard]] std::shared_ptr<remote_offer const> read_offer(reader& in);
[[nodiscard]] verdicts read_verdicts(reader& in);
[[nodiscard]] std::shared_ptr<visibility const> read_visibility(reader& in);
[[nodiscard]] std::shared_ptr<trace_headers const> read_headers(reader& in);

// The fewest bytes that an element of a list can take.
inline constexpr std::size_t attempt_bytes_min = 21, agent_bytes_min = 13, span_bytes_min = 37, run_bytes_min = 20;

}  // namespace skein::bus::wire
