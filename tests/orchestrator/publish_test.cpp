// Publishing and its options, from whatever thread.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>

using namespace std::chrono_literals;

namespace {

using skein::testing::answer;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;

struct blob {
  std::string text;
  SKEIN_ARTIFACT("publish.blob", 1, text)
};

TEST(publish, gives_the_id_of_what_is_on_the_board) {
  skein::orchestrator hub{in_memory()};
  auto const id = hub.publish(task{1});
  auto const all = hub.artifacts<task>();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].id(), id);
  EXPECT_EQ(all[0].meta().produced_by, "external");
  EXPECT_TRUE(all[0].meta().correlation.empty());
}

TEST(publish, keeps_tags_and_correlation) {
  skein::orchestrator hub{in_memory()};
  std::string correlation;
  hub.add(skein::agent{"worker"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
  hub.publish(task{1}, {.tags = {"eu", "new"}, .correlation_id = "order-7"});
  hub.run_until_idle();
  auto const sent = hub.artifacts<task>({.tagged = {"new", "other"}});
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].meta().tags, (std::vector<std::string>{"eu", "new"}));
  auto const made = hub.artifacts<answer>({.correlation_id = "order-7"});
  ASSERT_EQ(made.size(), 1u) << "children inherit the correlation";
  EXPECT_TRUE(made[0].meta().tags.empty());
  EXPECT_TRUE(hub.artifacts<task>({.tagged = {"old"}}).empty());
}

TEST(publish, correlates_by_the_run_inside_one) {
  skein::orchestrator hub{in_memory()};
  skein::traced_run run{hub, "correlated"};
  hub.publish(task{1});
  EXPECT_EQ(hub.artifacts<task>().at(0).meta().correlation, run.id().to_string());
  EXPECT_EQ(hub.artifacts<task>().at(0).meta().run, run.id());
}

TEST(publish, under_a_known_idempotency_key_does_nothing) {
  skein::orchestrator hub{in_memory()};
  int handled = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
  auto const first = hub.publish(task{1}, {.idempotency_key = "order-7"});
  auto const again = hub.publish(task{2}, {.idempotency_key = "order-7"});
  auto const other = hub.publish(task{3}, {.idempotency_key = "order-8"});
  hub.run_until_idle();
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
  EXPECT_EQ(handled, 2);
  EXPECT_EQ(hub.artifacts<task>().size(), 2u);
}

TEST(publish, remembers_idempotency_keys_across_a_restart) {
  temporary_folder const folder;
  skein::artifact_id first;
  {
    skein::orchestrator hub{durable(folder)};
    first = hub.publish(task{1}, {.idempotency_key = "order-7"});
  }
  int handled = 0;
  skein::orchestrator hub{durable(folder)};
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
  EXPECT_EQ(hub.publish(task{2}, {.idempotency_key = "order-7"}), first);
  hub.run_until_idle();
  EXPECT_EQ(handled, 0);
}

TEST(publish, is_seen_only_by_the_agents_it_is_for) {
  skein::orchestrator hub{in_memory()};
  std::vector<std::string> seen;
  for (std::string const name : {"ada", "bob"}) {
    hub.add(skein::agent{name}.on<task>([&seen, name](task const& t) { seen.push_back(name + std::to_string(t.number)); }));
  }
  hub.publish(task{1}, {.visibility = skein::visible_to_agents{{"bob"}}});
  hub.publish(task{2}, {.visibility = skein::visible_to_everyone{}});
  hub.run_until_idle();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"ada2", "bob1", "bob2"}));
}

TEST(publish, is_refused_as_busy_when_the_board_stays_full) {
  auto options = in_memory();
  options.open_activations_max = 2;
  skein::orchestrator hub{options};
  int handled = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
  hub.publish(task{1});
  hub.publish(task{2});
  EXPECT_EQ(code_thrown_by([&] { hub.publish(task{3}, {.timeout = 1ms}); }), skein::errc::busy);
  EXPECT_EQ(hub.artifacts<task>().size(), 2u) << "nothing of it took effect";
  hub.run_until_idle();
  hub.publish(task{4}, {.timeout = 1ms});
  hub.run_until_idle();
  EXPECT_EQ(handled, 3);
}

