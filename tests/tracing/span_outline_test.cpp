#include <skein/tracing/span_outline.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace skein {
namespace {

activation_id an_id() { return activation_id{id_generator{1}.uuid_v7(1'700'000'000'000'000'000)}; }

/// What the outline is made of, with its values or with any others.
span_start sample(activation_id const& id, int attempt) {
  span_start start;
  start.name = "step";
  start.kind = span_kind::consumer;
  start.type = span_type::agent;
  start.scope = "skein";
  start.attrs = {{"system", "zeromq"}, {"id", id.to_string()}, {"attempt", attempt}, {"flag", true}};
  return start;
}
span_outline outline() { return {sample({}, 0), {"attempt", "id"}}; }

/// The only span named `step`, without what differs between any two spans.
span_record recorded(testing::traced& here) {
  auto made = here.finish().find("step").front();
  EXPECT_EQ(made.context.trace, here.run->trace);
  EXPECT_EQ(made.run, here.run->id);
  made.run = {};
  made.context.trace = {};
  made.parent = {};
  return made;
}

/// One span in a run of its own, with the event of somebody who looks at it while it is open.
template <class Start>
span_record started(Start const& start, std::size_t attributes_max = span_limits{}.attributes_max) {
  testing::traced here;
  here.run->limits.attributes_max = attributes_max;
  {
    auto span = start(here.run);
    span.set_attribute("flag", false).set_attribute("more", 7).add_event("seen");
    span.end_at(here.clock.now() + 2ms);
  }
  return recorded(here);
}
span_record by_hand(std::size_t attributes_max) {
  return started([](auto const& in) {
    auto start = sample(an_id(), 3);
    start.id = span_id{{1}};
    start.parent = in->context();
    start.at = in->recorder->time().now();
    return start_span(in, std::move(start));
  }, attributes_max);
}
span_record by_outline(std::size_t attributes_max) {
  return started([](auto const& in) {
    return outline().start_span(in, {span_id{{1}}, in->root, in->recorder->time().now()}, {std::int64_t{3}, an_id()});
  }, attributes_max);
}

TEST(span_outline, starts_the_spans_that_it_was_made_of) { EXPECT_EQ(by_outline(128), by_hand(128)); }

TEST(span_outline, keeps_within_the_limits_of_the_run) { EXPECT_EQ(by_outline(2), by_hand(2)); }

TEST(span_outline, records_spans_that_have_ended) {
  testing::traced here;
  auto const at = here.clock.now();
  outline().record_span(*here.run, {span_id{{1}}, here.run->root, at}, at + 5ms, {std::int64_t{3}, an_id()});
  auto const made = recorded(here);
  EXPECT_EQ(made.start, at);
  EXPECT_EQ(made.end, at + 5ms);
  EXPECT_EQ(made.attributes, sample(an_id(), 3).attrs);
  EXPECT_EQ(made.scope, "skein");
}

}  // namespace
}  // namespace skein
