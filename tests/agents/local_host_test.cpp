// A host by itself: what it does with a delivery, and in which order.
#include "support/fake_hub.hpp"
#include "support/tasks.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace {

using skein::agents::local_host;
using skein::bus::outcome;
using skein::testing::answer;
using skein::testing::fake_hub;
using skein::testing::task;

/// A host whose threads are the test's.
struct hosted {
  explicit hosted(skein::agent const& what) { host->add(what).value(); }

  /// Hands over one task and runs it; its result.
  skein::bus::done run(int number, std::string correlation = {}) {
    host->enqueue({hub.deliver("worker", {hub.make(task{number}, std::move(correlation))})});
    EXPECT_TRUE(host->run_one());
    return hub.results(++runs).back();
  }

  fake_hub hub;
  std::unique_ptr<local_host> host = local_host::make(hub);
  std::size_t runs = 0;
};

TEST(a_host, has_nothing_to_run_at_first) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  EXPECT_FALSE(it.host->run_one());
  EXPECT_TRUE(it.host->held().empty());
  EXPECT_EQ(it.host->offered().size(), 1u);
}

TEST(a_host, answers_a_delivery_with_what_the_handler_made) {
  hosted it{skein::agent{"worker"}
                .on<task>([](task const& t, skein::context& ctx) {
                  ctx.publish(answer{t.number}, {.tags = {"x"}, .correlation_id = "c", .visibility = skein::visible_to_agents{{"reader"}}});
                  return answer{t.number + 1};
                })
                .publishes<answer>()};
  auto const result = it.run(4);
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_EQ(result.activation.attempt, 1u);
  ASSERT_EQ(result.children.size(), 2u);
  auto const& first = result.children[0];
  EXPECT_EQ(first.type, "test.answer");
  EXPECT_EQ(skein::value_of<answer>(first.payload).value()->number, 4);
  EXPECT_EQ(first.tags, std::vector<std::string>{"x"});
  EXPECT_EQ(first.correlation, "c");
  EXPECT_EQ(first.visible_to->agents, std::vector<std::string>{"reader"});
  EXPECT_EQ(first.context.span, skein::derive_publish_span_id(skein::derive_artifact_id(result.activation.id, 0)));
  EXPECT_TRUE(result.children[1].correlation.empty()) << "inherited by the board";
}

TEST(a_host, answers_a_delivery_with_how_the_handler_failed) {
  hosted it{skein::agent{"worker"}
                .on<task>([](task const& t, skein::context& ctx) {
                  ctx.publish(answer{1});
                  if (t.number == 0) throw std::runtime_error{"busy"};
                  throw skein::permanent_error{"no use"};
                })
                .publishes<answer>()};
  auto const failed = it.run(0);
  EXPECT_EQ(failed.outcome, outcome::failed);
  EXPECT_EQ(failed.error_type, "std::runtime_error");
  EXPECT_EQ(failed.what, "busy");
  EXPECT_TRUE(failed.children.empty());
  EXPECT_EQ(it.run(1).outcome, outcome::permanent);
}

TEST(a_host, does_not_try_again_what_cannot_be_read) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  auto broken = std::make_shared<skein::bus::artifact_data>(*it.hub.make(task{}));
  broken->payload = skein::payload{skein::bytes{static_cast<skein::bytes::value_type>(0xC1)}};
  it.host->enqueue({it.hub.deliver("worker", {broken})});
  EXPECT_TRUE(it.host->run_one());
  auto const result = it.hub.results(1).front();
  EXPECT_EQ(result.outcome, outcome::permanent);
  EXPECT_NE(result.what.find("test.task"), std::string::npos) << result.what;
}

TEST(a_host, fails_what_the_board_cannot_take) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) { return answer{}; }).publishes<answer>()};
  it.hub.refusal = skein::error{skein::errc::too_large, "too much"};
  auto const result = it.run(1);
  EXPECT_EQ(result.outcome, outcome::permanent);
  EXPECT_TRUE(result.children.empty());
  EXPECT_EQ(it.hub.spans().find("publish test.answer").size(), 0u);
}

TEST(a_host, runs_by_priority_then_arrival) {
  std::vector<int> seen;
  hosted it{skein::agent{"worker"}.on<task>([&](task const& t) { seen.push_back(t.number); })};
  std::vector<skein::bus::delivery> work;
  for (auto [number, priority] : {std::pair{1, 0}, {2, 5}, {3, 0}, {4, 5}, {5, -1}}) {
    work.push_back(it.hub.deliver("worker", {it.hub.make(task{number})}, priority));
  }
  it.host->enqueue(std::move(work));
  while (it.host->run_one()) {
  }
  EXPECT_EQ(seen, (std::vector{2, 4, 1, 3, 5}));
}

TEST(a_host, gives_each_agent_its_turn) {
  fake_hub hub;
  auto const host = local_host::make(hub);
  std::string seen;
  for (std::string const name : {"a", "b"}) host->add(skein::agent{name}.on<task>([&seen, name](task const&) { seen += name; })).value();
  for (auto const* name : {"a", "a", "b", "b"}) host->enqueue({hub.deliver(name, {hub.make(task{})})});
  while (host->run_one()) {
  }
  EXPECT_EQ(seen, "abab");
}

