// What a process without a traces file gathers, and hands out.
#include <skein/tracing/manual_clock.hpp>
#include <skein/tracing/shipping_recorder.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/span_start.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace skein {
namespace {

using names = std::vector<std::string>;

names names_of(span_batch const& spans) {
  names all;
  for (auto const& one : spans) all.push_back(one.name);
  return all;
}

constexpr std::size_t plenty = 1u << 20;

struct shipping {
  explicit shipping(shipping_options options = {.service = "worker-1"}) : recorder(shipping_recorder::make(clock, std::move(options))) {
    run->recorder = recorder;
    run->id = recorder->new_run_id();
    run->trace = trace_of(run->id);
    run->begin({}, {});
  }

  span_handle start(std::string name) { return start_span(run, {.name = std::move(name)}); }

  testing::manual_clock clock;
  std::shared_ptr<shipping_recorder> recorder;
  std::shared_ptr<run_scope> run = std::make_shared<run_scope>();
};

TEST(a_shipping_recorder, hands_out_what_has_ended_once_and_in_order) {
  shipping here;
  auto first = here.start("first"), second = here.start("second"), third = here.start("third");
  second.end();
  first.end();
  auto const shipped = here.recorder->take(plenty);
  EXPECT_EQ(names_of(shipped.spans), (names{"second", "first"}));
  EXPECT_EQ(shipped.spans[0].service, "worker-1");
  EXPECT_TRUE(shipped.runs.empty());
  EXPECT_TRUE(here.recorder->take(plenty).spans.empty());
  EXPECT_EQ(here.recorder->counters(), (recorder_counters{.recorded = 2, .written = 2}));
}

TEST(a_shipping_recorder, keeps_the_order_of_many) {
  shipping here;
  names ended;
  for (int i = 0; i < 200; ++i) {
    ended.push_back(std::to_string(i));
    here.start(ended.back()).end();
    if (i == 10) (void)here.recorder->preview(1, plenty);
  }
  auto const shipped = here.recorder->take(plenty);
  EXPECT_EQ(names_of(shipped.spans), ended);
  for (auto const& one : shipped.spans) EXPECT_EQ(one.service, "worker-1");
}

TEST(a_shipping_recorder, keeps_what_does_not_fit_for_the_next_time) {
  shipping here;
  for (char const* name : {"a", "b", "c"}) here.start(name).set_inputs(std::string(1000, 'x'));
  EXPECT_EQ(names_of(here.recorder->take(2'600).spans), (names{"a", "b"}));
  EXPECT_EQ(names_of(here.recorder->take(2'600).spans), names{"c"});
}

TEST(a_shipping_recorder, drops_the_oldest_ended_spans_past_its_bound_and_counts_them) {
  shipping here{{.service = "w", .spans_max = 2}};
  for (char const* name : {"a", "b", "c", "d"}) here.start(name).end();
  EXPECT_EQ(names_of(here.recorder->take(plenty).spans), (names{"c", "d"}));
  EXPECT_EQ(here.recorder->counters(), (recorder_counters{.recorded = 4, .written = 2, .dropped = 2}));
}

TEST(a_shipping_recorder, bounds_the_bytes_that_wait) {
  shipping here{{.service = "w", .bytes_max = 3'000}};
  for (char const* name : {"a", "b", "c"}) here.start(name).set_inputs(std::string(1000, 'x'));
  EXPECT_EQ(names_of(here.recorder->take(plenty).spans), (names{"b", "c"}));
  here.start("huge").set_inputs(std::string(10'000, 'x'));
  EXPECT_TRUE(here.recorder->take(plenty).spans.empty());
  here.start("after").end();
  EXPECT_EQ(names_of(here.recorder->take(plenty).spans), names{"after"});
}

TEST(a_shipping_recorder, previews_each_running_and_each_ended_span_once) {
  shipping here;
  auto open = here.start("open");
  here.start("ended").end();
  auto const shown = here.recorder->preview(10, plenty);
  EXPECT_EQ(names_of(shown), (names{"open", "ended"}));
  EXPECT_EQ(shown[0].status, status_code::running);
  EXPECT_EQ(shown[0].end, timestamp{});
  EXPECT_EQ(shown[0].service, "worker-1");
  EXPECT_EQ(shown[1].status, status_code::unset);
  EXPECT_TRUE(here.recorder->preview(10, plenty).empty());
  open.end();
  EXPECT_EQ(names_of(here.recorder->preview(10, plenty)), names{"open"}) << "again: it has ended since";
  EXPECT_EQ(names_of(here.recorder->take(plenty).spans), (names{"ended", "open"})) << "a preview takes nothing";
}

TEST(a_shipping_recorder, previews_everything_again_for_another_reader) {
  shipping here;
  auto first = here.start("first");
  (void)here.recorder->preview(10, plenty);
  auto second = here.start("second");
  here.start("ended").end();
  (void)here.recorder->preview(1, plenty);
  here.recorder->preview_again();
  EXPECT_EQ(names_of(here.recorder->preview(10, plenty)), (names{"first", "second", "ended"}));
}

TEST(a_shipping_recorder, never_previews_a_span_before_its_parent) {
  shipping here;
  auto root = here.start("root");
  auto inner = start_span(here.run, {.name = "inner", .parent = root.context()});
  for (char const* name : {"a", "b"}) start_span(here.run, {.name = name, .parent = inner.context()}).end();
  inner.end();
  names shown;
  for (auto part = here.recorder->preview(1, plenty); !part.empty(); part = here.recorder->preview(1, plenty)) shown.push_back(part[0].name);
  EXPECT_EQ(shown, (names{"root", "inner", "b", "a"}));
  here.recorder->preview_again();
  EXPECT_EQ(here.recorder->preview(10, 1).size(), 1u) << "the bytes are bounded too";
}

TEST(a_shipping_recorder, ends_what_runs_as_interrupted_in_copies) {
  shipping here;
  auto open = here.start("open");
  here.clock.advance(std::chrono::seconds{2});
  auto const left = here.recorder->interrupted();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].status, status_code::interrupted);
  EXPECT_EQ(left[0].end, here.clock.now());
  open.end();
  EXPECT_EQ(here.recorder->take(plenty).spans.size(), 1u);
}

TEST(a_shipping_recorder, hands_out_only_runs_of_which_something_was_said) {
  shipping here;
  here.run->set_tag("team", "blue");
  here.run->set_request_preview("what?");
  auto const shipped = here.recorder->take(plenty);
  ASSERT_EQ(shipped.runs.size(), 1u);
  EXPECT_EQ(shipped.runs[0].run, here.run->id);
  EXPECT_EQ(shipped.runs[0].request_preview, "what?");
  EXPECT_EQ(shipped.runs[0].tags.size(), 1u);
  EXPECT_TRUE(here.recorder->take(plenty).runs.empty());
}

TEST(a_shipping_recorder, takes_spans_from_many_threads) {
  shipping here;
  std::vector<std::thread> threads;
  std::size_t taken = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ambient_scope const inside{{nullptr, here.run}};
      for (int i = 0; i < 200; ++i) span const work{"work"};
    });
  }
  for (int i = 0; i < 50; ++i) {
    (void)here.recorder->preview(100, plenty);
    taken += here.recorder->take(plenty).spans.size();
  }
  for (auto& thread : threads) thread.join();
  taken += here.recorder->take(plenty).spans.size();
  EXPECT_EQ(taken, 800u);
  EXPECT_TRUE(here.recorder->preview(100, plenty).empty());
}

TEST(a_shipping_recorder, takes_records_that_were_made_elsewhere) {
  shipping here;
  span_record made;
  made.name = "made";
  auto* const open = here.recorder->open(made);
  EXPECT_EQ(names_of(here.recorder->preview(10, plenty)), names{"made"});
  here.recorder->close(open, span_record{made});
  std::vector<span_record> two{made, made};
  here.recorder->record(std::move(two));
  EXPECT_EQ(here.recorder->take(plenty).spans.size(), 3u);
  EXPECT_TRUE(here.recorder->flush(std::chrono::seconds{0}).ok());
}

}  // namespace
}  // namespace skein
