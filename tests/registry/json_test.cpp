#include "support/codec.hpp"

#include <skein/registry/json.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace {

using namespace skein;
using namespace skein::testing;

struct topping { std::string name; int grams = 5; SKEIN_FIELDS(name, grams) };
enum class size : std::uint8_t { small, large };
struct pizza {
  std::string name = "plain";
  double price_eur = 8.5;
  std::vector<topping> toppings;
  std::optional<int> stars;
  size of{};
  std::map<int, bool> votes;
  std::vector<std::byte> photo;
  std::chrono::system_clock::time_point baked;
  std::chrono::milliseconds took{};
  std::pair<std::string, std::uint8_t> oven;
  std::array<float, 2> at{};
  SKEIN_ARTIFACT("pizza.pizza", 2, name, price_eur, toppings, stars, of, votes, photo, baked, took, oven, at)
};

pizza read(std::string_view json) { return *value_of<pizza>(payload_from_json(type_of<pizza>(), json).value()).value(); }

std::string refused(std::string_view json) {
  auto const made = payload_from_json(type_of<pizza>(), json);
  return made ? "accepted" : made.error().message();
}

constexpr auto golden =
    R"({"name":"a \"b\" \\ \n\u0001è","price_eur":9.0,"toppings":[{"name":"basil","grams":3}],"stars":null,"of":1,"votes":{"-1":true,"7":false},)"
    R"("photo":"AP8=","baked":"2023-11-14T22:13:20.000000001Z","took":1500000000,"oven":["hot",255],"at":[0.5,1e+20]})";

TEST(json, shows_every_kind_of_field) {
  pizza value{"a \"b\" \\ \n\x01è", 9, {{"basil", 3}}, std::nullopt, size::large, {{-1, true}, {7, false}}, {std::byte{0}, std::byte{255}}};
  value.baked += std::chrono::nanoseconds{1'700'000'000'000'000'001};
  value.took = std::chrono::milliseconds{1500};
  value.oven = {"hot", 255};
  value.at = {0.5f, 1e20f};
  EXPECT_EQ(type_of<pizza>().to_json(&value), golden);
  EXPECT_EQ(msgpack_to_json(encode(value)).value(), golden);
}

TEST(json, is_read_back) {
  auto const value = read(golden);
  EXPECT_EQ(type_of<pizza>().to_json(&value), golden);
}

TEST(json, shows_non_finite_floats_as_strings) {
  struct numbers { double a = 0, b = 0; float c = 0; SKEIN_ARTIFACT("numbers", 1, a, b, c) };
  numbers const value{std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), std::numeric_limits<float>::infinity()};
  auto const text = type_of<numbers>().to_json(&value);
  EXPECT_EQ(text, R"({"a":"NaN","b":"-Infinity","c":"Infinity"})");
  EXPECT_EQ(value_of<numbers>(payload_from_json(type_of<numbers>(), text).value()).value()->b, value.b);
}

TEST(json, shows_bad_text_as_replacement_characters) {
  pizza const value{.name = "a\xff\xc3(b"};
  EXPECT_TRUE(type_of<pizza>().to_json(&value).starts_with("{\"name\":\"a\xef\xbf\xbd\xef\xbf\xbd(b\","));
}

