// Whole scenarios through a hub, with and without threads of its own: loops, floods, runs side by side, restarts in the middle, workers.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"
#include "support/manual_hub.hpp"
#include "support/worker_here.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <span>

using namespace std::chrono_literals;

namespace {

using skein::until;
using skein::testing::captured_log;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::manual_clock;
using skein::testing::temporary_folder;
using skein::testing::text_thrown_by;
using skein::testing::worker_here;

struct ball {
  int number = 0;
  std::string key;
  SKEIN_ARTIFACT("scenario.ball", 1, number, key)
};
struct bat {
  int number = 0;
  std::string key;
  SKEIN_ARTIFACT("scenario.bat", 1, number, key)
};
struct score {
  int number = 0;
  SKEIN_ARTIFACT("scenario.score", 1, number)
};

struct met {
  std::string who;
  SKEIN_ARTIFACT("scenario.met", 1, who)
};

class scenario : public testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] static skein::orchestrator_options options() { return in_memory(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(with_threads, scenario, testing::Values(0u, 2u));

TEST_P(scenario, a_ping_pong_stops_at_its_limit_with_a_typed_failure) {
  captured_log const log;
  skein::orchestrator hub{options()};
  std::atomic<int> pings = 0;
  hub.add(skein::agent{"ping"}
              .on<ball>([&](ball const& b) {
                ++pings;
                return bat{b.number + 1, {}};
              })
              .publishes<bat>()
              .activations_max_per_workflow(50));
  hub.add(skein::agent{"pong"}.on<bat>([](bat const& b) { return ball{b.number + 1, {}}; }).publishes<ball>());
  skein::traced_run run{hub, "endless"};
  hub.publish(ball{});
  auto const report = run.run_until_idle();
  EXPECT_EQ(pings, 50);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].error_type, "skein.activations_max");
  EXPECT_EQ(hub.artifacts<skein::failure>().size(), 1u);
}

TEST_P(scenario, outputs_of_a_fan_out_arrive_in_order) {
  skein::orchestrator hub{options()};
  std::vector<int> seen;
  hub.add(skein::agent{"fan"}
              .on<ball>([](ball const&) {
                std::vector<bat> out(200);
                for (int i = 0; i < 200; ++i) out[static_cast<std::size_t>(i)].number = i;
                return out;
              })
              .publishes(skein::output<bat>().fan_out(200)));
  hub.add(skein::agent{"reader"}.on<bat>([&](bat const& b) { seen.push_back(b.number); }));
  hub.publish(ball{});
  EXPECT_TRUE(hub.run_until_idle().ok());
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(seen, expected);
}

TEST_P(scenario, a_breaker_trips_and_nothing_is_lost) {
  captured_log const log;
  skein::orchestrator hub{options()};
  std::atomic<int> tries = 0, handled = 0;
  hub.add(skein::agent{"flaky"}
              .on<ball>([&](ball const&) {
                if (++tries <= 3) throw std::runtime_error{"down"};
                ++handled;
              })
              .retry({.attempts_max = 5, .backoff_initial = 1ms})
              .breaker({.failures = 3, .open_for = 5ms}));
  for (int i = 0; i < 20; ++i) hub.publish(ball{i, {}});
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << report;
  EXPECT_EQ(handled, 20);
  EXPECT_TRUE(std::ranges::any_of(report.notices, [](auto const& n) { return n.kind == "breaker_opened"; }));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)   // Fewer: each costs many times as much there.
constexpr int flood = 5'000;
#else
constexpr int flood = 100'000;
#endif

TEST_P(scenario, a_flood_of_artifacts_to_one_agent_in_one_run_is_all_handled) {
  skein::orchestrator hub{options()};
  std::atomic<std::int64_t> sum = 0;
  hub.add(skein::agent{"reader"}.on<ball>([&](ball const& b) { sum += b.number; }));
  skein::traced_run run{hub, "flood"};
  std::vector<ball> all(1000);
  for (int first = 0; first < flood; first += 1000) {
    for (int i = 0; i < 1000; ++i) all[static_cast<std::size_t>(i)].number = first + i;
    hub.publish_all(all);
  }
  auto const report = run.run_until_idle();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.activations.size(), static_cast<std::size_t>(flood));
  EXPECT_EQ(sum, std::int64_t{flood} * (flood - 1) / 2);
}

