// Each line of the program that shows how runs are steered, by what it does.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"
#include "support/manual_hub.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;

namespace {

using skein::until;
using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::manual_clock;
using skein::testing::manual_hub;
using skein::testing::temporary_folder;

struct task   { int number = 0; std::string owner;   SKEIN_ARTIFACT("work.task", 1, number, owner) };
struct result { int number = 0; bool good = false;   SKEIN_ARTIFACT("work.result", 1, number, good) };

struct quota : skein::agent_component {
  void on_pre_evaluate(skein::context& ctx) override { ctx.span().set_attribute("quota.left", --left); }
  void on_error(skein::context&, skein::failure const&) override { ++left; }
  int left = 100;
};

skein::agent worker() {
  return skein::agent{"worker"}.on<task>([](task const& t) { return result{t.number, t.number % 2 == 0}; }).publishes<result>();
}

// --- the agents --------------------------------------------------------------------------------------------------------------------

TEST(api_control, a_component_takes_part_in_each_attempt_as_a_child_span) {
  manual_hub m;
  auto const counted = std::make_shared<quota>();
  m.hub.add(skein::agent{"worker"}.with(counted).on<task>([](task const& t) {
    if (t.number == 2) throw std::runtime_error{"no"};
  }));
  for (int i = 1; i <= 3; ++i) m.hub.publish(task{i, "ada"});
  m.hub.run_until_idle();
  EXPECT_EQ(counted->left, 98) << "what failed is given back";
  auto const spans = m.traces.spans();
  std::size_t before = 0, failed = 0;
  for (auto const& span : spans) {
    before += span.name.ends_with("quota on_pre_evaluate") ? 1 : 0;
    failed += span.name.ends_with("quota on_error") ? 1 : 0;
  }
  EXPECT_EQ(before, 3u);
  EXPECT_EQ(failed, 1u);
}

TEST(api_control, an_exclusive_subscription_competes_with_its_pool) {
  manual_hub m;
  std::map<std::string, int> handled;
  for (auto const* name : {"first", "second"}) {
    m.hub.add(skein::agent{name}.on(skein::when<task>().exclusive("pool"), [&handled, name](task const&) { ++handled[name]; }));
  }
  m.hub.add(skein::agent{"everyone"}.on<task>([&](task const&) { ++handled["everyone"]; }));
  for (int i = 0; i < 20; ++i) m.hub.publish(task{i, "ada"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(handled["first"] + handled["second"], 20);
  EXPECT_EQ(handled["everyone"], 20);
}

TEST(api_control, an_output_is_validated_and_tagged) {
  manual_hub m;
  int done = 0;
  m.hub.add(skein::agent{"worker"}
                .on<task>([](task const& t) { return result{t.number, true}; })
                .publishes(skein::output<result>().validate([](result const& r) { return r.number >= 0; }).tagged("done")));
  m.hub.add(skein::agent{"clerk"}.on(skein::when<result>().tagged("done"), [&](result const&) { ++done; }));
  m.hub.publish(task{1, "ada"});
  m.hub.publish(task{-1, "ada"});
  auto const report = m.hub.run_until_idle();
  EXPECT_EQ(done, 1);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].error_type, "skein.invalid_output");
}

TEST(api_control, what_fails_for_good_is_an_artifact_like_any_other) {
  manual_hub m;
  std::string said;
  m.hub.add(skein::agent{"worker"}.on<task>([](task const&) { throw std::runtime_error{"no tools"}; }));
  m.hub.add(skein::agent{"janitor"}.on<skein::failure>([&](skein::failure const& f) { said = f.agent + ": " + f.what; }));
  m.hub.publish(task{1, "ada"});
  m.hub.run_until_idle();
  EXPECT_EQ(said, "worker: no tools");
}

TEST(api_control, a_cron_timer_ticks_at_its_time) {
  manual_hub m;   // midnight
  std::vector<std::chrono::system_clock::time_point> due;
  m.hub.add(skein::agent{"nightly"}.cron("0 3 * * *", [&](skein::tick const& t) { due.push_back(t.at); }));
  m.hub.run_pending();
  m.pass(3h - 1ns);
  EXPECT_TRUE(due.empty());
  m.pass(1ns);
  m.pass(24h);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0], std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 3h);
  EXPECT_EQ(due[1], std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + 3h);
}

