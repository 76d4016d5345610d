#include "refusal_log.hpp"

#include <skein/tracing/log.hpp>

namespace skein::bus {

void refusal_log::roll(std::string const& kind, bucket& of, clock::time_point now) const {
  if (now - of.since < std::chrono::minutes{1}) return;
  if (of.held_back != 0) log_warn(std::to_string(of.held_back) + " more in the last minute: " + kind);
  of = {now, 0, 0};
}

void refusal_log::warn(std::string_view kind, std::string const& line, clock::time_point now) {
  auto found = buckets_.find(kind);
  if (found == buckets_.end()) found = buckets_.emplace(std::string{kind}, bucket{now, 0, 0}).first;
  roll(found->first, found->second, now);
  if (found->second.said++ < per_minute_max_) {
    log_warn(line);
  } else {
    ++found->second.held_back;
  }
}

void refusal_log::tick(clock::time_point now) {
  for (auto& [kind, one] : buckets_) roll(kind, one, now);
}

}  // namespace skein::bus
