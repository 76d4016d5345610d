#include <skein/artifact.hpp>
#include <skein/registry/failure.hpp>
#include <skein/registry/type_registry.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace kitchen {
struct pizza { std::string name; SKEIN_ARTIFACT("pizza.pizza", 1, name) };
}  // namespace kitchen
namespace till {
struct pizza { std::string name; int cents = 0; SKEIN_ARTIFACT("pizza.pizza", 2, name, cents) };
struct same_pizza { std::string name; SKEIN_ARTIFACT("pizza.pizza", 1, name) };
}  // namespace till

namespace {

using namespace skein;

TEST(type_registry, finds_types_by_name) {
  type_registry types;
  ASSERT_TRUE(types.add(type_of<kitchen::pizza>()));
  ASSERT_TRUE(types.add(type_of<tick>()));
  EXPECT_EQ(types.find("pizza.pizza"), &type_of<kitchen::pizza>());
  EXPECT_EQ(types.find("pizza.other"), nullptr);
  EXPECT_EQ(types.all(), (std::vector<artifact_type const*>{&type_of<kitchen::pizza>(), &type_of<tick>()}));
}

TEST(type_registry, accepts_a_type_twice_and_its_twin) {
  type_registry types;
  EXPECT_TRUE(types.add(type_of<kitchen::pizza>()));
  EXPECT_TRUE(types.add(type_of<kitchen::pizza>()));
  EXPECT_TRUE(types.add(type_of<till::same_pizza>()));
  EXPECT_EQ(types.all().size(), 1u);
}

TEST(type_registry, refuses_two_types_under_one_name_and_names_both) {
  type_registry types;
  ASSERT_TRUE(types.add(type_of<kitchen::pizza>()));
  auto const second = types.add(type_of<till::pizza>());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::type_conflict);
  EXPECT_EQ(second.error().message(),
            "two C++ types claim the wire name 'pizza.pizza' and differ: kitchen::pizza (version 1; name: string) and till::pizza (version 2; "
            "name: string, cents: integer); give one of them another wire name, or make them the same");
  EXPECT_EQ(types.find("pizza.pizza"), &type_of<kitchen::pizza>());
}

TEST(type_registry, may_be_used_by_several_threads) {
  type_registry types;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        EXPECT_TRUE(types.add(type_of<kitchen::pizza>()));
        EXPECT_TRUE(types.add(type_of<failure>()));
        EXPECT_EQ(types.find("skein.failure"), &type_of<failure>());
      });
    }
  }
  EXPECT_EQ(types.all().size(), 2u);
}

TEST(built_in_artifacts, have_their_names_and_survive_a_round_trip) {
  failure const failed{.agent = "critic", .error_type = "std::runtime_error", .what = "no", .attempts = 3};
  auto const encoded = make_payload(failed).encoded().value().size();
  EXPECT_GT(encoded, 0u);
  EXPECT_EQ(type_of<failure>().name, "skein.failure");
  EXPECT_EQ(type_of<tick>().name, "skein.tick");
  tick const ticked{7, std::chrono::system_clock::time_point{std::chrono::seconds{1}}};
  EXPECT_EQ(type_of<tick>().to_json(&ticked), R"({"number":7,"at":"1970-01-01T00:00:01.000000000Z"})");
}

}  // namespace
