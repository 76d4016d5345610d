// How values stand in columns: times as nanoseconds, ids as blobs, a span context as 25 bytes, numbers of inputs as 8 bytes each.
#pragma once

#include <skein/bus/change.hpp>
#include <skein/registry/artifact_type.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace skein::bus::ledger_file {

/// Artifacts 64 k to 64 k + 63 are part k: which parts hold some of a run is kept by run.
inline constexpr std::int64_t part_artifacts = 64;

template <class Id>
[[nodiscard]] bytes_view as_blob(Id const& id) noexcept {
  return std::as_bytes(std::span{id.bytes()});
}

/// Trace id, span id, flags; must live until the statement has run.
class context_blob {
 public:
  [[nodiscard]] bytes_view of(span_context const& context) noexcept {
    auto const after = std::ranges::copy(context.trace.bytes(), raw_.begin()).out;
    *std::ranges::copy(context.span.bytes(), after).out = context.flags;
    return std::as_bytes(std::span{raw_});
  }
  static constexpr std::size_t size_bytes = trace_id::size_bytes + span_id::size_bytes + 1;

 private:
  std::array<std::uint8_t, size_bytes> raw_{};
};

/// Of a time, since the epoch.
[[nodiscard]] inline std::int64_t nanoseconds(timestamp at) noexcept { return at.time_since_epoch().count(); }

inline void append_big_endian(bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
}

}  // namespace skein::bus::ledger_file
