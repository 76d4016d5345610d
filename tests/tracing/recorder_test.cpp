#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>

#include "support/scripted_sink.hpp"
#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <set>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace skein {
namespace {

using testing::ended_span;
using testing::long_enough;
using testing::scripted_sink;

void record_many(recorder& to, int count, std::string const& name = "work") {
  run_id const run = to.new_run_id();
  for (int number = 0; number < count; ++number) to.record(ended_span(to, name, run));
}

std::size_t distinct(std::vector<span_record> const& spans) {
  std::set<span_id> ids;
  for (auto const& span : spans) ids.insert(span.context.span);
  return ids.size();
}

TEST(recorder, flush_sees_everything_that_was_recorded_before_it) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock());
  for (int round = 1; round <= 20; ++round) {
    record_many(*spans, 7);
    ASSERT_TRUE(spans->flush(long_enough).ok());
    ASSERT_EQ(sink->spans().size(), static_cast<std::size_t>(round) * 7);
  }
}

TEST(recorder, writes_by_itself_soon_after_the_first_span) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock());
  record_many(*spans, 1);
  sink->wait_for_write(1);
}

TEST(recorder, does_nothing_while_nothing_is_recorded) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.write_interval = 0ms});
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->writes(), 0u);
}

TEST(recorder, a_full_batch_is_written_at_once) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 1000, .batch_spans_max = 10, .write_interval = 1h});
  record_many(*spans, 200);
  sink->wait_for_write(1);
}

TEST(recorder, writes_no_more_than_a_batch_at_once) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 1000, .batch_spans_max = 10});
  record_many(*spans, 95);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->spans().size(), 95u);
  for (auto const& batch : sink->batches()) EXPECT_LE(batch.spans.size(), 10u);
}

TEST(recorder, keeps_the_order_of_each_thread) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 100, .batch_spans_max = 7});
  for (int number = 0; number < 1000; ++number) spans->record(ended_span(*spans, std::to_string(number)));
  ASSERT_TRUE(spans->flush(long_enough).ok());
  auto const written = sink->spans();
  ASSERT_EQ(written.size(), 1000u);
  for (std::size_t number = 0; number < 1000; ++number) EXPECT_EQ(written[number].name, std::to_string(number));
}

TEST(recorder, loses_nothing_of_eight_threads_at_full_speed_with_a_small_queue) {
  constexpr int threads = 8, each = 2'000;
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 500, .batch_spans_max = 64});
  std::vector<std::thread> producers;
  for (int number = 0; number < threads; ++number) producers.emplace_back([&] { record_many(*spans, each); });
  for (auto& producer : producers) producer.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(distinct(sink->spans()), std::size_t{threads} * each);
  EXPECT_EQ(spans->counters(), (recorder_counters{threads * each, threads * each, 0, 0}));
}

TEST(recorder, producers_wait_at_the_bound_while_the_sink_is_slow) {
  auto sink = std::make_shared<scripted_sink>();
  sink->gate(false);
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 50, .batch_spans_max = 10, .write_interval = 0ms});
  std::thread producer{[&] { record_many(*spans, 500); }};
  sink->wait_for_write(1);
  EXPECT_LT(spans->counters().recorded, 500u);
  sink->gate(true);
  producer.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->spans().size(), 500u);
  EXPECT_EQ(spans->counters(), (recorder_counters{500, 500, 0, 0}));
}

TEST(recorder, drops_and_counts_exactly_where_that_is_chosen) {
  auto sink = std::make_shared<scripted_sink>();
  sink->gate(false);
  auto const spans = recorder::make({sink}, system_clock(),
                                    {.queue_spans_max = 50, .batch_spans_max = 10, .write_interval = 0ms, .on_overflow = overflow::drop});
  std::vector<std::thread> producers;
  for (int number = 0; number < 4; ++number) producers.emplace_back([&] { record_many(*spans, 1000); });
  for (auto& producer : producers) producer.join();
  auto const before = spans->counters();
  EXPECT_EQ(before.recorded, 4000u);
  EXPECT_GT(before.dropped, 0u);
  sink->gate(true);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  auto const counters = spans->counters();
  EXPECT_EQ(counters.written + counters.dropped, 4000u);
  EXPECT_EQ(sink->spans().size(), counters.written);
  EXPECT_EQ(counters.lost, 0u);
}

