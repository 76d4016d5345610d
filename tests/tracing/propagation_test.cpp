#include <skein/tracing/propagation.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/tracer.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>
#include <unordered_map>

namespace skein {
namespace {

constexpr char const* parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
using header_map = std::map<std::string, std::string>;

TEST(trace_context, is_invalid_outside_any_run) {
  auto const here = trace_context::current();
  EXPECT_FALSE(here.valid());
  header_map carrier{{"other", "1"}};
  here.inject(carrier);
  EXPECT_EQ(carrier, (header_map{{"other", "1"}}));
}

TEST(trace_context, injects_the_current_span_and_what_travels_with_it) {
  testing::traced here;
  here.run->tracestate = "foo=1";
  here.run->baggage = "user=ada";
  span const inner{"inner"};
  header_map carrier{{"traceparent", "stale"}};
  trace_context::current().inject(carrier);
  EXPECT_EQ(carrier, (header_map{{"traceparent", to_traceparent(inner.context())}, {"tracestate", "foo=1"}, {"baggage", "user=ada"}}));
}

TEST(trace_context, injects_into_any_string_map_or_list_of_pairs) {
  testing::traced const here;
  std::unordered_map<std::string, std::string> unordered;
  std::multimap<std::string, std::string> multi;
  std::vector<std::pair<std::string, std::string>> list;
  trace_context::current().inject(unordered);
  trace_context::current().inject(multi);
  trace_context::current().inject(list);
  auto const expected = to_traceparent(here.root.context());
  EXPECT_EQ(unordered["traceparent"], expected);
  EXPECT_EQ(multi.find("traceparent")->second, expected);
  EXPECT_EQ(list.front().second, expected);
}

TEST(trace_context, extracts_whatever_the_case_of_the_names) {
  auto const there = trace_context::extract(header_map{{"TraceParent", parent}, {"TRACESTATE", "foo=1, bar=2"}, {"Baggage", "user=ada"}});
  EXPECT_TRUE(there.valid());
  EXPECT_EQ(to_traceparent(there.context()), parent);
  EXPECT_EQ(there.tracestate(), "foo=1,bar=2");
  EXPECT_EQ(there.baggage(), "user=ada");
}

TEST(trace_context, ignores_blanks_around_header_values) {
  EXPECT_TRUE(trace_context::extract(header_map{{"traceparent", std::string{" \t"} + parent + "\t "}}).valid());
}

TEST(trace_context, joins_tracestate_headers_in_their_order) {
  std::vector<std::pair<std::string, std::string>> const carrier{{"traceparent", parent}, {"tracestate", "a=1"}, {"tracestate", "b=2"}};
  EXPECT_EQ(trace_context::extract(carrier).tracestate(), "a=1,b=2");
}

TEST(trace_context, two_traceparents_are_none) {
  std::multimap<std::string, std::string> const carrier{{"traceparent", parent}, {"traceparent", parent}};
  EXPECT_FALSE(trace_context::extract(carrier).valid());
}

TEST(trace_context, a_broken_traceparent_takes_the_tracestate_with_it_but_not_the_baggage) {
  auto const there = trace_context::extract(header_map{{"traceparent", "00-broken"}, {"tracestate", "a=1"}, {"baggage", "user=ada"}});
  EXPECT_FALSE(there.valid());
  EXPECT_EQ(there.tracestate(), "");
  EXPECT_EQ(there.baggage(), "user=ada");
}

TEST(trace_context, a_broken_tracestate_or_baggage_is_left_out) {
  auto const there = trace_context::extract(header_map{{"traceparent", parent}, {"tracestate", "a=1,a=2"}, {"baggage", "broken"}});
  EXPECT_TRUE(there.valid());
  EXPECT_EQ(there.tracestate(), "");
  EXPECT_EQ(there.baggage(), "");
}

TEST(trace_context, binds_a_callable_to_the_trace_on_another_thread) {
  testing::traced here;
  {
    span const outer{"outer"};
    int result = 0;
    auto bound = trace_context::current().bind([](int a, std::unique_ptr<int> b) {
      span const inner{"in_thread"};
      return a + *b;
    });
    std::thread worker{[&] {
      { span const unseen{"without a trace"}; }
      result = bound(1, std::make_unique<int>(2));
      { span const unseen{"after it"}; }
    }};
    worker.join();
    EXPECT_EQ(result, 3);
  }
  auto const spans = here.finish();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans.find("in_thread").front().parent, spans.find("outer").front().context.span);
}

TEST(trace_context, from_elsewhere_is_current_while_it_is_bound_and_records_nothing) {
  testing::traced here;
  auto const there = trace_context::extract(header_map{{"traceparent", parent}, {"tracestate", "foo=1"}, {"baggage", "user=ada"}});
  header_map carrier;
  there.bind([&] {
    span const unseen{"unseen"};
    EXPECT_EQ(to_traceparent(current_span().context()), parent);
    trace_context::current().inject(carrier);
  })();
  EXPECT_EQ(carrier, (header_map{{"traceparent", parent}, {"tracestate", "foo=1"}, {"baggage", "user=ada"}}));
  { span const seen{"seen"}; }
  auto const spans = here.finish();
  EXPECT_TRUE(spans.find("unseen").empty());
  EXPECT_EQ(spans.find("seen").size(), 1u);
}

/// Variables of the environment while it lives.
struct environment {
  explicit environment(header_map values) : set(std::move(values)) {
    for (auto const& [name, value] : set) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~environment() {
    for (auto const& [name, value] : set) ::unsetenv(name.c_str());
  }
  header_map set;
};

TEST(trace_context, of_the_environment_is_what_the_starter_of_the_process_gave) {
  environment const given{{{"TRACEPARENT", parent}, {"TRACESTATE", "foo=1"}, {"BAGGAGE", "user=ada"}}};
  auto const there = trace_context::from_environment();
  EXPECT_EQ(to_traceparent(there.context()), parent);
  EXPECT_EQ(there.tracestate(), "foo=1");
  EXPECT_EQ(there.baggage(), "user=ada");
}

TEST(trace_context, of_an_environment_without_one_is_invalid) {
  environment const given{{{"TRACESTATE", "foo=1"}}};
  EXPECT_FALSE(trace_context::from_environment().valid());
  EXPECT_FALSE(trace_context::from_environment().as_ambient().run);
}

TEST(trace_context, of_the_environment_is_the_parent_of_a_run_that_starts_in_it) {
  environment const given{{{"TRACEPARENT", parent}}};
  testing::manual_clock clock;
  testing::memory_traces traces;
  tracer const runs{recorder::make({traces.sink()}, clock)};
  trace_context::from_environment().bind([&] { tracer{runs}.start("job").end(); })();
  auto const job = traces.spans().find("job").front();
  EXPECT_EQ(job.context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(job.parent.to_string(), "00f067aa0ba902b7");
}

}  // namespace
}  // namespace skein
