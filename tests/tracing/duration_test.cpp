#include <skein/tracing/elapsed.hpp>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using skein::parse_duration;

TEST(a_duration, is_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("250ns"), 250ns);
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5 min"), 5min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(a_duration, is_nothing_else) {
  for (char const* text : {"", "30", "s", "-1s", "+1s", " 1s", "1  s", "1S", "1m", "1d", "1s ", "1e3s", "inf s", "nan", ".5s", "900000000h", "0x1s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
