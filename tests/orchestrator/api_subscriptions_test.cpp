// Each line of the program that shows every way to subscribe, by what it does.
#include "support/api_artifacts.hpp"
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"
#include "support/manual_hub.hpp"

#include <gtest/gtest.h>

#include <span>
#include <tuple>

using namespace std::chrono_literals;

namespace {

using skein::testing::captured_log;
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
using counts = std::vector<std::size_t>;

// --- which artifacts ---------------------------------------------------------------------------------------------------------------

TEST(api_subscriptions, a_predicate_a_producer_and_a_tag_must_all_hold) {
  manual_hub m;
  m.hub.add(skein::agent{"auditor"}.on(
      skein::when<invoice>().where([](invoice const& i) { return i.cents > 100'000; }).from("cashier").tagged("eu").priority(10),
      [](invoice const&, skein::context& ctx) { ctx.span().set_attribute("audited", true); }));
  auto const bill = [](order const& o, skein::context& ctx) { ctx.publish(invoice{o.customer, o.cents}, {.tags = {o.customer}}); };
  m.hub.add(skein::agent{"cashier"}.on<order>(bill).publishes<invoice>());
  m.hub.add(skein::agent{"clerk"}.on<order>(bill).publishes<invoice>());
  m.hub.publish(order{"eu", 200'000});                       // once by the cashier, once by the clerk
  m.hub.publish(order{"eu", 100'000});                       // too little
  m.hub.publish(order{"us", 200'000});                       // elsewhere
  m.hub.publish(invoice{"eu", 200'000}, {.tags = {"eu"}});   // from outside
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  ASSERT_EQ(m.attempts("auditor"), 1u);
  EXPECT_NE(skein::find_attribute(m.traces.spans().find("invoke_agent auditor").front().attributes, "audited"), nullptr);
}

TEST(api_subscriptions, ten_of_high_priority_start_before_a_hundred_that_came_first) {
  manual_hub m;
  std::vector<int> seen;
  m.hub.add(skein::agent{"desk"}
                .on(skein::when<order>(), [&](order const&) { seen.push_back(0); })
                .on(skein::when<idea>().priority(10), [&](idea const&) { seen.push_back(10); }));
  for (int i = 0; i < 100; ++i) m.hub.publish(order{"ada", i});
  for (int i = 0; i < 10; ++i) m.hub.publish(idea{"late", i});
  m.hub.run_until_idle();
  ASSERT_EQ(seen.size(), 110u);
  EXPECT_TRUE(std::is_sorted(seen.rbegin(), seen.rend()));
}

TEST(api_subscriptions, a_field_filter_is_data_and_what_it_rejects_starts_nothing) {
  manual_hub m;
  texts served;
  m.hub.add(skein::agent{"vip_desk"}.on(skein::when<order>().where(skein::field("cents") >= 50'000 && skein::field("customer") != "test"),
                                        [&](order const& o) { served.push_back(o.customer); }));
  m.hub.publish(order{"ada", 50'000});
  m.hub.publish(order{"test", 50'000});
  m.hub.publish(order{"bob", 49'999});
  auto const report = m.hub.run_until_idle();
  EXPECT_EQ(served, texts{"ada"});
  EXPECT_EQ(report.activations.size(), 1u);
  EXPECT_EQ(report.mismatches, 0u);
}

TEST(api_subscriptions, a_predicate_that_throws_is_a_no_and_is_told) {
  captured_log const log;
  manual_hub m;
  m.hub.add(skein::agent{"strict"}.on(skein::when<order>().where([](order const&) -> bool { throw std::runtime_error{"no idea"}; }), [](order const&) {}));
  m.hub.publish(order{"ada", 1});
  auto const report = m.hub.run_until_idle();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(m.attempts("strict"), 0u);
  ASSERT_EQ(report.notices.size(), 1u);
  EXPECT_EQ(report.notices[0].kind, "predicate_threw");
  EXPECT_EQ(report.notices[0].agent, "strict");
  EXPECT_NE(report.notices[0].what.find("no idea"), std::string::npos);
  EXPECT_NE(log.text().find("mend the predicate"), std::string::npos);
}

// --- groups ------------------------------------------------------------------------------------------------------------------------

TEST(api_subscriptions, one_of_each_type_starts_one_activation_with_both) {
  manual_hub m;
  texts pairs, twins;
  m.hub.add(skein::agent{"pairing"}
                .on<idea, rejected>([&](idea const& i, rejected const& r) { pairs.push_back(i.text + r.why); })
                .on<idea, idea>([&](idea const& a, idea const& b) { twins.push_back(a.text + b.text); }));
  m.hub.publish(idea{"a1"});
  auto report = m.hub.run_until_idle();
  EXPECT_TRUE(report.activations.empty());
  ASSERT_EQ(report.stranded.size(), 2u);
  EXPECT_EQ(report.stranded[0].agent, "pairing");
  m.hub.publish(rejected{"b1"});
  m.hub.run_until_idle();
  EXPECT_EQ(pairs, texts{"a1b1"});
  EXPECT_TRUE(twins.empty());
  m.hub.publish(idea{"a2"});   // the second of its kind; and the first half of the next pair
  m.hub.publish(rejected{"b2"});
  report = m.hub.run_until_idle();
  EXPECT_EQ(pairs, (texts{"a1b1", "a2b2"}));
  EXPECT_EQ(twins, texts{"a1a2"});
  EXPECT_TRUE(report.stranded.empty());
}

TEST(api_subscriptions, surplus_waits_for_the_next_group) {
  manual_hub m;
  texts pairs;
  m.hub.add(skein::agent{"pairing"}.on<idea, rejected>([&](idea const& i, rejected const& r) { pairs.push_back(i.text + r.why); }));
  for (auto const* text : {"a1", "a2", "a3"}) m.hub.publish(idea{text});
  for (auto const* why : {"b1", "b2"}) m.hub.publish(rejected{why});
  m.hub.run_until_idle();
  EXPECT_EQ(pairs, (texts{"a1b1", "a2b2"}));
  m.hub.publish(rejected{"b3"});
  m.hub.run_until_idle();
  EXPECT_EQ(pairs.back(), "a3b3");
}

TEST(api_subscriptions, a_join_brings_together_what_has_the_same_key) {
  manual_hub m;
  m.hub.add(diagnostician());
  m.hub.publish(xray{"p1", "shadow"});
  m.hub.publish(lab{"p2", 80});
  m.pass(4min);
  EXPECT_TRUE(m.hub.artifacts<diagnosis>().empty());
  m.hub.publish(lab{"p1", 3});
  m.hub.run_pending();
  auto const made = m.hub.artifacts<diagnosis>();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0]->patient, "p1");
  EXPECT_EQ(made[0]->text, "shadow");
}

TEST(api_subscriptions, a_half_that_waits_too_long_expires_with_a_record_of_what_it_lacked) {
  captured_log const log;
  manual_hub m;
  texts missed;
  m.hub.add(diagnostician());
  m.hub.add(skein::agent{"registrar"}.on<skein::expired>([&](skein::expired const& e) { missed = e.missing; }));
  m.hub.publish(xray{"p1", "shadow"});
  m.pass(5min + 1ns);
  m.hub.publish(lab{"p1", 3});   // too late: the first half of the next
  auto const report = m.hub.run_until_idle();
  EXPECT_EQ(missed, texts{"clinic.lab"});
  EXPECT_TRUE(m.hub.artifacts<diagnosis>().empty());
  auto const records = m.hub.artifacts<skein::expired>();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]->agent, "diagnostician");
  EXPECT_EQ(records[0]->why, "within");
  EXPECT_EQ(records[0]->had.size(), 1u);
  ASSERT_FALSE(report.notices.empty());
  EXPECT_EQ(report.notices[0].kind, "group_expired");
  ASSERT_EQ(report.stranded.size(), 1u);
  EXPECT_NE(report.stranded[0].missing.find("clinic.xray"), std::string::npos) << report.stranded[0].missing;
}

TEST(api_subscriptions, a_batch_starts_at_its_size_or_at_its_age_whichever_is_first) {
  manual_hub m;
  counts sizes;
  m.hub.add(skein::agent{"cashier"}
                .on(skein::when<order>().batch(25, 30s),
                    [&](std::span<order const> orders) {
                      sizes.push_back(orders.size());
                      std::vector<invoice> out;
                      for (auto const& o : orders) out.push_back({o.customer, o.cents});
                      return out;
                    })
                .publishes<invoice>());
  for (int i = 0; i < 28; ++i) m.hub.publish(order{"ada", i});
  m.hub.run_pending();
  EXPECT_EQ(sizes, counts{25});
  m.pass(29s);
  EXPECT_EQ(sizes, counts{25});
  m.pass(1s);
  EXPECT_EQ(sizes, (counts{25, 3}));
  auto const made = m.hub.artifacts<invoice>();
  ASSERT_EQ(made.size(), 28u);
  for (int i = 0; i < 28; ++i) EXPECT_EQ(made[static_cast<std::size_t>(i)]->cents, i) << "outputs keep their order";
}

TEST(api_subscriptions, a_partial_batch_is_handed_over_at_idle_and_counted) {
  manual_hub m;
  counts sizes;
  m.hub.add(skein::agent{"cashier"}.on(skein::when<order>().batch(100, 1h), [&](std::span<order const> orders) { sizes.push_back(orders.size()); }));
  for (int i = 0; i < 3; ++i) m.hub.publish(order{"ada", i});
  auto const report = m.hub.run_until_idle();
  EXPECT_EQ(sizes, counts{3});
  EXPECT_EQ(report.batches_flushed, 1u);
  EXPECT_EQ(m.clock.now(), skein::testing::manual_clock::default_start) << "nobody waited for the hour";
}

TEST(api_subscriptions, batches_of_two_and_of_three_take_the_same_artifacts) {
  manual_hub m;
  counts twos, threes;
  m.hub.add(skein::agent{"twos"}.on(skein::when<order>().batch(2, 1h), [&](std::span<order const> o) { twos.push_back(o.size()); }));
  m.hub.add(skein::agent{"threes"}.on(skein::when<order>().batch(3, 1h), [&](std::span<order const> o) { threes.push_back(o.size()); }));
  for (int i = 0; i < 6; ++i) m.hub.publish(order{"ada", i});
  m.hub.run_until_idle();
  EXPECT_EQ(twos, (counts{2, 2, 2}));
  EXPECT_EQ(threes, (counts{3, 3}));
}

TEST(api_subscriptions, groups_form_within_a_run_unless_they_are_told_to_meet_across_runs) {
  manual_hub m;
  counts within, across;
  m.hub.add(skein::agent{"bookkeeper"}.on(skein::when<invoice>().batch(100, 60s), [&](std::span<invoice const> i) { within.push_back(i.size()); }));
  m.hub.add(skein::agent{"accountant"}.on(skein::when<invoice>().across_runs().batch(100, 60s), [&](std::span<invoice const> i) { across.push_back(i.size()); }));
  for (int run = 0; run < 2; ++run) {
    skein::traced_run const traced{m.hub, "shift"};
    for (int i = 0; i <= run; ++i) m.hub.publish(invoice{"ada", i});
  }
  m.pass(60s);
  EXPECT_EQ(within, (counts{1, 2}));
  EXPECT_EQ(across, counts{3});
}

TEST(api_subscriptions, a_batch_across_runs_waits_while_another_run_may_still_feed_it) {
  manual_hub m;
  counts across;
  m.hub.add(skein::agent{"accountant"}.on(skein::when<invoice>().across_runs().batch(100, 10h), [&](std::span<invoice const> i) { across.push_back(i.size()); }));
  m.hub.add(skein::agent{"cashier"}
                .on<order>([](order const& o, skein::context& ctx) {
                  if (ctx.attempt() == 1) throw skein::retry_later{1h};
                  return invoice{o.customer, o.cents};
                })
                .publishes<invoice>()
                .retry({.attempts_max = 2}));
  m.hub.publish(order{"ada", 1});
  m.hub.run_pending();
  {
    skein::traced_run run{m.hub, "shift"};
    m.hub.publish(invoice{"bob", 2});
    auto const report = run.run_until_idle();
    EXPECT_TRUE(across.empty());
    EXPECT_EQ(report.batches_flushed, 0u);
    ASSERT_EQ(report.stranded.size(), 1u);
    EXPECT_EQ(report.stranded[0].agent, "accountant");
  }
  m.hub.run_until_idle();
  EXPECT_EQ(across, counts{2});
}

TEST(api_subscriptions, joined_groups_are_handed_over_in_batches) {
  manual_hub m;
  std::vector<texts> batches;
  m.hub.add(skein::agent{"ward"}.on(skein::when<xray, lab>().join_by(&xray::patient, &lab::patient).within(100).batch(10, 1s),
                                    [&](std::span<std::tuple<xray, lab> const> groups) {
                                      texts patients;
                                      for (auto const& [x, l] : groups) {
                                        EXPECT_EQ(x.patient, l.patient);
                                        patients.push_back(x.patient);
                                      }
                                      batches.push_back(patients);
                                    }));
  for (int i = 0; i < 12; ++i) m.hub.publish(xray{"p" + std::to_string(i), "shadow"});
  for (int i = 11; i >= 0; --i) m.hub.publish(lab{"p" + std::to_string(i), 1});
  m.hub.run_pending();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].size(), 10u);
  EXPECT_EQ(batches[0].front(), "p11") << "in the order in which they were complete";
  m.pass(1s);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[1], (texts{"p1", "p0"}));
}

TEST(api_subscriptions, a_count_window_joins_within_it_and_expires_beyond) {
  captured_log const log;
  for (int between : {9, 10}) {
    manual_hub m;
    int joined = 0;
    m.hub.add(skein::agent{"ward"}.on(skein::when<xray, lab>().join_by(&xray::patient, &lab::patient).within(10), [&](xray const&, lab const&) { ++joined; }));
    m.hub.publish(xray{"p", "shadow"});
    for (int i = 0; i < between; ++i) m.hub.publish(xray{"other" + std::to_string(i), ""});
    m.hub.publish(lab{"p", 1});
    m.hub.run_pending();
    EXPECT_EQ(joined, between == 9 ? 1 : 0) << between;
    EXPECT_EQ(m.hub.artifacts<skein::expired>().empty(), between == 9) << between;
  }
}

}  // namespace
