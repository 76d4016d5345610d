#include <skein/tracing/sqlite_sink.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"

#include <skein/tracing/sqlite.hpp>
#include <skein/tracing/trace_store.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace skein;
using skein::testing::at_ms;
using skein::testing::running;
using skein::testing::sample;
using skein::testing::sample_record;
using skein::testing::sample_run;
using skein::testing::sample_span;
using skein::testing::sample_workflow;
using skein::testing::temporary_folder;

class sqlite_sink_test : public ::testing::Test {
 protected:
  std::shared_ptr<sqlite_sink> open() { return open_sqlite_sink({.path = path, .service = "pizza"}).value(); }

  // The rows of a query as lines of `a|b|c`.
  std::vector<std::string> lines(std::string const& query) const {
    std::vector<std::string> all;
    trace_store const store{path};
    for (auto const& row : store.sql(query)) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "|") + (row[i].is_null() ? "NULL" : row[i].text());
      all.push_back(line);
    }
    return all;
  }

  temporary_folder folder;
  std::string path = folder / "traces.db";
  run_id run = sample_run(1);
};

using lines_of = std::vector<std::string>;

TEST_F(sqlite_sink_test, a_running_span_is_replaced_when_it_ended) {
  auto const sink = open();
  auto const span = sample(run, 1, 0, "root", 0);
  ASSERT_TRUE(sink->write({.spans = {running(span)}, .runs = {sample_record(run, "w", -1)}}).ok());
  EXPECT_EQ(lines("SELECT name, status_code, end_time, duration_ms FROM spans"), lines_of{"root|running|NULL|NULL"});
  ASSERT_TRUE(sink->write({.spans = {span}, .runs = {sample_record(run, "w", 5)}}).ok());
  EXPECT_EQ(lines("SELECT name, status_code, duration_ms FROM spans"), lines_of{"root|unset|1.0"});
  EXPECT_EQ(lines("SELECT status, duration_ms, spans FROM runs"), lines_of{"completed|5.0|1"});
}

TEST_F(sqlite_sink_test, the_later_of_two_in_one_batch_counts) {
  auto const span = sample(run, 1, 0, "root", 0);
  ASSERT_TRUE(open()->write({.spans = {running(span), span}, .runs = {sample_record(run, "w", -1), sample_record(run, "w", 5)}}).ok());
  EXPECT_EQ(lines("SELECT status_code FROM spans"), lines_of{"unset"});
  EXPECT_EQ(lines("SELECT status, spans FROM runs"), lines_of{"completed|1"});
}

TEST_F(sqlite_sink_test, late_news_of_a_running_span_do_not_undo_its_end) {
  auto const sink = open();
  auto const span = sample(run, 1, 0, "root", 0);
  ASSERT_TRUE(sink->write({.spans = {span}, .runs = {}}).ok());
  ASSERT_TRUE(sink->write({.spans = {running(span)}, .runs = {}}).ok());
  EXPECT_EQ(lines("SELECT status_code FROM spans"), lines_of{"unset"});
}

TEST_F(sqlite_sink_test, repeated_spans_are_harmless) {
  auto const sink = open();
  auto const batch = sample_workflow(1, "pizza_workflow");
  ASSERT_TRUE(sink->write(batch).ok());
  auto const before = lines("SELECT * FROM spans ORDER BY span_id");
  ASSERT_TRUE(sink->write(batch).ok());
  EXPECT_EQ(lines("SELECT * FROM spans ORDER BY span_id"), before);
  EXPECT_EQ(lines("SELECT spans FROM runs"), lines_of{"5"});
}

TEST_F(sqlite_sink_test, a_span_that_is_there_unknown_to_the_sink_is_replaced_and_the_others_of_its_batch_are_added) {
  ASSERT_TRUE(open()->write({.spans = {running(sample(run, 1, 0, "root", 0)), sample(run, 3, 1, "s", 2)}, .runs = {sample_record(run, "w", -1)}}).ok());
  auto const sink = open();
  ASSERT_TRUE(sink->write({.spans = {sample(run, 2, 1, "s", 1), sample(run, 3, 1, "late", 2), sample(run, 1, 0, "root", 0), sample(run, 4, 1, "s", 3)},
                           .runs = {sample_record(run, "w", 5)}}).ok());
  EXPECT_EQ(lines("SELECT label, status_code FROM spans ORDER BY span_id"), (lines_of{"root|unset", "s_1|unset", "late|unset", "s_2|unset"}));
  EXPECT_EQ(lines("SELECT spans FROM runs"), lines_of{"4"});
}

