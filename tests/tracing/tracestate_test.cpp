// The cases of the Trace Context specification (§3.3) and of its test suite.
#include <skein/tracing/trace_context.hpp>

#include <gtest/gtest.h>

namespace skein {
namespace {

std::string members(int count) {
  std::string header;
  for (int number = 0; number < count; ++number) header += (number > 0 ? ",m" : "m") + std::to_string(number) + "=1";
  return header;
}

bool legal_tracestate(std::string_view header) {
  auto const parsed = parse_tracestate(header);
  if (!parsed) {
    EXPECT_EQ(parsed.error().code(), errc::bad_context);
  }
  return parsed.ok();
}

TEST(tracestate, is_normalised_without_blanks_and_empty_members) {
  EXPECT_EQ(parse_tracestate("foo=1 \t , \t bar=2, \t baz=3").value(), "foo=1,bar=2,baz=3");
  EXPECT_EQ(parse_tracestate("foo=1,,bar=2,").value(), "foo=1,bar=2");
  EXPECT_EQ(parse_tracestate("").value(), "");
  EXPECT_EQ(parse_tracestate(" , ,\t").value(), "");
}

TEST(tracestate, has_at_most_32_members) {
  EXPECT_TRUE(legal_tracestate(members(32)));
  EXPECT_FALSE(legal_tracestate(members(33)));
}

TEST(tracestate, longer_than_512_characters_is_kept_whole) {
  std::string const header = "a=" + std::string(256, 'x') + ",b=" + std::string(256, 'y') + ",c=" + std::string(256, 'z');
  EXPECT_EQ(parse_tracestate(header).value(), header);
}

TEST(tracestate, refuses_a_key_that_stands_twice) {
  EXPECT_FALSE(legal_tracestate("foo=1,foo=1"));
  EXPECT_FALSE(legal_tracestate("foo=1,bar=2,foo=3"));
  EXPECT_FALSE(legal_tracestate("foo=1, foo=2"));
}

TEST(tracestate, keys_start_with_a_lower_case_letter_or_a_digit) {
  EXPECT_TRUE(legal_tracestate("a=1"));
  EXPECT_TRUE(legal_tracestate("0key=1"));
  EXPECT_FALSE(legal_tracestate("Foo=1"));
  EXPECT_FALSE(legal_tracestate("_foo=1"));
  EXPECT_FALSE(legal_tracestate("@foo=1"));
  EXPECT_FALSE(legal_tracestate("=1"));
}

TEST(tracestate, keys_may_name_a_tenant) {
  EXPECT_EQ(parse_tracestate("fw529a3039@dt=FfHpt5aNFO,t@v=1").value(), "fw529a3039@dt=FfHpt5aNFO,t@v=1");
}

TEST(tracestate, keys_hold_only_the_characters_of_the_grammar) {
  EXPECT_TRUE(legal_tracestate("a-_*/@z09=1"));
  EXPECT_FALSE(legal_tracestate("foo =1"));
  EXPECT_FALSE(legal_tracestate("foo\t=1"));
  EXPECT_FALSE(legal_tracestate("foO=1"));
  EXPECT_FALSE(legal_tracestate("foo.bar=1"));
}

TEST(tracestate, keys_and_values_have_at_most_256_characters) {
  EXPECT_TRUE(legal_tracestate(std::string(256, 'k') + "=1"));
  EXPECT_FALSE(legal_tracestate(std::string(257, 'k') + "=1"));
  EXPECT_TRUE(legal_tracestate("k=" + std::string(256, 'v')));
  EXPECT_FALSE(legal_tracestate("k=" + std::string(257, 'v')));
}

TEST(tracestate, values_hold_printable_characters_and_do_not_end_blank) {
  EXPECT_TRUE(legal_tracestate("foo=a b!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"));
  EXPECT_EQ(parse_tracestate("foo= leading").value(), "foo= leading");
  EXPECT_FALSE(legal_tracestate("foo="));
  EXPECT_FALSE(legal_tracestate("foo=bar=baz"));
  EXPECT_FALSE(legal_tracestate("foo=b\tr"));
  EXPECT_FALSE(legal_tracestate("foo=b\x7Fr"));
  EXPECT_FALSE(legal_tracestate("foo=caf\xC3\xA9"));
}

TEST(tracestate, one_broken_member_refuses_the_whole_list) {
  EXPECT_FALSE(legal_tracestate("foo=1,bar"));
  EXPECT_FALSE(legal_tracestate("foo=1,=2"));
  EXPECT_FALSE(legal_tracestate("foo=1;bar=2=3"));
}

}  // namespace
}  // namespace skein
