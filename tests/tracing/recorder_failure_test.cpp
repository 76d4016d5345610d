// What a failing sink does to a program: nothing, but one line, counters, and a gap on record.
#include <skein/tracing/recorder.hpp>

#include "support/scripted_sink.hpp"
#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace std::chrono_literals;

namespace skein {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;
using testing::ended_span;
using testing::long_enough;
using testing::scripted_sink;

std::size_t lines_with(std::string const& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct scripted_recorder {
  std::shared_ptr<scripted_sink> sink = std::make_shared<scripted_sink>();
  testing::manual_clock clock;
  std::shared_ptr<recorder> spans;

  explicit scripted_recorder(std::chrono::milliseconds retry_interval) : spans(recorder::make({sink}, clock, {.retry_interval = retry_interval})) {}

  errc record_and_flush(int count, run_id run = {}) {
    for (int number = 0; number < count; ++number) spans->record(ended_span(*spans, "work", run));
    auto const flushed = spans->flush(long_enough);
    return flushed ? errc{} : flushed.error().code();
  }
};

TEST(failing_sink, is_said_once_and_losses_are_counted) {
  scripted_recorder here{1h};
  here.sink->fail(true);
  CaptureStderr();
  for (int round = 0; round < 5; ++round) EXPECT_EQ(here.record_and_flush(10), errc::io_failed);
  auto const said = GetCapturedStderr();
  EXPECT_EQ(lines_with(said, "traces are not recorded by scripted: the disk is full"), 1u) << said;
  EXPECT_EQ(lines_with(said, "\n"), 1u) << said;
  EXPECT_EQ(here.spans->counters(), (recorder_counters{50, 0, 0, 50}));
}

TEST(failing_sink, is_left_alone_until_its_time) {
  scripted_recorder here{1h};
  here.sink->fail(true);
  CaptureStderr();
  for (int round = 0; round < 5; ++round) EXPECT_EQ(here.record_and_flush(10), errc::io_failed);
  static_cast<void>(GetCapturedStderr());
  EXPECT_EQ(here.sink->writes(), 1u);
}

TEST(failing_sink, recovers_and_the_gap_is_on_record) {
  scripted_recorder here{0ms};
  auto const run = here.spans->new_run_id(), ended = here.spans->new_run_id();
  here.sink->fail(true);
  CaptureStderr();
  here.spans->record(run_record{.run = run, .name = "goes on"});
  here.spans->record(run_record{.run = ended, .name = "ended in the gap", .status = run_status::completed});
  EXPECT_EQ(here.record_and_flush(3, run), errc::io_failed);
  here.clock.advance(90s);
  here.sink->fail(false);
  EXPECT_EQ(here.record_and_flush(2, run), errc{});
  auto const said = GetCapturedStderr();
  EXPECT_EQ(lines_with(said, "3 spans were not recorded between 2026-01-01T00:00:00.000Z and 2026-01-01T00:01:30.000Z"), 1u) << said;
  EXPECT_EQ(here.spans->counters(), (recorder_counters{5, 2, 0, 3}));

  auto const runs = here.sink->runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].attributes, (attributes{{"skein.spans_lost", 3}}));
  EXPECT_EQ(runs[1].name, "ended in the gap");
  EXPECT_EQ(runs[1].attributes, attributes{});
}

TEST(failing_sink, leaves_a_mark_on_every_later_record_of_a_run_that_lost_spans) {
  scripted_recorder here{0ms};
  auto const run = here.spans->new_run_id();
  CaptureStderr();
  here.sink->fail(true);
  EXPECT_EQ(here.record_and_flush(3, run), errc::io_failed);
  here.sink->fail(false);
  here.spans->record(run_record{.run = run, .name = "r"});
  EXPECT_EQ(here.record_and_flush(1, run), errc{});
  here.spans->record(run_record{.run = run, .name = "r", .status = run_status::completed});
  EXPECT_EQ(here.record_and_flush(1, run), errc{});
  static_cast<void>(GetCapturedStderr());
  ASSERT_EQ(here.sink->runs().size(), 2u);
  for (auto const& record : here.sink->runs()) EXPECT_EQ(record.attributes, (attributes{{"skein.spans_lost", 3}}));
}

TEST(failing_sink, that_throws_is_like_one_that_reports) {
  scripted_recorder here{0ms};
  here.sink->throw_int(true);
  CaptureStderr();
  EXPECT_EQ(here.record_and_flush(1), errc::io_failed);
  here.sink->throw_int(false);
  EXPECT_EQ(here.record_and_flush(1), errc{});
  static_cast<void>(GetCapturedStderr());
  EXPECT_EQ(here.spans->counters(), (recorder_counters{2, 1, 0, 1}));
}

TEST(failing_sink, never_blocks_producers) {
  auto sink = std::make_shared<scripted_sink>();
  sink->fail(true);
  CaptureStderr();
  auto spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 10, .batch_spans_max = 5, .stall_max = 1h});
  for (int number = 0; number < 5'000; ++number) spans->record(ended_span(*spans));
  EXPECT_EQ(spans->flush(long_enough).error().code(), errc::io_failed);
  EXPECT_EQ(spans->counters().lost, 5'000u);
  spans.reset();
  static_cast<void>(GetCapturedStderr());
}

TEST(failing_sink, does_not_harm_the_one_beside_it) {
  auto good = std::make_shared<scripted_sink>(), bad = std::make_shared<scripted_sink>();
  bad->fail(true);
  CaptureStderr();
  auto const spans = recorder::make({bad, good}, system_clock(), {.retry_interval = 1h});
  for (int number = 0; number < 20; ++number) spans->record(ended_span(*spans));
  EXPECT_EQ(spans->flush(long_enough).error().where(), "scripted");
  static_cast<void>(GetCapturedStderr());
  EXPECT_EQ(good->spans().size(), 20u);
  EXPECT_EQ(spans->counters(), (recorder_counters{20, 0, 0, 20}));
}

}  // namespace
}  // namespace skein
