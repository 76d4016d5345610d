// A worker between a fake link and its handlers.
#include <skein/agents/worker.hpp>
#include <skein/tracing/propagation.hpp>

#include "support/fake_hub.hpp"
#include "support/fake_link.hpp"
#include "support/tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace {

using skein::testing::task;

using namespace std::chrono_literals;
using skein::agents::worker;
using skein::bus::link_state;
using skein::bus::outcome;

struct answer {
  std::string text;
  SKEIN_ARTIFACT("worker.answer", 1, text)
};

std::vector<std::string> names_of(skein::span_batch const& spans) {
  std::vector<std::string> all;
  for (auto const& one : spans) all.push_back(one.name);
  return all;
}

struct working {
  explicit working(std::vector<skein::agent> agents, skein::agents::worker_options options = {}) {
    if (options.name.empty()) options.name = "worker-1";
    it = worker::start(
             std::move(options), agents, skein::system_clock(),
             [&](std::vector<skein::agent_descriptor> offered, skein::bus::host_link_receivers to) -> skein::result<std::unique_ptr<skein::bus::host_link>> {
               link->offered = std::move(offered);
               link->to = std::move(to);
               return std::unique_ptr<skein::bus::host_link>{std::make_unique<skein::testing::fake_link>(link)};
             },
             [this] { ++news; })
             .value();
    link->become(link_state::welcomed);
  }
  explicit working(skein::agent one, skein::agents::worker_options options = {}) : working(std::vector{std::move(one)}, std::move(options)) {}

  skein::bus::delivery task_no(int number) { return hub.deliver("critic", {hub.make(task{number})}); }
  /// Hands over one task and waits for its result.
  skein::bus::done run(int number) {
    link->deliver({task_no(number)});
    return link->wait_results(++runs).back();
  }

  std::atomic<int> news = 0;
  skein::testing::fake_hub hub;   // makes artifacts and deliveries
  std::shared_ptr<skein::testing::link_record> link = std::make_shared<skein::testing::link_record>();
  std::unique_ptr<worker> it;
  std::size_t runs = 0;
};

skein::agent answering() {
  return skein::agent{"critic"}.on<task>([](task const& t) { return answer{std::to_string(t.number)}; }).publishes<answer>();
}

TEST(a_worker, offers_its_agents_and_answers_with_children_and_spans) {
  working here{answering()};
  EXPECT_EQ(here.link->offered.at(0).name, "critic");
  auto const result = here.run(4);
  EXPECT_EQ(result.outcome, outcome::ok);
  ASSERT_EQ(result.children.size(), 1u);
  EXPECT_EQ(skein::value_of<answer>(result.children[0].payload).value()->text, "4");
  EXPECT_EQ(names_of(result.spans), (std::vector<std::string>{"publish worker.answer", "invoke_agent critic"}));
  for (auto const& one : result.spans) EXPECT_EQ(one.service, "worker-1");
}

TEST(a_worker, hangs_its_spans_under_what_the_hub_published) {
  working here{answering()};
  auto work = here.task_no(1);
  auto const input = work.inputs[0];
  here.link->deliver({std::move(work)});
  auto const result = here.link->wait_results(1)[0];
  auto const invoked = result.spans[1];
  EXPECT_EQ(invoked.parent, input->context.span);
  EXPECT_EQ(invoked.context.trace, input->context.trace);
  EXPECT_EQ(invoked.run, input->run);
}

TEST(a_worker, records_nothing_of_a_run_that_is_not_sampled) {
  working here{answering()};
  auto input = std::make_shared<skein::bus::artifact_data>(*here.hub.make(task{1}));
  input->context.flags = skein::span_context::random;
  here.link->deliver({here.hub.deliver("critic", {input})});
  auto const result = here.link->wait_results(1)[0];
  EXPECT_TRUE(result.spans.empty());
  EXPECT_EQ(result.children.at(0).context.flags, skein::span_context::random);
}

TEST(a_worker, passes_on_what_travels_with_the_trace) {
  std::string state, baggage;
  working here{skein::agent{"critic"}.on<task>([&](task const&) {
    auto const context = skein::trace_context::current();
    state = context.tracestate();
    baggage = context.baggage();
  })};
  auto input = std::make_shared<skein::bus::artifact_data>(*here.hub.make(task{1}));
  input->headers = std::make_shared<skein::trace_headers const>(skein::trace_headers{"a=1", "user=ada"});
  here.link->deliver({here.hub.deliver("critic", {input})});
  (void)here.link->wait_results(1);
  EXPECT_EQ(state, "a=1");
  EXPECT_EQ(baggage, "user=ada");
}

