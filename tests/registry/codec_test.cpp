// What each kind of field looks like on the wire, and which forms of it are read.
#include "support/codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace {

using namespace skein;
using namespace skein::testing;
using namespace std::chrono_literals;

// One artifact `{"v": …}` for any type of field; returns the bytes after the name.
template <class T>
struct holder {
  T v{};
  SKEIN_ARTIFACT("holder", 1, v)
};

template <class T>
std::string on_wire(T value) {
  auto hex = encoded_hex(holder<T>{std::move(value)});
  EXPECT_EQ(hex.substr(0, 8), "81 a1 76");
  return hex.substr(9);
}

template <class T>
T read(std::string_view hex) {
  return decode_hex<holder<T>>("81 a1 76 " + std::string{hex}).v;
}

template <class T>
std::string refused(std::string_view hex) {
  auto const text = refusal_hex<holder<T>>("81 a1 76 " + std::string{hex});
  return text.starts_with("holder.v") ? text.substr(8) : "?" + text;
}

enum class colour : std::uint8_t { red, green, blue = 200 };
enum plain_enum { first, second };
enum class flag : bool { off, on };

TEST(codec, golden_bytes_of_an_artifact) {
  struct topping {
    std::string name;
    int grams = 0;
    SKEIN_FIELDS(name, grams)
  };
  struct pizza {
    std::string name;
    double price_eur = 0;
    std::vector<topping> toppings;
    std::optional<int> stars;
    std::chrono::system_clock::time_point baked;
    SKEIN_ARTIFACT("pizza.pizza", 1, name, price_eur, toppings, stars, baked)
  };
  pizza const value{"margherita", 9.5, {{"basil", 12}}, std::nullopt, std::chrono::system_clock::time_point{1'700'000'000s}};
  EXPECT_EQ(encoded_hex(value), to_hex(from_hex("85 a4 'name' aa 'margherita' a9 'price_eur' cb 40 23 00 00 00 00 00 00"
                                                "a8 'toppings' 91 82 a4 'name' a5 'basil' a5 'grams' 0c"
                                                "a5 'stars' c0 a5 'baked' d6 ff 65 53 f1 00")));
}

TEST(codec, integers_take_the_shortest_form) {
  EXPECT_EQ(on_wire(7), "07");
  EXPECT_EQ(on_wire(-1), "ff");
  EXPECT_EQ(on_wire(std::int8_t{-128}), "d0 80");
  EXPECT_EQ(on_wire(std::uint16_t{0xffff}), "cd ff ff");
  EXPECT_EQ(on_wire(std::numeric_limits<std::uint64_t>::max()), "cf ff ff ff ff ff ff ff ff");
  EXPECT_EQ(on_wire(std::numeric_limits<std::int64_t>::min()), "d3 80 00 00 00 00 00 00 00");
  EXPECT_EQ(on_wire('a'), "61");
}

TEST(codec, integers_are_read_in_every_form_that_fits) {
  EXPECT_EQ(read<int>("cf 00 00 00 00 00 00 00 05"), 5);
  EXPECT_EQ(read<std::uint8_t>("d3 00 00 00 00 00 00 00 ff"), 255);
  EXPECT_EQ(read<std::int8_t>("d1 ff 80"), -128);
  EXPECT_EQ(read<std::uint64_t>("cf ff ff ff ff ff ff ff ff"), std::numeric_limits<std::uint64_t>::max());
}

TEST(codec, integers_out_of_range_are_refused) {
  EXPECT_EQ(refused<std::int8_t>("cc 80"), ": 128 is out of range: the field holds -128 to 127");
  EXPECT_EQ(refused<std::int8_t>("d1 ff 7f"), ": -129 is out of range: the field holds -128 to 127");
  EXPECT_EQ(refused<std::uint16_t>("ff"), ": -1 is out of range: the field holds 0 to 65535");
  EXPECT_EQ(refused<std::uint8_t>("cd 01 00"), ": 256 is out of range: the field holds 0 to 255");
  EXPECT_EQ(refused<std::int64_t>("cf 80 00 00 00 00 00 00 00"),
            ": 9223372036854775808 is out of range: the field holds -9223372036854775808 to 9223372036854775807");
  EXPECT_EQ(refused<std::uint64_t>("ff"), ": -1 is out of range: the field holds 0 to 18446744073709551615");
}

TEST(codec, floats_stay_floats) {
  EXPECT_EQ(on_wire(9.0), "cb 40 22 00 00 00 00 00 00");
  EXPECT_EQ(on_wire(-0.0), "cb 80 00 00 00 00 00 00 00");
  EXPECT_EQ(on_wire(1.5f), "ca 3f c0 00 00");
  EXPECT_TRUE(std::signbit(read<double>(on_wire(-0.0))));
  EXPECT_TRUE(std::isnan(read<double>(on_wire(std::nan("")))));
  EXPECT_EQ(read<float>(on_wire(std::numeric_limits<float>::infinity())), std::numeric_limits<float>::infinity());
}

TEST(codec, integers_convert_to_floats_but_not_back) {
  EXPECT_EQ(read<double>("09"), 9.0);
  EXPECT_EQ(read<float>("ff"), -1.0f);
  EXPECT_EQ(read<double>("ca 3f c0 00 00"), 1.5);
  EXPECT_EQ(read<float>("cb 3f f8 00 00 00 00 00 00"), 1.5f);
  EXPECT_EQ(refused<int>("cb 40 22 00 00 00 00 00 00"), ": expected an integer, found a float");
}

TEST(codec, doubles_beyond_float_are_refused_for_float) {
  auto const largest = static_cast<double>(std::numeric_limits<float>::max());
  EXPECT_EQ(read<float>(on_wire(largest)), std::numeric_limits<float>::max());
  EXPECT_EQ(refused<float>(on_wire(largest * 2)), ": the number is too large for a 32-bit float");
  EXPECT_EQ(refused<float>(on_wire(-largest * 2)), ": the number is too large for a 32-bit float");
  EXPECT_EQ(read<float>(on_wire(std::numeric_limits<double>::infinity())), std::numeric_limits<float>::infinity());
}

TEST(codec, booleans_are_only_booleans) {
  EXPECT_EQ(on_wire(true), "c3");
  EXPECT_EQ(on_wire(false), "c2");
  EXPECT_EQ(refused<bool>("01"), ": expected a boolean, found an integer");
}

TEST(codec, strings_are_utf8_in_both_directions) {
  EXPECT_EQ(on_wire(std::string{"è"}), "a2 c3 a8");
  EXPECT_EQ(on_wire(std::string{}), "a0");
  std::string const text = "naïve 🍕 日本語 and plenty of plain characters after it";
  EXPECT_EQ(read<std::string>(on_wire(text)), text);
  for (auto bad : {"a1 80", "a2 c0 80", "a3 ed a0 80", "a4 f4 90 80 80", "a2 c3 28", "a3 e0 80 80", "a1 c3", "aa 'abcdefghi' ff"}) {
    EXPECT_EQ(refused<std::string>(bad), ": the string is not UTF-8") << bad;
  }
}

TEST(codec, a_string_that_is_not_utf8_has_no_encoding) {
  struct pizza {
    std::string name;
    std::vector<std::string> toppings;
    SKEIN_ARTIFACT("pizza.pizza", 1, name, toppings)
  };
  pizza const value{"x", {"a", "b\xff"}};
  bytes out{std::byte{1}};
  auto const done = type_of<pizza>().encode(&value, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), errc::bad_payload);
  EXPECT_TRUE(done.error().message().starts_with("pizza.pizza.toppings[1]: the string is not UTF-8")) << done.error().message();
  EXPECT_EQ(out, bytes{std::byte{1}});
}

TEST(codec, enums_are_their_integer) {
  EXPECT_EQ(on_wire(colour::blue), "cc c8");
  EXPECT_EQ(read<colour>("01"), colour::green);
  EXPECT_EQ(static_cast<int>(read<colour>("07")), 7);  // an enumerator that only the sender knows
  EXPECT_EQ(refused<colour>("cd 01 00"), ": 256 is out of range: the field holds 0 to 255");
  EXPECT_EQ(read<plain_enum>("01"), second);
  EXPECT_EQ(on_wire(flag::on), "01");
  EXPECT_EQ(read<flag>("01"), flag::on);
  EXPECT_EQ(refused<flag>("02"), ": 2 is out of range: the field holds 0 to 1");
}

TEST(codec, an_empty_optional_is_nil) {
  EXPECT_EQ(on_wire(std::optional<int>{}), "c0");
  EXPECT_EQ(on_wire(std::optional<int>{3}), "03");
  EXPECT_EQ(read<std::optional<int>>("c0"), std::nullopt);
  EXPECT_EQ(read<std::optional<std::string>>("a1 'x'"), "x");
  EXPECT_EQ(refused<std::optional<int>>("a1 'x'"), ": expected an integer, found a string");
  EXPECT_EQ(refused<int>("c0"), ": expected an integer, found nil");
}

TEST(codec, vectors_are_arrays) {
  EXPECT_EQ(on_wire(std::vector<int>{1, 2}), "92 01 02");
  EXPECT_EQ(read<std::vector<std::vector<int>>>("92 91 05 90"), (std::vector<std::vector<int>>{{5}, {}}));
  EXPECT_EQ(read<std::vector<bool>>("92 c3 c2"), (std::vector<bool>{true, false}));
  EXPECT_EQ(refused<std::vector<int>>("93 01 02 a1 'x'"), "[2]: expected an integer, found a string");
  EXPECT_EQ(refused<std::vector<int>>("80"), ": expected an array, found a map");
}

TEST(codec, arrays_have_their_exact_size) {
  EXPECT_EQ(on_wire(std::array<int, 2>{1, 2}), "92 01 02");
  EXPECT_EQ((read<std::array<int, 2>>("92 03 04")), (std::array<int, 2>{3, 4}));
  EXPECT_EQ((refused<std::array<int, 2>>("91 03")), ": expected exactly 2 elements, found 1");
  EXPECT_EQ((refused<std::array<int, 2>>("92 03 c0")), "[1]: expected an integer, found nil");
}

TEST(codec, tuples_and_pairs_are_arrays) {
  using triple = std::tuple<int, std::string, bool>;
  EXPECT_EQ(on_wire(triple{1, "a", true}), "93 01 a1 61 c3");
  EXPECT_EQ(read<triple>("93 02 a0 c2"), (triple{2, "", false}));
  EXPECT_EQ((read<std::pair<int, int>>("92 01 02")), (std::pair{1, 2}));
  EXPECT_EQ(refused<triple>("92 02 a0"), ": expected exactly 3 elements, found 2");
  EXPECT_EQ(refused<triple>("93 02 a0 00"), "[2]: expected a boolean, found an integer");
}

TEST(codec, maps_have_text_or_integer_keys) {
  EXPECT_EQ(on_wire(std::map<std::string, int>{{"b", 2}, {"a", 1}}), "82 a1 61 01 a1 62 02");
  EXPECT_EQ((read<std::map<int, bool>>("82 ff c3 05 c2")), (std::map<int, bool>{{-1, true}, {5, false}}));
  EXPECT_EQ((read<std::map<colour, int>>("81 01 02")), (std::map<colour, int>{{colour::green, 2}}));
  EXPECT_EQ((refused<std::map<std::string, int>>("81 a1 'k' c0")), "[\"k\"]: expected an integer, found nil");
  EXPECT_EQ((refused<std::map<int, int>>("81 05 c0")), "[5]: expected an integer, found nil");
  EXPECT_EQ((refused<std::map<int, int>>("81 a1 'k' 00")), ".(key): expected an integer, found a string");
}

TEST(codec, unordered_maps_are_written_in_the_order_of_their_keys) {
  std::unordered_map<std::string, int> many;
  std::map<std::string, int> same;
  for (int i = 0; i < 100; ++i) many[std::to_string(i)] = same[std::to_string(i)] = i;
  EXPECT_EQ(on_wire(many), on_wire(same));
  EXPECT_EQ((read<std::unordered_map<std::string, int>>(on_wire(many))), many);
}

TEST(codec, byte_vectors_are_bin) {
  bytes const data{std::byte{0}, std::byte{255}};
  EXPECT_EQ(on_wire(data), "c4 02 00 ff");
  EXPECT_EQ(on_wire(bytes{}), "c4 00");
  EXPECT_EQ(read<bytes>("c4 02 00 ff"), data);
  EXPECT_EQ(refused<bytes>("a1 'x'"), ": expected bytes, found a string");
  EXPECT_EQ((read<std::array<std::byte, 2>>("c4 02 00 ff"))[1], std::byte{255});
  EXPECT_EQ((refused<std::array<std::byte, 3>>("c4 02 00 ff")), ": expected exactly 3 elements, found 2");
}

using wall = std::chrono::system_clock::time_point;

TEST(codec, times_are_the_shortest_timestamp) {
  EXPECT_EQ(on_wire(wall{}), "d6 ff 00 00 00 00");
  EXPECT_EQ(on_wire(wall{1s + 1ns}), "d7 ff 00 00 00 04 00 00 00 01");
  EXPECT_EQ(on_wire(wall{std::chrono::seconds{0xffffffff}}), "d6 ff ff ff ff ff");
  EXPECT_EQ(on_wire(wall{std::chrono::seconds{0x100000000}}), "d7 ff 00 00 00 01 00 00 00 00");
  EXPECT_EQ(on_wire(wall{-1ns}), "c7 0c ff 3b 9a c9 ff ff ff ff ff ff ff ff ff");
}

TEST(codec, times_keep_their_nanoseconds_over_their_whole_range) {
  using limits = std::numeric_limits<std::int64_t>;
  for (std::int64_t ns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{-1'000'000'000},
                          std::int64_t{1'700'000'000'123'456'789}, limits::max(), limits::min()}) {
    wall const time{std::chrono::nanoseconds{ns}};
    EXPECT_EQ(read<wall>(on_wire(time)), time) << ns;
  }
}

TEST(codec, times_that_are_none_are_refused) {
  EXPECT_EQ(refused<wall>("00"), ": expected a timestamp, found an integer");
  EXPECT_EQ(refused<wall>("d6 05 00 00 00 00"), ": expected a timestamp, found extension 5 of 4 bytes");
  EXPECT_EQ(refused<wall>("d5 ff 00 00"), ": expected a timestamp, found extension -1 of 2 bytes");
  EXPECT_EQ(refused<wall>("d7 ff ff ff ff ff 00 00 00 00"), ": expected a timestamp, found extension -1 of 8 bytes");
  EXPECT_EQ(refused<wall>("c7 0c ff 3b 9a ca 00 00 00 00 00 00 00 00 00"), ": expected a timestamp, found extension -1 of 12 bytes");
  EXPECT_EQ(refused<wall>("c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff"),
            ": the timestamp is outside the years 1678 to 2261, which 64 bits of nanoseconds can hold");
  EXPECT_EQ(refused<int>("d6 ff 00 00 00 00"), ": expected an integer, found a timestamp");
}

TEST(codec, times_and_durations_of_other_ticks_are_exact_or_refused) {
  EXPECT_EQ(on_wire(std::chrono::sys_seconds{2s}), "d6 ff 00 00 00 02");
  EXPECT_EQ(read<std::chrono::sys_seconds>("d6 ff 00 00 00 02"), std::chrono::sys_seconds{2s});
  EXPECT_EQ(refused<std::chrono::sys_seconds>("d7 ff 00 00 00 04 00 00 00 01"),
            ": the time is finer than the ticks of the field, or out of their range");
  EXPECT_EQ(on_wire(std::chrono::milliseconds{-3}), to_hex(from_hex("d2 ff d2 39 40")));
  EXPECT_EQ(read<std::chrono::milliseconds>("d2 ff d2 39 40"), -3ms);
  EXPECT_EQ(refused<std::chrono::milliseconds>("01"), ": a duration of 1 ns does not fit the ticks of the field");
  EXPECT_EQ((read<std::chrono::duration<double>>("ce 59 68 2f 00")), 1.5s);
  using frames = std::chrono::duration<int, std::ratio<1, 60>>;
  for (int i : {0, 1, 59, 60, 12345, -7}) EXPECT_EQ(read<frames>(on_wire(frames{i})), frames{i});
  using small = std::chrono::duration<std::int8_t, std::ratio<1>>;
  EXPECT_EQ(refused<small>(on_wire(200s)), ": a duration of 200000000000 ns does not fit the ticks of the field");
}

TEST(codec, durations_beyond_64_bits_of_nanoseconds_have_no_encoding) {
  using years = holder<std::chrono::years>;
  bytes out;
  years const value{std::chrono::years{300}};
  auto const done = type_of<years>().encode(&value, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "holder.v: the duration does not fit into 64 bits of nanoseconds (292 years)");
  holder<std::chrono::sys_seconds> const late{std::chrono::sys_seconds{std::chrono::seconds{20'000'000'000}}};
  EXPECT_FALSE(type_of<holder<std::chrono::sys_seconds>>().encode(&late, out));
}

TEST(codec, nesting_beyond_64_has_no_encoding_and_64_is_read_back) {
  struct nest {
    std::vector<nest> inner;
    SKEIN_ARTIFACT("nest", 1, inner)
  };
  auto const build = [](int levels) {
    nest value;
    for (int i = 1; i < levels; ++i) {
      nest outer;
      outer.inner.push_back(std::move(value));
      value = std::move(outer);
    }
    return value;
  };
  nest const deepest = build(32), deeper = build(33);  // each level is a map and an array
  EXPECT_EQ(encode(decode<nest>(encode(deepest))), encode(deepest));
  bytes out;
  auto const done = type_of<nest>().encode(&deeper, out);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("nested more than 64 deep"), std::string::npos);
}

}  // namespace
