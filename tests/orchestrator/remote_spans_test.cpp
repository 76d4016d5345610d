// Times of other hosts' clocks, and spans whose host is gone.
#include "clock_offsets.hpp"
#include "remote_spans.hpp"

#include <gtest/gtest.h>

#include <random>

using namespace std::chrono_literals;

namespace {

using skein::timestamp;
using std::chrono::nanoseconds;

timestamp at(nanoseconds time) { return timestamp{1'000'000s} + time; }

skein::span_id id_of(std::uint8_t number) { return skein::span_id{{number, 1, 1, 1, 1, 1, 1, 1}}; }

skein::span_record span(std::uint8_t number, std::uint8_t parent, timestamp start, timestamp end) {
  skein::span_record made;
  made.context.span = id_of(number);
  made.parent = id_of(parent);
  made.start = start;
  made.end = end;
  if (end == timestamp{}) made.status = skein::status_code::running;
  return made;
}

skein::bus::artifact_ptr artifact(std::uint8_t number, std::uint64_t seq) {
  auto made = std::make_shared<skein::bus::artifact_data>();
  made->id = skein::artifact_id{{number, 2}};
  made->seq = seq;
  made->type = "some.type";
  made->run = skein::run_id{{7}};
  made->context = {skein::trace_id{{7}}, id_of(number), skein::span_context::sampled};
  return made;
}

TEST(clock_offsets, know_nothing_of_a_host_that_never_said_when_it_sent) {
  skein::clock_offsets offsets;
  offsets.heard("w", 2, timestamp{}, at(5s));
  EXPECT_EQ(offsets.of("w"), 0ns);
}

TEST(clock_offsets, are_the_least_difference_of_late_messages) {
  skein::clock_offsets offsets;
  for (auto delay : {9ms, 2ms, 30ms}) offsets.heard("w", 2, at(0s), at(100s) + delay);
  EXPECT_EQ(offsets.of("w"), 100s + 2ms);
}

TEST(clock_offsets, follow_a_clock_that_drifts_away) {
  skein::clock_offsets offsets;
  for (int second = 0; second < 300; ++second) offsets.heard("w", 2, at(second * 1s), at(second * 1s + second * 1ms));
  EXPECT_GE(offsets.of("w"), 175ms);
  EXPECT_LE(offsets.of("w"), 299ms);
}

TEST(clock_offsets, learn_another_process_of_the_same_name_anew) {
  skein::clock_offsets offsets;
  offsets.heard("w", 2, at(50s), at(0s));
  offsets.heard("w", 3, at(0s), at(50s));
  EXPECT_EQ(offsets.of("w"), 50s);
}

/// A hub causes work on a host whose clock is off; it is delivered, done and reported after random delays.
TEST(remote_spans, never_start_before_their_cause_and_never_end_after_they_arrived) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    auto const some = [&](int max) { return std::chrono::microseconds{static_cast<int>(random() % static_cast<unsigned>(max))}; };
    auto const skew = std::chrono::milliseconds{static_cast<int>(random() % 20'000)} - 10'000ms;
    skein::remote_spans spans;
    timestamp now = at(0s);
    for (int i = 0; i < 200; ++i) {
      auto const caused = now += some(5'000);
      auto const delivered = now += some(3'000);
      auto const ended = now += some(2'000);
      auto const arrived = now += some(3'000);
      skein::bus::remote_record record{2, "w", {}, {}, ended + skew, arrived};
      auto const attempt = static_cast<std::uint8_t>(i);
      record.spans.push_back(span(attempt, 0, delivered + skew, ended + skew));
      auto inner = span(attempt, 0, delivered + skew, ended + skew);
      inner.context.span = skein::span_id{{attempt, 2}};
      inner.parent = id_of(attempt);
      record.spans.push_back(inner);
      auto const taken = spans.take(std::move(record));
      ASSERT_GE(taken[0].start, caused) << "seed " << seed;
      ASSERT_LE(taken[0].end, arrived) << "seed " << seed;
      ASSERT_EQ(taken[0].end - taken[0].start, ended - delivered) << "seed " << seed;
      ASSERT_EQ(taken[1].start, taken[0].start);
    }
  }
}

TEST(remote_spans, start_no_earlier_than_their_parent_whichever_message_comes_first) {
  for (bool parent_first : {true, false}) {
    skein::remote_spans spans;
    auto const send = [&](skein::span_record one, nanoseconds delay) {
      return spans.take({2, "w", {std::move(one)}, {}, at(2s), at(2s) + delay})[0];
    };
    auto const parent = span(1, 0, at(1s), at(2s)), child = span(2, 1, at(1s), at(2s));
    auto const first = send(parent_first ? parent : child, parent_first ? 9ms : 1ms);
    if (!parent_first) (void)spans.take({3, "w", {}, {}, at(2s), at(2s) + 9ms});   // the clock is learnt anew
    auto const second = send(parent_first ? child : parent, parent_first ? 1ms : 9ms);
    EXPECT_LE(parent_first ? first.start : second.start, parent_first ? second.start : first.start);
  }
}

TEST(remote_spans, fit_those_that_the_hub_wrote_itself) {
  skein::remote_spans spans;
  // An earlier hub had the publish on the board at 5 s, and its attempt was lost. A late repetition says that the publish began later than that.
  auto publish = span(1, 9, at(5s), at(5s)), attempt = span(2, 1, at(6s), at(7s));
  publish.type = skein::span_type::publish;
  spans.fit(publish);
  spans.fit(attempt);
  auto const repeated = spans.take({2, "w", {span(1, 9, at(0s), at(1s))}, {}, at(1s), at(9s)});
  EXPECT_EQ(repeated[0].start, at(5s));
  // One whose cause began later than the hub thought of it begins with its cause.
  (void)spans.take({2, "w", {span(3, 9, at(11s), at(12s))}, {}, at(12s), at(20s)});
  auto early = span(4, 3, at(18s), at(18s));
  spans.fit(early);
  EXPECT_EQ(early.start, at(19s));
  EXPECT_EQ(early.end, at(19s));
}

TEST(remote_spans, fit_those_that_an_earlier_hub_stored) {
  skein::remote_spans spans;
  spans.know(id_of(2), id_of(1), at(5s));
  auto const late = spans.take({2, "w", {span(1, 9, at(0s), at(1s)), span(3, 2, at(0s), at(1s))}, {}, at(1s), at(8s)});
  EXPECT_EQ(late[0].start, at(5s)) << "not after what it caused";
  auto const early = spans.take({2, "w", {span(4, 2, at(-9s), at(1s))}, {}, at(1s), at(8s)});
  EXPECT_EQ(early[0].start, at(5s)) << "not before its cause";
}

TEST(remote_spans, keep_the_start_that_was_shown_while_they_ran) {
  skein::remote_spans spans;
  auto const shown = spans.take({2, "w", {span(1, 0, at(1s), timestamp{})}, {}, at(2s), at(2s) + 9ms})[0];
  auto const ended = spans.take({2, "w", {span(1, 0, at(1s), at(3s))}, {}, at(3s), at(3s) + 1ms})[0];
  EXPECT_EQ(ended.start, shown.start);
  EXPECT_LE(ended.end, at(3s) + 1ms);
}

TEST(remote_spans, carry_the_name_of_their_host_unless_they_have_one) {
  skein::remote_spans spans;
  auto own = span(2, 0, at(0s), at(1s));
  own.service = "own";
  skein::bus::remote_record record{2, "w", {span(1, 0, at(0s), at(1s)), own}, {}, at(1s), at(1s)};
  auto const taken = spans.take(std::move(record));
  EXPECT_EQ(taken[0].service, "w");
  EXPECT_EQ(taken[1].service, "own");
}

TEST(remote_spans, of_a_lost_attempt_that_still_run_are_interrupted) {
  skein::remote_spans spans;
  auto const running = timestamp{};
  (void)spans.take({2, "w", {span(1, 9, at(1s), running), span(2, 1, at(2s), running), span(3, 2, at(3s), running), span(4, 1, at(3s), running),
                             span(7, 8, at(3s), running)}, {}, at(4s), at(4s)});
  (void)spans.take({2, "w", {span(4, 1, at(3s), at(5s))}, {}, at(5s), at(5s)});
  auto ended = spans.interrupt("w", id_of(1), at(6s));
  ASSERT_EQ(ended.size(), 2u) << "those below the attempt that had not ended";
  for (auto const& one : ended) {
    EXPECT_EQ(one.status, skein::status_code::interrupted);
    EXPECT_EQ(one.end, at(6s));
  }
  EXPECT_EQ(spans.interrupt_all(at(7s)).size(), 1u) << "another attempt's";
  EXPECT_TRUE(spans.interrupt_all(at(8s)).empty());
}

TEST(remote_spans, of_a_lost_attempt_hang_where_the_attempt_would_have) {
  skein::bus::lost_attempt const lost{{3, skein::activation_id{{5}}, 2}, "critic", "critic-1", "its lease expired", {artifact(2, 20), artifact(1, 10)}, at(1s), at(9s)};
  auto const made = skein::interrupted_attempt(lost);
  EXPECT_EQ(made.name, "invoke_agent critic");
  EXPECT_EQ(made.context.span, skein::derive_invoke_span_id(lost.activation.id, 2));
  EXPECT_EQ(made.parent, id_of(2)) << "the newest input's";
  ASSERT_EQ(made.links.size(), 1u);
  EXPECT_EQ(made.links[0].target.span, id_of(1));
  EXPECT_EQ(made.status, skein::status_code::interrupted);
  EXPECT_EQ(made.start, at(1s));
  EXPECT_EQ(made.end, at(9s));
  EXPECT_EQ(made.service, "critic-1");
  EXPECT_EQ(*skein::find_attribute(made.attributes, "error.type"), skein::attribute_value{"skein.host_lost"});
  EXPECT_EQ(*skein::find_attribute(made.attributes, "skein.attempt"), skein::attribute_value{2});
}

TEST(remote_spans, of_a_host_that_sends_none_are_made_from_its_results) {
  skein::bus::untraced_attempt attempt{{3, skein::activation_id{{5}}, 1}, "critic", "python-1", skein::bus::outcome::failed, "ValueError", "no", {artifact(1, 10)},
                                       std::chrono::nanoseconds{2s}.count(), at(1s), at(9s)};
  auto const failed = skein::reported_attempt(attempt);
  EXPECT_EQ(failed.status, skein::status_code::error);
  EXPECT_EQ(failed.status_message, "no");
  EXPECT_EQ(*skein::find_attribute(failed.attributes, "error.type"), skein::attribute_value{"ValueError"});
  EXPECT_EQ(failed.start, at(7s));
  EXPECT_EQ(failed.end, at(9s));
  attempt.outcome = skein::bus::outcome::ok;
  attempt.duration_ns = std::chrono::nanoseconds{1h}.count();
  auto const ok = skein::reported_attempt(attempt);
  EXPECT_EQ(ok.status, skein::status_code::unset);
  EXPECT_EQ(ok.start, at(1s)) << "not before it was given out";
  EXPECT_EQ(ok.service, "python-1");
}

}  // namespace
