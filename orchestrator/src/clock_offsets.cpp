#include "clock_offsets.hpp"

namespace skein {

std::chrono::nanoseconds clock_offsets::heard(std::string_view host, std::uint64_t from, timestamp sent_at, timestamp received_at) {
  if (sent_at == timestamp{}) return of(host);
  auto const difference = received_at - sent_at;
  auto const found = hosts_.find(host);
  if (found == hosts_.end() || found->second.from != from) {
    if (hosts_.size() >= hosts_max) hosts_.clear();
    hosts_.insert_or_assign(std::string{host}, minimum{from, received_at, difference, difference});
    return difference;
  }
  auto& known = found->second;
  if (received_at - known.begun >= window) {
    // After a long silence the window before this one is empty too.
    known.previous = received_at - known.begun >= 2 * window ? difference : known.current;
    known.current = difference;
    known.begun = received_at;
  }
  known.current = std::min(known.current, difference);
  return known.least();
}

std::chrono::nanoseconds clock_offsets::of(std::string_view host) const {
  auto const found = hosts_.find(host);
  return found == hosts_.end() ? std::chrono::nanoseconds{} : found->second.least();
}

}  // namespace skein