TEST(json, shows_what_msgpack_holds_beyond_declared_types) {
  EXPECT_EQ(msgpack_to_json(from_hex("01")).value(), "1");
  EXPECT_EQ(msgpack_to_json(from_hex("82 05 c0 a1 'k' 93 c2 ff cf ff ff ff ff ff ff ff ff")).value(), R"({"5":null,"k":[false,-1,18446744073709551615]})");
  EXPECT_EQ(msgpack_to_json(from_hex("d6 05 01 02 03 04")).value(), R"({"ext":5,"data":"AQIDBA=="})");
  EXPECT_EQ(msgpack_to_json(from_hex("c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff")).value(), R"({"ext":-1,"data":"AAAAAH//////////"})");
  EXPECT_EQ(msgpack_to_json(from_hex("c7 0c ff 00 00 00 00 ff ff ff ff 80 00 00 00")).value(), R"("1901-12-13T20:45:52.000000000Z")");
}

TEST(json, of_bytes_that_are_no_payload_is_refused) {
  for (auto hex : {"", "c1", "81", "00 00", "82 a1 'k' 00 a1 'k' 00", "a1 ff", "81 c0 00"}) {
    EXPECT_EQ(msgpack_to_json(from_hex(hex)).error().code(), errc::bad_payload) << hex;
  }
}

TEST(json, input_keeps_defaults_and_accepts_what_people_write) {
  auto const value = read(R"( { "price_eur": 9, "baked": "2023-11-14t23:13:20.5+01:00", "at": [1, -2] } )");
  EXPECT_EQ(value.name, "plain");
  EXPECT_EQ(value.price_eur, 9.0);
  EXPECT_EQ(value.baked.time_since_epoch(), std::chrono::nanoseconds{1'700'000'000'500'000'000});
  EXPECT_EQ(value.at[1], -2.0f);
}

TEST(json, input_errors_name_type_and_field) {
  EXPECT_EQ(refused("{"), "pizza.pizza: the text is not JSON");
  EXPECT_EQ(refused("[]"), "pizza.pizza: expected an object, found an array");
  EXPECT_EQ(refused(R"({"nmae":"x"})"),
            "pizza.pizza.nmae: there is no such field; the fields are name, price_eur, toppings, stars, of, votes, photo, baked, took, oven, at");
  EXPECT_EQ(refused(R"({"name":"x","name":"y"})"), "pizza.pizza: the key \"name\" comes twice in one object");
  EXPECT_EQ(refused(R"({"toppings":[{"grams":1.5}]})"), "pizza.pizza.toppings[0].grams: expected an integer, found a float");
  EXPECT_EQ(refused(R"({"toppings":[{"grams":3000000000}]})"),
            "pizza.pizza.toppings[0].grams: 3000000000 is out of range: the field holds -2147483648 to 2147483647");
  EXPECT_EQ(refused(R"({"name":null})"), "pizza.pizza.name: expected a string, found null");
  EXPECT_EQ(refused(R"({"votes":{"01":true}})"), "pizza.pizza.votes[\"01\"]: the key must be a 64-bit integer");
  EXPECT_EQ(refused(R"({"photo":"AP8"})"), "pizza.pizza.photo: the string is not base64 (RFC 4648, with padding)");
  EXPECT_EQ(refused(R"({"oven":["hot"]})"), "pizza.pizza.oven: expected exactly 2 elements, found 1");
  EXPECT_EQ(refused(R"({"at":[1,2,3]})"), "pizza.pizza.at: expected exactly 2 elements, found 3");
  EXPECT_EQ(refused(R"({"price_eur":"cheap"})"), "pizza.pizza.price_eur: expected a number, found a string");
}

TEST(json, times_that_are_none_are_refused) {
  for (auto text : {"", "2023-11-14", "2023-11-14T22:13:20", "2023-02-29T00:00:00Z", "2023-11-14T24:00:00Z", "2023-11-14T22:13:60Z", "2023-11-14T22:13:20.Z",
                    "2023-11-14T22:13:20.1234567890Z", "2023-11-14T22:13:20+0100", "2023-11-14T22:13:20Zx", "1600-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
    EXPECT_NE(refused(std::string{R"({"baked":")"} + text + "\"}"), "accepted") << text;
  }
}

TEST(json, base64_that_is_none_is_refused) {
  for (auto text : {"A", "AA", "AAA", "A===", "====", "AP9=", "AB==", "AP8=AP8=", "AP 8"}) {
    EXPECT_NE(refused(std::string{R"({"photo":")"} + text + "\"}"), "accepted") << text;
  }
  EXPECT_EQ(read(R"({"photo":"AQID"})").photo.size(), 3u);
  EXPECT_EQ(read(R"({"photo":""})").photo.size(), 0u);
}

TEST(json, deeply_nested_input_is_refused) {
  EXPECT_NE(refused(std::string(100'000, '[')), "accepted");
  EXPECT_NE(refused(R"({"toppings":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"), "accepted");
}

TEST(json_schema, describes_every_kind_of_field) {
  EXPECT_EQ(type_of<pizza>().json_schema(),
            R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"pizza.pizza","$comment":"version 2","type":"object","properties":{)"
            R"("name":{"type":"string"},"price_eur":{"type":"number"},"toppings":{"type":"array","items":{"type":"object","properties":{)"
            R"("name":{"type":"string"},"grams":{"type":"integer","minimum":-2147483648,"maximum":2147483647}}}},)"
            R"("stars":{"anyOf":[{"type":"integer","minimum":-2147483648,"maximum":2147483647},{"type":"null"}]},)"
            R"("of":{"type":"integer","minimum":0,"maximum":255},"votes":{"type":"object","additionalProperties":{"type":"boolean"},)"
            R"("propertyNames":{"pattern":"^-?[0-9]+$"}},"photo":{"type":"string","contentEncoding":"base64"},)"
            R"("baked":{"type":"string","format":"date-time"},"took":{"type":"integer","description":"nanoseconds"},)"
            R"("oven":{"type":"array","items":false,"minItems":2,"maxItems":2,"prefixItems":[{"type":"string"},{"type":"integer","minimum":0,"maximum":255}]},)"
            R"("at":{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2}}})");
}

TEST(json_schema, refers_back_where_a_type_contains_itself) {
  struct branch { std::optional<int> leaf; std::vector<branch> branches; SKEIN_FIELDS(leaf, branches) };
  struct tree { branch root; SKEIN_ARTIFACT("tree", 1, root) };
  auto const schema = type_of<tree>().json_schema();
  EXPECT_NE(schema.find(R"("branches":{"type":"array","items":{"$ref":"#/properties/root"}})"), std::string::npos) << schema;
}

}  // namespace
