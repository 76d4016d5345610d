#include <skein/tracing/propagation.hpp>
#include <skein/tracing/span.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>

using namespace std::chrono_literals;

namespace skein {
namespace {

static_assert(!std::is_copy_constructible_v<span> && !std::is_move_constructible_v<span>);
static_assert(std::is_nothrow_move_constructible_v<span_handle> && !std::is_copy_constructible_v<span_handle>);

TEST(span, outside_any_run_does_nothing) {
  span here{"here", {.type = span_type::parser}};
  here.set_attribute("a", 1).set_inputs(std::string{"in"}).add_event("event").set_status(status::ok());
  EXPECT_FALSE(here.recording());
  EXPECT_FALSE(here.context().valid());
  EXPECT_FALSE(current_span().context().valid());
  current_trace().set_tag("fruit", "apple");
}

TEST(span, is_a_child_of_the_current_one_and_current_for_its_scope) {
  testing::traced here;
  {
    span const outer{"outer"};
    EXPECT_EQ(current_span().context(), outer.context());
    { span const inner{"inner"}; }
    EXPECT_EQ(current_span().context(), outer.context());
  }
  EXPECT_EQ(current_span().context(), here.root.context());
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("outer").front().parent, here.run->root);
  EXPECT_EQ(spans.find("inner").front().parent, spans.find("outer").front().context.span);
  EXPECT_EQ(spans.find("inner").front().context.trace, here.run->trace);
  EXPECT_EQ(spans.find("inner").front().run, here.run->id);
}

TEST(span, carries_what_was_set) {
  testing::traced here;
  {
    span parse{"parse", {.type = span_type::parser, .kind = span_kind::client, .attributes = {{"first", 1}}}};
    parse.set_attribute("flag", true).set_attribute("first", "replaced").set_inputs("text").set_outputs(4);
    here.clock.advance(3ms);
    parse.add_event("half", {{"steps", std::size_t{2}}}).add_link({trace_of(here.run->id), here.run->root, 1}, {{"why", "because"}});
    here.clock.advance(2ms);
    parse.update_name("parsed").set_status(status::ok());
  }
  auto const record = here.finish().find("parsed").front();
  EXPECT_EQ(record.type, span_type::parser);
  EXPECT_EQ(record.kind, span_kind::client);
  EXPECT_EQ(record.status, status_code::ok);
  EXPECT_EQ(record.attributes, (attributes{{"first", "replaced"}, {"flag", true}}));
  EXPECT_EQ(record.inputs, "\"text\"");
  EXPECT_EQ(record.outputs, "4");
  EXPECT_EQ(record.start, testing::manual_clock::default_start);
  EXPECT_EQ(record.end - record.start, 5ms);
  EXPECT_EQ(record.events, (std::vector<span_event>{{record.start + 3ms, "half", {{"steps", 2}}}}));
  EXPECT_EQ(record.links.front().attributes, (attributes{{"why", "because"}}));
}

TEST(span, ends_once_and_ignores_what_is_set_afterwards) {
  testing::traced here;
  {
    span early{"early"};
    early.end();
    EXPECT_EQ(current_span().context(), here.root.context());
    early.set_attribute("late", 1).add_event("late").update_name("late");
    early.end();
    here.clock.advance(1s);
  }
  auto const spans = here.finish();
  ASSERT_EQ(spans.find("early").size(), 1u);
  EXPECT_TRUE(spans.find("early").front().attributes.empty());
  EXPECT_EQ(spans.find("early").front().end, spans.find("early").front().start);
}

TEST(span, ended_before_one_inside_it_leaves_that_one_current) {
  testing::traced here;
  {
    span outer{"outer"};
    span const inner{"inner"};
    outer.end();
    EXPECT_EQ(current_span().context(), inner.context());
  }
  EXPECT_EQ(current_span().context(), here.root.context());
}

TEST(span, left_by_an_exception_ends_with_status_error) {
  testing::traced here;
  try {
    span const left{"left"};
    throw std::runtime_error{"unseen"};
  } catch (std::runtime_error const&) {
    span const handler{"while handling"};
  }
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("left").front().status, status_code::error);
  EXPECT_EQ(spans.find("left").front().status_message, "");
  EXPECT_EQ(spans.find("while handling").front().status, status_code::unset);
}

