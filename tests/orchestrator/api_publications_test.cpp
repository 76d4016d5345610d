// Each line of the program that shows every way to publish, to limit and to ask, by what it does.
#include "support/api_artifacts.hpp"
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"
#include "support/manual_hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <variant>

using namespace std::chrono_literals;

namespace {

using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::diagnosis;
using skein::testing::diagnostician;
using skein::testing::idea;
using skein::testing::invoice;
using skein::testing::lab;
using skein::testing::manual_hub;
using skein::testing::order;
using skein::testing::rejected;
using skein::testing::xray;

using texts = std::vector<std::string>;

// --- what comes out ----------------------------------------------------------------------------------------------------------------

TEST(api_publications, a_handler_returns_alternatives_and_an_output_rule_drops_and_hides) {
  manual_hub m;
  texts ideas, curious;
  m.hub.add(skein::agent{"brainstormer"}
                .on<order>([](order const& o) -> std::variant<idea, rejected> {
                  if (o.cents == 0) return rejected{"free"};
                  return idea{"sell more to " + o.customer, o.cents};
                })
                .publishes(skein::output<idea>().where([](idea const& i) { return i.score > 5; }).visible_to("pairing"))
                .publishes<rejected>());
  m.hub.add(skein::agent{"pairing"}.on<idea>([&](idea const& i) { ideas.push_back(i.text); }));
  m.hub.add(skein::agent{"curious"}.on<idea>([&](idea const& i) { curious.push_back(i.text); }));
  m.hub.publish(order{"ada", 7});
  m.hub.publish(order{"bob", 5});
  m.hub.publish(order{"eve", 0});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(ideas, texts{"sell more to ada"});
  EXPECT_TRUE(curious.empty());
  ASSERT_EQ(m.hub.artifacts<rejected>().size(), 1u);
  EXPECT_EQ(m.hub.artifacts<idea>().size(), 1u) << "what is dropped does not come onto the board";
}

TEST(api_publications, the_best_of_several_candidates_is_published) {
  manual_hub m;
  int made = 0;
  m.hub.add(skein::agent{"writer"}
                .on<idea>([&](idea const&) -> std::optional<rejected> {
                  static std::array<char const*, 3> const whys{"no", "not at all", "never"};
                  return rejected{whys[static_cast<std::size_t>(made++)]};
                })
                .publishes<rejected>()
                .best_of(3, [](skein::outputs const& o) { return o.get<rejected>().empty() ? 0.0 : static_cast<double>(o.get<rejected>().front()->why.size()); }));
  m.hub.publish(idea{"a"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(made, 3);
  ASSERT_EQ(m.hub.artifacts<rejected>().size(), 1u);
  EXPECT_EQ(m.hub.artifacts<rejected>()[0]->why, "not at all");
  EXPECT_EQ(m.traces.spans().find("candidate 2").size(), 1u);
}

TEST(api_publications, an_attempt_past_its_deadline_is_cancelled_and_counts_as_failed) {
  captured_log const log;
  manual_hub m;
  bool told = false;
  m.hub.add(skein::agent{"writer"}
                .on<idea>([&](idea const&, skein::context& ctx) -> std::optional<rejected> {
                  m.clock.advance(31s);
                  told = ctx.cancelled();
                  return rejected{"too late"};
                })
                .publishes<rejected>()
                .deadline(30s));
  m.hub.publish(idea{"a"});
  auto const report = m.hub.run_until_idle();
  EXPECT_TRUE(told);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].error_type, "skein.deadline_exceeded");
  EXPECT_TRUE(m.hub.artifacts<rejected>().empty());
  auto const span = m.traces.spans().find("invoke_agent writer").front();
  EXPECT_EQ(span.status, skein::status_code::error);
}

TEST(api_publications, retries_wait_longer_each_time_and_attempts_are_counted) {
  manual_hub m;
  std::vector<std::chrono::nanoseconds> when;
  m.hub.add(skein::agent{"writer"}
                .on<idea>([&](idea const&, skein::context& ctx) {
                  when.push_back(m.clock.now() - skein::testing::manual_clock::default_start);
                  if (ctx.attempt() < 4) throw std::runtime_error{"busy"};
                })
                .retry({.attempts_max = 5, .backoff_initial = 100ms, .backoff_factor = 2.0, .backoff_max = 10s, .jitter = 0.0}));
  m.hub.publish(idea{"a"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(when, (std::vector<std::chrono::nanoseconds>{0ms, 100ms, 300ms, 700ms}));
}

TEST(api_publications, a_breaker_opens_after_failures_in_a_row_and_nothing_is_lost) {
  captured_log const log;
  manual_hub m;
  int handled = 0;
  bool broken = true;
  m.hub.add(skein::agent{"writer"}
                .on<idea>([&](idea const&) {
                  if (broken) throw std::runtime_error{"down"};
                  ++handled;
                })
                .breaker({.failures = 5, .open_for = 60s}));
  for (int i = 0; i < 8; ++i) m.hub.publish(idea{"a", i});
  m.hub.run_pending();
  EXPECT_EQ(m.attempts("writer"), 5u);
  m.pass(59s);
  EXPECT_EQ(m.attempts("writer"), 5u) << "while it is open nothing starts";
  broken = false;
  auto const report = m.hub.run_until_idle();   // time jumps to when it closes
  EXPECT_EQ(handled, 3);
  EXPECT_EQ(report.failures.size(), 5u);
  texts kinds;
  for (auto const& n : report.notices) kinds.push_back(n.kind);
  EXPECT_TRUE(std::ranges::count(kinds, "breaker_opened") == 1 && std::ranges::count(kinds, "breaker_closed") == 1);
}

TEST(api_publications, a_loop_of_two_agents_stops_at_its_limit_and_fails_its_run_alone) {
  captured_log const log;
  manual_hub m;
  m.hub.add(skein::agent{"ping"}.on<idea>([](idea const& i) { return rejected{i.text}; }).publishes<rejected>().activations_max_per_workflow(1000));
  m.hub.add(skein::agent{"pong"}.on<rejected>([](rejected const& r) { return idea{r.why, 0}; }).publishes<idea>());
  {
    skein::traced_run run{m.hub, "endless"};
    m.hub.publish(idea{"a"});
    auto const report = run.run_until_idle();
    ASSERT_EQ(report.failures.size(), 1u);
    EXPECT_EQ(report.failures[0].agent, "ping");
    EXPECT_EQ(report.failures[0].error_type, "skein.activations_max");
    EXPECT_NE(report.failures[0].what.find("1000"), std::string::npos) << report.failures[0].what;
    EXPECT_NE(report.failures[0].what.find("pong"), std::string::npos) << report.failures[0].what;
  }
  EXPECT_EQ(m.attempts("ping"), 1000u);
  skein::traced_run other{m.hub, "other"};
  m.hub.publish(rejected{"b"}, {.visibility = skein::visible_to_agents{{"nobody"}}});
  EXPECT_TRUE(other.run_until_idle().ok());
}

TEST(api_publications, a_timer_publishes_ticks_and_keeps_nobody_from_being_idle) {
  manual_hub m;
  std::vector<std::int64_t> ticks;
  m.hub.add(skein::agent{"reporter"}.every(1h, [&](skein::tick const& t, skein::context&) { ticks.push_back(t.number); }));
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_TRUE(ticks.empty());
  EXPECT_EQ(m.clock.now(), skein::testing::manual_clock::default_start);
  m.pass(1h);
  m.pass(1h);
  EXPECT_EQ(ticks, (std::vector<std::int64_t>{1, 2}));
}

TEST(api_publications, each_tick_is_a_run_of_its_own_with_a_root_span) {
  manual_hub m;
  m.hub.add(skein::agent{"reporter"}.every(1h, [](skein::tick const&) {}));
  m.hub.run_pending();
  m.pass(1h);
  m.pass(1h);
  auto const publishes = m.traces.spans().find("publish skein.tick");
  ASSERT_EQ(publishes.size(), 2u);
  EXPECT_NE(publishes[0].run, publishes[1].run);
  for (auto const& span : publishes) EXPECT_FALSE(span.parent);
  auto const attempt = m.traces.spans().find("invoke_agent reporter").front();
  EXPECT_EQ(attempt.parent, publishes[0].context.span);
  auto const runs = m.traces.runs();
  ASSERT_EQ(runs.size(), 2u);
  for (auto const& run : runs) {
    EXPECT_EQ(run.name, "publish skein.tick");
    EXPECT_EQ(run.status, skein::run_status::completed);
  }
}

// --- publishing and asking ---------------------------------------------------------------------------------------------------------

TEST(api_publications, a_publish_carries_tags_and_a_correlation_and_happens_once_for_its_key) {
  manual_hub m;
  int handled = 0;
  m.hub.add(skein::agent{"desk"}.on(skein::when<order>().tagged("eu"), [&](order const&, skein::context& ctx) {
    EXPECT_EQ(ctx.correlation_id(), "cart-17");
    ++handled;
  }));
  skein::publish_options const how{.tags = {"eu"}, .correlation_id = "cart-17", .idempotency_key = "cart-17/order"};
  auto const first = m.hub.publish(order{"ada", 1200}, how);
  EXPECT_EQ(m.hub.publish(order{"ada", 1200}, how), first);
  m.hub.run_until_idle();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(m.hub.artifacts<order>({.correlation_id = "cart-17"}).size(), 1u);
}

TEST(api_publications, what_is_visible_to_named_agents_is_hidden_from_others) {
  manual_hub m;
  int cashier = 0, others = 0;
  m.hub.add(skein::agent{"cashier"}.on<order>([&](order const&, skein::context& ctx) { cashier += static_cast<int>(ctx.artifacts<order>().size()); }));
  m.hub.add(skein::agent{"other"}
                .on<order>([&](order const&) { ++others; })
                .on<idea>([&](idea const&, skein::context& ctx) { others += static_cast<int>(ctx.artifacts<order>({.any_correlation = true}).size()); }));
  m.hub.publish(order{"bob", 900}, {.visibility = skein::visible_to_agents{{"cashier"}}});
  m.hub.publish(idea{"look around"});
  m.hub.run_until_idle();
  EXPECT_EQ(cashier, 1);
  EXPECT_EQ(others, 0) << "neither started nor found in a query";
}

TEST(api_publications, the_report_names_failures) {
  manual_hub m;
  m.hub.add(skein::agent{"desk"}.on<order>([](order const&) { throw std::runtime_error{"out of paper"}; }));
  m.hub.publish(order{"ada", 1});
  auto const report = m.hub.run_until_idle(10s);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].agent, "desk");
  EXPECT_EQ(report.failures[0].what, "out of paper");
}

TEST(api_publications, an_agent_is_invoked_with_a_group) {
  for (bool in_a_run : {false, true}) {
    manual_hub m;
    m.hub.add(diagnostician());
    std::optional<skein::traced_run> run;
    if (in_a_run) run.emplace(m.hub, "visit");
    auto const made = m.hub.invoke<diagnosis>("diagnostician", std::tuple{xray{"p1", "shadow"}, lab{"p1", 80}}, 5s);
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0]->patient, "p1");
    auto const attempt = m.traces.spans().find("invoke_agent diagnostician").front();
    EXPECT_EQ(attempt.parent, m.traces.spans().find("publish clinic.lab").front().context.span);
    ASSERT_EQ(attempt.links.size(), 1u);
    EXPECT_EQ(attempt.links[0].target.span, m.traces.spans().find("publish clinic.xray").front().context.span);
    run.reset();
    EXPECT_EQ(m.traces.runs().size(), 1u);
    EXPECT_TRUE(m.hub.run_until_idle().stranded.empty());
  }
}