TEST_P(scenario, runs_never_mix) {
  skein::orchestrator hub{options()};
  std::mutex mutex;
  std::set<std::pair<std::string, std::string>> met;
  hub.add(skein::agent{"pairing"}.on<ball, bat>([&](ball const& a, bat const& b) {
    std::lock_guard const held{mutex};
    met.emplace(a.key, b.key);
  }));
  auto const half = [&](std::string const& name, bool other) {
    skein::traced_run run{hub, name};
    for (int i = 0; i < 10; ++i) {
      if (!other) hub.publish(ball{i, name});
      if (other || i % 2 == 0) hub.publish(bat{i, name});
    }
    return run.run_until_idle();
  };
  EXPECT_EQ(half("first", false).stranded.size(), 1u) << "five balls have no bat";
  EXPECT_EQ(half("second", true).activations.size(), 0u);
  hub.run_until_idle();
  EXPECT_EQ(met, (std::set<std::pair<std::string, std::string>>{{"first", "first"}}));
}

TEST_P(scenario, what_is_cancelled_reports_so_and_others_go_on) {
  skein::orchestrator hub{options()};
  std::atomic<int> handled = 0;
  hub.add(skein::agent{"reader"}.on<ball>([&](ball const&) { ++handled; }));
  hub.pause("reader");
  skein::run_id cancelled;
  {
    skein::traced_run run{hub, "cancelled"};
    cancelled = run.id();
    hub.publish(ball{});
    EXPECT_TRUE(hub.cancel(cancelled));
    EXPECT_EQ(run.run_until_idle().reason, "cancelled");
  }
  hub.publish(ball{});
  hub.resume("reader");
  EXPECT_EQ(hub.run_until_idle().reason, "idle");
  EXPECT_EQ(handled, 1);
  EXPECT_FALSE(hub.cancel(cancelled));
}

// --- a hub that ends in the middle, and another one that goes on ------------------------------------------------------------------------

/// The same agents in both lives of a hub.
struct life {
  std::vector<std::size_t> batches;
  std::vector<int> seen;
  std::vector<std::int64_t> ticks;

  void add(skein::orchestrator& hub) {
    hub.add(skein::agent{"pairing"}.on(skein::when<ball, bat>().join_by(&ball::key, &bat::key).within(1h),
                                       [](ball const& a, bat const& b) { return met{a.key + std::to_string(a.number) + std::to_string(b.number)}; })
                .publishes<met>());
    hub.add(skein::agent{"binder"}.on(skein::when<score>().across_runs().batch(3, 10h), [this](std::span<score const> all) { batches.push_back(all.size()); }));
    hub.add(skein::agent{"late"}.on(skein::when<score>().where([](score const& s) { return s.number > 100; }), [this](score const& s) { seen.push_back(s.number); }));
    hub.add(skein::agent{"reporter"}.every(2h, [this](skein::tick const& t) { ticks.push_back(t.number); }));
  }
};

