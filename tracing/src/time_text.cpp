#include "time_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace skein {

std::string time_text(timestamp time) {
  using namespace std::chrono;
  auto const seconds_part = floor<seconds>(time);
  auto const milliseconds_part = duration_cast<milliseconds>(time - seconds_part).count();
  std::time_t const since_epoch = seconds_part.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&since_epoch, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(), static_cast<int>(milliseconds_part));
  return text.data();
}

}  // namespace skein
