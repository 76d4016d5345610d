#include <skein/tracing/exception_text.hpp>
#include <skein/tracing/span.hpp>

#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace skein {
namespace {

struct odd {};

attributes exception_attributes(char const* type, char const* message) {
  return {{"exception.type", type}, {"exception.message", message}};
}

TEST(in_span, returns_what_its_body_returns) {
  testing::traced here;
  EXPECT_EQ(in_span("with", [](span& s) { return s.set_attribute("rows", 3), 7; }), 7);
  EXPECT_EQ(in_span("without", [] { return std::string{"text"}; }), "text");
  in_span("nothing", [] {});
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("with").front().attributes, (attributes{{"rows", 3}}));
  EXPECT_EQ(spans.find("without").front().status, status_code::unset);
}

TEST(in_span, works_outside_any_run) {
  EXPECT_EQ(in_span("none", [](span&) { return 1; }), 1);
  EXPECT_THROW(in_span("none", [] { throw std::runtime_error{"x"}; }), std::runtime_error);
}

TEST(in_span, records_type_and_message_of_what_is_thrown_and_throws_it_on) {
  testing::traced here;
  EXPECT_THROW(in_span("load", [](span&) { throw std::runtime_error{"no such file"}; }), std::runtime_error);
  auto const record = here.finish().find("load").front();
  EXPECT_EQ(record.status, status_code::error);
  EXPECT_EQ(record.status_message, "no such file");
  EXPECT_EQ(record.attributes, (attributes{{"error.type", "std::runtime_error"}}));
  ASSERT_EQ(record.events.size(), 1u);
  EXPECT_EQ(record.events.front().name, "exception");
  EXPECT_EQ(record.events.front().attributes, exception_attributes("std::runtime_error", "no such file"));
}

TEST(in_span, records_an_exception_once_however_many_spans_it_leaves) {
  testing::traced here;
  EXPECT_THROW(in_span("outer", [] {
    span const bare{"between"};
    in_span("inner", [] { throw std::runtime_error{"busy"}; });
  }), std::runtime_error);
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("inner").front().events.size(), 1u);
  EXPECT_EQ(spans.find("between").front().events.size(), 0u);
  EXPECT_EQ(spans.find("outer").front().events.size(), 0u);
  for (auto const* name : {"inner", "between", "outer"}) EXPECT_EQ(spans.find(name).front().status, status_code::error) << name;
  EXPECT_EQ(spans.find("outer").front().status_message, "busy");
  EXPECT_EQ(spans.find("outer").front().attributes, (attributes{{"error.type", "std::runtime_error"}}));
}

TEST(record_exception, again_by_the_span_that_encloses_adds_no_event) {
  testing::traced here;
  try {
    span inner{"inner"};
    try {
      throw std::logic_error{"twice"};
    } catch (std::logic_error const& thrown) {
      inner.record_exception(thrown);
      inner.record_exception(std::current_exception());
      throw;
    }
  } catch (...) {
    here.root.record_exception(std::current_exception());
  }
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("inner").front().events.size(), 1u);
  EXPECT_EQ(spans.find("root").front().events.size(), 0u);
  EXPECT_EQ(spans.find("root").front().status_message, "twice");
  EXPECT_EQ(here.traces.runs().front().status, run_status::failed);
}

TEST(record_exception, by_a_handle_adds_no_event_to_the_span_that_it_was_started_in) {
  testing::traced here;
  auto nested = start_span(here.run, {.name = "nested", .parent = here.root.context()});
  nested.record_exception(std::runtime_error{"a copy is the same"});
  nested.end();
  here.root.record_exception(std::runtime_error{"a copy is the same"});
  auto const spans = here.finish();
  EXPECT_EQ(spans.find("nested").front().events.size(), 1u);
  EXPECT_EQ(spans.find("root").front().events.size(), 0u);
}

TEST(record_exception, of_another_exception_adds_an_event) {
  testing::traced here;
  try {
    in_span("inner", [] { throw std::runtime_error{"first"}; });
  } catch (...) {
    here.root.record_exception(std::make_exception_ptr(std::runtime_error{"second"}));
  }
  EXPECT_EQ(here.finish().find("root").front().events.size(), 1u);
}

TEST(record_exception, names_what_is_no_std_exception) {
  testing::traced here;
  in_span("caught", [](span& s) {
    try {
      throw odd{};
    } catch (...) {
      s.record_exception(std::current_exception());
    }
  });
  auto const record = here.finish().find("caught").front();
  EXPECT_EQ(record.status, status_code::error);
  EXPECT_EQ(*find_attribute(record.attributes, "error.type"), attribute_value{"skein::(anonymous namespace)::odd"});
}

TEST(record_exception, of_null_does_nothing) {
  testing::traced here;
  current_span().record_exception(std::exception_ptr{});
  EXPECT_EQ(here.finish().front().status, status_code::unset);
}

TEST(exception_text, describes_what_can_be_thrown) {
  auto const text = [](auto thrown) { return describe_exception(std::make_exception_ptr(thrown)); };
  EXPECT_EQ(text(std::out_of_range{"x"}).type, "std::out_of_range");
  EXPECT_EQ(text(std::out_of_range{"x"}).message, "x");
  EXPECT_EQ(text(std::string{"a string"}).message, "a string");
  EXPECT_EQ(text(static_cast<char const*>("literal")).message, "literal");
  EXPECT_EQ(text(7).type, "int");
  EXPECT_EQ(text(7).message, "an exception of type int");
  EXPECT_EQ(describe_exception(std::exception_ptr{}), exception_text{});
}

}  // namespace
}  // namespace skein
