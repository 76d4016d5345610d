#include "forming_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace skein::bus {
namespace {

constexpr std::size_t hash = 7;

shared_text const run = std::make_shared<std::string const>("run"), another = std::make_shared<std::string const>("another");

field_key_value named(std::string const& text) { return {0, text}; }

TEST(forming_table, tells_names_of_one_hash_apart_in_whatever_order_they_are_dropped) {
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  std::array<std::string, 4> const keys{"a", "b", "c", "d"};
  do {
    forming_table table;
    std::array<forming_groups*, 4> made{};
    for (std::size_t i = 0; i < keys.size(); ++i) made[i] = &table.add({run, named(keys[i]), hash}, 2);
    EXPECT_EQ(table.find({run, named("e"), hash}), nullptr);
    EXPECT_EQ(table.find({another, named("a"), hash}), nullptr);
    for (std::size_t gone = 0; gone < order.size(); ++gone) {
      table.drop(*made[order[gone]]);
      for (std::size_t i = 0; i < order.size(); ++i) {
        auto const at = order[i];
        EXPECT_EQ(table.find({run, named(keys[at]), hash}), i <= gone ? nullptr : made[at]);
      }
    }
    EXPECT_EQ(table.find({run, named("a"), hash}), nullptr);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(forming_table, gives_what_was_dropped_a_new_name_and_nothing_of_the_old_one) {
  forming_table table;
  auto& first = table.add({run, named("a"), hash}, 1);
  auto& other = table.add({run, named("b"), hash}, 1);
  first.lacking[0].push_back(1);
  first.lacking[0].erase(1);
  table.drop(first);
  auto& again = table.add({run, named("c"), 8}, 2);
  EXPECT_EQ(again.lacking.size(), 2u);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(table.find({run, named("c"), 8}), &again);
  EXPECT_EQ(table.find({run, named("b"), hash}), &other);
}

TEST(forming_table, knows_a_correlation_by_its_text_and_a_number_from_a_text) {
  forming_table table;
  auto& number = table.add({run, field_key_value{5, {}}, hash}, 1);
  EXPECT_EQ(table.find({std::make_shared<std::string const>("run"), field_key_value{5, {}}, hash}), &number);
  EXPECT_EQ(table.find({run, field_key_value{6, {}}, hash}), nullptr);
  EXPECT_EQ(table.find({run, named("n5"), hash}), nullptr);
}

}  // namespace
}  // namespace skein::bus