TEST(api_control, a_timer_at_a_time_ticks_once) {
  manual_hub m;
  int ticks = 0;
  m.hub.add(skein::agent{"once"}.at(manual_clock::default_start + 1min, [&](skein::tick const&) { ++ticks; }));
  m.hub.run_pending();
  for (int i = 0; i < 3; ++i) m.pass(1min);
  EXPECT_EQ(ticks, 1);
}

// --- visibility --------------------------------------------------------------------------------------------------------------------

/// What an agent of this make is given, and what it can find.
struct viewer {
  std::vector<int> given, found;
  void look(skein::orchestrator& hub, skein::agent as) {
    hub.add(as.on<task>([this](task const& t) { given.push_back(t.number); }).on<result>([this](result const&, skein::context& ctx) {
      found.clear();
      for (auto const& one : ctx.artifacts<task>({.any_correlation = true})) found.push_back(one->number);
    }));
  }
};

TEST(api_control, visibility_holds_for_routing_and_for_queries) {
  manual_hub m;
  viewer trusted, stranger;
  trusted.look(m.hub, skein::agent{"worker"}.labels({"trusted", "fast"}).tenant("acme"));
  stranger.look(m.hub, skein::agent{"stranger"}.labels({"fast"}).tenant("other"));
  m.hub.publish(task{1, "ada"}, {.visibility = skein::visible_to_everyone{}});
  m.hub.publish(task{2, "ada"}, {.visibility = skein::visible_to_agents{{"worker"}}});
  m.hub.publish(task{3, "bob"}, {.visibility = skein::visible_to_labels{{"trusted"}}});
  m.hub.publish(task{4, "bob"}, {.visibility = skein::visible_to_tenant{"acme"}});
  m.hub.publish(task{5, "eve"}, {.visibility = skein::visible_after{10ms}});
  m.hub.publish(result{});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(trusted.given, (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(stranger.given, std::vector{1});
  EXPECT_EQ(trusted.found, (std::vector{4, 3, 2, 1})) << "an artifact that is hidden yet is not found either";
  EXPECT_EQ(stranger.found, std::vector{1});
  EXPECT_EQ(m.clock.now(), manual_clock::default_start) << "nobody waits for what is hidden until a time";
  m.pass(10ms);
  m.hub.publish(result{});
  m.hub.run_until_idle();
  EXPECT_EQ(trusted.given.back(), 5);
  EXPECT_EQ(stranger.given.back(), 5);
  EXPECT_EQ(stranger.found, (std::vector{5, 1}));
}

TEST(api_control, a_hidden_half_never_joins_and_a_rejected_one_stays_out) {
  manual_hub m;
  std::vector<int> joined;
  m.hub.add(skein::agent{"pairing"}.on(skein::when<task, result>().where<result>([](result const& r) { return r.good; }),
                                       [&](task const& t, result const& r) { joined.push_back(t.number * 10 + r.number); }));
  m.hub.publish(task{1, ""}, {.visibility = skein::visible_to_agents{{"other"}}});
  m.hub.publish(task{2, ""});
  m.hub.publish(result{3, false});
  m.hub.run_until_idle();
  EXPECT_TRUE(joined.empty());
  m.hub.publish(result{4, true});
  m.hub.run_until_idle();
  EXPECT_EQ(joined, std::vector{24});
}

// --- conditions --------------------------------------------------------------------------------------------------------------------

TEST(api_control, run_until_ends_as_soon_as_the_condition_holds) {
  manual_hub m;
  m.hub.add(worker());
  for (int i = 0; i < 10; ++i) m.hub.publish(task{i, "ada"});
  EXPECT_TRUE(m.hub.run_until(until::count<result>(3) || until::any_failure(), 5s));
  EXPECT_EQ(m.hub.artifacts<result>().size(), 3u) << "the rest waits for the next wait";
  EXPECT_TRUE(m.hub.run_until(until::count<result>(3))) << "it still holds";
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(m.hub.artifacts<result>().size(), 10u);
}

TEST(api_control, run_until_ends_with_its_limit_when_nothing_can_run) {
  manual_hub m;
  m.hub.add(worker());
  EXPECT_FALSE(m.hub.run_until(until::count<result>(1), 5s));
  EXPECT_EQ(m.clock.now(), manual_clock::default_start + 5s);
}

TEST(api_control, run_until_jumps_to_what_time_brings) {
  for (unsigned threads : {0u, 2u}) {
    manual_clock clock;
    skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = threads, .clock = &clock}};
    hub.add(worker());
    hub.publish(task{5, "eve"}, {.visibility = skein::visible_after{10min}});
    EXPECT_TRUE(hub.run_until(until::exists<result>(), 1h));
    EXPECT_EQ(clock.now(), manual_clock::default_start + 10min);
  }
}