TEST(a_host, holds_what_is_queued_and_what_runs) {
  std::vector<skein::bus::attempt_ref> inside;
  local_host* host = nullptr;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&) { inside = host->held(); })};
  host = it.host.get();
  auto first = it.hub.deliver("worker", {it.hub.make(task{1})}), second = it.hub.deliver("worker", {it.hub.make(task{2})});
  std::vector const both{second.activation, first.activation};
  it.host->enqueue({first, second});
  EXPECT_EQ(it.host->held().size(), 2u);
  it.host->run_one();
  EXPECT_EQ(inside, both);
  EXPECT_EQ(it.host->held(), std::vector{second.activation});
}

TEST(a_host, knows_the_handler_that_a_thread_is_inside_of) {
  local_host* host = nullptr;
  bool inside = false, elsewhere = true;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&) {
    inside = host->current_frame() != nullptr;
    std::thread{[&] { elsewhere = host->current_frame() != nullptr; }}.join();
  })};
  host = it.host.get();
  it.run(1);
  EXPECT_TRUE(inside);
  EXPECT_FALSE(elsewhere);
  EXPECT_EQ(host->current_frame(), nullptr);
}

TEST(a_host, stops_without_starting_what_is_queued) {
  std::latch started{1};
  int handled = 0;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) {
    ++handled;
    started.count_down();
    while (!ctx.cancelled()) std::this_thread::yield();
  })};
  it.host->start(2);
  it.host->enqueue({it.hub.deliver("worker", {it.hub.make(task{1})}), it.hub.deliver("worker", {it.hub.make(task{2})})});
  started.wait();
  it.host->stop();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(it.hub.results(1).size(), 1u);
  EXPECT_EQ(it.host->held().size(), 1u);
  EXPECT_FALSE(it.host->run_one());
}

TEST(a_host, tells_a_running_handler_that_it_is_cancelled) {
  std::vector<bool> seen;
  local_host* host = nullptr;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) {
    seen.push_back(ctx.cancelled());
    host->cancel(host->running().at(0));
    seen.push_back(ctx.cancelled());
  })};
  host = it.host.get();
  EXPECT_EQ(it.run(1).outcome, outcome::ok);
  it.run(2);
  EXPECT_EQ(seen, (std::vector{false, true, false, true})) << "each attempt by itself";
}

TEST(a_host, tells_all_handlers_that_they_are_cancelled) {
  std::vector<bool> seen;
  local_host* host = nullptr;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) {
    host->cancel_all();
    seen.push_back(ctx.cancelled());
  })};
  host = it.host.get();
  it.run(1);
  hosted late{skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) { seen.push_back(ctx.cancelled()); })};
  late.host->cancel_all();
  late.run(1);
  EXPECT_EQ(seen, (std::vector<bool>{true, true}));
}

TEST(a_host, gives_back_a_waiting_attempt_that_is_cancelled) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  auto first = it.hub.deliver("worker", {it.hub.make(task{1})}), second = it.hub.deliver("worker", {it.hub.make(task{2})});
  it.host->enqueue({first, second});
  it.host->cancel(first.activation);
  ASSERT_EQ(it.hub.results(1).size(), 1u);
  EXPECT_EQ(it.hub.results(1)[0].activation, first.activation);
  EXPECT_EQ(it.hub.results(1)[0].outcome, outcome::released);
  EXPECT_EQ(it.host->held(), std::vector{second.activation});
  EXPECT_TRUE(it.host->running().empty());
}

TEST(a_host, gives_back_everything_once_it_drains) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  it.host->enqueue({it.hub.deliver("worker", {it.hub.make(task{1})})});
  it.host->drain();
  it.host->enqueue({it.hub.deliver("worker", {it.hub.make(task{2})})});
  for (auto const& one : it.hub.results(2)) EXPECT_EQ(one.outcome, outcome::released);
  EXPECT_FALSE(it.host->run_one());
}

TEST(a_host, gives_back_what_a_thread_has_taken_and_not_begun) {
  std::latch inside{1}, go_on{1};
  hosted it{skein::agent{"worker"}.on<task>([&](task const&) {
    inside.count_down();
    go_on.wait();
  })};
  it.host->start(1);
  std::vector<skein::bus::delivery> work;
  for (int i = 0; i < 3; ++i) work.push_back(it.hub.deliver("worker", {it.hub.make(task{i})}));
  auto const first = work[0].activation, second = work[1].activation, third = work[2].activation;
  it.host->enqueue(std::move(work));
  inside.wait();
  EXPECT_EQ(it.host->held().size(), 3u);
  EXPECT_EQ(it.host->running(), std::vector{first});
  it.host->cancel(second);
  it.host->drain();
  auto const released = it.hub.results(2);
  EXPECT_EQ(released[0].activation, second);
  EXPECT_EQ(released[1].activation, third);
  EXPECT_EQ(released[1].outcome, outcome::released);
  go_on.count_down();
  EXPECT_EQ(it.hub.results(3).back().activation, first);
}