TEST(recorder, waits_for_a_stuck_sink_only_so_long_and_goes_on_when_it_moves) {
  auto sink = std::make_shared<scripted_sink>();
  sink->gate(false);
  auto const spans = recorder::make({sink}, system_clock(),
                                    {.queue_spans_max = 20, .batch_spans_max = 10, .write_interval = 0ms, .stall_max = 1ms});
  record_many(*spans, 200);
  EXPECT_GT(spans->counters().lost, 0u);
  sink->gate(true);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  record_many(*spans, 5, "after");
  ASSERT_TRUE(spans->flush(long_enough).ok());
  auto const counters = spans->counters();
  EXPECT_EQ(counters.written + counters.lost, 205u);
  EXPECT_EQ(sink->spans().size(), counters.written);
  EXPECT_EQ(sink->spans().back().name, "after");
}

TEST(recorder, flush_gives_up_after_its_timeout) {
  auto sink = std::make_shared<scripted_sink>();
  sink->gate(false);
  auto const spans = recorder::make({sink}, system_clock());
  record_many(*spans, 1);
  EXPECT_EQ(spans->flush(1ms).error().code(), errc::timeout);
  sink->gate(true);
  EXPECT_TRUE(spans->flush(long_enough).ok());
}

TEST(recorder, without_sinks_counts_and_discards) {
  auto const spans = recorder::make({}, system_clock());
  record_many(*spans, 100);
  EXPECT_TRUE(spans->flush(0ns).ok());
  EXPECT_EQ(spans->counters(), (recorder_counters{100, 100, 0, 0}));
}

TEST(recorder, drains_threads_that_have_ended) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.write_interval = 1h});
  for (int number = 0; number < 20; ++number) std::thread{[&] { record_many(*spans, 3); }}.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->spans().size(), 60u);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(spans->counters().recorded, 60u);
}

TEST(recorder, keeps_recorders_of_one_thread_apart_and_outlived_by_threads) {
  auto first_sink = std::make_shared<scripted_sink>(), second_sink = std::make_shared<scripted_sink>();
  auto second = recorder::make({second_sink}, system_clock());
  for (int round = 0; round < 50; ++round) {
    auto const first = recorder::make({first_sink}, system_clock());
    record_many(*first, 1, "first");
    record_many(*second, 2, "second");
    record_many(*first, 1, "first");
  }
  second.reset();
  EXPECT_EQ(first_sink->spans().size(), 100u);
  EXPECT_EQ(second_sink->spans().size(), 100u);
  for (auto const& span : first_sink->spans()) EXPECT_EQ(span.name, "first");
}

TEST(recorder, its_end_writes_what_is_left) {
  auto sink = std::make_shared<scripted_sink>();
  auto spans = recorder::make({sink}, system_clock(), {.write_interval = 1h});
  record_many(*spans, 10);
  spans->record(run_record{.run = spans->new_run_id(), .name = "last"});
  spans.reset();
  EXPECT_EQ(sink->spans().size(), 10u);
  EXPECT_EQ(sink->runs().size(), 1u);
}

struct records_when_its_thread_ends {
  std::shared_ptr<recorder> to;
  ~records_when_its_thread_ends() {
    if (to) record_many(*to, 1, "farewell");
  }
};

TEST(recorder, takes_spans_of_destructors_that_run_when_a_thread_ends) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock());
  std::thread{[&] {
    thread_local records_when_its_thread_ends last;   // Made first, so it ends after the thread's buffers.
    last.to = spans;
    record_many(*spans, 1);
  }}.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->spans().size(), 2u);
}

TEST(recorder, writes_open_spans_once_as_running_and_later_as_ended) {
  testing::manual_clock clock;
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, clock);
  auto started = ended_span(*spans, "slow");
  started.end = {};
  started.attributes = {{"known", "at start"}};
  auto* const open = spans->open(started);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  ASSERT_TRUE(spans->flush(long_enough).ok());
  ASSERT_EQ(sink->spans().size(), 1u);
  EXPECT_EQ(sink->spans().front().status, status_code::running);
  EXPECT_EQ(sink->spans().front().end, timestamp{});
  EXPECT_EQ(sink->spans().front().attributes, started.attributes);

  auto ended = started;
  ended.end = clock.now() + 1s;
  std::thread{[&] { spans->close(open, std::move(ended)); }}.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  ASSERT_EQ(sink->spans().size(), 2u);
  EXPECT_EQ(sink->spans().back().status, status_code::unset);
  EXPECT_EQ(spans->counters(), (recorder_counters{1, 1, 0, 0}));
}