TEST(api_control, conditions_combine) {
  manual_hub m;
  m.hub.add(worker());
  m.hub.add(skein::agent{"broken"}.on(skein::when<task>().where(skein::field("number") == 7), [](task const&) { throw std::runtime_error{"no"}; }));
  m.hub.publish(task{2, "ada"});
  m.hub.publish(task{3, "ada"});
  EXPECT_TRUE(m.hub.run_until(until::idle()));
  EXPECT_TRUE(m.hub.run_until(until::count<result>(1, skein::field("good") == true) && !until::any_failure(), 0s));
  EXPECT_FALSE(m.hub.run_until(until::count<result>(2, skein::field("good") == true), 0s));
  EXPECT_FALSE(m.hub.run_until(until::exists<result>(skein::field("number") > 3), 0s));
  m.hub.publish(task{7, "ada"});
  EXPECT_TRUE(m.hub.run_until(until::failure_of("broken"), 1s));
  EXPECT_FALSE(m.hub.run_until(until::failure_of("worker"), 0s));
  EXPECT_FALSE(m.hub.run_until(!until::any_failure(), 0s));
  EXPECT_EQ((until::idle() || until::any_failure() || until::exists<task>()).condition().operands.size(), 3u) << "a chain stays flat";
}

TEST(api_control, run_until_sees_what_other_threads_bring) {
  skein::orchestrator hub{skein::testing::in_memory(2)};
  hub.add(worker());
  std::thread other{[&] { hub.publish(task{1, "ada"}); }};
  EXPECT_TRUE(hub.run_until(until::exists<result>()));
  other.join();
}

TEST(api_control, run_until_is_refused_inside_a_handler) {
  manual_hub m;
  std::optional<skein::errc> code;
  m.hub.add(skein::agent{"worker"}.on<task>([&](task const&) { code = code_thrown_by([&] { m.hub.run_until(until::idle()); }); }));
  m.hub.publish(task{});
  m.hub.run_until_idle();
  EXPECT_EQ(code, skein::errc::misuse);
}

TEST(api_control, run_until_of_a_run_is_a_span_of_it) {
  manual_hub m;
  m.hub.add(worker());
  {
    skein::traced_run run{m.hub, "nightly_batch"};
    m.hub.publish(task{6, "ada"});
    EXPECT_TRUE(run.run_until(until::exists<result>(), 1s));
  }
  auto const span = m.traces.spans().find("run_until").front();
  EXPECT_EQ(span.parent, m.traces.spans().find("nightly_batch").front().context.span);
  EXPECT_EQ(*skein::find_attribute(span.attributes, "skein.wait.reason"), skein::attribute_value{"met"});
}

// --- pausing and cancelling --------------------------------------------------------------------------------------------------------

