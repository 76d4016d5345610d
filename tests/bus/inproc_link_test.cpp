#include <skein/bus/inproc_link.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace skein::bus {
namespace {

deliver work_for(std::string agent) {
  deliver made{1, {}};
  made.deliveries.emplace_back().agent = std::move(agent);
  made.deliveries.front().inputs = {std::make_shared<artifact_data const>()};
  return made;
}

TEST(inproc_link, gives_memory_of_what_has_arrived_back_to_who_sent_it) {
  std::vector<std::string> agents;
  std::size_t results = 0;
  std::weak_ptr<artifact_data const> artifact;
  auto const link = inproc_link::open({.hub = [&](message&&) { ++results; },
                                       .host =
                                           [&](message&& came) {
                                             auto const& work = std::get<deliver>(came).deliveries.front();
                                             agents.push_back(work.agent);
                                             artifact = work.inputs.front();
                                           }},
                                      false);
  message first{work_for("first")}, second{work_for("second")};
  auto const* const memory = std::get<deliver>(first).deliveries.data();
  link->to_host(std::move(first));
  while (link->poll()) {
  }
  EXPECT_TRUE(artifact.expired()) << "but no artifact";
  link->to_host(std::move(second));
  auto& left = std::get<deliver>(second).deliveries;
  ASSERT_EQ(left.data(), memory);
  EXPECT_TRUE(left.front().inputs.empty());
  EXPECT_GE(left.front().inputs.capacity(), 1u);

  done result;
  result.children.resize(2);
  auto const* const children = result.children.data();
  link->to_hub(std::move(result));
  while (link->poll()) {
  }
  done next;
  link->to_hub(std::move(next));
  EXPECT_TRUE(next.children.empty());
  EXPECT_EQ(next.children.data(), children);
  while (link->poll()) {
  }
  EXPECT_EQ(results, 2u);
  EXPECT_EQ(agents, (std::vector<std::string>{"first", "second"}));
}

}  // namespace
}  // namespace skein::bus