TEST(a_worker, sends_what_handlers_say_of_their_run) {
  working here{skein::agent{"critic"}.on<task>([](task const& t) {
    if (t.number == 1) skein::current_trace().set_tag("judged", true);
  })};
  auto const first = here.run(1);
  ASSERT_EQ(first.runs.size(), 1u);
  EXPECT_EQ(first.runs[0].tags.at(0).key, "judged");
  EXPECT_TRUE(here.run(2).runs.empty());
}

TEST(a_worker, shows_running_spans_in_its_beats) {
  std::latch started{1}, go_on{1};
  working here{skein::agent{"critic"}.on<task>([&](task const&) {
    skein::span inner{"inner"};
    started.count_down();
    go_on.wait();
  })};
  here.link->deliver({here.task_no(1)});
  started.wait();
  skein::bus::beat first, second, again;
  here.link->to.beating(first);
  here.link->to.beating(second);
  EXPECT_EQ(names_of(first.spans), (std::vector<std::string>{"invoke_agent critic", "inner"}));
  EXPECT_EQ(first.spans[1].status, skein::status_code::running);
  EXPECT_TRUE(second.spans.empty());
  here.link->become(link_state::connecting, "lost");
  here.link->become(link_state::welcomed);
  here.link->to.beating(again);
  EXPECT_EQ(again.spans.size(), 2u) << "another hub knows nothing of them";
  go_on.count_down();
  (void)here.link->wait_results(1);
}

TEST(a_worker, asks_predicates_and_answers_mismatch) {
  working here{skein::agent{"critic"}.on(skein::when<task>().where([](task const& t) {
    if (t.number == 3) throw std::runtime_error{"no idea"};
    return t.number == 1;
  }), [](task const&) {})};
  EXPECT_TRUE(here.link->offered.at(0).subscriptions.at(0).has_predicate);
  EXPECT_EQ(here.run(1).outcome, outcome::ok);
  auto const rejected = here.run(2);
  EXPECT_EQ(rejected.outcome, outcome::mismatch);
  EXPECT_TRUE(rejected.spans.empty());
  EXPECT_EQ(here.run(3).outcome, outcome::mismatch);
}

TEST(a_worker, passes_on_what_handlers_stream) {
  working here{skein::agent{"critic"}.on<task>([](task const&, skein::context& ctx) { ctx.stream("half"); })};
  auto const result = here.run(1);
  ASSERT_EQ(here.link->told.size(), 1u);
  EXPECT_EQ(here.link->told[0].text, "half");
  EXPECT_EQ(here.link->told[0].activation, result.activation);
}

TEST(a_worker, fails_an_attempt_that_ends_after_its_deadline) {
  working here{skein::agent{"critic"}.on<task>([](task const&, skein::context& ctx) {
    while (!ctx.cancelled()) std::this_thread::yield();
  })};
  auto work = here.task_no(1);
  work.deadline = 1ms;
  here.link->deliver({std::move(work)});
  EXPECT_EQ(here.link->wait_results(1).front().error_type, "skein.deadline_exceeded");
}

