#include <skein/registry/utf8.hpp>

#include <gtest/gtest.h>

using namespace std::literals;

namespace {

using namespace skein;

TEST(utf8, characters_of_every_length_are_well_formed) {
  for (auto const text : {""sv, "plain"sv, "\xc3\xa9"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x98\x80"sv, "eight bytes and \xe2\x82\xac"sv, "\0"sv}) {
    EXPECT_TRUE(utf8::is_valid(text)) << text;
    EXPECT_EQ(utf8::repaired(text), text);
  }
}

TEST(utf8, overlong_forms_surrogates_and_what_lies_above_are_not) {
  for (auto const text : {"\xc0\xaf"sv, "\xe0\x80\xaf"sv, "\xf0\x80\x80\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xff"sv, "\x80"sv}) {
    EXPECT_FALSE(utf8::is_valid(text));
    EXPECT_EQ(utf8::sequence_length(text), 0u);
  }
}

TEST(utf8, a_sequence_that_is_cut_off_is_not_well_formed) {
  for (auto const text : {"\xc3"sv, "\xe2\x82"sv, "\xf0\x9f\x98"sv}) {
    EXPECT_EQ(utf8::valid_prefix("before "s + std::string{text}), 7u);
    EXPECT_EQ(utf8::sequence_length(text), 0u);
  }
}

TEST(utf8, each_byte_that_belongs_to_no_sequence_is_replaced) { EXPECT_EQ(utf8::repaired("a\xff\xe2\x82z\xc3\xa9"sv), "a\uFFFD\uFFFD\uFFFDz\xc3\xa9"); }

TEST(utf8, a_prefix_ends_before_a_sequence_that_has_no_room) {
  EXPECT_EQ(utf8::prefix("ab\xe2\x82\xac", 4), "ab");
  EXPECT_EQ(utf8::prefix("ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
}

}  // namespace
