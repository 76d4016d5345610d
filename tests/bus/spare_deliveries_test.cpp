#include <skein/bus/blackboard_io.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace skein::bus {
namespace {

TEST(spare_deliveries, are_as_good_as_new_whatever_was_in_them) {
  std::string const long_name(100, 'x');
  attempt_ref const attempt{7, {}, 2};
  spare_deliveries spare;
  std::vector<delivery> gone;
  for (int i = 0; i < 3; ++i) {
    delivery& one = spare.add_to(gone, attempt);
    one.agent = long_name;
    one.ordinal = 4;
    one.priority = 5;
    one.deadline = std::chrono::seconds{1};
    one.unasked = true;
    one.inputs.push_back(std::make_shared<artifact_data const>());
  }
  artifact_ptr const kept = gone[1].inputs[0];
  spare.take(gone);
  EXPECT_TRUE(gone.empty());
  EXPECT_EQ(kept.use_count(), 1);
  std::vector<delivery> next;
  delivery const& again = spare.add_to(next, attempt);
  EXPECT_EQ(next.size(), 1u);
  EXPECT_EQ(again.activation, attempt);
  EXPECT_TRUE(again.agent.empty());
  EXPECT_TRUE(again.inputs.empty());
  EXPECT_EQ(again.ordinal, 0u);
  EXPECT_EQ(again.priority, 0);
  EXPECT_EQ(again.deadline.count(), 0);
  EXPECT_FALSE(again.unasked);
}

}  // namespace
}  // namespace skein::bus