TEST_F(sqlite_sink_test, spans_with_and_without_inputs_keep_their_labels_and_their_root) {
  auto batch = sample_workflow(1, "pizza_workflow");
  trace_batch mixed{.spans = {}, .runs = batch.runs};
  std::size_t n = 0;
  for (auto span : batch.spans) {
    if (n++ % 2 == 0) span.inputs = "{}";
    mixed.spans.push_back(span);
  }
  ASSERT_TRUE(open()->write(mixed).ok());
  EXPECT_EQ(lines("SELECT workflow_name, span_count FROM workflows"), lines_of{"pizza_workflow|5"});
  EXPECT_EQ(lines("SELECT label FROM spans WHERE name = 'publish pizza.idea' ORDER BY start_time"),
            (lines_of{"publish pizza.idea_1", "publish pizza.idea_2"}));
}

TEST_F(sqlite_sink_test, a_span_without_a_run_is_a_run_of_its_own) {
  auto span = sample(run, 1, 0, "root", 0);
  span.run = {};
  ASSERT_TRUE(open()->write({.spans = {span}, .runs = {}}).ok());
  EXPECT_EQ(lines("SELECT run_id FROM spans"), lines_of{run.to_string()});
  EXPECT_EQ(lines("SELECT * FROM runs"), lines_of{});
}

TEST_F(sqlite_sink_test, one_trace_may_hold_several_runs) {
  auto const other = sample_run(2);
  auto span = sample(other, 2, 0, "b", 0);
  span.context.trace = trace_of(run);
  auto record = sample_record(other, "second", 1);
  record.trace = trace_of(run);
  ASSERT_TRUE(open()->write({.spans = {sample(run, 1, 0, "a", 0), span}, .runs = {sample_record(run, "first", 1), record}}).ok());
  EXPECT_EQ(lines("SELECT name FROM spans WHERE trace_id = '" + trace_of(run).to_string() + "' ORDER BY name"), (lines_of{"a", "b"}));
  EXPECT_EQ(lines("SELECT name FROM spans WHERE run_id = '" + other.to_string() + "'"), lines_of{"b"});
  EXPECT_EQ(lines("SELECT name, spans FROM runs ORDER BY name"), (lines_of{"first|1", "second|1"}));
}

TEST_F(sqlite_sink_test, spans_of_a_run_may_come_in_many_batches_and_after_a_new_start) {
  ASSERT_TRUE(open()->write({.spans = {sample(run, 1, 0, "a", 0)}, .runs = {sample_record(run, "w", -1)}}).ok());
  auto const sink = open();
  ASSERT_TRUE(sink->write({.spans = {sample(run, 2, 1, "b", 5)}, .runs = {}}).ok());
  ASSERT_TRUE(sink->write({.spans = {sample(run, 3, 1, "c", -5)}, .runs = {sample_record(run, "w", 9)}}).ok());
  EXPECT_EQ(lines("SELECT name, spans, status FROM runs"), lines_of{"w|3|completed"});
  EXPECT_EQ(lines("SELECT name, start_time FROM spans ORDER BY start_time"),
            (lines_of{"c|1789999999995000000", "a|1790000000000000000", "b|1790000000005000000"}));
}

