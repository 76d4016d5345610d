#include <skein/bus/host_session.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace skein::bus {
namespace {

using namespace std::chrono_literals;

/// A session with a clock and what it asked for in the last call.
struct talk {
  timestamp now{std::chrono::hours{1}};
  host_session session{{.name = "kitchen", .instance = 7, .credit = 4, .agents = {}, .beat = 1s, .repeat = 2s}};
  host_actions last;

  void connect() { last = {}, session.connect(now, last); }
  void hears(message what) { last = {}, session.receive(now, std::move(what), last); }
  void completes(attempt_ref const& ref, outcome how = outcome::ok) {
    done result;
    result.activation = ref;
    result.outcome = how;
    last = {}, session.complete(now, std::move(result), last);
  }
  void drains() { last = {}, session.drain(now, last); }
  void later(std::chrono::nanoseconds by) { now += by, last = {}, session.tick(now, last); }
  void connect_and_welcome() { connect(), hears(welcome{1, 7}); }

  template <class Message>
  std::vector<Message> said() const {
    std::vector<Message> all;
    for (auto const& one : last.send) {
      if (auto const* m = std::get_if<Message>(&one)) all.push_back(*m);
    }
    return all;
  }
};

attempt_ref attempt(std::uint8_t which, std::uint32_t number = 1) { return {which, activation_id{{which}}, number}; }

deliver delivery_of(std::uint64_t number, std::initializer_list<attempt_ref> refs) {
  deliver m;
  m.number = number;
  for (auto const& ref : refs) {
    m.deliveries.emplace_back();
    m.deliveries.back().activation = ref;
  }
  return m;
}

TEST(host_session, says_hello_until_it_is_welcomed) {
  talk t;
  t.connect();
  ASSERT_EQ(t.said<hello>().size(), 1u);
  EXPECT_EQ(t.said<hello>()[0].host, "kitchen");
  EXPECT_EQ(t.said<hello>()[0].instance, 7u);
  EXPECT_EQ(t.said<hello>()[0].credit, 4u);
  EXPECT_EQ(t.session.next_timer(), t.now + 2s);
  t.later(2s);
  EXPECT_EQ(t.said<hello>().size(), 1u);
  EXPECT_FALSE(t.session.welcomed());
  t.hears(welcome{1, 7});
  EXPECT_TRUE(t.session.welcomed());
  t.later(10s);
  EXPECT_TRUE(t.said<hello>().empty());
}

TEST(host_session, ignores_a_welcome_to_an_earlier_process) {
  talk t;
  t.connect();
  t.hears(welcome{1, 6});
  EXPECT_FALSE(t.session.welcomed());
}

TEST(host_session, starts_a_delivery_once) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  EXPECT_EQ(t.last.start.size(), 1u);
  t.hears(delivery_of(1, {attempt(1)}));
  EXPECT_TRUE(t.last.start.empty());
}

TEST(host_session, starts_what_is_there_for_the_first_time_in_the_order_of_its_delivery) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(2)}));
  t.hears(delivery_of(2, {attempt(1), attempt(2), attempt(3)}));
  ASSERT_EQ(t.last.start.size(), 2u);
  EXPECT_EQ(t.last.start[0].activation, attempt(1));
  EXPECT_EQ(t.last.start[1].activation, attempt(3));
}

TEST(host_session, starts_nothing_again_after_it_is_done) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.completes(attempt(1));
  t.hears(done_ok{attempt(1)});
  t.hears(delivery_of(1, {attempt(1)}));
  EXPECT_TRUE(t.last.start.empty());
}

TEST(host_session, starts_what_overtook_and_what_was_overtaken) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(9, {attempt(2)}));
  t.hears(delivery_of(8, {attempt(1)}));
  EXPECT_EQ(t.last.start.size(), 1u);
  t.later(1s);
  ASSERT_EQ(t.said<beat>().size(), 1u);
  EXPECT_EQ(t.said<beat>()[0].last_number, 9u);
}

TEST(host_session, never_goes_back_to_an_earlier_attempt) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(2, {attempt(1, 2)}));
  t.hears(delivery_of(1, {attempt(1, 1)}));
  EXPECT_TRUE(t.last.start.empty());
}

TEST(host_session, drops_an_attempt_that_a_later_one_replaces) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1, 1)}));
  t.hears(delivery_of(2, {attempt(1, 2)}));
  EXPECT_EQ(t.last.drop, std::vector{attempt(1, 1)});
  EXPECT_EQ(t.last.start.size(), 1u);
  t.completes(attempt(1, 1));
  EXPECT_TRUE(t.said<done>().empty());
  t.completes(attempt(1, 2));
  EXPECT_EQ(t.said<done>().size(), 1u);
}

