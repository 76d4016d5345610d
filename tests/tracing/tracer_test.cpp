#include <skein/tracing/tracer.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <thread>

using namespace std::chrono_literals;

namespace skein {
namespace {

struct tracer_fixture {
  testing::manual_clock clock;
  testing::memory_traces traces;
  std::shared_ptr<recorder> spans = recorder::make({traces.sink()}, clock);
  skein::tracer tracer{spans};
};

TEST(tracer, a_root_is_a_run_of_its_own_that_ends_with_it) {
  tracer_fixture here;
  auto root = here.tracer.start_root("ingest", {.type = span_type::workflow});
  EXPECT_EQ(here.traces.runs().front().status, run_status::running);
  auto child = here.tracer.start("download", {.parent = root.context()});
  here.clock.advance(1ms);
  child.end();
  root.end(status::error("disk full"));

  auto const runs = here.traces.runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs.front().name, "ingest");
  EXPECT_EQ(runs.front().status, run_status::failed);
  EXPECT_EQ(runs.front().end - runs.front().start, 1ms);
  auto const spans = here.traces.spans();
  EXPECT_EQ(spans.find("download").front().parent, spans.find("ingest").front().context.span);
  EXPECT_EQ(spans.find("download").front().run, runs.front().run);
  EXPECT_EQ(spans.find("ingest").front().status_message, "disk full");
  EXPECT_EQ(spans.find("ingest").front().context.trace, trace_of(runs.front().run));
  EXPECT_EQ(spans.find("ingest").front().context.flags, span_context::sampled | span_context::random);
}

TEST(tracer, does_not_make_its_spans_current) {
  tracer_fixture here;
  auto const root = here.tracer.start_root("root");
  EXPECT_FALSE(current_span().context().valid());
}

TEST(tracer, without_a_parent_starts_under_the_current_span_or_else_a_root) {
  tracer_fixture here;
  {
    auto root = here.tracer.start("lonely");
    ambient_scope const scope{root.as_ambient()};
    here.tracer.start("child").end();
  }
  auto const spans = here.traces.spans();
  EXPECT_EQ(spans.find("child").front().parent, spans.find("lonely").front().context.span);
  EXPECT_EQ(here.traces.runs().size(), 1u);
}

TEST(tracer, continues_a_trace_from_elsewhere_in_a_run_of_its_own) {
  tracer_fixture here;
  auto const remote = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").value();
  auto first = here.tracer.start("serve", {.parent = remote});
  here.tracer.start("inside", {.parent = first.context()}).end();
  first.end();
  auto const spans = here.traces.spans();
  EXPECT_EQ(spans.find("serve").front().context.trace, remote.trace);
  EXPECT_EQ(spans.find("serve").front().parent, remote.span);
  ASSERT_EQ(here.traces.runs().size(), 1u);
  EXPECT_EQ(here.traces.runs().front().trace, remote.trace);
  EXPECT_NE(trace_of(here.traces.runs().front().run), remote.trace);
}

TEST(tracer, of_an_unsampled_parent_records_nothing_and_says_so_downstream) {
  tracer_fixture here;
  auto const remote = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").value();
  {
    auto const serve = here.tracer.start("serve", {.parent = remote});
    EXPECT_EQ(serve.context().trace, remote.trace);
    EXPECT_FALSE(serve.context().is_sampled());
  }
  EXPECT_TRUE(here.traces.spans().empty());
  EXPECT_TRUE(here.traces.runs().empty());
}

TEST(tracer, that_does_not_record_gives_handles_that_do_nothing) {
  tracer_fixture here;
  skein::tracer off{here.spans, false};
  auto root = off.start_root("unseen");
  root.set_attribute("a", 1).end();
  EXPECT_TRUE(root.context().valid());
  EXPECT_FALSE(root.context().is_sampled());
  skein::tracer{nullptr, false}.start_root("nowhere").end();
  EXPECT_TRUE(here.traces.spans().empty());
}

TEST(span_handle, ends_in_its_destructor_and_can_be_moved) {
  tracer_fixture here;
  {
    span_handle kept;
    {
      auto root = here.tracer.start_root("moved");
      kept = std::move(root);
    }
    EXPECT_EQ(here.traces.spans().front().status, status_code::running);
    kept = here.tracer.start_root("second");
    EXPECT_EQ(here.traces.spans().find("moved").front().status, status_code::unset);
  }
  EXPECT_NE(here.traces.spans().find("second").front().end, timestamp{});
}

TEST(span_handle, ends_on_another_thread) {
  tracer_fixture here;
  auto root = here.tracer.start_root("handed over");
  std::thread{[moved = std::move(root)]() mutable { moved.end(); }}.join();
  EXPECT_EQ(here.traces.spans().front().status, status_code::unset);
}

TEST(span_handle, ends_at_a_given_time_but_not_before_its_start) {
  tracer_fixture here;
  auto first = here.tracer.start_root("first");
  auto second = here.tracer.start_root("second");
  first.end_at(here.clock.now() + 5s);
  second.end_at(here.clock.now() - 5s);
  auto const spans = here.traces.spans();
  EXPECT_EQ(spans.find("first").front().end - spans.find("first").front().start, 5s);
  EXPECT_EQ(spans.find("second").front().end, spans.find("second").front().start);
}

TEST(span_handle, finish_gives_the_record_to_the_caller_alone) {
  testing::traced here;
  auto handle = start_span(here.run, {.name = "shipped", .parent = here.root.context()});
  handle.set_attribute("a", 1);
  auto const record = handle.finish();
  EXPECT_EQ(record.name, "shipped");
  EXPECT_EQ(record.attributes, (attributes{{"a", 1}}));
  EXPECT_NE(record.end, timestamp{});
  EXPECT_EQ(handle.finish(), span_record{});
  handle.end();
  EXPECT_TRUE(here.finish().find("shipped").empty());
}

TEST(start_span, takes_ids_parents_times_and_scope_as_given) {
  testing::traced here;
  auto const id = span_id::parse("00f067aa0ba902b7").value();
  auto const at = here.clock.now() - 1s;
  start_span(here.run, {.name = "publish", .kind = span_kind::producer, .type = span_type::publish, .parent = here.root.context(),
                        .id = id, .scope = "skein", .attrs = {{"messaging.system", "zeromq"}}, .links = {{here.root.context(), {}}}, .at = at})
      .end();
  auto const record = here.finish().find("publish").front();
  EXPECT_EQ(record.context, (span_context{here.run->trace, id, here.run->flags}));
  EXPECT_EQ(record.parent, here.run->root);
  EXPECT_EQ(record.start, at);
  EXPECT_EQ(record.scope, "skein");
  EXPECT_EQ(record.kind, span_kind::producer);
  EXPECT_EQ(record.links.size(), 1u);
}

}  // namespace
}  // namespace skein