TEST(api_control, a_paused_agent_starts_nothing_until_it_is_resumed) {
  manual_hub m;
  m.hub.add(worker());
  skein::traced_run run{m.hub, "nightly_batch"};
  m.hub.pause("worker");
  m.hub.publish(task{6, "ada"});
  auto report = run.run_until_idle(2s);
  EXPECT_EQ(report.reason, "idle");
  EXPECT_TRUE(report.activations.empty());
  ASSERT_EQ(report.blocked.size(), 1u);
  EXPECT_EQ(report.blocked[0].agent, "worker");
  EXPECT_EQ(report.blocked[0].reason, "paused");
  EXPECT_EQ(report.blocked[0].count, 1u);
  m.hub.resume("worker");
  m.hub.resume("worker");
  report = run.run_until_idle(2s);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.activations.size(), 1u);
  EXPECT_EQ(code_thrown_by([&] { m.hub.pause("nobody"); }), skein::errc::not_found);
}

TEST(api_control, a_paused_run_holds_up_no_other) {
  manual_hub m;
  m.hub.add(worker());
  skein::run_id paused;
  {
    skein::traced_run run{m.hub, "paused"};
    paused = run.id();
    m.hub.pause(paused);
    m.hub.publish(task{1, "ada"});
  }
  m.hub.publish(task{2, "ada"});
  m.hub.run_until_idle();
  ASSERT_EQ(m.hub.artifacts<result>().size(), 1u);
  EXPECT_EQ(m.hub.artifacts<result>()[0]->number, 2);
  m.hub.resume(paused);
  m.hub.run_until_idle();
  EXPECT_EQ(m.hub.artifacts<result>().size(), 2u);
  EXPECT_EQ(code_thrown_by([&] { m.hub.pause(paused); }), skein::errc::not_found) << "it has ended";
}

TEST(api_control, a_cancelled_run_ends_and_takes_nothing_more) {
  manual_hub m;
  m.hub.add(worker());
  {
    skein::traced_run run{m.hub, "nightly_batch"};
    m.hub.publish(task{6, "ada"});
    EXPECT_TRUE(m.hub.cancel(run.id()));
    EXPECT_EQ(code_thrown_by([&] { m.hub.publish(task{7, "ada"}); }), skein::errc::cancelled);
    auto const report = run.run_until_idle(2s);
    EXPECT_EQ(report.reason, "cancelled");
    EXPECT_FALSE(report.ok());
  }
  EXPECT_EQ(m.attempts("worker"), 0u);
  bool recorded = false;
  for (auto const& run : m.traces.runs()) recorded = recorded || (run.name == "nightly_batch" && run.status == skein::run_status::cancelled);
  EXPECT_TRUE(recorded);
}

TEST(api_control, a_run_that_has_ended_cannot_be_cancelled) {
  manual_hub m;
  skein::run_id id;
  {
    skein::traced_run run{m.hub, "short"};
    id = run.id();
  }
  EXPECT_FALSE(m.hub.cancel(id));
  EXPECT_FALSE(m.hub.cancel(skein::run_id{}));
}

TEST(api_control, cancelling_tells_a_handler_that_runs_and_refuses_what_it_says) {
  manual_hub m;
  bool told = false;
  m.hub.add(skein::agent{"worker"}
                .on<task>([&](task const& t, skein::context& ctx) {
                  EXPECT_FALSE(ctx.cancelled());
                  EXPECT_TRUE(m.hub.cancel(ctx.run()));
                  told = ctx.cancelled();
                  return result{t.number, true};
                })
                .publishes<result>());
  skein::traced_run run{m.hub, "nightly_batch"};
  m.hub.publish(task{6, "ada"});
  EXPECT_EQ(run.run_until_idle().reason, "cancelled");
  EXPECT_TRUE(told);
  EXPECT_TRUE(m.hub.artifacts<result>().empty());
}

TEST(api_control, cancelling_an_agent_ends_what_it_has_open_and_nothing_else) {
  manual_hub m;
  int others = 0;
  m.hub.add(worker());
  m.hub.add(skein::agent{"other"}.on<task>([&](task const&) { ++others; }));
  for (int i = 0; i < 3; ++i) m.hub.publish(task{i, "ada"});
  EXPECT_EQ(m.hub.cancel("worker"), 3u);
  m.hub.publish(task{3, "ada"});
  m.hub.run_until_idle();
  EXPECT_EQ(others, 4);
  EXPECT_EQ(m.hub.artifacts<result>().size(), 1u);
  EXPECT_EQ(code_thrown_by([&] { m.hub.cancel("nobody"); }), skein::errc::not_found);
}