TEST(host_session, repeats_a_result_until_it_is_acknowledged) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.completes(attempt(1));
  EXPECT_EQ(t.said<done>().size(), 1u);
  t.later(1s);
  EXPECT_TRUE(t.said<done>().empty());
  t.later(1s);
  EXPECT_EQ(t.said<done>().size(), 1u);
  t.hears(done_ok{attempt(1)});
  t.later(10s);
  EXPECT_TRUE(t.said<done>().empty());
  EXPECT_TRUE(t.session.held().empty());
}

TEST(host_session, forgets_a_result_that_is_stale) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.completes(attempt(1));
  t.hears(stale{attempt(1)});
  EXPECT_TRUE(t.last.drop.empty());
  EXPECT_TRUE(t.session.held().empty());
}

TEST(host_session, drops_running_work_that_is_stale) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.hears(stale{attempt(1)});
  EXPECT_EQ(t.last.drop, std::vector{attempt(1)});
  t.completes(attempt(1));
  EXPECT_TRUE(t.last.send.empty());
}

TEST(host_session, keeps_what_an_answer_to_another_attempt_names) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1, 2)}));
  t.hears(stale{attempt(1, 1)});
  t.hears(done_ok{attempt(1, 1)});
  EXPECT_EQ(t.session.held(), std::vector{attempt(1, 2)});
}

TEST(host_session, ignores_a_second_completion) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.completes(attempt(1));
  t.completes(attempt(1), outcome::failed);
  EXPECT_TRUE(t.last.send.empty());
}

TEST(host_session, beats_with_what_it_works_on_and_could_not_report) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(5, {attempt(1), attempt(2), attempt(3)}));
  t.completes(attempt(2));
  t.completes(attempt(3));
  t.hears(done_ok{attempt(3)});
  t.later(1s);
  ASSERT_EQ(t.said<beat>().size(), 1u);
  EXPECT_EQ(t.said<beat>()[0].held, (std::vector{attempt(1), attempt(2)}));
  EXPECT_EQ(t.said<beat>()[0].last_number, 5u);
  EXPECT_EQ(t.said<beat>()[0].instance, 7u);
}

TEST(host_session, does_not_beat_before_it_is_welcomed) {
  talk t;
  t.connect();
  t.later(1s);
  EXPECT_TRUE(t.last.send.empty());
}

TEST(host_session, introduces_itself_again_with_what_it_holds) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1), attempt(2)}));
  t.completes(attempt(1));
  t.hears(hello_again{});
  ASSERT_EQ(t.said<hello>().size(), 1u);
  EXPECT_EQ(t.said<hello>()[0].held, (std::vector{attempt(1), attempt(2)}));
  t.hears(hello_again{});
  EXPECT_TRUE(t.last.send.empty()) << "one hello is on its way";
}

TEST(host_session, reports_at_once_when_it_is_welcomed_back) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.hears(hello_again{});
  t.completes(attempt(1));
  EXPECT_TRUE(t.said<done>().empty()) << "the hub would not know who speaks";
  t.hears(welcome{1, 7});
  EXPECT_EQ(t.said<done>().size(), 1u);
}

TEST(host_session, offers_other_agents_in_a_hello_and_repeats_it) {
  talk t;
  t.connect_and_welcome();
  agent_descriptor cook;
  cook.name = "cook";
  t.last = {};
  t.session.offer(t.now, {cook}, t.last);
  ASSERT_EQ(t.said<hello>().size(), 1u);
  EXPECT_EQ(t.said<hello>()[0].agents.at(0).name, "cook");
  t.later(2s);
  EXPECT_EQ(t.said<hello>().size(), 1u);
  t.hears(welcome{1, 7});
  t.later(2s);
  EXPECT_TRUE(t.said<hello>().empty());
}

TEST(host_session, leaves_at_once_when_it_holds_nothing) {
  talk t;
  t.connect_and_welcome();
  t.drains();
  EXPECT_EQ(t.said<goodbye>().size(), 1u);
  EXPECT_FALSE(t.session.next_timer());
}

TEST(host_session, finishes_what_it_has_started_and_takes_no_more_before_it_leaves) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.drains();
  ASSERT_EQ(t.said<hello>().size(), 1u);
  EXPECT_EQ(t.said<hello>()[0].credit, 0u);
  t.hears(delivery_of(2, {attempt(2)}));
  EXPECT_TRUE(t.last.start.empty());
  ASSERT_EQ(t.said<done>().size(), 1u);
  EXPECT_EQ(t.said<done>()[0].outcome, outcome::released);
  t.hears(done_ok{attempt(2)});
  t.completes(attempt(1));
  EXPECT_TRUE(t.said<goodbye>().empty());
  t.hears(done_ok{attempt(1)});
  EXPECT_EQ(t.said<goodbye>().size(), 1u);
  t.hears(delivery_of(3, {attempt(3)}));
  EXPECT_TRUE(t.last.start.empty());
}