TEST_F(sqlite_sink_test, what_a_killed_process_left_running_becomes_interrupted) {
  int done[2];
  ASSERT_EQ(::pipe(done), 0);
  pid_t const child = ::fork();
  if (child == 0) {
    auto const sink = open();
    bool const ok = sink->write({.spans = {running(sample(run, 1, 0, "root", 0)), sample(run, 2, 1, "child", 1)},
                                 .runs = {sample_record(run, "w", -1)}}).ok();
    if (::write(done[1], ok ? "y" : "n", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 'n';
  ASSERT_EQ(::read(done[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_EQ(open_sqlite_sink({.path = path}).error().code(), errc::locked);
  EXPECT_EQ(lines("SELECT status FROM runs"), lines_of{"running"});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  auto const sink = open();
  EXPECT_EQ(lines("SELECT name, status_code, end_time FROM spans ORDER BY name"),
            (lines_of{"child|unset|1790000000002000000", "root|interrupted|NULL"}));
  EXPECT_EQ(lines("SELECT status, end_time FROM runs"), lines_of{"interrupted|NULL"});
}

TEST_F(sqlite_sink_test, an_interrupted_run_goes_on_when_it_is_resumed) {
  ASSERT_TRUE(open()->write({.spans = {running(sample(run, 1, 0, "root", 0))}, .runs = {sample_record(run, "w", -1)}}).ok());
  auto const sink = open();
  EXPECT_EQ(lines("SELECT status FROM runs"), lines_of{"interrupted"});
  ASSERT_TRUE(sink->write({.spans = {sample(run, 1, 0, "root", 0)}, .runs = {sample_record(run, "w", 7)}}).ok());
  EXPECT_EQ(lines("SELECT r.status, s.status_code FROM runs r JOIN spans s USING (run_id)"), lines_of{"completed|unset"});
}

TEST_F(sqlite_sink_test, missing_spans_are_added_as_interrupted_and_present_ones_stay) {
  auto const sink = open();
  ASSERT_TRUE(sink->write({.spans = {sample(run, 1, 0, "publish", 0)}, .runs = {sample_record(run, "w", -1)}}).ok());
  auto missing = sample(run, 2, 1, "invoke_agent critic", 1);
  missing.end = {};
  auto kept = sample(run, 3, 1, "told", 2);
  kept.status = status_code::error;
  ASSERT_TRUE(sink->insert_missing({sample(run, 1, 0, "other name", 0), missing, kept}).ok());
  EXPECT_EQ(lines("SELECT name, status_code, end_time IS NULL FROM spans ORDER BY span_id"),
            (lines_of{"publish|unset|0", "invoke_agent critic|interrupted|1", "told|error|0"}));
  EXPECT_EQ(lines("SELECT spans FROM runs"), lines_of{"3"});
}

TEST_F(sqlite_sink_test, a_reader_sees_each_write_while_the_sink_is_open) {
  auto const sink = open();
  trace_store const reader{path};
  for (std::int64_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(sink->write({.spans = {sample(run, static_cast<std::uint64_t>(n), 0, "s", n)}, .runs = {}}).ok());
    auto rows = reader.sql("SELECT count(*) FROM spans");
    EXPECT_EQ((*rows.begin())[0].integer(), n);
  }
}

TEST_F(sqlite_sink_test, an_unfinished_reader_does_not_stop_the_writer) {
  auto const sink = open();
  ASSERT_TRUE(sink->write(sample_workflow(1, "w")).ok());
  trace_store const reader{path};
  auto rows = reader.sql("SELECT name FROM spans");
  auto const at = rows.begin();
  EXPECT_FALSE((*at)[0].is_null());
  EXPECT_TRUE(sink->write(sample_workflow(2, "w")).ok());
}

TEST_F(sqlite_sink_test, a_file_of_a_newer_skein_is_refused_with_the_way_out) {
  static_cast<void>(open());
  ASSERT_TRUE(sqlite::database::open(path, sqlite::open_mode::read_write_create)->execute("PRAGMA user_version = 7").ok());
  auto const refused = open_sqlite_sink({.path = path});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), errc::unsupported_version);
  EXPECT_EQ(refused.error().message(), "cannot open " + path + ": it was written by a newer skein (schema 7, this one reads up to 2);"
                                       " upgrade skein or pass another --traces");
  EXPECT_THROW(trace_store{path}, error);
}

TEST_F(sqlite_sink_test, somebody_elses_database_is_refused_and_left_alone) {
  ASSERT_TRUE(sqlite::database::open(path, sqlite::open_mode::read_write_create)->execute("CREATE TABLE theirs(a)").ok());
  EXPECT_EQ(open_sqlite_sink({.path = path}).error().code(), errc::corrupt);
  auto file = sqlite::database::open(path, sqlite::open_mode::read_only).value();
  EXPECT_EQ(file.integer("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(sqlite_sink_test, past_its_size_the_oldest_ended_runs_go_whole_and_are_counted) {
  constexpr std::uint64_t bytes_max = 400'000;
  auto const sink = open_sqlite_sink({.path = path, .file_bytes_max = bytes_max}).value();
  auto const oldest = sample_run(1);
  ASSERT_TRUE(sink->write({.spans = {running(sample(oldest, 1, 0, "long", 0))}, .runs = {sample_record(oldest, "long", -1)}}).ok());
  constexpr std::uint8_t runs = 40;
  for (std::uint8_t n = 2; n < runs; ++n) {
    trace_batch batch{.spans = {}, .runs = {sample_record(sample_run(n), "w", 1)}};
    for (std::uint64_t id = 1; id <= 10; ++id) {
      auto span = sample(sample_run(n), id, 0, "s", static_cast<std::int64_t>(id));
      span.inputs = '"' + std::string(2'000, 'x') + '"';
      batch.spans.push_back(span);
    }
    ASSERT_TRUE(sink->write(batch).ok());
  }
  auto const deleted = sink->counters();
  EXPECT_GT(deleted.runs_deleted, 10U);
  EXPECT_EQ(deleted.spans_deleted, deleted.runs_deleted * 10);
  EXPECT_EQ(lines("SELECT value FROM counters WHERE name = 'runs_deleted'"), lines_of{std::to_string(deleted.runs_deleted)});
  EXPECT_EQ(lines("SELECT name FROM runs ORDER BY start_time, rowid LIMIT 1"), lines_of{"long"});  // Running: kept.
  EXPECT_EQ(lines("SELECT count(*) FROM spans").front(), std::to_string((runs - 2U - deleted.runs_deleted) * 10 + 1));
  EXPECT_EQ(lines("SELECT count(*) FROM runs WHERE run_id = '" + sample_run(runs - 1).to_string() + "'"), lines_of{"1"});
  EXPECT_LE(std::filesystem::file_size(path), bytes_max * 3 / 2);
}

TEST_F(sqlite_sink_test, a_span_of_a_deleted_run_does_not_get_lost) {
  auto const sink = open_sqlite_sink({.path = path, .file_bytes_max = 1}).value();
  ASSERT_TRUE(sink->write({.spans = {sample(run, 1, 0, "a", 0)}, .runs = {sample_record(run, "w", 1)}}).ok());
  EXPECT_EQ(sink->counters().runs_deleted, 1U);
  ASSERT_TRUE(sink->write({.spans = {sample(run, 2, 0, "late", 0)}, .runs = {sample_record(run, "w", -1)}}).ok());
  EXPECT_EQ(lines("SELECT name FROM spans"), lines_of{"late"});
}

TEST_F(sqlite_sink_test, what_was_written_goes_to_the_main_file_while_the_sink_rests) {
  auto const sink = open();
  auto batch = sample_workflow(1, "large");
  auto large = *batch.spans.begin();
  large.attributes.push_back({"text", std::string(1'000'000, 'x')});
  for (std::uint8_t i = 1; i <= 9; ++i) {
    large.context.span = span_id{{9, i}};
    batch.spans.push_back(large);
  }
  ASSERT_TRUE(sink->write(batch).ok());
  EXPECT_LT(std::filesystem::file_size(path), 1'000'000U);
  sink->rest();
  EXPECT_GT(std::filesystem::file_size(path), 9'000'000U);
}

TEST_F(sqlite_sink_test, a_sink_tells_its_file) {
  auto const sink = open();
  EXPECT_EQ(sink->describe(), "sqlite " + path);
  EXPECT_EQ(sink->path(), path);
  EXPECT_TRUE(sink->wants_running());
}

}  // namespace
