#include <skein/tracing/clock.hpp>
#include <skein/tracing/manual_clock.hpp>
#include <skein/tracing/memory_sink.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace skein {
namespace {

using testing::ended_span;

TEST(memory_sink, shows_what_was_recorded_before_the_question_by_every_recorder) {
  auto sink = std::make_shared<memory_sink>();
  testing::manual_clock clock;
  auto const first = recorder::make({sink}, clock, {.write_interval = 1h}), second = recorder::make({sink}, clock, {.write_interval = 1h});
  first->record(ended_span(*first, "a"));
  clock.advance(1s);
  second->record(ended_span(*second, "b"));
  auto const spans = sink->spans();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans.front().name, "a");
  EXPECT_EQ(spans.back().name, "b");
}

TEST(memory_sink, outlives_its_recorders) {
  memory_sink sink_on_its_own;
  EXPECT_TRUE(sink_on_its_own.spans().empty());
  testing::memory_traces traces;
  {
    auto const spans = recorder::make({traces.sink()}, system_clock());
    spans->record(ended_span(*spans));
  }
  EXPECT_EQ(traces.spans().size(), 1u);
}

TEST(memory_sink, replaces_running_spans_by_ended_ones) {
  testing::traced here;
  EXPECT_EQ(here.traces.spans().front().status, status_code::running);
  auto const spans = here.finish();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans.front().status, status_code::unset);
}

TEST(memory_sink, forgets_when_told) {
  testing::traced here;
  here.finish();
  here.traces.clear();
  EXPECT_TRUE(here.traces.spans().empty());
  EXPECT_TRUE(here.traces.runs().empty());
}

TEST(span_list, finds_by_name_parent_and_run) {
  testing::traced here;
  { span const child{"child"}; }
  { span const child{"child"}; }
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("child").size(), 2u);
  EXPECT_TRUE(spans.find("chil").empty());
  EXPECT_EQ(spans.children_of(here.run->root).size(), 2u);
  EXPECT_EQ(spans.children_of({}).size(), 1u);
  EXPECT_EQ(spans.of(here.run->id).size(), 3u);
  EXPECT_TRUE(spans.of({}).empty());
}

TEST(manual_clock, moves_only_forward_and_only_when_told) {
  testing::manual_clock clock;
  auto const start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(2s);
  clock.advance(-1s);
  EXPECT_EQ(clock.now(), start + 2s);
  EXPECT_TRUE(clock.advance_to(start + 5s));
  EXPECT_TRUE(clock.advance_to(start));
  EXPECT_EQ(clock.now(), start + 5s);
}

TEST(system_clock, never_goes_back_and_cannot_be_moved) {
  auto last = system_clock().now();
  EXPECT_FALSE(system_clock().advance_to(last + 1h));
  for (int number = 0; number < 1000; ++number) {
    auto const now = system_clock().now();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - last), 1min);
}

}  // namespace
}  // namespace skein