// --- the report --------------------------------------------------------------------------------------------------------------------

TEST(api_control, a_report_of_a_run_tells_of_that_run_only) {
  temporary_folder const folder;
  manual_clock clock;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 0, .clock = &clock}};
  hub.add(worker());
  hub.add(skein::agent{"pairing"}.on<result, task>([](result const&, task const&) {}));
  hub.publish(task{1, "before"}, {.visibility = skein::visible_to_agents{{"worker"}}});
  skein::traced_run run{hub, "nightly_batch"};
  hub.publish(task{6, "ada"}, {.visibility = skein::visible_to_agents{{"worker"}}});
  auto const report = run.run_until_idle(2s);
  EXPECT_EQ(report.reason, "idle");
  ASSERT_EQ(report.activations.size(), 1u);
  EXPECT_EQ(report.activations[0].agent, "worker");
  EXPECT_TRUE(report.activations[0].ok);
  EXPECT_EQ(report.activations[0].attempt, 1u);
  std::ostringstream text;
  text << report.activations[0].duration;
  EXPECT_FALSE(text.str().empty());
  ASSERT_EQ(report.stranded.size(), 1u);
  EXPECT_EQ(report.stranded[0].agent, "pairing");
  EXPECT_NE(report.stranded[0].missing.find("work.task"), std::string::npos);
  EXPECT_TRUE(report.blocked.empty());
  auto const tree = report.trace();
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->name, "nightly_batch");
  EXPECT_EQ(tree->children.size(), 2u) << "the publish and the wait";
  EXPECT_TRUE(hub.flush(1s));
}

TEST(api_control, a_report_reads_as_a_few_lines) {
  skein::run_report report;
  report.reason = "idle";
  report.batches_flushed = 2;
  report.stranded.push_back({"pairing", "work.task", "", 3});
  report.notices.push_back({"group_expired", "pairing", "lacked work.task", 2});
  std::ostringstream text;
  text << report;
  EXPECT_EQ(text.str(),
            "idle: 0 activations done, 0 failed, 2 batches started early\n"
            "  stranded pairing waits for work.task, 3 times\n"
            "  notice   group_expired: pairing: lacked work.task (the last of 2)");
}

// --- watching ----------------------------------------------------------------------------------------------------------------------

TEST(api_control, whoever_watches_hears_what_handlers_say_until_the_watch_ends) {
  manual_hub m;
  m.hub.add(skein::agent{"worker"}.on<task>([](task const& t, skein::context& ctx) {
    ctx.stream("begun " + std::to_string(t.number));
    ctx.stream("done");
  }));
  std::vector<std::string> heard;
  {
    auto const watch = m.hub.watch([&](skein::progress const& p) { heard.push_back(p.agent + std::to_string(p.number) + p.text); });
    m.hub.publish(task{1, "ada"});
    m.hub.run_until_idle();
  }
  m.hub.publish(task{2, "ada"});
  m.hub.run_until_idle();
  EXPECT_EQ(heard, (std::vector<std::string>{"worker1begun 1", "worker2done"}));
}

TEST(api_control, a_watcher_that_throws_is_not_called_again) {
  captured_log const log;
  manual_hub m;
  m.hub.add(skein::agent{"worker"}.on<task>([](task const&, skein::context& ctx) { ctx.stream("x"); }));
  int calls = 0;
  auto const watch = m.hub.watch([&](skein::progress const&) {
    ++calls;
    throw std::runtime_error{"the terminal is gone"};
  });
  m.hub.publish(task{1, "ada"});
  m.hub.publish(task{2, "ada"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(calls, 1);
  EXPECT_NE(log.text().find("the terminal is gone"), std::string::npos);
}

}  // namespace
