#include "support/codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

struct pizza { std::string name; double price_eur = 0; SKEIN_ARTIFACT("pizza.pizza", 1, name, price_eur) };
struct topping { std::string name; int grams = 5; SKEIN_FIELDS(name, grams) };
struct menu { std::string title; std::vector<topping> toppings; topping favourite{"basil", 9}; SKEIN_ARTIFACT("pizza.menu", 3, title, toppings, favourite) };
struct nothing { SKEIN_ARTIFACT("nothing", 1) };
struct chain { int value = 0; std::vector<chain> next; SKEIN_ARTIFACT("chain", 1, value, next) };

struct derived : pizza { int stars = 0; SKEIN_ARTIFACT("pizza.derived", 1, name, stars) };
struct forgetful : pizza { int stars = 0; };
struct plain { int a; };

class guarded {
 public:
  guarded() = default;
  explicit guarded(int value) : value_(value) {}
  [[nodiscard]] int value() const { return value_; }
  SKEIN_ARTIFACT("guarded", 1, value_)

 private:
  int value_ = 0;
};

struct forty {
  int f0 = 0, f1 = 1, f2 = 2, f3 = 3, f4 = 4, f5 = 5, f6 = 6, f7 = 7, f8 = 8, f9 = 9, f10 = 10, f11 = 11, f12 = 12, f13 = 13, f14 = 14, f15 = 15, f16 = 16,
      f17 = 17, f18 = 18, f19 = 19, f20 = 20, f21 = 21, f22 = 22, f23 = 23, f24 = 24, f25 = 25, f26 = 26, f27 = 27, f28 = 28, f29 = 29, f30 = 30, f31 = 31,
      f32 = 32, f33 = 33, f34 = 34, f35 = 35, f36 = 36, f37 = 37, f38 = 38, f39 = 39;
  SKEIN_ARTIFACT("forty", 1, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27,
                 f28, f29, f30, f31, f32, f33, f34, f35, f36, f37, f38, f39)
};

struct sixty_four {
  std::int64_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0, b7 = 0, c0 = 0, c1 = 0,
               c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0, d4 = 0, d5 = 0, d6 = 0, d7 = 0, e0 = 0, e1 = 0, e2 = 0, e3 = 0,
               e4 = 0, e5 = 0, e6 = 0, e7 = 0, g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0, h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0,
               h6 = 0, h7 = 0, i0 = 0, i1 = 0, i2 = 0, i3 = 0, i4 = 0, i5 = 0, i6 = 0, i7 = 0;
  SKEIN_ARTIFACT("sixty_four", 1, a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7,
                 e0, e1, e2, e3, e4, e5, e6, e7, g0, g1, g2, g3, g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7, i0, i1, i2, i3, i4, i5, i6, i7)
};

}  // namespace

namespace foreign {
struct point { double x = 0, y = 0; };
struct shade { int level = 0; };
}  // namespace foreign

template <>
struct skein::artifact_traits<foreign::point> {
  static constexpr std::string_view name = "geo.point";
  static constexpr std::uint32_t version = 2;
  using members = skein::field_list<&foreign::point::x, &foreign::point::y>;
  static constexpr std::array<std::string_view, 2> field_names{"x", "y"};
};

// Only part of artifacts: it needs no name.
template <>
struct skein::artifact_traits<foreign::shade> {
  using members = skein::field_list<&foreign::shade::level>;
  static constexpr std::array<std::string_view, 1> field_names{"level"};
};

