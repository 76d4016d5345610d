// Bytes from outside: strict about what is no payload, tolerant about other versions of the type.
#include "support/codec.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

using namespace skein;
using namespace skein::testing;

struct topping {
  std::string name;
  int grams = 5;
  SKEIN_FIELDS(name, grams)
};
struct pizza {
  std::string name = "plain";
  double price_eur = 8.5;
  int stars;
  std::vector<topping> toppings;
  std::map<std::string, int> votes;
  SKEIN_ARTIFACT("pizza.pizza", 1, name, price_eur, stars, toppings, votes)
};

std::string refused(std::string_view hex) { return refusal_hex<pizza>(hex); }

TEST(decoding, missing_fields_keep_their_default) {
  auto const value = decode_hex<pizza>("80");
  EXPECT_EQ(value.name, "plain");
  EXPECT_EQ(value.price_eur, 8.5);
  EXPECT_EQ(value.stars, 0);
  EXPECT_EQ(decode_hex<pizza>("81 a8 'toppings' 91 81 a4 'name' a1 'x'").toppings.at(0).grams, 5);
}

TEST(decoding, fields_may_come_in_any_order) {
  auto const value = decode_hex<pizza>("83 a5 'stars' 03 a4 'name' a1 'x' a9 'price_eur' 07");
  EXPECT_EQ(value.stars, 3);
  EXPECT_EQ(value.name, "x");
  EXPECT_EQ(value.price_eur, 7);
}

TEST(decoding, unknown_fields_are_ignored_at_every_place) {
  auto const value = decode_hex<pizza>(
      "85 a1 'a' 93 01 81 05 c0 a1 'z' a4 'name' a1 'x' a1 'b' c7 03 63 01 02 03 a5 'stars' 04 a1 'c' cb 00 00 00 00 00 00 00 00");
  EXPECT_EQ(value.name, "x");
  EXPECT_EQ(value.stars, 4);
  EXPECT_EQ(decode_hex<pizza>("81 a8 'toppings' 91 82 a1 '?' c3 a5 'grams' 07").toppings.at(0).grams, 7);
}

TEST(decoding, wrong_kinds_are_named_with_type_and_path) {
  EXPECT_EQ(refused("81 a4 'name' 05"), "pizza.pizza.name: expected a string, found an integer");
  EXPECT_EQ(refused("81 a9 'price_eur' a1 'x'"), "pizza.pizza.price_eur: expected a float, found a string");
  EXPECT_EQ(refused("81 a8 'toppings' 92 80 81 a5 'grams' c3"), "pizza.pizza.toppings[1].grams: expected an integer, found a boolean");
  EXPECT_EQ(refused("81 a8 'toppings' 91 c4 01 00"), "pizza.pizza.toppings[0]: expected a map, found bytes");
  EXPECT_EQ(refused("81 a5 'votes' 81 a3 'ada' 90"), "pizza.pizza.votes[\"ada\"]: expected an integer, found an array");
  EXPECT_EQ(refused("90"), "pizza.pizza: expected a map, found an array");
  EXPECT_EQ(refused("c0"), "pizza.pizza: expected a map, found nil");
  EXPECT_EQ(refused("81 05 05"), "pizza.pizza: a field name must be a string, found an integer");
}

TEST(decoding, bytes_that_are_no_msgpack_are_refused) {
  EXPECT_EQ(refused(""), "pizza.pizza: there are no bytes");
  EXPECT_EQ(refused("c1"), "pizza.pizza: byte 0 is not msgpack");
  EXPECT_EQ(refused("81 a4 'name' c1"), "pizza.pizza: byte 6 is not msgpack");
  EXPECT_EQ(refused("81"), "pizza.pizza: the bytes end before the value does");
  EXPECT_EQ(refused("81 a4 'nam'"), "pizza.pizza: the bytes end before the value does");
}

TEST(decoding, trailing_bytes_are_refused) {
  EXPECT_EQ(refused("80 00"), "pizza.pizza: 1 bytes follow the value");
  EXPECT_EQ(refused("80 c1 c1"), "pizza.pizza: 2 bytes follow the value");
}

TEST(decoding, every_prefix_of_a_payload_is_refused) {
  auto const whole = encode(pizza{"x", 1, 2, {{"a", 3}}, {{"k", 1}}});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(refusal<pizza>(bytes_view{whole}.first(size)), "decoded") << size;
}

