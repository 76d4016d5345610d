#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/span_tree.hpp>

#include "support/tree_spans.hpp"

#include <gtest/gtest.h>

#include <sstream>

using namespace std::chrono_literals;

namespace skein {
namespace {

using testing::id_of;
using testing::make_span;

std::string drawn(std::vector<span_record> spans) {
  std::ostringstream out;
  out << build_tree(std::move(spans)).value();
  return out.str();
}

TEST(span_tree, draws_the_shape_of_a_run) {
  auto publish = make_span("publish pizza.idea", 2, 1, 1us, 102us);
  publish.kind = span_kind::producer;
  auto agent = make_span("invoke_agent critic", 3, 2, 2us, 1200us);
  agent.kind = span_kind::consumer;
  agent.status = status_code::error;
  agent.status_message = "no such\npizza";
  auto wait = make_span("run_until_idle", 4, 1, 5ms);
  wait.end = {};
  wait.status = status_code::running;
  EXPECT_EQ(drawn({wait, agent, publish, make_span("pizza_workflow", 1, 0, 0us, 12'300us)}),
            "pizza_workflow             INTERNAL   12.3 ms\n"
            "├─ publish pizza.idea      PRODUCER    102 us\n"
            "│  └─ invoke_agent critic  CONSUMER   1.20 ms  error: no such pizza\n"
            "└─ run_until_idle          INTERNAL            running");
}

TEST(span_tree, orders_siblings_by_start_then_id_and_labels_repeated_names) {
  auto const tree = build_tree({make_span("root", 1, 0, 0us), make_span("b", 4, 1, 2us), make_span("a", 3, 1, 1us), make_span("a", 2, 1, 1us),
                                make_span("a", 5, 4, 3us)})
                        .value();
  ASSERT_EQ(tree.children.size(), 3u);
  EXPECT_EQ(tree.children[0].record.context.span, id_of(2));
  EXPECT_EQ(tree.children[0].label, "a_1");
  EXPECT_EQ(tree.children[1].label, "a_2");
  EXPECT_EQ(tree.children[1].name, "a");
  EXPECT_EQ(tree.children[2].label, "b");
  EXPECT_EQ(tree.children[2].children[0].label, "a");
}

TEST(span_tree, hangs_spans_without_their_parent_and_other_roots_under_the_earliest_root) {
  auto const tree = build_tree({make_span("late root", 2, 0, 5us), make_span("root", 1, 0, 1us), make_span("lost", 3, 9, 0us)}).value();
  EXPECT_EQ(tree.name, "root");
  EXPECT_FALSE(tree.orphan);
  ASSERT_EQ(tree.children.size(), 2u);
  EXPECT_TRUE(tree.children[0].orphan);
  EXPECT_EQ(tree.children[0].name, "lost");
  EXPECT_TRUE(tree.children[1].orphan);
}

TEST(span_tree, without_a_root_starts_at_the_earliest_span_with_an_unknown_parent) {
  auto const tree = build_tree({make_span("second", 2, 1, 5us), make_span("remote child", 1, 99, 1us)}).value();
  EXPECT_EQ(tree.name, "remote child");
  EXPECT_EQ(tree.children.at(0).name, "second");
}

TEST(span_tree, refuses_what_is_no_tree) {
  EXPECT_EQ(build_tree({}).error().code(), errc::not_found);
  EXPECT_EQ(build_tree({make_span("a", 1, 0, 0us), make_span("b", 1, 0, 1us)}).error().code(), errc::corrupt);
  EXPECT_EQ(build_tree({make_span("a", 1, 2, 0us), make_span("b", 2, 1, 1us)}).error().code(), errc::corrupt);
  EXPECT_EQ(build_tree({make_span("r", 3, 0, 0us), make_span("a", 1, 2, 0us), make_span("b", 2, 1, 1us)}).error().code(), errc::corrupt);
}

TEST(span_tree, may_be_very_deep) {
  constexpr std::uint64_t depth = 20'000;
  std::vector<span_record> spans;
  auto const id = [](std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t at = 0; at < 8; ++at) bytes[7 - at] = static_cast<std::uint8_t>(number >> (8 * at));
    return span_id{bytes};
  };
  for (std::uint64_t number = 1; number <= depth; ++number) {
    auto span = make_span("s", 1, 0, std::chrono::nanoseconds{number});
    span.context.span = id(number);
    span.parent = number == 1 ? span_id{} : id(number - 1);
    spans.push_back(std::move(span));
  }
  std::ostringstream out;
  out << build_tree(std::move(spans)).value();
  EXPECT_NE(out.str().find("[20"), std::string::npos);
}

TEST(shape, leaves_out_ids_times_and_the_order_of_siblings) {
  auto first = make_span("publish", 2, 1, 1us);
  first.attributes = {{"skein.attempt", 2}, {"secret", 1}};
  auto second = make_span("publish", 3, 1, 2us);
  second.attributes = {{"skein.attempt", 1}};
  second.status = status_code::error;
  second.status_message = "busy";
  auto const keep = [](std::string_view key) { return key == "skein.attempt"; };
  auto const one = shape(build_tree({make_span("root", 1, 0, 0us), first, second}).value(), keep);
  std::swap(first.start, second.start);
  std::swap(first.context, second.context);
  EXPECT_EQ(one, shape(build_tree({make_span("root", 1, 0, 0us), first, second}).value(), keep));
  EXPECT_EQ(one,
            "root INTERNAL\n"
            "  publish INTERNAL error: busy {\"skein.attempt\":1}\n"
            "  publish INTERNAL {\"skein.attempt\":2}\n");
}

TEST(elapsed, prints_three_digits_and_a_unit) {
  auto const text = [](auto duration) { return elapsed{duration}.to_string(); };
  EXPECT_EQ(text(0ns), "0 ns");
  EXPECT_EQ(text(830ns), "830 ns");
  EXPECT_EQ(text(1234ns), "1.23 us");
  EXPECT_EQ(text(12'300us), "12.3 ms");
  EXPECT_EQ(text(999'600ns), "1.00 ms");
  EXPECT_EQ(text(456ms), "456 ms");
  EXPECT_EQ(text(4560ms), "4.56 s");
  EXPECT_EQ(text(59'990ms), "1 min 0 s");
  EXPECT_EQ(text(125s), "2 min 5 s");
  EXPECT_EQ(text(2h + 5min), "2 h 5 min");
  EXPECT_EQ(text(-5ms), "-5.00 ms");
}

TEST(elapsed, is_a_duration) {
  elapsed const time = 3ms;
  EXPECT_LT(time, 4ms);
  EXPECT_EQ(time, std::chrono::microseconds{3000});
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), 3);
  std::ostringstream out;
  out << time;
  EXPECT_EQ(out.str(), "3.00 ms");
}

}  // namespace
}  // namespace skein
