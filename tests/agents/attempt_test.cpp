// One attempt: candidates, deadlines, what its context tells, when it is asked whether it wants its input, and who starts next.
#include "support/one_agent.hpp"
#include "support/tasks.hpp"

#include <cmath>

namespace {

using namespace std::chrono_literals;
using skein::context;
using skein::when;
using skein::bus::outcome;
using skein::testing::fake_hub;
using skein::testing::one_agent;
using skein::testing::task;
using skein::testing::values_of;

struct idea {
  int score = 0;
  SKEIN_ARTIFACT("attempt.idea", 1, score)
  friend bool operator==(idea const&, idea const&) = default;
};

bool has_attribute(skein::span_record const& span, std::string_view key, skein::attribute_value const& value) {
  return std::any_of(span.attributes.begin(), span.attributes.end(), [&](auto const& a) { return a.key == key && a.value == value; });
}
double score_of(skein::outputs const& o) { return o.get<idea>().front()->score; }

/// Publishes these scores, one a candidate; throws for a score below 0.
skein::agent writer(std::vector<int> scores) {
  return skein::agent{"writer"}
      .on<task>([scores, next = std::size_t{0}](task const&) mutable {
        int const score = scores.at(next++);
        if (score < 0) throw std::runtime_error{"candidate " + std::to_string(score)};
        return idea{score};
      })
      .publishes<idea>()
      .best_of(static_cast<std::uint32_t>(scores.size()), score_of);
}

TEST(best_of, publishes_what_the_best_candidate_made) {
  one_agent it{writer({3, 9, 4})};
  auto const result = it.run(task{});
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_EQ(values_of<idea>(result), std::vector{idea{9}});
  EXPECT_EQ(it.spans_inside(), (std::vector<std::string>{"candidate 1", "candidate 2", "candidate 3"}));
  auto const spans = it.hub.spans();
  EXPECT_TRUE(has_attribute(spans.find("candidate 2").front(), "skein.candidate.score", 9.0));
  EXPECT_TRUE(has_attribute(spans.find("invoke_agent writer").front(), "skein.best_of.candidate", 2));
  ASSERT_EQ(spans.find("publish attempt.idea").size(), 1u);
  EXPECT_EQ(spans.find("publish attempt.idea").front().parent, spans.find("candidate 2").front().context.span);
}

TEST(best_of, prefers_the_first_of_equals) {
  one_agent it{writer({4, 9, 9})};
  it.run(task{});
  EXPECT_TRUE(has_attribute(it.hub.spans().find("invoke_agent writer").front(), "skein.best_of.candidate", 2));
}

TEST(best_of, does_without_candidates_that_throw) {
  one_agent it{writer({-1, 2, -3})};
  EXPECT_EQ(values_of<idea>(it.run(task{})), std::vector{idea{2}});
  EXPECT_EQ(it.hub.spans().find("candidate 1").front().status, skein::status_code::error);
}

TEST(best_of, fails_with_the_last_when_all_throw) {
  one_agent it{writer({-1, -2, -3})};
  auto const result = it.run(task{});
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.what, "candidate -3");
  EXPECT_TRUE(result.children.empty());
}

TEST(best_of, holds_each_candidate_against_the_output_rules) {
  int number = 0;
  one_agent it{skein::agent{"writer"}
                   .on<task>([&](task const&) {
                     ++number;
                     return std::vector<idea>(static_cast<std::size_t>(number), idea{number});
                   })
                   .publishes(skein::output<idea>().fan_out(2))
                   .best_of(3, score_of)};
  EXPECT_EQ(values_of<idea>(it.run(task{})), (std::vector{idea{2}, idea{2}}));
}

TEST(best_of, takes_a_score_that_is_no_number_as_the_worst) {
  one_agent it{writer({1, 2}).best_of(2, [](skein::outputs const& o) { return score_of(o) > 1 ? std::nan("") : -5.0; })};
  EXPECT_EQ(values_of<idea>(it.run(task{})), std::vector{idea{1}});
}

TEST(best_of, starts_no_further_candidate_for_nobody) {
  int tried = 0;
  skein::agents::local_host* host = nullptr;
  one_agent it{skein::agent{"writer"}
                   .on<task>([&](task const&) {
                     ++tried;
                     host->cancel_all();
                     return idea{tried};
                   })
                   .publishes<idea>()
                   .best_of(3, score_of)};
  host = it.host.get();
  EXPECT_EQ(it.run(task{}).outcome, outcome::ok);
  EXPECT_EQ(tried, 1);
}