TEST(recorder, writes_no_running_rows_for_sinks_that_want_none) {
  struct quiet final : span_sink {
    std::size_t spans = 0;
    result<void> write(trace_batch const& batch) override { return spans += batch.spans.size(), result<void>{}; }
    std::string describe() const override { return "quiet"; }
    bool wants_running() const noexcept override { return false; }
  };
  auto sink = std::make_shared<quiet>();
  auto spans = recorder::make({sink}, system_clock());
  auto* const open = spans->open(ended_span(*spans));
  ASSERT_TRUE(spans->flush(long_enough).ok());
  spans->close(open, ended_span(*spans));
  spans.reset();
  EXPECT_EQ(sink->spans, 1u);
}

TEST(recorder, lets_its_sinks_rest_when_nobody_waits_for_them) {
  struct resting final : span_sink {
    std::promise<std::size_t> rested;
    std::size_t spans = 0;
    result<void> write(trace_batch const& batch) override { return spans += batch.spans.size(), result<void>{}; }
    void rest() noexcept override {
      if (spans > 0) rested.set_value(std::exchange(spans, 0));
    }
    std::string describe() const override { return "resting"; }
  };
  auto sink = std::make_shared<resting>();
  auto const spans = recorder::make({sink}, system_clock(), {.write_interval = 1h});
  record_many(*spans, 3);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  EXPECT_EQ(sink->rested.get_future().get(), 3u);
}

TEST(recorder, a_running_row_never_follows_the_ended_one) {
  testing::traced here;
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.write_interval = 0ms});
  auto run = std::make_shared<run_scope>();
  run->recorder = spans;
  auto const work = [&] {
    for (int number = 0; number < 2'000; ++number) start_span(run, {.name = "short"}).end();
  };
  std::thread first{work}, second{work};
  first.join();
  second.join();
  ASSERT_TRUE(spans->flush(long_enough).ok());
  std::set<span_id> ended;
  for (auto const& span : sink->spans()) {
    ASSERT_FALSE(ended.contains(span.context.span));
    if (span.status != status_code::running) ended.insert(span.context.span);
  }
  EXPECT_EQ(ended.size(), 4'000u);
}

TEST(recorder, a_run_is_not_complete_before_its_spans_are_written) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.queue_spans_max = 1000, .batch_spans_max = 10, .write_interval = 1h});
  sink->gate(false);
  record_many(*spans, 200);
  auto const run = spans->new_run_id();
  spans->record(run_record{.run = run, .name = "r"});
  for (int number = 0; number < 50; ++number) spans->record(ended_span(*spans, "of run", run));
  spans->record(run_record{.run = run, .name = "r", .status = run_status::completed});
  sink->gate(true);
  ASSERT_TRUE(spans->flush(long_enough).ok());
  std::size_t seen = 0;
  for (auto const& batch : sink->batches()) {
    seen += static_cast<std::size_t>(std::count_if(batch.spans.begin(), batch.spans.end(), [&](auto const& span) { return span.run == run; }));
    for (auto const& record : batch.runs) {
      if (record.status == run_status::completed) {
        EXPECT_EQ(seen, 50u);
      }
    }
  }
  EXPECT_EQ(sink->runs().back().status, run_status::completed);
}

TEST(recorder, writes_the_newest_record_of_a_run_once_per_batch) {
  auto sink = std::make_shared<scripted_sink>();
  auto const spans = recorder::make({sink}, system_clock(), {.write_interval = 1h});
  auto const run = spans->new_run_id(), other = spans->new_run_id();
  spans->record(run_record{.run = run, .name = "first"});
  spans->record(run_record{.run = other, .name = "other"});
  spans->record(run_record{.run = run, .name = "second"});
  ASSERT_TRUE(spans->flush(long_enough).ok());
  auto const runs = sink->runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs.front().name, "second");
}

TEST(recorder, makes_ids_that_differ_and_runs_that_grow_with_time) {
  testing::manual_clock clock;
  auto const spans = recorder::make({}, clock);
  auto const first = spans->new_run_id();
  clock.advance(1ms);
  EXPECT_LT(first, spans->new_run_id());
  EXPECT_NE(spans->new_span_id(), spans->new_span_id());
}

}  // namespace
}  // namespace skein