TEST(decoding, duplicate_keys_are_refused_at_every_depth) {
  EXPECT_EQ(refused("82 a4 'name' a1 'x' a4 'name' a1 'y'"), "pizza.pizza.name: the field comes twice");
  EXPECT_EQ(refused("81 a8 'toppings' 91 82 a5 'grams' 01 a5 'grams' 01"), "pizza.pizza.toppings[0].grams: the field comes twice");
  EXPECT_EQ(refused("81 a5 'votes' 82 a1 'k' 01 a1 'k' 02"), "pizza.pizza.votes[\"k\"]: duplicate key");
  EXPECT_EQ(refused("82 a1 '?' 01 a1 '?' 01"), "pizza.pizza[\"?\"]: duplicate key");
  EXPECT_EQ(refused("81 a1 '?' 91 82 05 01 05 01"), "pizza.pizza.?[0][5]: duplicate key");
  EXPECT_EQ(refused("81 a1 '?' 82 05 01 cc 05 01"), "pizza.pizza.?[5]: duplicate key");  // one number in two forms
  EXPECT_EQ(refused("81 a1 '?' 82 ff 01 d0 ff 01"), "pizza.pizza.?[-1]: duplicate key");
}

TEST(decoding, duplicate_keys_are_found_among_many) {
  bytes encoded = from_hex("81 a1 '?' de 01 00");
  for (int i = 0; i < 256; ++i) {
    auto const key = i == 200 ? 100 : i;
    for (int byte : {0xcd, key >> 8, key & 255, 0xc0}) encoded.push_back(static_cast<std::byte>(byte));
  }
  EXPECT_EQ(refusal<pizza>(encoded), "pizza.pizza.?[100]: duplicate key");
}

TEST(decoding, unknown_fields_are_checked_too) {
  EXPECT_EQ(refused("81 a1 '?' 92 01 a1 ff"), "pizza.pizza.?[1]: the string is not UTF-8");
  EXPECT_EQ(refused("81 a1 ff 00"), "pizza.pizza: a key is not UTF-8");
  EXPECT_EQ(refused("81 a1 '?' 81 90 00"), "pizza.pizza.?: a key must be a string or an integer, found an array");
  EXPECT_EQ(refused("81 a1 '?' 81 c0 00"), "pizza.pizza.?: a key must be a string or an integer, found nil");
}

TEST(decoding, announced_sizes_allocate_nothing) {
  for (auto hex : {"df ff ff ff ff", "81 a8 'toppings' dd ff ff ff ff", "81 a8 'toppings' dd 7f ff ff ff 80 80",
                   "81 a4 'name' db ff ff ff ff", "81 a4 'name' db 7f ff ff ff 00", "81 a1 '?' c6 ff ff ff ff",
                   "81 a1 '?' c9 ff ff ff ff 00", "81 a1 '?' c9 ff ff ff fe 00", "81 a5 'votes' df ff ff ff ff 00 00"}) {
    EXPECT_EQ(refused(hex), "pizza.pizza: the bytes end before the value does") << hex;
  }
}

TEST(decoding, nesting_beyond_64_is_refused) {
  bytes encoded = from_hex("81 a1 '?'");
  encoded.insert(encoded.end(), 63, std::byte{0x91});
  bytes deeper = encoded;
  encoded.push_back(std::byte{0});
  deeper.insert(deeper.end(), 100'000, std::byte{0x91});
  EXPECT_EQ(refusal<pizza>(encoded), "decoded");
  EXPECT_EQ(refusal<pizza>(deeper), "pizza.pizza: arrays and maps are nested more than 64 deep");
}

TEST(decoding, large_payloads_leave_the_inline_nodes) {
  pizza value;
  for (int i = 0; i < 5000; ++i) value.toppings.push_back({std::to_string(i), i});
  auto const back = decode<pizza>(encode(value));
  ASSERT_EQ(back.toppings.size(), 5000u);
  EXPECT_EQ(back.toppings[4999].name, "4999");
}

TEST(decoding, hostile_keys_are_shown_short_and_printable) {
  bytes encoded = from_hex("82 d9 c8");
  bytes key(200, std::byte{7});
  encoded.insert(encoded.end(), key.begin(), key.end());
  encoded.push_back(std::byte{0});
  bytes twice = encoded;
  twice.insert(twice.end(), encoded.begin() + 1, encoded.end());
  EXPECT_EQ(refusal<pizza>(twice), "pizza.pizza[\"" + std::string(64, '?') + "...\"]: duplicate key");
}

}  // namespace