TEST(api_publications, an_agent_is_invoked_with_a_batch) {
  manual_hub m;
  m.hub.add(skein::agent{"cashier"}
                .on(skein::when<order>().batch(25, 30s), [](std::span<order const> orders) { return invoice{"all", static_cast<int>(orders.size())}; })
                .publishes<invoice>());
  m.hub.add(skein::agent{"ward"}
                .on(skein::when<xray, lab>().batch(10), [](std::span<std::tuple<xray, lab> const> g) { return diagnosis{"all", std::to_string(g.size())}; })
                .publishes<diagnosis>());
  auto const invoices = m.hub.invoke<invoice>("cashier", std::vector{order{"a", 1}, order{"b", 2}, order{"c", 3}}, 5s);
  ASSERT_EQ(invoices.size(), 1u);
  EXPECT_EQ(invoices[0]->cents, 3);
  auto const all = m.hub.invoke<diagnosis>("ward", std::vector{std::tuple{xray{"p1", ""}, lab{"p1", 1}}, std::tuple{xray{"p2", ""}, lab{"p2", 1}}}, 5s);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]->text, "2");
}

TEST(api_publications, a_group_that_nobody_takes_is_refused) {
  manual_hub m;
  m.hub.add(diagnostician());
  EXPECT_EQ(code_thrown_by([&] { (void)m.hub.invoke<diagnosis>("diagnostician", std::tuple{lab{"p1", 80}, xray{"p1", ""}}, 5s); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)m.hub.invoke<diagnosis>("diagnostician", std::vector<order>{}, 5s); }), skein::errc::invalid_argument);
  EXPECT_EQ(code_thrown_by([&] { (void)m.hub.invoke<diagnosis>("nobody", std::tuple{xray{}, lab{}}, 5s); }), skein::errc::not_found);
}

}  // namespace
