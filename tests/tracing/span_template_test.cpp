#include <skein/tracing/span_template.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

namespace skein {
namespace {

using namespace std::chrono_literals;

span_template const sending{"publish memo", span_kind::producer, span_type::publish, "skein", {{"messaging.system", "zeromq"}}};

TEST(span_template, gives_its_spans_what_they_have_in_common_before_what_is_their_own) {
  testing::traced here;
  auto const id = here.spans->new_run_id();
  auto span = start_span(here.run, sending, {.id = span_id{{1}}, .parent = here.root.context().span}, [&](span_beginning& with) {
    with.set("messaging.message.id", id).set("size", 12).set("last", true).link(here.root.context());
  });
  span.set_attribute("messaging.system", "other").set_attribute("artifact", span_id{{2}});
  span.end();
  auto const record = here.finish().find("publish memo").front();
  EXPECT_EQ(record.context.span, span_id{{1}});
  EXPECT_EQ(record.parent, here.run->root);
  EXPECT_EQ(record.kind, span_kind::producer);
  EXPECT_EQ(record.type, span_type::publish);
  EXPECT_EQ(record.scope, "skein");
  EXPECT_EQ(record.attributes, (attributes{{"messaging.system", "other"}, {"messaging.message.id", id.to_string()}, {"size", 12}, {"last", true},
                                           {"artifact", "0200000000000000"}}));
  EXPECT_EQ(record.links.size(), 1u);
}

TEST(span_template, gives_each_span_its_own_values_behind_what_all_have) {
  testing::traced here;
  span_template const like{"attempt", span_kind::consumer, span_type::agent, {}, {{"system", "zeromq"}},
                           {{"run", run_id{}}, {"span", span_id{}}, {"no", 0}}};
  auto const first = here.spans->new_run_id(), second = here.spans->new_run_id();
  auto span = start_span(here.run, like, {}, [&](span_beginning& with) { with.own(0, first).own(1, span_id{{1}}).own(2, 7).set("more", true); });
  span.set_attribute("no", 8);
  span.end();
  record_span(*here.run, like, {.start = here.clock.now()}, here.clock.now(), {}, [&](span_beginning& with) {
    with.own(2, -1).own(1, span_id{{2}}).own(0, second).link(here.root.context());
  });
  auto const found = here.finish().find("attempt");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].attributes,
            (attributes{{"system", "zeromq"}, {"run", first.to_string()}, {"span", "0100000000000000"}, {"no", 8}, {"more", true}}));
  EXPECT_EQ(found[1].attributes, (attributes{{"system", "zeromq"}, {"run", second.to_string()}, {"span", "0200000000000000"}, {"no", -1}}));
}

TEST(record_span, records_a_span_of_the_past_in_one_step) {
  testing::traced here;
  auto const start = here.clock.now() - 5s;
  record_span(*here.run, sending, {.start = start}, start + 2s, status::error("late"), [](span_beginning& with) { with.set("why", "test"); });
  auto const record = here.finish().find("publish memo").front();
  EXPECT_EQ(record.end - record.start, 2s);
  EXPECT_EQ(record.status, status_code::error);
  EXPECT_EQ(record.status_message, "late");
  EXPECT_FALSE(record.context.span.empty());
}

TEST(record_span, keeps_to_what_every_span_keeps_to) {
  testing::traced here;
  here.run->limits.attributes_max = 4;
  auto const start = here.clock.now();
  std::string const large(4'000, 'x');
  record_span(*here.run, sending, {.start = start}, start - 1s, {status_code::error, {}}, [&](span_beginning& with) {
    with.set("a", 1).set("a", 2).set("large", large).link(here.root.context()).set("b", span_id{{2}}).set("dropped", 5);
  });
  auto const record = here.finish().find("publish memo").front();
  EXPECT_EQ(record.end, start);
  EXPECT_EQ(record.status, status_code::error);
  EXPECT_EQ(record.attributes, (attributes{{"messaging.system", "zeromq"}, {"a", 2}, {"large", large}, {"b", "0200000000000000"},
                                           {"otel.dropped_attributes_count", 1}}));
  EXPECT_EQ(record.links.size(), 1u);
}

struct json_sink final : span_sink {
  result<void> write(trace_batch const& batch) override {
    for (auto const span : batch.spans.views()) span.attributes().append_json(json);
    return {};
  }
  std::string describe() const override { return "json"; }
  std::string json;
};

TEST(record_span, shows_ids_as_text_in_json) {
  testing::traced here;
  auto const sink = std::make_shared<json_sink>();
  here.run->recorder = recorder::make({sink}, here.clock);
  auto const id = here.spans->new_run_id();
  record_span(*here.run, sending, {}, here.clock.now(), {}, [&](span_beginning& with) { with.set("span", span_id{{2}}).set("run", id); });
  ASSERT_TRUE(here.run->recorder->flush(10s));
  EXPECT_EQ(sink->json, R"({"messaging.system":"zeromq","span":"0200000000000000","run":")" + id.to_string() + "\"}");
}

TEST(span_template, asks_for_nothing_where_nothing_is_recorded) {
  testing::traced here;
  here.run->recording = false;
  auto const never = [](span_beginning&) { FAIL(); };
  EXPECT_EQ(start_span(here.run, sending, {.id = span_id{{7}}}, never).context().span, span_id{{7}});
  record_span(*here.run, sending, {}, {}, {}, never);
}

}  // namespace
}  // namespace skein
