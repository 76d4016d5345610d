// How the views find rows, and how spans get their labels.
#include <skein/tracing/sqlite_sink.hpp>
#include <skein/tracing/trace_store.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace skein;
using skein::testing::sample;
using skein::testing::sample_record;
using skein::testing::sample_run;
using skein::testing::sample_workflow;

class trace_store_views : public ::testing::Test {
 protected:
  std::shared_ptr<sqlite_sink> open() { return open_sqlite_sink({.path = path}).value(); }

  std::vector<std::string> column(std::string const& query, std::size_t index = 0) const {
    std::vector<std::string> all;
    trace_store const store{path};
    for (auto const& row : store.sql(query)) all.push_back(row[index].text());
    return all;
  }

  // The steps of a query that read tables.
  std::vector<std::string> plan(std::string const& query) const { return column("EXPLAIN QUERY PLAN " + query, 3); }

  void expect_only_searches(std::string const& query) const {
    for (auto const& step : plan(query)) {
      bool const json = step.find("VIRTUAL TABLE") != std::string::npos;  // The events of one span.
      EXPECT_TRUE(json || !step.starts_with("SCAN")) << query << "\n  " << step;
    }
  }

  std::vector<std::string> labels() const { return column("SELECT label FROM spans ORDER BY start_time, span_id"); }

  skein::testing::temporary_folder folder;
  std::string path = folder / "traces.db";
  run_id run = sample_run(1);
};

using texts = std::vector<std::string>;

TEST_F(trace_store_views, lookups_by_id_are_index_searches) {
  open()->write(sample_workflow(1, "w")).value();
  expect_only_searches("SELECT * FROM runs WHERE run_id = 'x'");
  expect_only_searches("SELECT * FROM runs WHERE trace_id = 'x'");
  expect_only_searches("SELECT * FROM spans WHERE trace_id = 'x'");
  expect_only_searches("SELECT * FROM spans WHERE run_id = 'x'");
  expect_only_searches("SELECT * FROM spans WHERE trace_id = 'x' AND span_id = 'y'");
  expect_only_searches("SELECT * FROM events WHERE trace_id = 'x'");
  expect_only_searches("SELECT * FROM events WHERE trace_id = 'x' AND span_id = 'y'");
  expect_only_searches("SELECT * FROM links WHERE trace_id = 'x' AND span_id = 'y'");
  expect_only_searches("SELECT * FROM assessments WHERE trace_id = 'x' AND span_id = 'y'");
  expect_only_searches("SELECT * FROM workflows WHERE trace_id = 'x'");
}

TEST_F(trace_store_views, a_span_is_searched_by_both_ids) {
  open()->write(sample_workflow(1, "w")).value();
  auto const steps = plan("SELECT * FROM spans WHERE trace_id = 'x' AND span_id = 'y'");
  EXPECT_NE(std::ranges::find(steps, "SEARCH s USING INDEX span_by_id (run_no=? AND span_id=?)"), steps.end());
}

TEST_F(trace_store_views, joins_by_id_are_index_searches) {
  open()->write(sample_workflow(1, "w")).value();
  expect_only_searches("SELECT c.name, p.name FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_id"
                       " WHERE c.run_id = 'x'");
  expect_only_searches("SELECT c.name, (SELECT p.name FROM spans p WHERE p.trace_id = c.trace_id AND p.span_id = c.parent_id)"
                       " FROM spans c WHERE c.run_id = 'x'");
  expect_only_searches("SELECT * FROM runs r JOIN spans s ON s.run_id = r.run_id WHERE r.trace_id = 'x'");
  expect_only_searches("SELECT * FROM spans s JOIN events e ON e.trace_id = s.trace_id AND e.span_id = s.span_id WHERE s.run_id = 'x'");
  auto const scans = plan("SELECT * FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_id");
  EXPECT_EQ(std::ranges::count_if(scans, [](auto const& step) { return step.starts_with("SCAN"); }), 1);
}

TEST_F(trace_store_views, only_names_that_siblings_share_get_a_number) {
  open()->write({.spans = {sample(run, 1, 0, "root", 0), sample(run, 2, 1, "a", 1), sample(run, 3, 1, "b", 2), sample(run, 4, 1, "a", 3),
                           sample(run, 5, 2, "b", 4)}, .runs = {sample_record(run, "w", 5)}}).value();
  EXPECT_EQ(labels(), (texts{"root", "a_1", "b", "a_2", "b"}));
}

TEST_F(trace_store_views, labels_go_by_start_and_then_by_id_in_whatever_order_spans_come) {
  std::vector<span_record> spans{sample(run, 1, 0, "root", 0)};
  texts expected{"root"};
  for (std::uint64_t n = 1; n <= 40; ++n) {
    spans.push_back(sample(run, 1 + n, 1, "s", static_cast<std::int64_t>(n / 2)));  // Two start together.
    expected.push_back("s_" + std::to_string(n));
  }
  std::shuffle(spans.begin() + 1, spans.end(), std::mt19937{7});
  auto const sink = open();
  sink->write({.spans = {}, .runs = {sample_record(run, "w", -1)}}).value();
  for (std::size_t at = 0; at < spans.size(); at += 7) {
    sink->write({.spans = {spans.begin() + static_cast<std::ptrdiff_t>(at),
                           spans.begin() + static_cast<std::ptrdiff_t>(std::min(at + 7, spans.size()))}, .runs = {}}).value();
  }
  sink->write({.spans = {}, .runs = {sample_record(run, "w", 50)}}).value();
  EXPECT_EQ(labels(), expected);
}