TEST_P(scenario, a_restart_in_the_middle_of_everything_loses_nothing) {
  captured_log const log;
  temporary_folder const folder;
  manual_clock clock;
  auto how = durable(folder, GetParam());
  how.clock = &clock;
  {
    life first;
    skein::orchestrator hub{how};
    first.add(hub);
    hub.publish(ball{1, "a"});
    hub.publish(score{1});
    hub.publish(score{2}, {.visibility = skein::visible_after{30min}});
    hub.publish(score{200}, {.visibility = skein::visible_after{40min}});
    hub.pause("late");
    EXPECT_TRUE(first.batches.empty() && first.seen.empty());
  }
  clock.advance(10min);
  life second;
  skein::orchestrator hub{how};
  second.add(hub);
  hub.publish(bat{2, "b"});
  hub.publish(bat{3, "a"});
  EXPECT_TRUE(hub.run_until(until::exists<met>(), 1min));
  EXPECT_EQ(hub.artifacts<met>().at(0)->who, "a13") << "a half of before the restart";
  EXPECT_TRUE(second.batches.empty());
  EXPECT_FALSE(hub.run_until(until::any_failure(), 50min));   // time passes: both embargoes end
  EXPECT_EQ(second.batches, std::vector<std::size_t>{3}) << "two of before the restart, and the one that was hidden";
  EXPECT_TRUE(second.seen.empty()) << "paused before the restart";
  hub.resume("late");
  EXPECT_TRUE(hub.run_until(until::idle()));
  EXPECT_EQ(second.seen, std::vector{200}) << "asked again for its predicate";
  EXPECT_TRUE(hub.run_until(until::count<skein::tick>(1), 2h));
  EXPECT_EQ(clock.now(), manual_clock::default_start + 2h) << "the timer kept its time";
  EXPECT_TRUE(hub.run_until(until::idle()));
  EXPECT_EQ(second.ticks, std::vector<std::int64_t>{1});
  auto const records = hub.artifacts<skein::expired>();
  ASSERT_EQ(records.size(), 1u) << "the bat without a ball";
  EXPECT_EQ(records[0]->missing, std::vector<std::string>{"scenario.ball"});
}

// --- workers ---------------------------------------------------------------------------------------------------------------------------

skein::orchestrator_options listening(temporary_folder const& folder, unsigned threads) {
  auto how = durable(folder, threads);
  how.listen = {"ipc://" + folder / "bus"};
  return how;
}

TEST_P(scenario, a_worker_gets_only_what_its_field_filter_accepts_and_joins_by_fields) {
  temporary_folder const folder;
  skein::orchestrator hub{listening(folder, GetParam())};
  std::mutex mutex;
  std::vector<int> seen;
  std::vector<std::string> pairs;
  auto const here = worker_here("there", hub.endpoints().at(0),
                                {skein::agent{"reader"}.on(skein::when<ball>().where(skein::field("number") > 5), [&](ball const& b) {
                                   std::lock_guard const held{mutex};
                                   seen.push_back(b.number);
                                 }),
                                 skein::agent{"pairing"}.on(skein::when<ball, bat>().join_by(skein::field("key"), skein::field("key")), [&](ball const& a, bat const& b) {
                                   std::lock_guard const held{mutex};
                                   pairs.push_back(a.key + std::to_string(a.number) + std::to_string(b.number));
                                 })});
  hub.wait_for_agents({"reader", "pairing"}, 30s);
  for (int i = 4; i < 8; ++i) hub.publish(ball{i, std::to_string(i)});
  hub.publish(bat{9, "6"});
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << report;
  EXPECT_EQ(report.mismatches, 0u) << "what the filter rejects never crosses the wire";
  std::lock_guard const held{mutex};
  EXPECT_EQ(seen, (std::vector{6, 7}));
  EXPECT_EQ(pairs, std::vector<std::string>{"669"});
}

TEST_P(scenario, a_worker_with_a_lambda_in_a_join_is_refused_with_the_way_out) {
  temporary_folder const folder;
  skein::orchestrator hub{listening(folder, GetParam())};
  auto const said = text_thrown_by([&] {
    (void)worker_here("there", hub.endpoints().at(0),
                      {skein::agent{"pairing"}.on(skein::when<ball, bat>().join_by([](ball const& a) { return a.key; }, [](bat const& b) { return b.key; }),
                                                  [](ball const&, bat const&) {})});
  });
  EXPECT_NE(said.find("pairing"), std::string::npos) << said;
  EXPECT_NE(said.find("field"), std::string::npos) << said;
}

