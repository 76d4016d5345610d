// A span that several threads set things on, and guards that are taken down in an unusual order.
#include <skein/tracing/recorder.hpp>
#include <skein/tracing/span.hpp>

#include "support/scripted_sink.hpp"
#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace skein {
namespace {

using namespace std::chrono_literals;

template <class Body>
void elsewhere(Body&& body) {
  std::thread{std::forward<Body>(body)}.join();
}

TEST(a_span_of_several_threads, keeps_what_was_set_last_and_the_order_of_first_setting) {
  testing::traced here;
  auto handle = start_span(here.run, {.name = "shared", .attrs = {{"first", 1}}});
  span_ref const other{handle.as_ambient()};
  handle.set_attribute("mine", "a");
  elsewhere([&] { span_ref{other}.set_attribute("theirs", 1).set_attribute("mine", "b").add_event("seen"); });
  handle.set_attribute("late", true).set_attribute("theirs", 2);
  elsewhere([&] { span_ref{other}.set_attribute("late", false).set_inputs(1).set_status(status::error("broken")); });
  handle.end();
  auto const record = here.finish().find("shared").front();
  EXPECT_EQ(record.attributes, (attributes{{"first", 1}, {"mine", "b"}, {"theirs", 2}, {"late", false}}));
  EXPECT_EQ(record.events.size(), 1u);
  EXPECT_EQ(record.inputs, "1");
  EXPECT_EQ(record.status_message, "broken");
}

TEST(a_span_of_several_threads, may_be_ended_by_any_while_others_set) {
  testing::traced here;
  for (int round = 0; round < 100; ++round) {
    auto handle = start_span(here.run, {.name = "raced"});
    std::thread setter{[ref = span_ref{handle.as_ambient()}]() mutable {
      for (int n = 0; n < 40; ++n) ref.set_attribute("there", n).add_event("again");
    }};
    std::thread ender{[&] { handle.end(); }};
    setter.join();
    ender.join();
  }
  EXPECT_EQ(here.finish().find("raced").size(), 100u);
}

TEST(a_span_of_several_threads, is_set_by_its_own_while_another_ends_it) {
  testing::traced here;
  for (int round = 0; round < 100; ++round) {
    auto handle = start_span(here.run, {.name = "raced"});
    span_ref mine{handle.as_ambient()};
    std::thread ender{[&] { handle.end(); }};
    for (int n = 0; n < 100; ++n) mine.set_attribute("key " + std::to_string(n), n);
    ender.join();
  }
  auto const spans = here.finish();
  ASSERT_EQ(spans.find("raced").size(), 100u);
  for (auto const& each : spans.find("raced")) {
    for (std::size_t n = 0; n < each.attributes.size(); ++n) ASSERT_EQ(each.attributes[n].value, attribute_value{n});
  }
}

TEST(a_span_of_several_threads, is_read_for_running_rows_while_it_is_set) {
  auto sink = std::make_shared<testing::scripted_sink>();
  testing::traced here;
  here.spans = recorder::make({sink}, system_clock(), {.write_interval = 0ms});
  auto run = here.make_run();
  for (int round = 0; round < 20; ++round) {
    auto handle = start_span(run, {.name = "read"});
    for (int n = 0; n < 100; ++n) handle.set_attribute("key " + std::to_string(n), std::string(30, 'x'));
    handle.end();
  }
  ASSERT_TRUE(here.spans->flush(60s).ok());
  for (auto const& span : sink->spans()) {
    for (auto const& each : span.attributes) ASSERT_EQ(each.value, attribute_value{std::string(30, 'x')});
  }
}

TEST(a_span, stays_small_however_often_its_attributes_are_set) {
  testing::traced here;
  span counting{"counting"};
  for (int n = 0; n < 2'000; ++n) {
    counting.set_attribute("progress", n).set_attribute("text", std::string(static_cast<std::size_t>(n % 50), 'x'));
    if (n % 500 == 0) elsewhere([here = current_span()]() mutable { here.set_attribute("there", 1); });
  }
  counting.end();
  auto const record = here.finish().find("counting").front();
  EXPECT_EQ(record.attributes.at(0), (attribute{"progress", 1'999}));
  EXPECT_EQ(record.attributes.at(1), (attribute{"text", std::string(49, 'x')}));
}

TEST(a_guard, that_outlives_the_one_around_it_stays_whole) {
  testing::traced here;
  std::optional<span> outer{std::in_place, "outer"};
  auto const id = outer->context().span;
  {
    span inner{"inner"};
    outer.reset();
    inner.set_attribute("set", true);
  }
  EXPECT_EQ(current_span().context().span, id) << "ended, but what was current before the inner one";
  here.current.reset();
  here.root.end();
  EXPECT_EQ(here.traces.spans().find("inner").front().parent, id);
}

TEST(a_guard, survives_that_what_is_current_is_taken_away) {
  testing::traced here;
  {
    span outer{"outer"};
    span inner{"inner"};
    auto const suspended = exchange_current({});
    EXPECT_FALSE(current_span().recording());
    span const unseen{"unseen"};
    exchange_current(suspended);
    span last{"last"};
  }
  EXPECT_EQ(current_span().context().span, here.run->root);
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("last").front().parent, spans.find("inner").front().context.span);
  EXPECT_TRUE(spans.find("unseen").empty());
}

}  // namespace
}  // namespace skein