TEST(a_host, asks_no_predicate_that_the_publisher_has_asked) {
  int asked = 0;
  hosted it{skein::agent{"worker"}.on(skein::when<task>().where([&](task const&) { return ++asked == 0; }), [](task const&) {})};
  EXPECT_EQ(it.run(1).outcome, outcome::ok);
  EXPECT_EQ(asked, 0);
}

TEST(a_host, asks_for_a_run_again_only_where_it_may_have_changed) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  auto const run_two = [&] {
    for (int i = 0; i < 2; ++i) it.host->enqueue({it.hub.deliver("worker", {it.hub.make(task{i})})});
    it.hub.scopes_asked = 0;
    EXPECT_TRUE(it.host->run_ready([] { return false; }));
    return it.hub.scopes_asked.load();
  };
  EXPECT_EQ(run_two(), 2);
  it.hub.version = 1;
  EXPECT_EQ(run_two(), 1);
  hosted changing{skein::agent{"worker"}.on<task>([&](task const&) { ++*changing.hub.version; })};
  changing.hub.version = 1;
  for (int i = 0; i < 2; ++i) changing.host->enqueue({changing.hub.deliver("worker", {changing.hub.make(task{i})})});
  EXPECT_TRUE(changing.host->run_ready([] { return false; }));
  EXPECT_EQ(changing.hub.scopes_asked, 2);
}

TEST(a_host, starts_as_many_at_once_as_it_has_threads) {
  constexpr int threads = 8;
  std::latch all_inside{threads};
  hosted it{skein::agent{"worker"}.on<task>([&](task const&) { all_inside.arrive_and_wait(); }).max_concurrency(threads)};
  it.host->start(threads);
  std::vector<skein::bus::delivery> work;
  for (int i = 0; i < threads; ++i) work.push_back(it.hub.deliver("worker", {it.hub.make(task{i})}));
  it.host->enqueue(std::move(work));
  EXPECT_EQ(it.hub.results(threads).size(), static_cast<std::size_t>(threads));
}

TEST(a_host, answers_when_to_try_again) {
  hosted it{skein::agent{"worker"}.on<task>([](task const& t) {
    throw skein::retry_later{std::chrono::seconds{t.number}};
  })};
  auto const later = it.run(7);
  EXPECT_EQ(later.outcome, outcome::failed);
  EXPECT_EQ(later.retry_after, std::chrono::seconds{7});
  EXPECT_EQ(later.error_type, "skein::retry_later");
  EXPECT_EQ(it.run(-7).retry_after, std::chrono::seconds{0});
}

TEST(a_host, sees_to_what_is_unfinished_before_its_threads_sleep) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  it.host->start(1);
  it.hub.wait_attended();
}

TEST(a_host, ignores_deliveries_for_agents_that_it_lacks) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  it.host->enqueue({it.hub.deliver("nobody", {it.hub.make(task{})})});
  EXPECT_FALSE(it.host->run_one());
}

TEST(an_attempt, hangs_under_its_newest_input_and_links_to_the_others) {
  hosted it{skein::agent{"worker"}.on<task>([](task const&) {})};
  auto const older = it.hub.make(task{1}), newer = it.hub.make(task{2});
  it.host->enqueue({it.hub.deliver("worker", {newer, older})});
  it.host->run_one();
  auto const spans = it.hub.spans().find("invoke_agent worker");
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].parent, newer->context.span);
  ASSERT_EQ(spans[0].links.size(), 1u);
  EXPECT_EQ(spans[0].links[0].target, older->context);
}

TEST(an_attempt, records_publishes_under_the_span_that_made_them) {
  hosted it{skein::agent{"worker"}
                .on<task>([](task const&, skein::context& ctx) {
                  skein::span inner{"inner"};
                  ctx.publish(answer{1});
                })
                .publishes<answer>()};
  it.run(1);
  auto const spans = it.hub.spans();
  EXPECT_EQ(spans.find("publish test.answer").front().parent, spans.find("inner").front().context.span);
  EXPECT_EQ(spans.find("inner").front().parent, spans.find("invoke_agent worker").front().context.span);
}

TEST(an_attempt, shows_its_agent_only_what_it_may_see) {
  std::vector<int> seen;
  hosted it{skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) {
    for (auto const& one : ctx.artifacts<answer>({.limit = 2})) seen.push_back(one->number);
  })};
  for (int n = 1; n <= 4; ++n) {
    auto made = std::make_shared<skein::bus::artifact_data>(*it.hub.make(answer{n}));
    if (n == 4) made->visible_to = std::make_shared<skein::visibility const>(skein::visibility{{"other"}, {}, {}, {}});
    if (n == 3) made->visible_to = std::make_shared<skein::visibility const>(skein::visibility{{"worker"}, {}, {}, {}});
    it.hub.board.push_back(made);
  }
  it.run(1);
  EXPECT_EQ(seen, (std::vector{3, 2})) << "newest first";
}

}  // namespace