TEST(publish, waits_for_room_on_a_full_board) {
  for (bool on_disk : {false, true}) {
    temporary_folder const folder;
    auto options = on_disk ? durable(folder, 1) : in_memory(1);
    options.open_activations_max = 1;
    skein::orchestrator hub{options};
    std::latch full{1}, go{1};
    hub.add(skein::agent{"worker"}.on<task>([&](task const& t) {
      if (t.number > 0) return;
      full.count_down();
      go.wait();
    }));
    hub.publish(task{0});
    full.wait();
    std::thread later{[&] { hub.publish(task{1}); }};
    go.count_down();
    later.join();
    hub.publish(task{2});
    hub.run_until_idle();
    EXPECT_EQ(hub.artifacts<task>().size(), 3u);
  }
}

TEST(publish, refuses_what_is_larger_than_the_ledger_takes) {
  temporary_folder const folder;
  auto options = durable(folder);
  options.payload_bytes_max = 100;
  skein::orchestrator hub{options};
  EXPECT_EQ(code_thrown_by([&] { hub.publish(blob{std::string(200, 'x')}); }), skein::errc::too_large);
}

TEST(publish, of_a_child_that_is_too_large_fails_the_activation_and_is_not_tried_again) {
  temporary_folder const folder;
  auto options = durable(folder);
  options.payload_bytes_max = 100;
  skein::orchestrator hub{options};
  int calls = 0;
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const&) {
                ++calls;
                return blob{std::string(200, 'x')};
              })
              .publishes<blob>()
              .retry({.attempts_max = 3}));
  hub.publish(task{1});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_NE(report.failures[0].what.find("payload_bytes_max"), std::string::npos);
  EXPECT_EQ(calls, 1);
}

TEST(publish_all, keeps_the_order) {
  temporary_folder const folder;
  skein::orchestrator hub{durable(folder)};
  std::vector<int> seen;
  hub.add(skein::agent{"worker"}.on<task>([&](task const& t) { seen.push_back(t.number); }));
  auto const ids = hub.publish_all(std::vector{task{3}, task{1}, task{2}}, {.tags = {"x"}});
  EXPECT_EQ(std::set<skein::artifact_id>(ids.begin(), ids.end()).size(), 3u);
  hub.run_until_idle();
  EXPECT_EQ(seen, (std::vector{3, 1, 2}));
  EXPECT_EQ(hub.artifacts<task>({.tagged = {"x"}}).size(), 3u);
}

TEST(publish_all, of_nothing_gives_nothing) {
  skein::orchestrator hub{in_memory()};
  EXPECT_TRUE(hub.publish_all(std::vector<task>{}).empty());
}

TEST(publish_all, refuses_one_idempotency_key_for_several) {
  skein::orchestrator hub{in_memory()};
  EXPECT_EQ(code_thrown_by([&] { hub.publish_all(std::vector{task{1}, task{2}}, {.idempotency_key = "k"}); }), skein::errc::invalid_argument);
}

TEST(publish_async, gives_the_id_once_it_is_committed) {
  for (unsigned threads : {0u, 2u}) {
    for (bool on_disk : {false, true}) {
      temporary_folder const folder;
      skein::orchestrator hub{on_disk ? durable(folder, threads) : in_memory(threads)};
      std::vector<std::future<skein::artifact_id>> sent;
      for (int i = 0; i < 50; ++i) sent.push_back(hub.publish_async(task{i}));
      std::set<skein::artifact_id> ids;
      for (auto& one : sent) ids.insert(one.get());
      EXPECT_EQ(ids.size(), 50u);
      EXPECT_EQ(hub.artifacts<task>().size(), 50u);
    }
  }
}

class publish_during_a_wait : public testing::TestWithParam<std::tuple<unsigned, bool, skein::local_link>> {};