/// An agent whose handler takes so long, run with a deadline of 30 s.
skein::bus::done run_for(std::chrono::seconds time, bool throws = false, std::vector<bool>* cancelled = nullptr, skein::span_list* spans = nullptr) {
  one_agent* here = nullptr;
  one_agent it{skein::agent{"writer"}
                   .on<task>([&](task const&, context& ctx) {
                     EXPECT_EQ(ctx.deadline(), here->hub.manual.now() + 30s);
                     if (cancelled) cancelled->push_back(ctx.cancelled());
                     here->hub.manual.advance(time);
                     if (cancelled) cancelled->push_back(ctx.cancelled());
                     if (throws) throw std::runtime_error{"busy"};
                     return idea{};
                   })
                   .publishes<idea>()
                   .deadline(30s)};
  here = &it;
  auto result = it.run_group({it.hub.make(task{})}, 0, [](auto& work) { work.deadline = 30s; });
  if (spans) *spans = it.hub.spans();
  return result;
}

TEST(a_deadline, fails_an_attempt_that_ends_too_late) {
  EXPECT_EQ(run_for(29s).outcome, outcome::ok);
  std::vector<bool> cancelled;
  skein::span_list spans;
  auto const late = run_for(30s, false, &cancelled, &spans);
  EXPECT_EQ(late.outcome, outcome::failed);
  EXPECT_EQ(late.error_type, "skein.deadline_exceeded");
  EXPECT_NE(late.what.find("30"), std::string::npos) << late.what;
  EXPECT_TRUE(late.children.empty());
  EXPECT_EQ(cancelled, (std::vector{false, true}));
  auto const attempt = spans.find("invoke_agent writer").front();
  EXPECT_EQ(attempt.status, skein::status_code::error);
  EXPECT_TRUE(has_attribute(attempt, "error.type", "skein.deadline_exceeded"));
}

TEST(a_deadline, goes_before_whatever_else_failed) { EXPECT_EQ(run_for(31s, true).error_type, "skein.deadline_exceeded"); }

TEST(a_deadline, counts_from_when_the_host_was_given_the_attempt) {
  bool handled = false;
  one_agent it{skein::agent{"writer"}.on<task>([&](task const&) { handled = true; })};
  auto work = it.hub.deliver("writer", {it.hub.make(task{})});
  work.deadline = 1s;
  it.host->enqueue({work});
  it.hub.manual.advance(1s);
  it.host->run_one();
  EXPECT_EQ(it.hub.results(1).front().error_type, "skein.deadline_exceeded");
  EXPECT_FALSE(handled) << "nobody waits for it";
}

TEST(a_deadline, is_absent_by_default) {
  std::optional<skein::timestamp> seen = skein::timestamp{};
  one_agent it{skein::agent{"writer"}.on<task>([&](task const&, context& ctx) { seen = ctx.deadline(); })};
  it.run(task{});
  EXPECT_EQ(seen, std::nullopt);
}

TEST(a_context, streams_progress_in_order) {
  one_agent it{skein::agent{"writer"}.on<task>([](task const&, context& ctx) {
    ctx.stream("half");
    ctx.stream("done");
  })};
  auto const result = it.run(task{});
  ASSERT_EQ(it.hub.said.size(), 2u);
  EXPECT_EQ(it.hub.said[0].text, "half");
  EXPECT_EQ(it.hub.said[0].number, 1u);
  EXPECT_EQ(it.hub.said[1].number, 2u);
  EXPECT_EQ(it.hub.said[1].activation, result.activation);
  EXPECT_EQ(it.hub.said[1].agent, "writer");
  EXPECT_FALSE(it.hub.said[1].run.empty());
}

TEST(a_context, shows_what_was_published_so_far) {
  std::vector<std::size_t> seen;
  one_agent it{skein::agent{"writer"}
                   .on<task>([&](task const&, context& ctx) {
                     seen.push_back(ctx.outputs().size());
                     ctx.publish(idea{3});
                     seen.push_back(ctx.outputs().get<idea>().size());
                   })
                   .publishes<idea>()};
  it.run(task{});
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1}));
}

/// What a handler with correlation `c` sees of a board, by score.
std::vector<int> seen_by_a_handler(skein::artifact_filter const& filter, std::string correlation = "c") {
  std::vector<int> seen;
  one_agent it{skein::agent{"writer"}.labels({"trusted"}).tenant("acme").on<task>([&](task const&, context& ctx) {
    for (auto const& one : ctx.artifacts<idea>(filter)) seen.push_back(one->score);
  })};
  auto const put = [&](int score, std::string in, skein::visibility_choice const& who = {}) {
    auto made = std::make_shared<skein::bus::artifact_data>(*it.hub.make(idea{score}, std::move(in)));
    made->visible_to = who.get(it.hub.manual.now());
    it.hub.board.push_back(made);
  };
  put(1, "c");
  put(2, "d");
  put(3, "");
  put(4, "c", skein::visible_to_labels{{"trusted", "other"}});
  put(5, "c", skein::visible_to_labels{{"trusted"}});
  put(6, "c", skein::visible_to_tenant{"other"});
  put(7, "c", skein::visible_to_tenant{"acme"});
  put(8, "c", skein::visible_after{1s});
  put(9, "c", skein::visible_to_agents{{"other"}});
  it.run_group({it.hub.make(task{}, std::move(correlation))});
  return seen;
}

