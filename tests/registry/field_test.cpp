// Conditions on fields: what each operator makes of what may stand at a path, and join keys.
#include "support/codec.hpp"

#include <skein/registry/field.hpp>
#include <skein/registry/field_key_value.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace {

using namespace skein;
using namespace skein::testing;
using namespace std::chrono_literals;
using skein::field;   // not codec::field

enum class colour : std::uint8_t { red = 1, green = 2 };
struct address {
  std::string city;
  std::vector<std::string> lines;
  SKEIN_FIELDS(city, lines)
};
struct order {
  std::int64_t cents = 0;
  std::uint64_t number = 0;
  double weight = 0;
  float height = 0;
  bool paid = false;
  std::string customer;
  std::optional<std::string> note;
  std::vector<std::int32_t> sizes;
  std::vector<address> stops;
  std::map<std::string, int> counts;
  std::map<int, std::string> by_number;
  std::vector<std::byte> raw;
  colour shade = colour::green;
  std::chrono::milliseconds took{1500};
  std::chrono::system_clock::time_point at{1'700'000'000s + 5ns};
  address home;
  SKEIN_ARTIFACT("field.order", 1, cents, number, weight, height, paid, customer, note, sizes, stops, counts, by_number, raw, shade, took, at, home)
};

order example() {
  order made;
  made.cents = -5;
  made.number = std::numeric_limits<std::uint64_t>::max();
  made.weight = 2.5;
  made.height = 0.5f;
  made.paid = true;
  made.customer = "ada lovelace";
  made.sizes = {3, 5, 8};
  made.stops = {{"rome", {}}, {"oslo", {"dock 1", "gate"}}};
  made.counts = {{"eu", 2}};
  made.by_number = {{-7, "seven"}, {12, "twelve"}};
  made.raw = from_hex("'ada'");
  made.home = {"paris", {"rue x"}};
  return made;
}

bool holds_for_example(field_expression const& one) {
  EXPECT_TRUE(check(one).ok()) << to_string(one);
  return holds(one, make_payload(example()));
}

#define HOLDS(expression) EXPECT_TRUE(holds_for_example(expression)) << to_string(expression)
#define FAILS(expression) EXPECT_FALSE(holds_for_example(expression)) << to_string(expression)

TEST(field_holds, compares_numbers_by_value_whatever_their_type) {
  HOLDS(field("cents") == -5);
  HOLDS(field("cents") == -5.0);
  HOLDS(field("cents") < std::uint64_t{0});
  HOLDS(field("cents") != 5);
  HOLDS(field("cents") <= -5);
  HOLDS(field("cents") >= -5.0f);
  FAILS(field("cents") > -5);
  HOLDS(field("cents") > -5.5);
  HOLDS(field("cents") < -4.5);
  HOLDS(field("weight") > 2);
  HOLDS(field("weight") < 3u);
  FAILS(field("weight") == 2);
  HOLDS(field("height") == 0.5);
}

TEST(field_holds, compares_large_numbers_without_rounding) {
  HOLDS(field("number") == std::numeric_limits<std::uint64_t>::max());
  HOLDS(field("number") < 0x1p64);
  FAILS(field("number") == 0x1p64);
  HOLDS(field("number") > std::numeric_limits<std::int64_t>::max());
  HOLDS(field("number") < std::numeric_limits<double>::infinity());
  HOLDS(field("number") > -1e300);
  order made;
  made.cents = (std::int64_t{1} << 53) + 1;
  EXPECT_FALSE(holds(field("cents") == 0x1p53, make_payload(made)));
  EXPECT_TRUE(holds(field("cents") > 0x1p53, make_payload(made)));
  made.weight = 0x1p53;
  EXPECT_TRUE(holds(field("weight") < (std::int64_t{1} << 53) + 1, make_payload(made)));
}

TEST(field_holds, finds_not_a_number_equal_to_nothing) {
  double const nan = std::nan("");
  FAILS(field("weight") == nan);
  FAILS(field("cents") < nan);
  HOLDS(field("cents") != nan);
  order made;
  made.weight = nan;
  EXPECT_FALSE(holds(field("weight") == nan, make_payload(made)));
  EXPECT_FALSE(holds(field("weight") <= nan, make_payload(made)));
  EXPECT_FALSE(holds(field("weight") >= 0, make_payload(made)));
  EXPECT_TRUE(holds(field("weight") != nan, make_payload(made)));
  EXPECT_FALSE(field_key("weight", make_payload(made)));
}

TEST(field_holds, compares_texts_by_bytes) {
  HOLDS(field("customer") == "ada lovelace");
  HOLDS(field("customer") < "b");
  HOLDS(field("customer") > "ada");
  HOLDS(field("customer") < "\xc3\xa9");
  HOLDS(field("customer").starts_with("ada"));
  HOLDS(field("customer").starts_with(""));
  FAILS(field("customer").starts_with("da"));
  HOLDS(field("customer").contains("love"));
  FAILS(field("customer").contains("hate"));
}

TEST(field_holds, finds_kinds_that_differ_neither_equal_nor_less_nor_greater) {
  FAILS(field("paid") == 1);
  HOLDS(field("paid") == true);
  HOLDS(field("paid") != false);
  FAILS(field("paid") > false);
  FAILS(field("cents") == "-5");
  FAILS(field("cents") < "z");
  FAILS(field("cents") == false);
  FAILS(field("customer") > 0);
  HOLDS(field("customer") != 0);
  FAILS(field("customer").contains(1));
  FAILS(field("cents").starts_with("-"));
  FAILS(field("cents").contains(-5));
  FAILS(field("raw") == "ada");
  FAILS(field("sizes") == 3);
  FAILS(field("home") == "paris");
  HOLDS(field("home") != "paris");
}

TEST(field_holds, finds_an_absent_field_unequal_and_nothing_else) {
  for (char const* path : {"nothing", "customer.nothing", "home.nothing", "sizes.3", "sizes.x", "sizes.-1", "stops.0.lines.0", "note", "cents.0"}) {
    SCOPED_TRACE(path);
    FAILS(field(path) == "");
    FAILS(field(path) < "z");
    FAILS(field(path) >= 0);
    FAILS(field(path).in({0, 1}));
    FAILS(field(path).contains(""));
    FAILS(field(path).starts_with(""));
    FAILS(field(path).exists());
    HOLDS(field(path) != "");
    HOLDS(!(field(path) == ""));
  }
}

TEST(field_holds, follows_paths_into_maps_lists_and_maps_keyed_by_numbers) {
  HOLDS(field("home.city") == "paris");
  HOLDS(field("home.lines.0") == "rue x");
  HOLDS(field("stops.1.lines.1") == "gate");
  HOLDS(field("sizes.2") == 8);
  FAILS(field("sizes.02").exists());
  HOLDS(field("counts.eu") == 2);
  HOLDS(field("by_number.12") == "twelve");
  HOLDS(field("by_number.-7") == "seven");
  FAILS(field("by_number.7").exists());
}

TEST(field_holds, finds_members_of_lists_and_keys_of_maps) {
  HOLDS(field("sizes").contains(5));
  HOLDS(field("sizes").contains(5.0));
  FAILS(field("sizes").contains("5"));
  FAILS(field("sizes").contains(4));
  HOLDS(field("counts").contains("eu"));
  FAILS(field("counts").contains("us"));
  FAILS(field("counts").contains(2));
  HOLDS(field("by_number").contains(12));
  HOLDS(field("stops.1.lines").contains("gate"));
  FAILS(field("stops").contains("rome"));
  HOLDS(field("home").contains("city"));
}

TEST(field_holds, finds_one_of_several) {
  HOLDS(field("cents").in({1, -5}));
  FAILS(field("cents").in({1, 5}));
  HOLDS(field("customer").in({"bob", "ada lovelace"}));
  EXPECT_FALSE(holds({field_op::in, "cents", {}, {}}, make_payload(example())));
}

TEST(field_holds, takes_enums_durations_and_times_as_numbers) {
  HOLDS(field("shade") == colour::green);
  HOLDS(field("shade") == 2);
  HOLDS(field("took") == 1500ms);
  HOLDS(field("took") > 1s);
  HOLDS(field("took") == 1'500'000'000);
  HOLDS(field("at") == std::chrono::system_clock::time_point{1'700'000'000s + 5ns});
  HOLDS(field("at") > std::chrono::system_clock::time_point{1'700'000'000s});
  HOLDS(field("at") == 1'700'000'000'000'000'005);
  order before;
  before.at = std::chrono::system_clock::time_point{-1ns};
  EXPECT_TRUE(holds(field("at") == -1, make_payload(before)));
}

TEST(field_holds, joins_conditions) {
  HOLDS(field_expression{});
  HOLDS(field("cents") < 0 && field("paid") == true && field("customer") != "test");
  FAILS(field("cents") < 0 && field("paid") == false);
  HOLDS(field("cents") > 0 || field("paid") == true);
  FAILS(field("cents") > 0 || field("paid") == false);
  HOLDS(!(field("cents") > 0 || field("paid") == false));
  EXPECT_FALSE(holds({field_op::any_of, {}, {}, {}}, make_payload(example())));
  EXPECT_TRUE(holds({field_op::none_of, {}, {}, {}}, make_payload(example())));
}

TEST(field_holds, finds_every_field_absent_in_what_is_no_map) {
  for (char const* hex : {"", "c0", "93 01 02 03", "a1 61", "c1", "dd ff ff ff ff", "df ff ff ff ff", "df ff ff ff ff a1 62", "81 a1 61", "81 a9 61", "81 90 01"}) {
    SCOPED_TRACE(hex);
    auto const data = from_hex(hex);
    EXPECT_FALSE(holds(field("a").exists(), data));
    EXPECT_TRUE(holds(field("a") != 1, data));
    EXPECT_FALSE(holds(field("0").exists(), data));
  }
  EXPECT_FALSE(holds(field("a").exists(), payload{}));
  struct refused {
    std::string text;
    SKEIN_ARTIFACT("field.refused", 1, text)
  };
  EXPECT_FALSE(holds(field("text").exists(), make_payload(refused{"\xff"})));
}

TEST(field_holds, reads_what_comes_before_bytes_that_break_off) {
  auto const data = from_hex("83 a1 61 07 a1 62 da ff ff 'x'");
  EXPECT_TRUE(holds(field("a") == 7, data));
  EXPECT_FALSE(holds(field("b").exists(), data));
  EXPECT_FALSE(holds(field("c").exists(), data));
}

TEST(field_holds, reads_values_of_any_length_where_they_were_made) {
  for (std::size_t const size : {31u, 500u, 509u, 600u, 70'000u}) {
    std::string const text(size, 'x');
    auto const made = make_payload(order{.customer = text, .home = {text, {text, "last"}}});
    EXPECT_TRUE(holds(field("customer") == text && field("home.city") == text && field("home.lines.1") == "last", made)) << size;
    EXPECT_EQ(field_key("home.lines.0", made), "t" + text);
    EXPECT_EQ(made.encoded_size_if_known(), 0u);
  }
}

TEST(field_holds, steps_over_a_million_nested_lists) {
  bytes data = from_hex("82 a1 61");
  data.insert(data.end(), 1'000'000, std::byte{0x91});
  bytes const rest = from_hex("c0 a1 62 01");
  data.insert(data.end(), rest.begin(), rest.end());
  EXPECT_TRUE(holds(field("b") == 1, data));
}

TEST(field_holds, reads_every_format_of_msgpack) {
  for (char const* hex : {"05", "cc 05", "cd 00 05", "ce 00 00 00 05", "cf 00 00 00 00 00 00 00 05", "d0 05", "d1 00 05", "d2 00 00 00 05",
                          "d3 00 00 00 00 00 00 00 05", "ca 40 a0 00 00", "cb 40 14 00 00 00 00 00 00"}) {
    SCOPED_TRACE(hex);
    auto const data = from_hex("81 a1 61 " + std::string{hex});
    EXPECT_TRUE(holds(field("a") == 5, data));
    EXPECT_EQ(field_key("a", payload{data}), "n5");
  }
  for (char const* hex : {"ff", "d0 ff", "d1 ff ff", "d2 ff ff ff ff", "d3 ff ff ff ff ff ff ff ff"}) {
    EXPECT_TRUE(holds(field("a") == -1, from_hex("81 a1 61 " + std::string{hex}))) << hex;
  }
  for (char const* hex : {"a1 'x'", "d9 01 'x'", "da 00 01 'x'", "db 00 00 00 01 'x'"}) {
    EXPECT_TRUE(holds(field("a") == "x", from_hex("81 a1 61 " + std::string{hex}))) << hex;
  }
  for (char const* hex : {"91 09", "dc 00 01 09", "dd 00 00 00 01 09", "81 09 00", "de 00 01 09 00", "df 00 00 00 01 09 00"}) {
    EXPECT_TRUE(holds(field("a").contains(9), from_hex("81 a1 61 " + std::string{hex}))) << hex;
  }
  for (char const* hex : {"c4 01 09", "c5 00 01 09", "c6 00 00 00 01 09", "c7 01 05 09", "c8 00 01 05 09", "c9 00 00 00 01 05 09", "d4 05 09", "d5 05 09 09",
                          "d6 05 09 09 09 09", "d7 05 09 09 09 09 09 09 09 09", "d8 05 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09"}) {
    auto const data = from_hex("82 a1 61 " + std::string{hex} + " a1 62 01");
    EXPECT_TRUE(holds(field("a").exists() && field("a") != 9 && field("b") == 1, data)) << hex;
  }
}

TEST(field_holds, does_not_hold_past_the_depth_that_check_allows) {
  field_expression deep = field("cents") == -5;
  for (std::size_t i = 1; i < field_expression_depth_max; ++i) deep = field_expression{field_op::all_of, {}, {}, {deep}};
  EXPECT_TRUE(check(deep).ok());
  EXPECT_TRUE(holds(deep, make_payload(example())));
  deep = field_expression{field_op::all_of, {}, {}, {deep}};
  EXPECT_EQ(check(deep).error().code(), errc::invalid_argument);
  EXPECT_FALSE(holds(deep, make_payload(example())));
  EXPECT_NE(to_string(deep).find("..."), std::string::npos);
}

TEST(field_keys, are_equal_exactly_for_equal_values) {
  auto const key = [](auto value) {
    struct holder {
      decltype(value) it;
      SKEIN_ARTIFACT("field.holder", 1, it)
    };
    return field_key("it", make_payload(holder{value}));
  };
  EXPECT_EQ(key(1), key(1.0));
  EXPECT_EQ(key(1u), key(1.0f));
  EXPECT_EQ(key(-0.0), key(0));
  EXPECT_EQ(key(0x1p63), key(std::uint64_t{1} << 63));
  EXPECT_EQ(key(0x1p80), key(0x1p80f));
  EXPECT_EQ(key(-1), key(-1.0));
  EXPECT_NE(key(0x1p53), key((std::int64_t{1} << 53) + 1));
  EXPECT_NE(key(std::string{"1"}), key(1));
  EXPECT_NE(key(std::string{"n1"}), key(1));
  EXPECT_NE(key(true), key(1));
  EXPECT_NE(key(true), key(false));
  EXPECT_NE(key(0.1), key(0.1f));
  EXPECT_NE(key(0.5), key(0.25));
  EXPECT_EQ(key(0.5), key(0.5f));
  EXPECT_NE(key(1e300), key(-1e300));
  EXPECT_NE(key(std::numeric_limits<double>::infinity()), key(1e308));
  EXPECT_EQ(key(std::string{}), key(std::string{}));
  EXPECT_NE(key(from_hex("'a'")), key(std::string{"a"}));
  EXPECT_EQ(key(std::chrono::seconds{2}), key(std::int64_t{2'000'000'000}));
}

TEST(field_keys, are_read_back_from_what_is_written) {
  for (char const* written : {"n0", "n-5", "n9223372036854775807", "n-9223372036854775808", "n18446744073709551615", "r0.5", "tn5", "b1", "t"}) {
    EXPECT_EQ(field_key_value::parse(written).to_string(), written);
  }
  EXPECT_EQ(field_key_value::parse("n-5"), (field_key_value{-5, {}}));
  EXPECT_EQ(field_key_value::parse("n18446744073709551615"), (field_key_value{0, "n18446744073709551615"}));
}

TEST(field_keys, are_missing_where_there_is_no_scalar) {
  auto const from = make_payload(example());
  EXPECT_TRUE(field_key("home.city", from));
  for (char const* path : {"note", "nothing", "sizes", "home", "counts", "sizes.9", ""}) EXPECT_FALSE(field_key(path, from)) << path;
  EXPECT_FALSE(field_key("a", payload{}));
  EXPECT_FALSE(field_key("a", payload{from_hex("81 a1 61 c7 02 05 00 00")}));
}

TEST(field_expressions, join_chains_into_one_node) {
  auto const three = field("a") == 1 && field("b") == 2 && field("c") == 3;
  EXPECT_EQ(three.operands.size(), 3u);
  EXPECT_EQ((three && three).operands.size(), 6u);
  EXPECT_EQ((field("a") == 1 || field("b") == 2 || three).operands.size(), 3u);
  EXPECT_EQ((field_expression{} && field("a") == 1).operands.size(), 1u);
  field_expression chain = field("a") == 1;
  for (int i = 0; i < 400; ++i) chain = std::move(chain) || field("a") == i;
  EXPECT_TRUE(check(chain).ok());
}

TEST(field_expressions, read_as_they_were_written) {
  EXPECT_EQ(to_string(field("cents") >= 50'000 && field("customer") != "te\"st"), R"(cents >= 50000 && customer != "te\"st")");
  EXPECT_EQ(to_string((field("a") == 1 || field("b") < 2.5) && field("c.d") > true), "(a == 1 || b < 2.5) && c.d > true");
  EXPECT_EQ(to_string(!(field("a").exists() || field("b").contains("x"))), R"(!(a exists || b contains "x"))");
  EXPECT_EQ(to_string(field("a").in({1, 2}) || field("b").starts_with("x") || field("c") <= 7u), R"(a in (1, 2) || b starts_with "x" || c <= 7)");
  EXPECT_EQ(to_string(field_expression{}), "true");
  EXPECT_EQ(to_string({field_op::any_of, {}, {}, {}}), "false");
}

TEST(field_expressions, are_refused_when_they_make_no_sense) {
  auto const refusal = [](field_expression const& one) {
    auto const checked = check(one);
    return checked.ok() ? std::string{"accepted"} : checked.error().code() == errc::invalid_argument ? checked.error().message() : "wrong code";
  };
  for (char const* path : {"", ".", "a.", ".a", "a..b"}) EXPECT_NE(refusal(field(path) == 1).find("path"), std::string::npos) << path;
  EXPECT_NE(refusal({field_op::equal, "a", {}, {}}).find("0 values where it takes one"), std::string::npos);
  EXPECT_NE(refusal({field_op::less, "a", {1.0, 2.0}, {}}).find("2 values"), std::string::npos);
  EXPECT_NE(refusal({field_op::exists, "a", {true}, {}}).find("takes none"), std::string::npos);
  EXPECT_NE(refusal({field_op::starts_with, "a", {true}, {}}).find("text"), std::string::npos);
  EXPECT_NE(refusal({field_op::equal, "a", {true}, {field("b").exists()}}).find("operands"), std::string::npos);
  EXPECT_NE(refusal({field_op::all_of, "a", {}, {}}).find("path or values"), std::string::npos);
  EXPECT_NE(refusal({static_cast<field_op>(13), "a", {}, {}}).find("operation 13"), std::string::npos);
  EXPECT_NE(refusal(field("a") == "\xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(!(field("a") == 1 && field("") == 1)).find("path"), std::string::npos);
  EXPECT_EQ(refusal({field_op::in, "a", {}, {}}), "accepted");
}

TEST(field_expressions, are_refused_past_their_limits) {
  field_expression wide{field_op::in, "a", std::vector<field_value>(field_expression_nodes_max - 1, true), {}};
  EXPECT_TRUE(check(wide).ok());
  wide.values.push_back(true);
  EXPECT_FALSE(check(wide).ok());
  EXPECT_FALSE(check(field_expression{field_op::all_of, {}, {}, std::vector<field_expression>(field_expression_nodes_max, field("a").exists())}).ok());
  EXPECT_TRUE(check(field("a") == std::string(field_expression_text_max - 1, 'x')).ok());
  EXPECT_FALSE(check(field("a") == std::string(field_expression_text_max, 'x')).ok());
}

}  // namespace
