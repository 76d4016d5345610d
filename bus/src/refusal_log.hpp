// Says why peers were refused without letting them fill the log: so many lines a minute of each kind, the rest as a count.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace skein::bus {

/// Not thread-safe.
class refusal_log {
 public:
  using clock = std::chrono::steady_clock;
  explicit refusal_log(std::uint32_t per_minute_max) : per_minute_max_(per_minute_max) {}

  /// `kind` names the limit's bucket and stands in the line that counts the rest.
  void warn(std::string_view kind, std::string const& line, clock::time_point now);
  /// Says what was held back once its minute is over.
  void tick(clock::time_point now);

 private:
  struct bucket {
    clock::time_point since;
    std::uint32_t said = 0;
    std::uint64_t held_back = 0;
  };
  void roll(std::string const& kind, bucket& of, clock::time_point now) const;

  std::uint32_t per_minute_max_;
  std::map<std::string, bucket, std::less<>> buckets_;
};

}  // namespace skein::bus