TEST_P(publish_during_a_wait, from_foreign_threads_is_waited_for) {
  auto const [threads, on_disk, link] = GetParam();
  temporary_folder const folder;
  auto options = on_disk ? durable(folder, threads) : in_memory(threads);
  options.local_link = link;
  skein::orchestrator hub{options};
  constexpr int publishers = 3, each = 20;
  std::latch waiting{1}, all_published{publishers};
  std::atomic<int> handled = 0;
  // The wait can't end before the foreign threads are through: one handler waits for them.
  hub.add(skein::agent{"gate"}.on<blob>([&](blob const&) {
    waiting.count_down();
    all_published.wait();
  }));
  hub.add(skein::agent{"worker"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>().max_concurrency(4));
  hub.add(skein::agent{"counter"}.on<answer>([&](answer const&) { ++handled; }));
  hub.publish(blob{"go"});
  std::vector<std::thread> foreign;
  for (int p = 0; p < publishers; ++p) {
    foreign.emplace_back([&] {
      waiting.wait();
      for (int i = 0; i < each; ++i) hub.publish(task{i});
      all_published.count_down();
    });
  }
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(handled, publishers * each);
  EXPECT_EQ(report.activations.size(), 1u + 2u * publishers * each);
  for (auto& thread : foreign) thread.join();
}

INSTANTIATE_TEST_SUITE_P(every, publish_during_a_wait,
                         testing::Combine(testing::Values(0u, 1u, 8u), testing::Bool(),
                                          testing::Values(skein::local_link::direct, skein::local_link::inproc)));

TEST(publish, through_the_hub_inside_a_handler_is_part_of_the_activation) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const& t) {
                auto const id = hub.publish(answer{1});
                hub.publish_all(std::vector{answer{2}, answer{3}});
                EXPECT_FALSE(hub.publish_async(answer{4}).get().empty());
                EXPECT_FALSE(id.empty());
                EXPECT_TRUE(hub.artifacts<answer>().empty()) << "it is published with the end of the handler";
                if (t.number > 0) throw std::runtime_error{"all or nothing"};
              })
              .publishes<answer>());
  hub.publish(task{1});
  hub.run_until_idle();
  EXPECT_TRUE(hub.artifacts<answer>().empty());
  hub.publish(task{0});
  hub.run_until_idle();
  EXPECT_EQ(hub.artifacts<answer>({.produced_by = "worker"}).size(), 4u);
}

TEST(publish, of_a_second_type_under_one_wire_name_names_both) {
  struct other_task {
    std::string title;
    SKEIN_ARTIFACT("test.task", 1, title)
  };
  skein::orchestrator hub{in_memory()};
  hub.publish(task{1});
  EXPECT_EQ(code_thrown_by([&] { hub.publish(other_task{"x"}); }), skein::errc::type_conflict);
  auto const text = skein::testing::text_thrown_by([&] { hub.add(skein::agent{"a"}.on<other_task>([](other_task const&) {})); });
  EXPECT_NE(text.find("test.task"), std::string::npos) << text;
  EXPECT_NE(text.find("::task "), std::string::npos) << text;
  EXPECT_NE(text.find("other_task"), std::string::npos) << text;
}

TEST(artifacts, are_filtered) {
  skein::orchestrator hub{in_memory()};
  hub.add(skein::agent{"doubler"}.on<task>([](task const& t) { return answer{t.number * 2}; }).publishes<answer>());
  skein::run_id id;
  {
    skein::traced_run run{hub, "first"};
    id = run.id();
    hub.publish(task{1});
    hub.run_until_idle();
  }
  hub.publish_all(std::vector{task{2}, task{3}});
  hub.publish(answer{100});
  hub.run_until_idle();
  EXPECT_EQ(hub.artifacts<answer>().size(), 4u);
  EXPECT_EQ(hub.artifacts<answer>({.produced_by = "doubler"}).size(), 3u);
  EXPECT_EQ(hub.artifacts<answer>({.produced_by = "external"}).size(), 1u);
  EXPECT_EQ(hub.artifacts<answer>({.run = id}).size(), 1u);
  auto const newest = hub.artifacts<answer>({.produced_by = "doubler", .limit = 2});
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[0]->number, 4);
  EXPECT_EQ(newest[1]->number, 6);
}

}  // namespace