TEST_P(scenario, two_workers_compete_for_what_is_exclusive) {
  temporary_folder const folder;
  skein::orchestrator hub{listening(folder, GetParam())};
  std::mutex mutex;
  std::map<std::string, std::vector<int>> seen;
  std::latch both{2};
  auto const competitor = [&](std::string const& name) {
    return worker_here(name, hub.endpoints().at(0), {skein::agent{name}.on(skein::when<ball>().exclusive("pool"), [&, name](ball const& b) {
                         bool first = false;
                         {
                           std::lock_guard const held{mutex};
                           first = seen[name].empty();
                           seen[name].push_back(b.number);
                         }
                         if (first) both.arrive_and_wait();   // a slow one does not hoard: the other gets work, too
                       })});
  };
  auto const one = competitor("one"), two = competitor("two");
  hub.wait_for_agents({"one", "two"}, 30s);
  std::vector<ball> all(100);
  for (int i = 0; i < 100; ++i) all[static_cast<std::size_t>(i)].number = i;
  hub.publish_all(all);
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << report;
  EXPECT_EQ(report.activations.size(), 100u);
  std::lock_guard const held{mutex};
  auto numbers = seen["one"];
  numbers.insert(numbers.end(), seen["two"].begin(), seen["two"].end());
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers.size(), 100u);
  EXPECT_EQ(std::ranges::unique(numbers).size(), 0u) << "each goes to one of them";
}

TEST_P(scenario, a_component_of_the_hub_sees_what_workers_publish_and_a_watcher_what_they_say) {
  struct guard : skein::hub_component {
    void on_artifact_published(skein::published_artifact& one) override {
      if (auto const* b = one.value<bat>()) {
        if (b->number == 2) return one.block("two is too many");
        one.replace(bat{b->number * 10, b->key});
      }
    }
  };
  temporary_folder const folder;
  skein::orchestrator hub{listening(folder, GetParam())};
  hub.with(guard{});
  std::atomic<int> heard = 0;
  auto const watch = hub.watch([&](skein::progress const& p) { heard += p.agent == "maker" && p.text == "at it" ? 1 : 0; });
  auto const here = worker_here("there", hub.endpoints().at(0), {skein::agent{"maker"}
                                                                      .on<ball>([](ball const&, skein::context& ctx) {
                                                                        ctx.stream("at it");
                                                                        return std::vector{bat{1, ""}, bat{2, ""}, bat{3, ""}};
                                                                      })
                                                                      .publishes<bat>()});
  hub.wait_for_agents({"maker"}, 30s);
  hub.publish(ball{});
  EXPECT_TRUE(hub.run_until_idle().ok());
  auto const made = hub.artifacts<bat>();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0]->number, 10);
  EXPECT_EQ(made[1]->number, 30);
  EXPECT_EQ(heard, 1) << "said before the result, on the same connection";
}

TEST_P(scenario, what_a_worker_can_query_is_what_it_may_see) {
  temporary_folder const folder;
  skein::orchestrator hub{listening(folder, GetParam())};
  std::atomic<int> found = -1;
  auto const here = worker_here("there", hub.endpoints().at(0), {skein::agent{"looker"}.labels({"trusted"}).on<score>([&](score const&, skein::context& ctx) {
                                                                   found = static_cast<int>(ctx.artifacts<ball>({.any_correlation = true}).size());
                                                                 })});
  hub.wait_for_agents({"looker"}, 30s);
  hub.publish(ball{1, ""});
  hub.publish(ball{2, ""}, {.visibility = skein::visible_to_labels{{"trusted"}}});
  hub.publish(ball{3, ""}, {.visibility = skein::visible_to_labels{{"trusted", "old"}}});
  hub.publish(ball{4, ""}, {.visibility = skein::visible_to_tenant{"acme"}});
  hub.publish(ball{5, ""}, {.visibility = skein::visible_after{1h}});
  hub.publish(score{});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(found, 2);
}

}  // namespace