TEST(host_session, ends_when_it_is_refused) {
  talk t;
  t.connect();
  t.hears(refused{errc::unsupported_version, "too old"});
  ASSERT_TRUE(t.last.ended);
  EXPECT_EQ(t.last.ended->code, errc::unsupported_version);
  EXPECT_FALSE(t.session.next_timer());
  t.connect();
  EXPECT_TRUE(t.last.send.empty());
}

TEST(host_session, forgets_old_attempts_at_its_bound) {
  talk t;
  t.connect_and_welcome();
  auto const ref = [](std::uint32_t which) {
    activation_id id{{static_cast<std::uint8_t>(which), static_cast<std::uint8_t>(which >> 8), static_cast<std::uint8_t>(which >> 16), 1}};
    return attempt_ref{which, id, 1};
  };
  for (std::uint32_t i = 0; i <= 10'000; ++i) {
    t.hears(delivery_of(i + 1, {ref(i)}));
    t.completes(ref(i));
    t.hears(done_ok{ref(i)});
  }
  t.hears(delivery_of(11'000, {ref(9'000)}));
  EXPECT_TRUE(t.last.start.empty()) << "recent";
  t.hears(delivery_of(11'001, {ref(0)}));
  EXPECT_EQ(t.last.start.size(), 1u) << "older than the memory is bounded to";
}

TEST(host_session, says_a_failure_with_its_own_backoff_as_a_nack) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  done result;
  result.activation = attempt(1);
  result.outcome = outcome::failed;
  result.error_type = "rate_limited";
  result.duration_ns = 5;
  result.retry_after = 3s;
  result.spans = {span_record{}};
  t.last = {}, t.session.complete(t.now, std::move(result), t.last);
  ASSERT_EQ(t.said<nack>().size(), 1u);
  auto const said = t.said<nack>()[0];
  EXPECT_EQ(said.activation, attempt(1));
  EXPECT_FALSE(said.fatal);
  EXPECT_EQ(said.retry_after, 3s);
  EXPECT_EQ(said.error_type, "rate_limited");
  EXPECT_EQ(said.duration_ns, 5);
  EXPECT_EQ(said.spans.size(), 1u);
  EXPECT_EQ(said.sent_at, t.now);
  t.later(2s);
  EXPECT_EQ(t.said<nack>().size(), 1u);
  t.hears(done_ok{attempt(1)});
  EXPECT_TRUE(t.session.held().empty());
}

TEST(host_session, keeps_a_cancelled_attempt_until_its_result_is_answered) {
  talk t;
  t.connect_and_welcome();
  t.hears(delivery_of(1, {attempt(1)}));
  t.hears(cancel{attempt(1, 2)});
  EXPECT_TRUE(t.last.drop.empty());
  t.hears(cancel{attempt(1)});
  EXPECT_EQ(t.last.drop, std::vector{attempt(1)});
  EXPECT_EQ(t.session.held(), std::vector{attempt(1)});
  t.completes(attempt(1));
  EXPECT_EQ(t.said<done>().size(), 1u);
  t.hears(cancel{attempt(1)});
  EXPECT_TRUE(t.last.drop.empty());
  t.hears(stale{attempt(1)});
  EXPECT_TRUE(t.session.held().empty());
}

TEST(host_session, leaves_it_to_its_owner_to_leave_when_the_hub_asks) {
  talk t;
  t.connect_and_welcome();
  t.hears(drain{});
  EXPECT_TRUE(t.last.drain_asked);
  EXPECT_TRUE(t.said<goodbye>().empty());
  t.drains();
  EXPECT_EQ(t.said<goodbye>().size(), 1u);
}

TEST(host_session, passes_answers_on) {
  talk t;
  t.connect_and_welcome();
  t.hears(query_result{17, {}, true, {}});
  ASSERT_EQ(t.last.answered.size(), 1u);
  EXPECT_EQ(t.last.answered[0].number, 17u);
}

TEST(host_session, says_when_it_said_something) {
  talk t;
  t.connect();
  EXPECT_EQ(t.said<hello>()[0].sent_at, t.now);
  t.hears(welcome{1, 7});
  t.later(1s);
  ASSERT_EQ(t.said<beat>().size(), 1u);
  EXPECT_EQ(t.said<beat>()[0].sent_at, t.now);
  t.hears(delivery_of(1, {attempt(1)}));
  t.completes(attempt(1));
  EXPECT_EQ(t.said<done>()[0].sent_at, t.now);
}

}  // namespace
}  // namespace skein::bus