TEST(a_worker, fails_what_is_too_large_for_good) {
  working here{skein::agent{"critic"}.on<task>([](task const&) { return answer{std::string(2'000, 'x')}; }).publishes<answer>(),
               {.name = "w", .payload_bytes_max = 1'000}};
  auto const result = here.run(1);
  EXPECT_EQ(result.outcome, outcome::permanent);
  EXPECT_NE(result.what.find("payload_bytes_max is 1000"), std::string::npos) << result.what;
  EXPECT_TRUE(result.children.empty());
}

TEST(a_worker, passes_on_when_to_try_again) {
  working here{skein::agent{"critic"}.on<task>([](task const&) { throw skein::retry_later{5s, "rate limit"}; })};
  auto const result = here.run(1);
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.retry_after, 5s);
  EXPECT_EQ(result.what, "rate limit");
}

TEST(a_worker, tells_a_handler_that_its_result_is_not_wanted_any_more) {
  std::latch started{1};
  working here{skein::agent{"critic"}.on<task>([&](task const& t, skein::context& ctx) {
    if (t.number == 2) return;
    started.count_down();
    while (!ctx.cancelled()) std::this_thread::yield();
  })};
  auto work = here.task_no(1);
  auto const attempt = work.activation;
  here.link->deliver({std::move(work)});
  started.wait();
  here.link->to.drop(attempt);
  auto const result = here.link->wait_results(1)[0];
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_TRUE(result.spans.empty()) << "a result that nobody wants carries nothing";
  here.runs = 1;
  EXPECT_EQ(names_of(here.run(2).spans), (std::vector<std::string>{"invoke_agent critic", "invoke_agent critic"})) << "its spans come with the next";
}

TEST(a_worker, gives_back_what_is_dropped_before_it_starts) {
  std::latch started{1}, go_on{1};
  std::atomic<int> handled = 0;
  working here{skein::agent{"critic"}.on<task>([&](task const&) {
    ++handled;
    started.count_down();
    go_on.wait();
  })};
  auto first = here.task_no(1), second = here.task_no(2);
  auto const dropped = second.activation;
  here.link->deliver({std::move(first), std::move(second)});
  started.wait();
  here.link->to.drop(dropped);
  EXPECT_EQ(here.link->wait_results(1)[0].activation, dropped);
  EXPECT_EQ(here.link->wait_results(1)[0].outcome, outcome::released);
  here.link->to.drop(here.task_no(3).activation);   // unknown: nothing happens
  go_on.count_down();
  (void)here.link->wait_results(2);
  EXPECT_EQ(handled, 1);
}

TEST(a_worker, asks_the_hub_for_artifacts) {
  std::vector<std::string> seen;
  working here{skein::agent{"critic"}.on<task>([&](task const&, skein::context& ctx) {
    for (auto const& one : ctx.artifacts<answer>({.produced_by = "chef", .tagged = {"eu"}, .correlation_id = "c", .limit = 2, .all_sessions = true})) {
      seen.push_back(one->text);
    }
  })};
  here.link->deliver({here.task_no(1)});
  here.link->wait([&] { return here.link->asked.size() == 1; });
  auto const asked = here.link->asked[0];
  EXPECT_EQ(asked.type, "worker.answer");
  EXPECT_EQ(asked.produced_by, "chef");
  EXPECT_EQ(asked.correlation, "c");
  EXPECT_EQ(asked.tagged, std::vector<std::string>{"eu"});
  EXPECT_EQ(asked.limit, 2u);
  EXPECT_TRUE(asked.all_sessions);
  EXPECT_EQ(asked.agent, "critic") << "only what it may see is told";
  here.link->to.answered({.number = asked.number + 1, .artifacts = {here.hub.make(answer{"another question's"})}});
  here.link->to.answered({.number = asked.number, .artifacts = {here.hub.make(answer{"a"})}});
  (void)here.link->wait_results(1);
  EXPECT_EQ(seen, std::vector<std::string>{"a"});
}

TEST(a_worker, asks_for_more_when_its_agent_may_not_see_all) {
  std::size_t seen = 0;
  working here{skein::agent{"critic"}.on<task>([&](task const&, skein::context& ctx) { seen = ctx.artifacts<answer>({.limit = 2}).size(); })};
  auto hidden = std::make_shared<skein::bus::artifact_data>(*here.hub.make(answer{"hidden"}));
  hidden->visible_to = std::make_shared<skein::visibility const>(skein::visibility{{"other"}, {}, {}, {}});
  auto const open = here.hub.make(answer{"open"});
  here.link->deliver({here.task_no(1)});
  here.link->wait([&] { return here.link->asked.size() == 1; });
  here.link->to.answered({.number = 1, .artifacts = {open, hidden}});
  here.link->wait([&] { return here.link->asked.size() == 2; });
  EXPECT_EQ(here.link->asked[1].limit, 16u);
  here.link->to.answered({.number = 2, .artifacts = {open, open, hidden}});
  (void)here.link->wait_results(1);
  EXPECT_EQ(seen, 2u);
}

TEST(a_worker, fails_a_handler_whose_question_is_not_answered) {
  working here{skein::agent{"critic"}.on<task>([](task const&, skein::context& ctx) { (void)ctx.artifacts<answer>(); }),
               {.name = "w", .query_timeout = 1ms}};
  auto const result = here.run(1);
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_NE(result.what.find("worker.answer within 1.00 ms"), std::string::npos) << result.what;
  EXPECT_EQ(here.link->forgotten, std::vector<std::uint64_t>{1});
}

TEST(a_worker, fails_a_handler_whose_question_the_hub_refuses) {
  working here{skein::agent{"critic"}.on<task>([](task const&, skein::context& ctx) { (void)ctx.artifacts<answer>(); })};
  here.link->deliver({here.task_no(1)});
  here.link->wait([&] { return here.link->asked.size() == 1; });
  here.link->to.answered({.number = 1, .error = "the ledger cannot be read"});
  EXPECT_NE(here.link->wait_results(1)[0].what.find("the ledger cannot be read"), std::string::npos);
}

TEST(a_worker, drains_by_giving_back_what_waits_and_finishing_what_runs) {
  std::latch started{1}, go_on{1};
  bool cancelled = true;
  working here{skein::agent{"critic"}.on<task>([&](task const&, skein::context& ctx) {
    started.count_down();
    go_on.wait();
    cancelled = ctx.cancelled();
  })};
  auto first = here.task_no(1), second = here.task_no(2), late = here.task_no(3);
  auto const running = first.activation;
  here.link->deliver({std::move(first), std::move(second)});
  started.wait();
  here.it->drain();
  here.link->deliver({std::move(late)});   // it was under way
  for (auto const& one : here.link->wait_results(2)) EXPECT_EQ(one.outcome, outcome::released);
  EXPECT_FALSE(here.it->drained());
  EXPECT_EQ(here.it->running(), 1u);
  go_on.count_down();
  auto const last = here.link->wait_results(3)[2];
  EXPECT_EQ(last.activation, running);
  EXPECT_EQ(last.outcome, outcome::ok);
  here.link->wait([&] { return here.link->state == link_state::left; });
  EXPECT_TRUE(here.it->drained());
  EXPECT_FALSE(cancelled) << "its result is wanted";
}

TEST(a_worker, gives_back_what_does_not_end_with_its_open_spans) {
  std::latch started{1};
  working here{skein::agent{"critic"}.on<task>([&](task const&, skein::context& ctx) {
    skein::span inner{"inner"};
    started.count_down();
    while (!ctx.cancelled()) std::this_thread::yield();
  })};
  auto work = here.task_no(1);
  auto const attempt = work.activation;
  here.link->deliver({std::move(work)});
  started.wait();
  here.it->drain();
  here.it->give_back_running();
  auto const result = here.link->wait_results(1)[0];
  EXPECT_EQ(result.activation, attempt);
  EXPECT_EQ(result.outcome, outcome::released);
  ASSERT_EQ(names_of(result.spans), (std::vector<std::string>{"invoke_agent critic", "inner"}));
  for (auto const& one : result.spans) EXPECT_EQ(one.status, skein::status_code::interrupted);
  EXPECT_TRUE(here.it->drained());
  here.it->cancel_running();
}

TEST(a_worker, ends_questions_of_handlers_that_are_cancelled) {
  working here{skein::agent{"critic"}.on<task>([](task const&, skein::context& ctx) { (void)ctx.artifacts<answer>(); })};
  here.link->deliver({here.task_no(1)});
  here.link->wait([&] { return here.link->asked.size() == 1; });
  here.it->cancel_running();
  EXPECT_NE(here.link->wait_results(1)[0].what.find("cancelled"), std::string::npos);
  here.runs = 1;
  EXPECT_NE(here.run(2).what.find("cancelled"), std::string::npos);
}

TEST(a_worker, has_nothing_to_wait_for_without_a_hub_and_without_results) {
  working here{answering()};
  here.link->become(link_state::connecting, "gone");
  here.it->drain();
  EXPECT_TRUE(here.it->drained());
}

TEST(a_worker, waits_for_a_lost_hub_while_it_has_results_for_it) {
  working here{answering()};
  here.link->answers = false;
  (void)here.run(1);
  here.link->become(link_state::connecting, "gone");
  here.it->drain();
  EXPECT_FALSE(here.it->drained());
}

TEST(a_worker, says_how_it_stands_with_its_hub) {
  working here{answering()};
  EXPECT_EQ(here.it->now().link, link_state::welcomed);
  here.link->become(link_state::refused, "another has this name");
  here.link->to.drain();
  auto const standing = here.it->now();
  EXPECT_EQ(standing.link, link_state::refused);
  EXPECT_EQ(standing.why, "another has this name");
  EXPECT_TRUE(standing.asked_to_leave);
  EXPECT_GE(here.news, 3);
}

skein::errc refusal_of_agents(std::vector<skein::agent> const& agents) {
  auto const open = [](auto, auto) -> skein::result<std::unique_ptr<skein::bus::host_link>> { return skein::error{skein::errc::io_failed, "not reached"}; };
  return worker::start({}, agents, skein::system_clock(), open, [] {}).error().code();
}

TEST(a_worker, refuses_agents_that_cannot_be_right) {
  EXPECT_EQ(refusal_of_agents({}), skein::errc::invalid_argument);
  EXPECT_EQ(refusal_of_agents({skein::agent{"two words"}.on<task>([](task const&) {})}), skein::errc::invalid_argument);
  EXPECT_EQ(refusal_of_agents({answering(), answering()}), skein::errc::misuse);
  EXPECT_EQ(refusal_of_agents({answering()}), skein::errc::io_failed) << "the link's own";
}

}  // namespace
