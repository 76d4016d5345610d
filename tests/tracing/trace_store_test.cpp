#include <skein/tracing/trace_store.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"
#include "support/unprivileged.hpp"

#include <skein/tracing/owner_lock.hpp>
#include <skein/tracing/sqlite.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace skein;
namespace files = std::filesystem;
using skein::testing::at_ms;
using skein::testing::sample;
using skein::testing::sample_record;
using skein::testing::sample_run;
using skein::testing::sample_workflow;

errc code_of(std::function<void()> const& call) {
  try {
    call();
  } catch (error const& failed) {
    return failed.code();
  }
  return errc{};
}

class trace_store_test : public ::testing::Test {
 protected:
  trace_store_test() {
    auto const sink = open_sqlite_sink({.path = path, .service = "pizza"}).value();
    sink->write(sample_workflow(1, "pizza_workflow")).value();
    sink->write(sample_workflow(2, "soup_workflow")).value();
    auto late = sample_record(sample_run(3), "pizza_workflow", 9);
    late.start = at_ms(60'000);
    late.end = at_ms(60'009);
    late.attributes = {{"dataset.size", 1}};
    late.user = "ada";
    late.request_preview = "why";
    late.response_preview = "because";
    sink->write({.spans = {}, .runs = {late}}).value();
  }

  skein::testing::temporary_folder folder;
  std::string path = folder / "traces.db";
};

TEST_F(trace_store_test, lists_runs_newest_first_with_all_that_is_known) {
  auto const runs = trace_store{path}.runs();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].id, sample_run(3));
  EXPECT_EQ(runs[0].attributes, R"({"dataset.size":1})");
  EXPECT_EQ(runs[0].user + runs[0].request_preview + runs[0].response_preview, "adawhybecause");
  auto const& first = runs[2];
  EXPECT_EQ(first.id, sample_run(1));
  EXPECT_EQ(first.trace, trace_of(sample_run(1)));
  EXPECT_EQ(first.name, "pizza_workflow");
  EXPECT_EQ(first.status, run_status::failed);
  EXPECT_EQ(first.start, at_ms(0));
  EXPECT_EQ(first.end, at_ms(10));
  EXPECT_EQ(first.duration, std::chrono::milliseconds{10});
  EXPECT_EQ(first.spans, 5U);
  EXPECT_EQ(first.failures, 1U);
  EXPECT_EQ(first.tags, R"({"team":"search"})");
  EXPECT_EQ(first.session, "s-1");
}

