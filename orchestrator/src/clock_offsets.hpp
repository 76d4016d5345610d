// How far the clocks of other hosts are off, from when their messages were sent (by their clock) and came (by the hub's).
#pragma once

#include <skein/tracing/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skein {

/// The difference between arrival and sending is the clocks' difference plus the time on the way. Its minimum over recent messages is
/// therefore never too small, so nothing seems to start before the hub could have caused it; and as the message itself is counted before its
/// times are corrected, nothing in it seems to end after it arrived. Not thread-safe.
class clock_offsets {
 public:
  /// Messages of the last one to two windows count.
  static constexpr std::chrono::nanoseconds window = std::chrono::seconds{60};
  /// Hosts remembered; past it all are forgotten and learnt again from their next messages.
  static constexpr std::size_t hosts_max = 8'192;

  /// A message of `host` on connection `from`. A host that comes on another connection may be another process with another clock: it is learnt
  /// anew. Ignored when `sent_at` is zero (not given). Returns what of() would.
  std::chrono::nanoseconds heard(std::string_view host, std::uint64_t from, timestamp sent_at, timestamp received_at);
  /// What to add to a time of that host's clock to have it by the hub's; zero for a host that never said when it sent.
  [[nodiscard]] std::chrono::nanoseconds of(std::string_view host) const;

 private:
  struct minimum {
    std::uint64_t from = 0;
    timestamp begun{};                            ///< Of the window that is being gathered.
    std::chrono::nanoseconds current{}, previous{};
    [[nodiscard]] std::chrono::nanoseconds least() const noexcept { return std::min(current, previous); }
  };
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, minimum, name_hash, std::equal_to<>> hosts_;
};

}  // namespace skein
