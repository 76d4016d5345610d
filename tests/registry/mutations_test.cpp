// Random payloads and random damage: a value or an error, whatever comes. Sanitizer builds run fewer of them.
#include "support/codec.hpp"

#include <skein/registry/ids.hpp>
#include <skein/registry/json.hpp>

#include <gtest/gtest.h>

#include <map>
#include <unordered_map>

namespace {

using namespace skein;
using namespace skein::testing;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int mutations = 100'000;
#else
constexpr int mutations = 1'000'000;
#endif

enum class size : std::int16_t { small = -1, large = 1000 };
struct part {
  std::string name;
  std::optional<double> weight;
  std::vector<part> parts;
  friend bool operator==(part const&, part const&) = default;
  SKEIN_FIELDS(name, weight, parts)
};
struct everything {
  std::int8_t tiny = 0;
  std::uint64_t huge = 0;
  std::int64_t wide = 0;
  float single = 0;
  double real = 0;
  bool yes = false;
  size of{};
  std::string text;
  std::vector<std::byte> raw;
  std::array<std::uint16_t, 3> triple{};
  std::map<std::string, part> by_name;
  std::unordered_map<int, std::vector<bool>> by_number;
  std::tuple<std::string, std::int32_t> tuple;
  std::chrono::system_clock::time_point at;
  std::chrono::milliseconds took{};
  std::optional<part> maybe;
  friend bool operator==(everything const&, everything const&) = default;
  SKEIN_ARTIFACT("everything", 1, tiny, huge, wide, single, real, yes, of, text, raw, triple, by_name, by_number, tuple, at, took, maybe)
};

/// Random values of every kind, reproducible by seed.
struct maker {
  id_generator random;

  std::uint64_t below(std::uint64_t n) { return random.next() % n; }
  /// Small and large magnitudes alike.
  std::uint64_t number() { return random.next() >> below(64); }
  std::string text() {
    static constexpr std::string_view pieces[] = {"a", "pizza", "\n", "\"", "è", "日", "🍕", std::string_view{"\0", 1}};
    std::string made;
    for (auto n = below(6); n > 0; --n) made += pieces[below(8)];
    return made;
  }
  part a_part(int depth) {
    part made{.name = text()};
    if (below(2) == 0) made.weight = static_cast<double>(number()) / 3;
    for (auto n = depth > 0 ? below(3) : 0; n > 0; --n) made.parts.push_back(a_part(depth - 1));
    return made;
  }
  everything all() {
    everything made;
    made.tiny = static_cast<std::int8_t>(number());
    made.huge = number();
    made.wide = static_cast<std::int64_t>(number());
    made.single = static_cast<float>(number());
    made.real = -static_cast<double>(number());
    made.yes = below(2) == 0;
    made.of = static_cast<size>(static_cast<std::int16_t>(number()));
    made.text = text();
    made.raw.assign(below(40), std::byte{0xfe});
    for (auto& each : made.triple) each = static_cast<std::uint16_t>(number());
    for (auto n = below(4); n > 0; --n) made.by_name[text()] = a_part(2);
    for (auto n = below(4); n > 0; --n) made.by_number[static_cast<int>(number())] = std::vector<bool>(below(5), true);
    made.tuple = {text(), static_cast<std::int32_t>(number())};
    made.at += std::chrono::nanoseconds{static_cast<std::int64_t>(number())};
    made.took = std::chrono::milliseconds{static_cast<std::int64_t>(number() >> 22)};
    if (below(2) == 0) made.maybe = a_part(1);
    return made;
  }
  /// One to four random edits.
  bytes damaged(bytes from) {
    for (auto n = 1 + below(4); n > 0 && !from.empty(); --n) {
      auto const at = from.begin() + static_cast<std::ptrdiff_t>(below(from.size()));
      switch (below(5)) {
        case 0:
          *at = static_cast<std::byte>(random.next());
          break;
        case 1:
          *at ^= std::byte{1} << static_cast<int>(below(8));
          break;
        case 2:
          from.insert(at, static_cast<std::byte>(random.next()));
          break;
        case 3:
          from.erase(at);
          break;
        default:
          from.resize(below(from.size() + 1));
          break;
      }
    }
    return from;
  }
};

TEST(mutations, random_values_survive_a_round_trip) {
  maker make{id_generator{1}};
  for (int i = 0; i < 2000; ++i) {
    auto const value = make.all();
    auto const encoded = encode(value);
    auto const back = decode<everything>(encoded);
    ASSERT_EQ(back, value) << i;
    ASSERT_EQ(encode(back), encoded) << i;
  }
}

TEST(mutations, random_values_survive_a_round_trip_through_json) {
  maker make{id_generator{2}};
  for (int i = 0; i < 500; ++i) {
    auto const value = make.all();
    auto const json = type_of<everything>().to_json(&value);
    auto const back = payload_from_json(type_of<everything>(), json);
    ASSERT_TRUE(back) << back.error().what() << json;
    ASSERT_EQ(*value_of<everything>(*back).value(), value) << json;
    ASSERT_EQ(msgpack_to_json(encode(value)).value(), json);
  }
}

TEST(mutations, damaged_payloads_give_an_error_or_a_value) {
  maker make{id_generator{3}};
  std::vector<bytes> seeds;
  for (int i = 0; i < 20; ++i) seeds.push_back(encode(make.all()));
  int values = 0, errors = 0;
  for (int i = 0; i < mutations; ++i) {
    auto const input = make.damaged(seeds[make.below(seeds.size())]);
    auto const decoded = type_of<everything>().decode(input);
    if (decoded) {
      ++values;
      if (i % 16 == 0) {  // what is read can be written, and reads back the same
        bytes once, twice;
        ASSERT_TRUE(type_of<everything>().encode(decoded->get(), once));
        ASSERT_TRUE(type_of<everything>().encode(type_of<everything>().decode(once).value().get(), twice));
        ASSERT_EQ(once, twice);
      }
    } else {
      ++errors;
      ASSERT_EQ(decoded.error().code(), errc::bad_payload);
      ASSERT_TRUE(decoded.error().message().starts_with("everything"));
    }
  }
  EXPECT_GT(values, mutations / 100);
  EXPECT_GT(errors, mutations / 100);
}

TEST(mutations, damaged_payloads_render_or_are_refused) {
  maker make{id_generator{4}};
  auto const seed = encode(make.all());
  for (int i = 0; i < mutations / 20; ++i) {
    auto const json = msgpack_to_json(make.damaged(seed));
    if (!json) {
      ASSERT_EQ(json.error().code(), errc::bad_payload);
    }
  }
}

TEST(mutations, damaged_json_gives_an_error_or_a_value) {
  maker make{id_generator{5}};
  auto const value = make.all();
  auto const json = type_of<everything>().to_json(&value);
  bytes seed;
  for (char c : json) seed.push_back(static_cast<std::byte>(c));
  for (int i = 0; i < mutations / 100; ++i) {
    auto const input = make.damaged(seed);
    auto const read = payload_from_json(type_of<everything>(), {reinterpret_cast<char const*>(input.data()), input.size()});
    if (!read) {
      ASSERT_EQ(read.error().code(), errc::bad_payload);
    }
  }
}

TEST(mutations, random_bytes_give_an_error_or_a_value) {
  maker make{id_generator{6}};
  for (int i = 0; i < mutations / 10; ++i) {
    bytes input(make.below(30));
    for (auto& each : input) each = static_cast<std::byte>(make.random.next());
    auto const decoded = type_of<everything>().decode(input);
    if (!decoded) {
      ASSERT_EQ(decoded.error().code(), errc::bad_payload);
    }
  }
}

}  // namespace