namespace {

using namespace skein;
using namespace skein::testing;

template <class T>
T round_trip(T const& value) {
  return decode<T>(encode(value));
}

TEST(fields, leave_the_struct_an_aggregate) {
  static_assert(std::is_aggregate_v<pizza>);
  pizza const by_position{"x", 9};
  pizza const by_name{.name = "x", .price_eur = 9};
  EXPECT_EQ(by_position.price_eur, by_name.price_eur);
  EXPECT_EQ((pizza{"y"}.price_eur), 0);
}

TEST(fields, give_the_type_its_name_and_version) {
  EXPECT_EQ(type_of<pizza>().name, "pizza.pizza");
  EXPECT_EQ(type_of<menu>().version, 3u);
  EXPECT_EQ(&type_of<pizza>(), &type_of<pizza>());
  EXPECT_EQ(cpp_name(*type_of<foreign::point>().cpp_type), "foreign::point");
  EXPECT_EQ(artifact_traits<pizza>::name, "pizza.pizza");
}

TEST(fields, work_in_structs_inside_functions) {
  struct inner { std::string text; SKEIN_FIELDS(text) };
  struct local { int number = 4; std::vector<inner> inners; SKEIN_ARTIFACT("local", 1, number, inners) };
  auto const back = round_trip(local{.number = 7, .inners = {{"a"}, {"b"}}});
  EXPECT_EQ(back.number, 7);
  EXPECT_EQ(back.inners.at(1).text, "b");
}

TEST(fields, nest) {
  auto const back = round_trip(menu{"summer", {{"olive", 20}, {"caper", 3}}, {"salt", 1}});
  EXPECT_EQ(back.toppings.at(1).name, "caper");
  EXPECT_EQ(back.toppings.at(1).grams, 3);
  EXPECT_EQ(back.favourite.name, "salt");
}

TEST(fields, may_contain_their_own_type) {
  auto const back = round_trip(chain{1, {{2, {{3, {}}}}, {4, {}}}});
  EXPECT_EQ(back.next.at(0).next.at(0).value, 3);
  EXPECT_EQ(back.next.at(1).value, 4);
}

TEST(fields, may_be_none) { EXPECT_EQ(encoded_hex(nothing{}), "80"); }

TEST(fields, may_be_forty) {
  forty value;
  value.f0 = 100;
  value.f39 = -1;
  auto const back = round_trip(value);
  EXPECT_EQ(back.f0, 100);
  EXPECT_EQ(back.f20, 20);
  EXPECT_EQ(back.f39, -1);
}

TEST(fields, may_be_sixty_four) {
  sixty_four value;
  value.a0 = 1;
  value.i7 = std::numeric_limits<std::int64_t>::min();
  auto const back = round_trip(value);
  EXPECT_EQ(back.a0, 1);
  EXPECT_EQ(back.i7, std::numeric_limits<std::int64_t>::min());
}

TEST(fields, may_be_private_or_of_a_base) {
  EXPECT_EQ(round_trip(guarded{5}).value(), 5);
  derived value;
  value.name = "n";
  value.stars = 3;
  auto const back = round_trip(value);
  EXPECT_EQ(back.name, "n");
  EXPECT_EQ(back.stars, 3);
}

TEST(fields, may_be_declared_for_a_type_of_somebody_else) {
  struct place { foreign::point at; foreign::shade shade; SKEIN_ARTIFACT("geo.place", 1, at, shade) };
  EXPECT_EQ(round_trip(foreign::point{1.5, -2}).y, -2);
  EXPECT_EQ(type_of<foreign::point>().name, "geo.point");
  auto const back = round_trip(place{{3, 4}, {5}});
  EXPECT_EQ(back.at.y, 4);
  EXPECT_EQ(back.shade.level, 5);
}

TEST(fields, only_declared_types_are_artifacts) {
  static_assert(artifact_value<pizza> && artifact_value<derived> && artifact_value<foreign::point> && artifact_value<guarded>);
  static_assert(!artifact_value<topping>, "SKEIN_FIELDS gives no wire name");
  static_assert(!artifact_value<forgetful>, "an inherited declaration would drop its own fields");
  static_assert(!artifact_value<foreign::shade> && !artifact_value<plain> && !artifact_value<int> && !artifact_value<std::string>);
}

TEST(fields, schema_hash_tells_fields_apart_and_ignores_the_width_of_integers) {
  struct a { int x = 0; std::string y; SKEIN_ARTIFACT("t", 1, x, y) };
  struct same { std::int64_t x = 0; std::string y; SKEIN_ARTIFACT("t", 1, x, y) };
  struct reordered { int x = 0; std::string y; SKEIN_ARTIFACT("t", 1, y, x) };
  struct retyped { double x = 0; std::string y; SKEIN_ARTIFACT("t", 1, x, y) };
  EXPECT_TRUE(type_of<a>().same_as(type_of<same>()));
  EXPECT_FALSE(type_of<a>().same_as(type_of<reordered>()));
  EXPECT_FALSE(type_of<a>().same_as(type_of<retyped>()));
}

// The same on every machine: hubs and workers compare it.
TEST(fields, schema_hash_is_pinned) { EXPECT_EQ(type_of<pizza>().schema_hash, 17237731192368137318u); }

}  // namespace
