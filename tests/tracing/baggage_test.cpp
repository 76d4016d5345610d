#include <skein/tracing/trace_context.hpp>

#include <gtest/gtest.h>

namespace skein {
namespace {

bool legal(std::string_view header) {
  auto const parsed = parse_baggage(header);
  if (!parsed) {
    EXPECT_EQ(parsed.error().code(), errc::bad_context);
  }
  return parsed.ok();
}

TEST(baggage_header, reads_the_examples_of_the_specification) {
  EXPECT_EQ(parse_baggage("key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue").value(),
            (baggage{{"key1", "value1", "property1;property2"}, {"key2", "value2", ""}, {"key3", "value3", "propertyKey=propertyValue"}}));
  EXPECT_EQ(parse_baggage("serverNode=DF%2028,userId=Am%C3%A9lie,isProduction=false").value(),
            (baggage{{"serverNode", "DF 28", ""}, {"userId", "Amélie", ""}, {"isProduction", "false", ""}}));
}

TEST(baggage_header, decodes_percent_encoding_once) {
  EXPECT_EQ(parse_baggage("a=%2525").value().front().value, "%25");
  EXPECT_EQ(parse_baggage("a=1%2C2%3B3%5C").value().front().value, "1,2;3\\");
  EXPECT_EQ(parse_baggage("a=x=y").value().front().value, "x=y");
}

TEST(baggage_header, replaces_what_decodes_to_no_utf8) {
  EXPECT_EQ(parse_baggage("a=%FFb").value().front().value, "\xEF\xBF\xBD" "b");
}

TEST(baggage_header, refuses_broken_members) {
  EXPECT_TRUE(legal(""));
  EXPECT_TRUE(legal("a="));
  for (char const* header : {"a", "=1", "a=1,", ",a=1", "a b=1", "a=1 2", "a=\"1\"", "a=1\\", "a=%2", "a=%", "a=%zz", "a=1;", "a=1;p=q r", "(a)=1",
                             "a=caf\xC3\xA9"}) {
    EXPECT_FALSE(legal(header)) << header;
  }
}

TEST(baggage_header, has_at_most_64_members_and_8192_bytes) {
  auto const members = [](int count) {
    std::string header;
    for (int number = 0; number < count; ++number) header += (number > 0 ? ",k" : "k") + std::to_string(number) + "=v";
    return header;
  };
  EXPECT_TRUE(legal(members(64)));
  EXPECT_FALSE(legal(members(65)));
  EXPECT_TRUE(legal("k=" + std::string(8190, 'v')));
  EXPECT_FALSE(legal("k=" + std::string(8191, 'v')));
}

TEST(baggage_header, written_reads_back_the_same) {
  baggage const entries{{"user", "Amélie, \"the\" 100%; =\\ \t\n", ""}, {"plain", "a=b", "p1=x;p2"}, {"empty", "", ""}};
  EXPECT_EQ(parse_baggage(to_baggage_header(entries)).value(), entries);
}

TEST(baggage_header, leaves_off_whole_entries_past_the_limits) {
  baggage many;
  for (int number = 0; number < 70; ++number) many.push_back({"k" + std::to_string(number), "v", ""});
  EXPECT_EQ(parse_baggage(to_baggage_header(many)).value(), baggage(many.begin(), many.begin() + 64));

  baggage const large{{"a", std::string(8000, 'x'), ""}, {"b", std::string(8000, 'y'), ""}, {"c", "z", ""}};
  EXPECT_EQ(parse_baggage(to_baggage_header(large)).value(), (baggage{large[0], large[2]}));
}

TEST(baggage_header, leaves_off_entries_that_could_not_be_read_back) {
  EXPECT_EQ(to_baggage_header({{"bad key", "1", ""}, {"good", "2", ""}, {"p", "3", "a b"}}), "good=2");
}

}  // namespace
}  // namespace skein
