// Each form of handler: what it is called with, and what becomes of what it returns.
#include "support/one_agent.hpp"
#include "support/tasks.hpp"

#include <optional>
#include <span>
#include <tuple>
#include <variant>

namespace {

using namespace std::chrono_literals;
using skein::artifact;
using skein::context;
using skein::when;
using skein::bus::outcome;
using skein::testing::answer;
using skein::testing::one_agent;
using skein::testing::values_of;

struct left {
  int number = 0;
  SKEIN_ARTIFACT("forms.left", 1, number)
};
struct right {
  int number = 0;
  SKEIN_ARTIFACT("forms.right", 1, number)
};
struct unique_value {
  int number = 0;
  unique_value() = default;
  explicit unique_value(int n) : number(n) {}
  unique_value(unique_value&&) = default;
  unique_value& operator=(unique_value&&) = default;
  SKEIN_ARTIFACT("forms.unique", 1, number)
};

TEST(a_group_handler, takes_one_of_each_in_declared_order) {
  std::vector<int> seen;
  one_agent it{skein::agent{"a"}
                   .on<left, right>([&](left const& l, right const& r) { seen = {l.number, r.number}; })
                   .on<left, right>([&](left const& l, right const& r, context& ctx) { seen = {r.number, l.number, static_cast<int>(ctx.inputs().size())}; })
                   .on<left, right>([&](artifact<left> const& l, artifact<right> const& r) { seen = {l->number, r->number, static_cast<int>(r.meta().seq)}; })
                   .on<left, right>([&](artifact<left> l, artifact<right> r, context&) { seen = {l->number + r->number}; })};
  it.run_group({it.hub.make(left{1}), it.hub.make(right{2})}, 0);
  EXPECT_EQ(seen, (std::vector{1, 2}));
  it.run_group({it.hub.make(left{1}), it.hub.make(right{2})}, 1);
  EXPECT_EQ(seen, (std::vector{2, 1, 2}));
  it.run_group({it.hub.make(left{1}), it.hub.make(right{2})}, 2);
  EXPECT_EQ(seen, (std::vector{1, 2, 6}));
  it.run_group({it.hub.make(left{1}), it.hub.make(right{2})}, 3);
  EXPECT_EQ(seen, std::vector{3});
}

TEST(a_group_handler, takes_two_of_the_same_type) {
  one_agent it{skein::agent{"a"}.on<left, left>([](left const& a, left const& b) { return answer{a.number * 10 + b.number}; }).publishes<answer>()};
  EXPECT_EQ(values_of<answer>(it.run(left{1}, left{2})), std::vector{answer{12}});
}

TEST(a_group_handler, fails_for_good_on_an_input_that_cannot_be_read) {
  one_agent it{skein::agent{"a"}.on<left, right>([](left const&, right const&) {})};
  auto broken = std::make_shared<skein::bus::artifact_data>(*it.hub.make(right{}));
  broken->payload = skein::payload{skein::bytes{static_cast<skein::bytes::value_type>(0xC1)}};
  EXPECT_EQ(it.run_group({it.hub.make(left{}), broken}).outcome, outcome::permanent);
}

TEST(a_batch_handler, takes_a_span_of_values) {
  one_agent it{skein::agent{"a"}
                   .on(when<left>().batch(3),
                       [](std::span<left const> all) {
                         std::vector<answer> made;
                         for (auto const& one : all) made.push_back({one.number});
                         return made;
                       })
                   .on(when<left>().batch(3), [](std::span<left const> all, context& ctx) { ctx.publish(answer{static_cast<int>(all.size())}); })
                   .publishes<answer>()};
  EXPECT_EQ(values_of<answer>(it.run(left{1}, left{2}, left{3})), (std::vector{answer{1}, answer{2}, answer{3}}));
  EXPECT_EQ(values_of<answer>(it.run_group({it.hub.make(left{1}), it.hub.make(left{2})}, 1)), std::vector{answer{2}});
}

TEST(a_batch_handler, takes_a_span_of_groups) {
  one_agent it{skein::agent{"a"}
                   .on(when<left, right>().batch(2, 1s),
                       [](std::span<std::tuple<left, right> const> all) {
                         std::vector<answer> made;
                         for (auto const& [l, r] : all) made.push_back({l.number * 10 + r.number});
                         return made;
                       })
                   .publishes<answer>()};
  EXPECT_EQ(values_of<answer>(it.run(left{1}, right{2}, left{3}, right{4})), (std::vector{answer{12}, answer{34}}));
}

TEST(a_batch_handler, takes_spans_of_artifacts_without_copying_values) {
  one_agent it{skein::agent{"a"}
                   .on(when<unique_value>().batch(2), [](std::span<artifact<unique_value> const> all) { return answer{all.back()->number}; })
                   .on(when<left, right>().batch(2), [](std::span<std::tuple<artifact<left>, artifact<right>> const> all) { return answer{std::get<1>(all.front())->number}; })
                   .publishes<answer>()};
  EXPECT_EQ(values_of<answer>(it.run(unique_value{1}, unique_value{2})), std::vector{answer{2}});
  EXPECT_EQ(values_of<answer>(it.run_group({it.hub.make(left{1}), it.hub.make(right{7})}, 1)), std::vector{answer{7}});
}

TEST(a_timer_handler, takes_the_tick) {
  one_agent it{skein::agent{"a"}
                   .every(1h, [](skein::tick const& t) { return answer{static_cast<int>(t.number)}; })
                   .cron("0 3 * * *", [](skein::tick const&, context& ctx) { ctx.publish(answer{7}); })
                   .publishes<answer>()};
  EXPECT_EQ(values_of<answer>(it.run(skein::tick{3, {}})), std::vector{answer{3}});
  EXPECT_EQ(values_of<answer>(it.run_group({it.hub.make(skein::tick{})}, 1)), std::vector{answer{7}});
}

TEST(a_handler, may_return_any_mixture_of_artifacts) {
  using either = std::variant<answer, right>;
  one_agent it{skein::agent{"a"}
                   .on<left>([](left const& l) -> std::tuple<std::optional<answer>, std::vector<either>> {
                     return {l.number > 0 ? std::optional{answer{l.number}} : std::nullopt, {right{1}, answer{2}}};
                   })
                   .publishes<answer, right>()};
  EXPECT_EQ(skein::outputs{it.run(left{5}).children}.types(), (std::vector<std::string>{"test.answer", "forms.right", "test.answer"}));
  EXPECT_EQ(skein::outputs{it.run(left{0}).children}.types(), (std::vector<std::string>{"forms.right", "test.answer"}));
}

}  // namespace
