// The components that come with Skein: output_guard, deduplicate, limit_by_key, agent_metrics.
#include "support/one_agent.hpp"

#include <skein/agents/components.hpp>

#include <gmock/gmock.h>

#include <thread>

namespace {

using namespace skein;
using namespace skein::testing;
using namespace std::chrono_literals;
using bus::outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct order {
  std::string customer;
  int cents = 0;
  SKEIN_ARTIFACT("ready.order", 1, customer, cents)
};
struct invoice {
  std::string customer;
  int cents = 0;
  friend bool operator==(invoice const&, invoice const&) = default;
  SKEIN_ARTIFACT("ready.invoice", 1, customer, cents)
};
struct note {
  std::string text;
  friend bool operator==(note const&, note const&) = default;
  SKEIN_ARTIFACT("ready.note", 1, text)
};

agent biller() {
  return agent{"biller"}
      .on<order>([](order const& o, context& ctx) {
        ctx.publish(note{o.customer});
        if (o.cents == 404) throw std::runtime_error{"lost"};
        return invoice{o.customer, o.cents};
      })
      .publishes<invoice>()
      .publishes<note>();
}

std::vector<std::string> events_of(span_record const& span) {
  std::vector<std::string> names;
  for (auto const& each : span.events) names.push_back(each.name);
  return names;
}
span_record last_attempt(one_agent const& it) { return it.hub.spans().find("invoke_agent " + it.name).back(); }

TEST(an_output_guard, fails_the_attempt_by_a_condition_on_fields) {
  one_agent it{biller().with(output_guard{{.types = {"ready.invoice"}, .where = field("cents") >= 0}})};
  EXPECT_EQ(it.run(order{"ada", 1}).outcome, outcome::ok);
  auto const refused = it.run(order{"ada", -1});
  EXPECT_EQ(refused.outcome, outcome::failed);
  EXPECT_EQ(refused.error_type, "skein.output_guard");
  EXPECT_EQ(refused.what, "agent biller made a ready.invoice that is not allowed: it must have cents >= 0");
  EXPECT_TRUE(refused.children.empty());
}

TEST(an_output_guard, drops_by_code_and_counts_what_it_drops) {
  std::vector<std::string> asked;
  one_agent it{biller().with(output_guard{{.allows =
                                               [&](std::string_view type, std::string_view json) {
                                                 asked.push_back(std::string{type} + ' ' + std::string{json});
                                                 return json.find("secret") == std::string_view::npos;
                                               },
                                           .drop = true}})};
  auto const result = it.run(order{"secret", 1});
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_TRUE(result.children.empty());
  EXPECT_THAT(asked, ElementsAre(R"(ready.note {"text":"secret"})", R"(ready.invoice {"customer":"secret","cents":1})"));
  EXPECT_THAT(events_of(last_attempt(it)), ElementsAre("skein.output_dropped", "skein.output_dropped"));
  EXPECT_EQ(it.run(order{"open", 1}).children.size(), 2u);
}

TEST(an_output_guard, looks_at_what_components_publish_too) {
  struct extra : agent_component {
    void on_post_evaluate(context& ctx) override { ctx.publish(note{"bad"}); }
  };
  one_agent it{biller().with(extra{}).with(output_guard{{.where = field("text") != "bad", .drop = true}})};
  EXPECT_EQ(it.run(order{"ada", 1}).children.size(), 2u);
}

TEST(an_output_guard, whose_code_throws_fails_the_attempt) {
  one_agent it{biller().with(output_guard{{.allows = [](std::string_view, std::string_view) -> bool { throw std::runtime_error{"no opinion"}; }}})};
  EXPECT_EQ(it.run(order{"ada", 1}).what, "no opinion");
}

TEST(an_output_guard, without_a_condition_or_with_a_wrong_one_is_refused) {
  EXPECT_THROW(output_guard{output_guard_options{}}, error);
  EXPECT_THROW((output_guard{{.where = field("") == 1}}), error);
}

TEST(deduplication, handles_one_of_a_key_and_says_so_of_the_others) {
  one_agent it{biller().with(deduplicate{{.key = field("customer")}})};
  EXPECT_EQ(it.run(order{"ada", 1}).children.size(), 2u);
  EXPECT_EQ(it.run(order{"bob", 1}).children.size(), 2u);
  auto const second = it.run(order{"ada", 2});
  EXPECT_EQ(second.outcome, outcome::ok);
  EXPECT_TRUE(second.children.empty());
  EXPECT_THAT(events_of(last_attempt(it)), ElementsAre("skein.skipped"));
}

TEST(deduplication, lets_another_attempt_of_the_same_activation_pass) {
  one_agent it{biller().with(deduplicate{{.key = field("customer")}})};
  auto const input = it.hub.make(order{"ada", 1});
  bus::attempt_ref first;
  (void)it.run_group({input}, 0, [&](bus::delivery& work) { first = work.activation; });
  auto const again = it.run_group({input}, 0, [&](bus::delivery& work) {
    work.activation = first;
    work.activation.attempt = 2;
  });
  EXPECT_EQ(again.children.size(), 2u) << "the first result may have been lost";
}

TEST(deduplication, gives_the_key_of_a_failed_attempt_back) {
  one_agent it{biller().with(deduplicate{{.key = field("customer")}})};
  EXPECT_EQ(it.run(order{"ada", 404}).outcome, outcome::failed);
  EXPECT_EQ(it.run(order{"ada", 1}).children.size(), 2u);
  EXPECT_TRUE(it.run(order{"ada", 404}).children.empty());
  EXPECT_TRUE(it.run(order{"ada", 1}).children.empty()) << "a skipped attempt takes no key away";
}

TEST(deduplication, goes_by_code_and_leaves_alone_what_has_no_key) {
  one_agent it{biller().with(deduplicate{{.key = input_key::of<order>([](order const& o) { return o.customer.substr(0, 1); })}})};
  EXPECT_EQ(it.run(order{"ada", 1}).children.size(), 2u);
  EXPECT_TRUE(it.run(order{"anna", 1}).children.empty());
  one_agent other{biller().with(deduplicate{{.key = field("nothing")}})};
  EXPECT_EQ(other.run(order{"ada", 1}).children.size(), 2u);
  EXPECT_EQ(other.run(order{"ada", 1}).children.size(), 2u);
}

TEST(deduplication, tells_groups_apart_by_all_their_keys) {
  one_agent it{agent{"pairs"}.on<order, order>([](order const& a, order const& b) { return note{a.customer + b.customer}; }).publishes<note>().with(
      deduplicate{{.key = field("customer")}})};
  auto const pair = [&](char const* a, char const* b) { return it.run_group({it.hub.make(order{a, 0}), it.hub.make(order{b, 0})}).children.size(); };
  EXPECT_EQ(pair("a", "bc"), 1u);
  EXPECT_EQ(pair("ab", "c"), 1u);
  EXPECT_EQ(pair("a", "bc"), 0u);
}

TEST(deduplication, forgets_the_oldest_key_at_its_bound) {
  one_agent it{biller().with(deduplicate{{.key = field("customer"), .keys_max = 2}})};
  for (char const* each : {"a", "b", "c"}) EXPECT_EQ(it.run(order{each, 1}).children.size(), 2u);
  EXPECT_TRUE(it.run(order{"b", 1}).children.empty());
  EXPECT_EQ(it.run(order{"a", 1}).children.size(), 2u);
  for (int i = 0; i < 100; ++i) (void)it.run(order{"x", 404});   // keys that are given back take no room
  EXPECT_TRUE(it.run(order{"a", 1}).children.empty());
  EXPECT_THROW((deduplicate{{.key = field("a"), .keys_max = 0}}), error);
}

TEST(a_limit_by_key, makes_each_key_wait_until_there_is_room) {
  manual_clock clock;
  one_agent it{biller().with(limit_by_key{{.key = field("customer"), .calls = 2, .per = 10s, .clock = &clock}})};
  EXPECT_EQ(it.run(order{"ada", 1}).outcome, outcome::ok);
  clock.advance(4s);
  EXPECT_EQ(it.run(order{"ada", 1}).outcome, outcome::ok);
  auto const third = it.run(order{"ada", 1});
  EXPECT_EQ(third.outcome, outcome::failed);
  EXPECT_EQ(third.retry_after, std::chrono::nanoseconds{6s});
  EXPECT_THAT(third.what, HasSubstr("2 calls of this key in 10"));
  EXPECT_EQ(it.run(order{"bob", 1}).outcome, outcome::ok);
  clock.advance(6s);
  EXPECT_EQ(it.run(order{"ada", 1}).outcome, outcome::ok);
  EXPECT_EQ(it.run(order{"ada", 1}).retry_after, std::chrono::nanoseconds{4s});
}

TEST(a_limit_by_key, forgets_the_key_that_was_used_longest_ago) {
  manual_clock clock;
  one_agent it{biller().with(limit_by_key{{.key = field("customer"), .calls = 1, .per = 10s, .keys_max = 2, .clock = &clock}})};
  for (char const* each : {"a", "b"}) EXPECT_EQ(it.run(order{each, 1}).outcome, outcome::ok);
  EXPECT_EQ(it.run(order{"a", 1}).outcome, outcome::failed);
  EXPECT_EQ(it.run(order{"c", 1}).outcome, outcome::ok);
  EXPECT_EQ(it.run(order{"a", 1}).outcome, outcome::failed);
  EXPECT_EQ(it.run(order{"b", 1}).outcome, outcome::ok) << "c took its place";
}

TEST(a_limit_by_key, of_nothing_is_refused) {
  EXPECT_THROW((limit_by_key{{.key = field("a"), .calls = 0}}), error);
  EXPECT_THROW((limit_by_key{{.key = field("a"), .per = 0s}}), error);
  EXPECT_THROW((limit_by_key{{.key = field("a"), .keys_max = 0}}), error);
}

TEST(agent_metrics, count_attempts_and_outputs_by_agent) {
  auto const metrics = std::make_shared<agent_metrics>();
  one_agent it{biller().with(deduplicate{{.key = field("customer")}}).with(metrics)};
  one_agent other{agent{"other"}.on<order>([&](order const&) { EXPECT_EQ(metrics->of("other").running, 1u); }).with(metrics)};
  (void)it.run(order{"ada", 1});
  (void)it.run(order{"ada", 1});
  (void)it.run(order{"bob", 404});
  (void)other.run(order{});
  auto const billed = metrics->of("biller");
  EXPECT_EQ(billed.succeeded, 2u);
  EXPECT_EQ(billed.failed, 1u);
  EXPECT_EQ(billed.published, 2u);
  EXPECT_EQ(billed.running, 0u);
  EXPECT_GT(billed.duration_max.count(), 0);
  EXPECT_GE(billed.duration, billed.duration_max);
  EXPECT_EQ(metrics->all().size(), 2u);
  EXPECT_EQ(metrics->of("nobody"), agent_numbers{});
}

TEST(agent_metrics, print_as_prometheus_text) {
  auto const metrics = std::make_shared<agent_metrics>();
  EXPECT_THAT(metrics->prometheus(), HasSubstr("# TYPE skein_agent_running gauge\n"));
  one_agent it{agent{"a\"b"}.on<order>([](order const&) {}).with(metrics)};
  (void)it.run(order{});
  auto const text = metrics->prometheus();
  EXPECT_THAT(text, HasSubstr("# HELP skein_agent_attempts_total Attempts that have ended.\n# TYPE skein_agent_attempts_total counter\n"
                              "skein_agent_attempts_total{agent=\"a\\\"b\",outcome=\"ok\"} 1\nskein_agent_attempts_total{agent=\"a\\\"b\",outcome=\"failed\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("skein_agent_duration_seconds_total{agent=\"a\\\"b\"} 0.0"));
}

TEST(ready_components, may_be_used_by_several_threads) {
  auto const metrics = std::make_shared<agent_metrics>();
  fake_hub hub;
  auto const host = agents::local_host::make(hub);
  host->add(biller().max_concurrency(4).with(metrics).with(deduplicate{{.key = field("customer"), .keys_max = 8}}).with(
                limit_by_key{{.key = field("cents"), .calls = 1'000'000, .keys_max = 3}})).value();
  std::vector<bus::delivery> work;
  for (int i = 0; i < 200; ++i) work.push_back(hub.deliver("biller", {hub.make(order{std::to_string(i % 16), i % 5})}));
  host->enqueue(std::move(work));
  host->start(4);
  (void)hub.results(200);
  host->stop();
  EXPECT_EQ(metrics->of("biller").succeeded, 200u);
}

TEST(ready_components, skip_before_the_handler_has_begun_or_not_at_all) {
  struct late : agent_component {
    void on_post_evaluate(context& ctx) override { ctx.skip("too late"); }
  };
  one_agent it{biller().with(late{})};
  EXPECT_THAT(it.run(order{}).what, HasSubstr("on_pre_consume"));
}

}  // namespace
