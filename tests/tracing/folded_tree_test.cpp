#include <skein/tracing/folded_tree.hpp>

#include "support/tree_spans.hpp"

#include <gtest/gtest.h>

#include <sstream>

using namespace std::chrono_literals;

namespace skein {
namespace {

using testing::make_span;

span_record failed(span_record span, std::string message) {
  span.status = status_code::error;
  span.status_message = std::move(message);
  return span;
}

folded_tree folded(std::vector<span_record> spans) { return fold(build_tree(std::move(spans)).value()); }

std::string drawn_folded(std::vector<span_record> spans) {
  std::ostringstream out;
  out << folded(std::move(spans));
  return out.str();
}

TEST(folded_tree, draws_alike_siblings_and_what_is_below_them_as_one) {
  auto const kind = [](span_record span, span_kind which) { return span.kind = which, span; };
  EXPECT_EQ(drawn_folded({make_span("sbom", 1, 0, 0us, 1350ms),
                   kind(make_span("publish package", 2, 1, 1us, 10ms), span_kind::producer),
                   kind(make_span("invoke_agent hasher", 3, 2, 2us, 300ms), span_kind::consumer),
                   kind(make_span("publish package", 4, 1, 3us, 20ms), span_kind::producer),
                   kind(make_span("invoke_agent hasher", 5, 4, 4us, 100us), span_kind::consumer),
                   make_span("run_until_idle", 6, 1, 5us, 1200ms)}),
            "sbom                          INTERNAL            1.35 s\n"
            "├─ publish package ×2         PRODUCER  total    30.0 ms  max    20.0 ms\n"
            "│  └─ invoke_agent hasher ×2  CONSUMER  total     300 ms  max     300 ms\n"
            "└─ run_until_idle             INTERNAL            1.20 s");
}

TEST(folded_tree, keeps_what_failed_and_what_still_runs_apart) {
  auto running = make_span("step", 6, 1, 6us);
  running.end = {};
  running.status = status_code::running;
  EXPECT_EQ(drawn_folded({make_span("root", 1, 0, 0us), make_span("step", 2, 1, 1us), failed(make_span("step", 3, 1, 2us), "no\nroom"),
                   failed(make_span("step", 4, 1, 3us), "no disk"), make_span("step", 5, 1, 4us), running}),
            "root        INTERNAL           1.00 ms\n"
            "├─ step ×2  INTERNAL  total    2.00 ms  max    1.00 ms\n"
            "├─ step ×2  INTERNAL  total    2.00 ms  max    1.00 ms  error: no room (and 1 other)\n"
            "└─ step     INTERNAL                    running");
}

TEST(folded_tree, folds_unset_with_ok_and_kinds_apart) {
  auto ok = make_span("step", 3, 1, 2us);
  ok.status = status_code::ok;
  auto client = make_span("step", 4, 1, 3us);
  client.kind = span_kind::client;
  auto const tree = folded({make_span("root", 1, 0, 0us), make_span("step", 2, 1, 1us), ok, client});
  ASSERT_EQ(tree.spans.size(), 3u);
  EXPECT_EQ(tree.spans[1].count, 2u);
  EXPECT_EQ(tree.spans[2].kind, span_kind::client);
}

TEST(folded_tree, counts_durations_of_ended_spans_only) {
  auto interrupted = make_span("step", 4, 1, 3us);
  interrupted.end = {};
  auto const tree = folded({make_span("root", 1, 0, 0us), make_span("step", 2, 1, 1us, 2ms), make_span("step", 3, 1, 2us, 3ms), interrupted});
  ASSERT_EQ(tree.spans.size(), 2u);
  EXPECT_EQ(tree.spans[1].count, 3u);
  EXPECT_EQ(tree.spans[1].ended, 2u);
  EXPECT_EQ(tree.spans[1].total, 5ms);
  EXPECT_EQ(tree.spans[1].max, 3ms);
}

TEST(folded_tree, marks_spans_whose_parents_are_not_there) {
  EXPECT_EQ(drawn_folded({make_span("root", 1, 0, 0us), make_span("lost", 2, 9, 1us), make_span("lost", 3, 9, 2us)}),
            "root        INTERNAL           1.00 ms\n"
            "└─ lost ×2  INTERNAL  total    2.00 ms  max    1.00 ms  (parent unknown)");
}

TEST(folded_tree, stands_in_the_order_of_first_starts_over_all_parents) {
  auto const tree = folded({make_span("root", 1, 0, 0us), make_span("p", 2, 1, 1us), make_span("p", 3, 1, 2us), make_span("late", 4, 2, 9us),
                            make_span("early", 5, 3, 3us)});
  ASSERT_EQ(tree.spans.size(), 4u);
  EXPECT_EQ(tree.spans[2].name, "early");
  EXPECT_EQ(tree.spans[3].name, "late");
}

TEST(folded_tree, may_be_very_deep) {
  std::vector<span_record> spans;
  for (std::uint64_t number = 1; number <= 20'000; ++number) spans.push_back(make_span("s", number, number - 1, std::chrono::nanoseconds{number}));
  auto const tree = folded(std::move(spans));
  ASSERT_EQ(tree.spans.size(), 20'000u);
  EXPECT_EQ(tree.spans.back().depth, 19'999u);
}

}  // namespace
}  // namespace skein
