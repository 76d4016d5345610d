#include <skein/registry/error.hpp>

#include <gtest/gtest.h>

namespace {

using skein::errc;
using skein::error;
using skein::result;

TEST(error, says_where_what_and_code) {
  error const e{errc::locked, "another hub owns the file", ".skein/ledger.db"};
  EXPECT_STREQ(e.what(), ".skein/ledger.db: another hub owns the file (locked)");
  EXPECT_EQ(e.message(), "another hub owns the file");
  EXPECT_EQ(e.where(), ".skein/ledger.db");
  EXPECT_EQ(e.code(), errc::locked);
}

TEST(error, leaves_out_an_empty_place) { EXPECT_STREQ(error(errc::busy, "the board is full").what(), "the board is full (busy)"); }

TEST(error, names_every_code_differently) {
  std::string_view previous;
  for (int code = static_cast<int>(errc::invalid_argument); code <= static_cast<int>(errc::blocked); ++code) {
    auto const name = to_string(static_cast<errc>(code));
    EXPECT_NE(name, "unknown") << code;
    EXPECT_NE(name, previous);
    previous = name;
  }
  EXPECT_EQ(to_string(static_cast<errc>(999)), "unknown");
}

TEST(error, result_gives_the_value_or_throws_the_error) {
  result<int> const good = 3;
  result<int> const bad = error{errc::timeout, "too late"};
  EXPECT_EQ(good.value(), 3);
  EXPECT_EQ(*good, 3);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code(), errc::timeout);
  EXPECT_THROW((void)bad.value(), error);
  EXPECT_EQ(result<int>{bad}.value_or(7), 7);
  EXPECT_TRUE(result<void>{}.ok());
  EXPECT_THROW(result<void>(error{errc::busy, "full"}).value(), error);
}

}  // namespace