/// Writes so many siblings in a run, in batches of 1,000; `late` comes after `after` others.
void write_siblings(sqlite_sink& sink, run_id const& run, std::uint64_t count, std::uint64_t late, std::uint64_t after) {
  sink.write({.spans = {}, .runs = {sample_record(run, "w", -1)}}).value();
  std::vector<span_record> spans;
  auto const add = [&](std::uint64_t n) { spans.push_back(sample(run, 1 + n, 1, "s", static_cast<std::int64_t>(n))); };
  for (std::uint64_t n = 1; n <= count; ++n) {
    if (n != late) add(n);
    if (n == after) add(late);
    if (n % 1'000 == 0) sink.write({.spans = std::exchange(spans, {}), .runs = {}}).value();
  }
  sink.write({.spans = spans, .runs = {sample_record(run, "w", 50)}}).value();
}

TEST_F(trace_store_views, labels_of_many_siblings_are_right_however_late_one_comes) {
  auto const sink = open();
  write_siblings(*sink, run, 8'300, 4'500, 5'201);
  write_siblings(*sink, sample_run(2), 8'300, 10, 8'250);
  EXPECT_EQ(column("SELECT count(*) FROM (SELECT label, 's_' || row_number() OVER (PARTITION BY run_id ORDER BY start_time) AS wanted FROM spans)"
                   " WHERE label = wanted"),
            texts{"16600"});
}

TEST_F(trace_store_views, labels_under_many_parents_are_right_in_run_after_run) {
  auto const sink = open();
  for (std::uint8_t n = 1; n <= 12; ++n) {
    for (std::uint64_t child : {0u, 1u}) {
      std::vector<span_record> spans;
      for (std::uint64_t parent = 1; parent <= 150; ++parent) spans.push_back(sample(sample_run(n), 2 * parent + child, parent, "s", static_cast<std::int64_t>(child)));
      sink->write({.spans = spans, .runs = {sample_record(sample_run(n), "w", child == 0 ? -1 : 5)}}).value();
    }
  }
  EXPECT_EQ(column("SELECT count(*) FROM spans GROUP BY label ORDER BY label"), (texts{"1800", "1800"}));
  EXPECT_EQ(column("SELECT DISTINCT label FROM spans ORDER BY label"), (texts{"s_1", "s_2"}));
}

TEST_F(trace_store_views, labels_in_start_order_are_right_before_the_run_has_ended) {
  auto const sink = open();
  sink->write({.spans = {sample(run, 1, 0, "s", 0)}, .runs = {sample_record(run, "w", -1)}}).value();
  EXPECT_EQ(labels(), texts{"s"});
  sink->write({.spans = {sample(run, 2, 0, "s", 1)}, .runs = {}}).value();
  sink->write({.spans = {sample(run, 3, 0, "s", 2)}, .runs = {}}).value();
  EXPECT_EQ(labels(), (texts{"s_1", "s_2", "s_3"}));
}

TEST_F(trace_store_views, repeated_spans_take_no_number) {
  auto const sink = open();
  auto const first = sample(run, 1, 0, "s", 0);
  sink->write({.spans = {first, first}, .runs = {}}).value();
  sink->write({.spans = {first}, .runs = {}}).value();
  EXPECT_EQ(labels(), texts{"s"});
}

TEST_F(trace_store_views, labels_are_settled_when_another_process_ends_the_run) {
  open()->write({.spans = {sample(run, 1, 0, "s", 5)}, .runs = {sample_record(run, "w", -1)}}).value();
  auto const sink = open();
  sink->write({.spans = {sample(run, 2, 0, "s", 1)}, .runs = {sample_record(run, "w", -1)}}).value();
  sink->write({.spans = {}, .runs = {sample_record(run, "w", 9)}}).value();
  EXPECT_EQ(labels(), (texts{"s_1", "s_2"}));
}

TEST_F(trace_store_views, a_span_that_comes_after_the_end_of_its_run_is_labelled_too) {
  auto const sink = open();
  sink->write({.spans = {sample(run, 1, 0, "s", 5)}, .runs = {sample_record(run, "w", 9)}}).value();
  sink->write({.spans = {sample(run, 2, 0, "s", 1)}, .runs = {}}).value();
  EXPECT_EQ(labels(), (texts{"s_1", "s_2"}));
}

TEST_F(trace_store_views, labels_of_interrupted_runs_are_settled) {
  {
    auto const sink = open();
    sink->write({.spans = {sample(run, 1, 0, "s", 5)}, .runs = {sample_record(run, "w", -1)}}).value();
    sink->write({.spans = {sample(run, 2, 0, "s", 1)}, .runs = {}}).value();
  }
  static_cast<void>(open());
  EXPECT_EQ(labels(), (texts{"s_1", "s_2"}));
}

TEST_F(trace_store_views, a_root_has_no_parent_and_kinds_are_upper_case) {
  open()->write(sample_workflow(1, "w")).value();
  EXPECT_EQ(column("SELECT name FROM spans WHERE parent_id IS NULL"), texts{"w"});
  EXPECT_EQ(column("SELECT DISTINCT kind FROM spans ORDER BY kind"), (texts{"CONSUMER", "INTERNAL", "PRODUCER"}));
}

}  // namespace