TEST(a_context, shows_its_own_correlation_newest_first) {
  EXPECT_EQ(seen_by_a_handler({}), (std::vector{7, 5, 1}));
  EXPECT_EQ(seen_by_a_handler({.limit = 2}), (std::vector{7, 5}));
  EXPECT_EQ(seen_by_a_handler({}, ""), std::vector{3}) << "no correlation is a pool of its own";
}

TEST(a_context, shows_other_correlations_when_asked) {
  EXPECT_EQ(seen_by_a_handler({.correlation_id = "d"}), std::vector{2});
  EXPECT_EQ(seen_by_a_handler({.any_correlation = true}), (std::vector{7, 5, 3, 2, 1}));
}

TEST(a_context, shows_a_thousand_at_most_by_default) {
  std::size_t seen = 0, more = 0;
  one_agent it{skein::agent{"writer"}.on<task>([&](task const&, context& ctx) {
    seen = ctx.artifacts<idea>().size();
    more = ctx.artifacts<idea>({.limit = 1200}).size();
  })};
  for (int i = 0; i < 1100; ++i) it.hub.board.push_back(it.hub.make(idea{i}));
  it.run(task{});
  EXPECT_EQ(seen, 1000u);
  EXPECT_EQ(more, 1100u);
}

TEST(a_context, knows_what_its_agent_publishes) {
  std::vector<skein::artifact_type const*> types;
  one_agent it{skein::agent{"writer"}.on<task>([&](task const&, context& ctx) { types = ctx.output_types(); }).publishes<idea, task>()};
  it.run(task{});
  EXPECT_EQ(types, (std::vector{&skein::type_of<idea>(), &skein::type_of<task>()}));
}

TEST(a_host, asks_the_predicate_when_nobody_has) {
  int asked = 0;
  one_agent it{skein::agent{"writer"}.on(when<task>().where([&](task const& t) {
    ++asked;
    if (t.number == 2) throw std::runtime_error{"what is that"};
    return t.number > 0;
  }), [](task const&) {})};
  auto const run = [&](int number, bool unasked) {
    return it.run_group({it.hub.make(task{number})}, 0, [&](auto& work) { work.unasked = unasked; }).outcome;
  };
  EXPECT_EQ(run(0, false), outcome::ok);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(run(1, true), outcome::ok);
  EXPECT_EQ(run(0, true), outcome::mismatch);
  EXPECT_EQ(run(2, true), outcome::mismatch);
  EXPECT_EQ(asked, 3);
}

TEST(a_host, tells_the_code_of_each_subscription_and_type) {
  one_agent it{skein::agent{"writer"}
                   .on<task>([](task const&) {})
                   .on(when<task, idea>().join_by([](task const& t) { return t.number; }, &idea::score).where<idea>([](idea const& i) { return i.score > 1; }),
                       [](task const&, idea const&) {})};
  auto const all = it.host->predicates();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].agent, "writer");
  EXPECT_EQ(all[0].ordinal, 1u);
  EXPECT_EQ(all[0].type, "test.task");
  EXPECT_FALSE(all[0].accepts);
  EXPECT_EQ(all[0].key(*it.hub.make(task{5})), "5");
  EXPECT_EQ(all[1].type, "attempt.idea");
  EXPECT_TRUE(all[1].accepts(*it.hub.make(idea{2})));
  EXPECT_FALSE(all[1].accepts(*it.hub.make(idea{1})));
  EXPECT_EQ(all[1].key(*it.hub.make(idea{5})), "5");
}

TEST(a_host, starts_the_highest_priority_first_whichever_agents_it_is) {
  fake_hub hub;
  auto const host = skein::agents::local_host::make(hub);
  std::vector<int> seen;
  for (std::string const name : {"a", "b"}) host->add(skein::agent{name}.on<task>([&](task const& t) { seen.push_back(t.number); })).value();
  for (int i = 0; i < 100; ++i) host->enqueue({hub.deliver("a", {hub.make(task{i})})});
  host->enqueue({hub.deliver("b", {hub.make(task{-1})})});
  host->run_one();
  host->enqueue({hub.deliver("b", {hub.make(task{1000})}, 10), hub.deliver("a", {hub.make(task{1001})}, 5)});
  while (host->run_one()) {
  }
  ASSERT_EQ(seen.size(), 103u);
  EXPECT_EQ((std::vector(seen.begin(), seen.begin() + 5)), (std::vector{0, 1000, 1001, -1, 1}));
}

}  // namespace
