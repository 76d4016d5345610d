// What the board says beside failures, as log lines that tell the way out.
#pragma once

#include <skein/bus/blackboard_io.hpp>
#include <skein/tracing/clock.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace skein {

/// Thread-safe. At most `per_minute_max` lines of each kind in a minute; the rest is counted, and said with the next line.
class notice_log {
 public:
  static constexpr std::uint32_t per_minute_max = 10;

  void say(bus::notice const& what, timestamp now);

 private:
  struct bucket {
    timestamp since{};
    std::uint32_t said = 0;
    std::uint64_t held_back = 0;
  };

  std::mutex mutex_;
  std::map<std::string, bucket, std::less<>> buckets_;
};

}  // namespace skein