TEST(span, in_an_unrecorded_run_knows_the_run_and_records_nothing) {
  testing::traced here;
  here.current.reset();
  auto unsampled = std::make_shared<run_scope>();
  unsampled->recorder = here.spans;
  unsampled->recording = false;
  unsampled->id = here.spans->new_run_id();
  unsampled->trace = trace_of(unsampled->id);
  unsampled->root = here.spans->new_span_id();
  unsampled->flags = 0;
  {
    span_handle root = start_span(unsampled, {.name = "unsampled", .id = unsampled->root});
    ambient_scope const current{root.as_ambient()};
    span const inner{"inner"};
    EXPECT_EQ(inner.context(), unsampled->context());
    EXPECT_EQ(current_span().context(), unsampled->context());
    EXPECT_EQ(root.context().flags, 0);
    EXPECT_EQ(current_ambient().run->id, unsampled->id);
  }
  EXPECT_EQ(here.finish().size(), 1u);
  EXPECT_EQ(here.traces.runs().size(), 1u);
}

TEST(span, has_limits_and_counts_what_is_over_them) {
  testing::traced here;
  {
    span big{"big"};
    for (int number = 0; number < 130; ++number) {
      big.set_attribute("a" + std::to_string(number), number);
      big.add_event("e");
      big.add_link(here.root.context());
    }
    big.set_attribute("a0", "still replaced");
    big.set_inputs(std::string(70'000, 'x'));
  }
  auto const record = here.finish().find("big").front();
  EXPECT_EQ(record.attributes.size(), 131u);
  EXPECT_EQ(*find_attribute(record.attributes, "a0"), attribute_value{"still replaced"});
  EXPECT_EQ(*find_attribute(record.attributes, "otel.dropped_attributes_count"), attribute_value{2});
  EXPECT_EQ(*find_attribute(record.attributes, "otel.dropped_events_count"), attribute_value{2});
  EXPECT_EQ(*find_attribute(record.attributes, "otel.dropped_links_count"), attribute_value{2});
  EXPECT_EQ(record.events.size(), 128u);
  EXPECT_EQ(record.links.size(), 128u);
  EXPECT_LT(record.inputs.size(), 66'000u);
  EXPECT_TRUE(record.inputs.ends_with("…[cut, 70002 bytes]\""));
}

TEST(span, can_be_set_from_many_threads_while_it_is_open) {
  testing::traced here;
  {
    span shared{"shared"};
    auto const set = [&](int thread) {
      for (int number = 0; number < 100; ++number) shared.set_attribute("thread." + std::to_string(thread), number).add_event("e");
    };
    std::thread first{set, 1}, second{set, 2};
    set(0);
    first.join();
    second.join();
  }
  auto const record = here.finish().find("shared").front();
  for (int thread = 0; thread < 3; ++thread) {
    EXPECT_EQ(*find_attribute(record.attributes, "thread." + std::to_string(thread)), attribute_value{99});
  }
}

TEST(current_span, sets_on_the_innermost_and_outlives_it_harmlessly) {
  testing::traced here;
  span_ref kept;
  {
    span const inner{"inner"};
    kept = current_span();
    kept.set_attribute("in_time", 1);
  }
  kept.set_attribute("too_late", 1);
  EXPECT_EQ(here.finish().find("inner").front().attributes, (attributes{{"in_time", 1}}));
}

TEST(current_trace, sets_what_is_known_of_the_run) {
  testing::traced here;
  current_trace().set_tag("fruit", "apple").set_request_preview("why").set_response_preview("because").set_attribute("rows", 3);
  here.finish();
  auto const run = here.traces.runs().front();
  EXPECT_EQ(run.name, "root");
  EXPECT_EQ(run.tags, (attributes{{"fruit", "apple"}}));
  EXPECT_EQ(run.request_preview, "why");
  EXPECT_EQ(run.response_preview, "because");
  EXPECT_EQ(run.attributes, (attributes{{"rows", 3}}));
  EXPECT_EQ(run.status, run_status::completed);
}

TEST(span, starts_under_the_root_on_a_thread_that_knows_only_the_run) {
  testing::traced here;
  std::thread worker{[&] {
    ambient_scope const scope{ambient{nullptr, here.run}};
    span const inner{"inner"};
  }};
  worker.join();
  EXPECT_EQ(here.finish().find("inner").front().parent, here.run->root);
}

TEST(ambient, is_swapped_as_a_scheduler_of_coroutines_does) {
  testing::traced here;
  auto outer = std::make_unique<span>("coroutine");
  auto const coroutine = exchange_current({});
  { span const unseen{"another coroutine, outside"}; }
  exchange_current(coroutine);
  outer.reset();
  EXPECT_EQ(current_span().context(), here.root.context());
  EXPECT_EQ(here.finish().size(), 2u);
}

}  // namespace
}  // namespace skein