TEST_F(trace_store_test, filters_runs) {
  trace_store const store{path};
  EXPECT_EQ(store.runs({.name = "pizza_workflow"}).size(), 2U);
  EXPECT_EQ(store.runs({.name = "pizza_workflow", .status = run_status::failed}).size(), 1U);
  EXPECT_EQ(store.runs({.status = run_status::running}).size(), 0U);
  EXPECT_EQ(store.runs({.since = at_ms(60'000)}).size(), 1U);
  EXPECT_EQ(store.runs({.until = at_ms(60'000)}).size(), 2U);
  EXPECT_EQ(store.runs({.limit = 2}).size(), 2U);
  EXPECT_EQ(store.runs({.limit = 0}).size(), 3U);
}

TEST_F(trace_store_test, a_span_comes_back_as_it_was_written) {
  auto const run = sample_run(5);
  auto span = sample(run, 7, 6, "all of it", 3);
  span.kind = span_kind::client;
  span.type = span_type::reranker;
  span.status = status_code::error;
  span.status_message = "ünïcode \"quoted\"";
  span.service = "elsewhere";
  span.scope = "skein";
  span.attributes = {{"z", true}, {"a", -1}, {"d", 2.0}, {"e", 1e300}, {"text", "line\nbreak"}, {"list", std::vector<std::string>{"x", ""}}, {"empty", ""}};
  span.events = {{at_ms(4), "first", {}}, {at_ms(5), "second", {{"k", "v"}}}};
  span.links = {{{trace_of(sample_run(9)), skein::testing::sample_span(8), 3}, {{"k", 1}}}};
  span.inputs = R"({"a":[1,2]})";
  span.outputs = "null";
  open_sqlite_sink({.path = path}).value()->write({.spans = {span}, .runs = {}}).value();
  auto const found = trace_store{path}.spans(run);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], span);
}

TEST_F(trace_store_test, a_span_that_names_no_service_has_that_of_the_store) {
  auto span = sample(sample_run(5), 1, 0, "s", 0);
  span.service.clear();
  open_sqlite_sink({.path = path, .service = "pizza"}).value()->write({.spans = {span}, .runs = {}}).value();
  EXPECT_EQ(trace_store{path}.spans(sample_run(5)).at(0).service, "pizza");
}

TEST_F(trace_store_test, draws_the_tree_of_a_run) {
  auto const tree = trace_store{path}.tree(sample_run(1));
  EXPECT_EQ(tree.name, "pizza_workflow");
  ASSERT_EQ(tree.children.size(), 2U);
  EXPECT_EQ(tree.children[1].label, "publish pizza.idea_2");
  std::ostringstream drawn;
  drawn << tree;
  EXPECT_NE(drawn.str().find("no such pizza"), std::string::npos) << drawn.str();
}

TEST_F(trace_store_test, labels_of_tree_and_view_agree) {
  trace_store const store{path};
  auto const tree = store.tree(sample_run(2));
  std::vector<std::string> drawn, read;
  for (auto const& child : tree.children) drawn.push_back(child.label);
  for (auto const& row : store.sql("SELECT label FROM spans WHERE run_id = '" + sample_run(2).to_string() +
                                   "' AND kind = 'PRODUCER' ORDER BY start_time")) {
    read.push_back(row[0].text());
  }
  EXPECT_EQ(drawn, read);
}

TEST_F(trace_store_test, a_run_that_is_not_there_is_not_found) {
  trace_store const store{path};
  EXPECT_EQ(code_of([&] { static_cast<void>(store.spans(sample_run(99))); }), errc::not_found);
  EXPECT_EQ(code_of([&] { static_cast<void>(store.tree(sample_run(99))); }), errc::not_found);
}

TEST_F(trace_store_test, a_run_without_spans_has_an_empty_list_and_no_tree) {
  trace_store const store{path};
  EXPECT_TRUE(store.spans(sample_run(3)).empty());
  EXPECT_EQ(code_of([&] { static_cast<void>(store.tree(sample_run(3))); }), errc::not_found);
}

TEST_F(trace_store_test, sql_gives_rows_with_names_and_typed_values) {
  trace_store const store{path};
  auto rows = store.sql("SELECT 'a' AS text, 7 AS whole, 2.5 AS part, NULL AS none");
  EXPECT_EQ(rows.names(), (std::vector<std::string>{"text", "whole", "part", "none"}));
  std::size_t count = 0;
  for (auto const& row : rows) {
    ++count;
    ASSERT_EQ(row.size(), 4U);
    EXPECT_EQ(row[0].text(), "a");
    EXPECT_FALSE(row[0].is_integer() || row[0].is_real());
    EXPECT_EQ(row[1].integer(), 7);
    EXPECT_TRUE(row[1].is_integer());
    EXPECT_TRUE(row[2].is_real());
    EXPECT_EQ(row[2].real(), 2.5);
    EXPECT_TRUE(row[3].is_null());
  }
  EXPECT_EQ(count, 1U);
}

TEST_F(trace_store_test, rows_outlive_the_store) {
  auto rows = trace_store{path}.sql("SELECT name FROM runs");
  std::size_t count = 0;
  for ([[maybe_unused]] auto const& row : rows) ++count;
  EXPECT_EQ(count, 3U);
}

TEST_F(trace_store_test, sql_only_reads_this_file) {
  trace_store const store{path};
  for (auto const* sql : {"DELETE FROM run_rows", "CREATE TABLE t(a)", "SELECT 1; SELECT 2", "ATTACH 'other.db' AS o", "SELEC", "", "-- none"}) {
    EXPECT_EQ(code_of([&] { static_cast<void>(store.sql(sql)); }), errc::invalid_argument) << sql;
  }
  EXPECT_EQ(code_of([&] { static_cast<void>(store.sql("SELECT 1;  \n")); }), errc{});
}

TEST_F(trace_store_test, runs_are_found_by_any_unique_part_of_their_ids) {
  trace_store const store{path};
  EXPECT_EQ(store.find_run(sample_run(2).to_string()), sample_run(2));
  EXPECT_EQ(store.find_run(trace_of(sample_run(2)).to_string()), sample_run(2));
  EXPECT_EQ(store.find_run("0002"), sample_run(2));
  EXPECT_EQ(store.find_run("8000-000000000003"), sample_run(3));
  EXPECT_EQ(code_of([&] { static_cast<void>(store.find_run("0198C7F0")); }), errc::ambiguous);
  EXPECT_EQ(code_of([&] { static_cast<void>(store.find_run("ffff")); }), errc::not_found);
  EXPECT_EQ(code_of([&] { static_cast<void>(store.find_run("")); }), errc::invalid_argument);
  EXPECT_EQ(code_of([&] { static_cast<void>(store.find_run("%_'")); }), errc::invalid_argument);
}

TEST_F(trace_store_test, an_ambiguous_part_names_the_candidates) {
  try {
    static_cast<void>(trace_store{path}.find_run("0198"));
    FAIL();
  } catch (error const& failed) {
    EXPECT_NE(failed.message().find(sample_run(2).to_string()), std::string::npos) << failed.what();
  }
}

TEST_F(trace_store_test, clear_empties_a_free_file) {
  trace_store store{path};
  ASSERT_TRUE(store.clear().ok());
  EXPECT_TRUE(store.runs().empty());
  EXPECT_TRUE(open_sqlite_sink({.path = path}).value()->write(sample_workflow(1, "w")).ok());
  EXPECT_EQ(store.runs().size(), 1U);
}

TEST_F(trace_store_test, clear_of_a_file_in_use_names_its_owner) {
  auto const sink = open_sqlite_sink({.path = path}).value();
  trace_store store{path};
  auto const cleared = store.clear();
  ASSERT_FALSE(cleared.ok());
  EXPECT_EQ(cleared.error().code(), errc::locked);
  EXPECT_NE(cleared.error().message().find(std::to_string(::getpid())), std::string::npos);
  EXPECT_EQ(store.runs().size(), 3U);
}

TEST_F(trace_store_test, reads_a_file_in_a_folder_without_write_permission) {
  ASSERT_FALSE(files::exists(path + "-wal"));
  files::permissions(folder.path(), files::perms{0555});
  skein::testing::unprivileged const ordinary_user;
  EXPECT_EQ(trace_store{path}.runs().size(), 3U);
}

TEST(trace_store, a_missing_file_is_not_found_and_is_not_made) {
  skein::testing::temporary_folder const folder;
  EXPECT_EQ(code_of([&] { trace_store{folder / "none.db"}; }), errc::not_found);
  EXPECT_FALSE(files::exists(folder / "none.db"));
}

TEST(trace_store, what_is_no_traces_file_is_told) {
  skein::testing::temporary_folder const folder;
  std::ofstream{folder / "notes.txt"} << std::string(5'000, 'x');
  EXPECT_EQ(code_of([&] { trace_store{folder / "notes.txt"}; }), errc::corrupt);
  sqlite::database::open(folder / "theirs.db", sqlite::open_mode::read_write_create)->execute("CREATE TABLE t(a)").value();
  EXPECT_EQ(code_of([&] { trace_store{folder / "theirs.db"}; }), errc::corrupt);
  std::ofstream{folder / "empty.db"};
  EXPECT_EQ(code_of([&] { trace_store{folder / "empty.db"}; }), errc::not_found);
  EXPECT_EQ(code_of([&] { trace_store{folder.path()}; }), errc::io_failed);
}

TEST(trace_store, a_damaged_file_is_an_error_not_a_crash) {
  skein::testing::temporary_folder const folder;
  auto const path = folder / "traces.db";
  open_sqlite_sink({.path = path}).value()->write(sample_workflow(1, "w")).value();
  auto const size = files::file_size(path);
  for (std::size_t at = 4'096; at < size; at += 4'096) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(64, '\xff');
  }
  auto const code = code_of([&] { static_cast<void>(trace_store{path}.tree(sample_run(1))); });
  EXPECT_EQ(code, errc::corrupt);
}

}  // namespace
