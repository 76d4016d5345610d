// What spans of one name begin with stands once in the file; who reads it sees all of each span.
#include <skein/tracing/sqlite.hpp>
#include <skein/tracing/sqlite_sink.hpp>
#include <skein/tracing/trace_store.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"
#include "support/traced.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace skein;
using skein::testing::running;
using skein::testing::sample;
using skein::testing::sample_record;
using skein::testing::sample_run;
using skein::testing::temporary_folder;

class span_shapes : public ::testing::Test {
 protected:
  std::shared_ptr<sqlite_sink> open() const { return open_sqlite_sink({.path = path, .service = "pizza"}).value(); }

  void write(std::vector<span_record> const& spans, std::shared_ptr<sqlite_sink> const& sink) const {
    ASSERT_TRUE(sink->write({.spans = spans, .runs = {}}).ok());
  }

  static span_record span_with(std::uint64_t id, attributes all) {
    auto span = sample(sample_run(1), id, 0, "bake", static_cast<std::int64_t>(id));
    span.attributes = std::move(all);
    return span;
  }

  std::int64_t number(std::string const& sql) const {
    return sqlite::database::open(path, sqlite::open_mode::read_only)->integer(sql).value();
  }

  // What spans() and the view say of each span's attributes, by start.
  std::vector<std::string> seen() const {
    trace_store const store{path};
    std::vector<std::string> all;
    for (auto const& span : store.spans(sample_run(1))) {
      all.emplace_back();
      append_json(all.back(), span.attributes);
    }
    std::size_t at = 0;
    for (auto const& row : store.sql("SELECT attributes FROM spans ORDER BY start_time")) EXPECT_EQ(row[0].text(), all.at(at++));
    EXPECT_EQ(at, all.size());
    return all;
  }

  temporary_folder folder;
  std::string path = folder / "traces.db";
};

using texts = std::vector<std::string>;

TEST_F(span_shapes, attributes_that_spans_begin_with_stand_once_and_are_read_whole) {
  std::vector<span_record> spans;
  texts wanted;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    spans.push_back(span_with(i, {{"oven", "the \"big\" one"}, {"hot", true}, {"pizza", std::int64_t(i)}}));
    wanted.push_back(R"({"oven":"the \"big\" one","hot":true,"pizza":)" + std::to_string(i) + "}");
  }
  write(spans, open());
  EXPECT_EQ(seen(), wanted);
  EXPECT_EQ(number("SELECT count(*) FROM span_rows WHERE attributes LIKE '%oven%'"), 1);
}

TEST_F(span_shapes, spans_that_begin_otherwise_have_their_own_attributes) {
  write({span_with(1, {{"a", std::int64_t{1}}, {"b", std::int64_t{10}}}), span_with(2, {{"a", std::int64_t{1}}, {"b", std::int64_t{10}}}),
         span_with(3, {{"a", std::int64_t{1}}, {"b", std::int64_t{1}}}), span_with(4, {{"a", "1"}}), span_with(5, {}), span_with(6, {{"a", std::int64_t{1}}})},
        open());
  EXPECT_EQ(seen(), (texts{R"({"a":1,"b":10})", R"({"a":1,"b":10})", R"({"a":1,"b":1})", R"({"a":"1"})", "{}", R"({"a":1})"}));
}

TEST_F(span_shapes, a_running_span_may_lack_what_the_others_begin_with) {
  auto const sink = open();
  auto const ended = span_with(3, {{"a", "x"}, {"b", "y"}});
  auto open_one = running(ended);
  open_one.attributes.clear();
  write({span_with(1, {{"a", "x"}}), span_with(2, {{"a", "x"}}), open_one}, sink);
  EXPECT_EQ(seen(), (texts{R"({"a":"x"})", R"({"a":"x"})", "{}"}));
  write({ended}, sink);
  EXPECT_EQ(seen(), (texts{R"({"a":"x"})", R"({"a":"x"})", R"({"a":"x","b":"y"})"}));
  EXPECT_EQ(number("SELECT count(*) FROM span_rows WHERE attributes LIKE '{%'"), 1);
}

TEST_F(span_shapes, a_name_has_few_shapes_whatever_its_spans_begin_with_and_whoever_writes) {
  std::uint64_t id = 0;
  for (int process = 0; process < 5; ++process) {
    auto const sink = open();
    std::vector<span_record> spans;
    for (int i = 0; i < 20; ++i) spans.push_back(span_with(++id, {{"a", true}, {"process", std::int64_t{process}}, {"number", std::int64_t{i}}}));
    write(spans, sink);
  }
  EXPECT_EQ(seen().back(), R"({"a":true,"process":4,"number":19})");
  EXPECT_LE(number("SELECT count(*) FROM shapes"), 3);
}

TEST_F(span_shapes, the_key_of_an_id_that_all_have_stands_once_too) {
  skein::testing::traced here;
  here.spans = recorder::make({open()}, here.clock);
  auto const run = here.make_run();
  auto const bake = [&](auto const& set) {
    here.clock.advance(std::chrono::milliseconds{1});
    auto span = start_span(run, {.name = "bake"});
    set(span);
    span.end();
  };
  for (std::uint8_t i = 1; i <= 3; ++i) bake([i](auto& span) { span.set_attribute("oven", true).set_attribute("order", span_id{{i}}).set_attribute("n", i); });
  bake([](auto& span) { span.set_attribute("oven", true).set_attribute("order", "none"); });
  bake([](auto& span) { span.set_attribute("oven", true).set_attribute("order", run_id{}); });
  bake([](auto& span) { span.set_attribute("oven", true); });
  ASSERT_TRUE(here.spans->flush(std::chrono::seconds{10}).ok());
  texts all;
  for (auto const& row : trace_store{path}.sql("SELECT attributes FROM spans WHERE name = 'bake' ORDER BY start_time")) all.push_back(row[0].text());
  EXPECT_EQ(all, (texts{R"({"oven":true,"order":"0100000000000000","n":1})", R"({"oven":true,"order":"0200000000000000","n":2})",
                        R"({"oven":true,"order":"0300000000000000","n":3})", R"({"oven":true,"order":"none"})",
                        R"({"oven":true,"order":"00000000-0000-0000-0000-000000000000"})", R"({"oven":true})"}));
  EXPECT_EQ(number("SELECT count(*) FROM shapes WHERE attributes_head = '{\"oven\":true,\"order\":'"), 1);
}

constexpr char const* schema_1_file = R"sql(
CREATE TABLE shapes(
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, service TEXT NOT NULL, scope TEXT NOT NULL,
  UNIQUE(name, kind, type, service, scope));
CREATE TABLE run_rows(
  no INTEGER PRIMARY KEY, run_id TEXT NOT NULL, trace_id TEXT NOT NULL, base INTEGER NOT NULL, spans INTEGER NOT NULL, root_no INTEGER, status INTEGER,
  name TEXT, start_time INTEGER, end_time INTEGER, failures INTEGER, attributes TEXT, tags TEXT, session TEXT, user TEXT, request_preview TEXT,
  response_preview TEXT);
CREATE TABLE span_rows(
  no INTEGER PRIMARY KEY, run_no INTEGER NOT NULL, span_id TEXT NOT NULL, parent_id BLOB, shape_no INTEGER NOT NULL, ordinal INTEGER, status INTEGER NOT NULL,
  status_message TEXT, start INTEGER NOT NULL, duration INTEGER, attributes TEXT NOT NULL, events TEXT, links TEXT, inputs TEXT, outputs TEXT);
CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id);
CREATE INDEX span_running ON span_rows(run_no) WHERE status = 3;
CREATE INDEX span_with_events ON span_rows(run_no) WHERE events IS NOT NULL;
CREATE INDEX span_with_links ON span_rows(run_no) WHERE links IS NOT NULL;
CREATE TABLE assessment_rows(no INTEGER PRIMARY KEY, run_no INTEGER NOT NULL, span_id TEXT NOT NULL, name TEXT NOT NULL, value, source TEXT, rationale TEXT, time INTEGER NOT NULL);
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW runs AS SELECT 1; CREATE VIEW events AS SELECT 1; CREATE VIEW links AS SELECT 1; CREATE VIEW assessments AS SELECT 1;
CREATE VIEW workflows AS SELECT 1; CREATE VIEW slowest_workflows AS SELECT 1; CREATE VIEW agent_stats AS SELECT 1;
CREATE VIEW spans AS SELECT attributes, start AS start_time FROM span_rows;
INSERT INTO shapes VALUES(7, 'bake', 'INTERNAL', 'unknown', 'pizza', '');
INSERT INTO run_rows(no, run_id, trace_id, base, spans) SELECT 1, '0198c7f0-0000-7000-8000-000000000001', '0198c7f0000070008000000000000001', 0, 1;
INSERT INTO span_rows(run_no, span_id, shape_no, status, start, duration, attributes, events)
  VALUES(1, '00000000000000ff', 7, 0, 5, 1, '{"old":1}', '[[6,"smoke",{}]]');
PRAGMA application_id = 0x536b6569;
PRAGMA user_version = 1;
)sql";

TEST_F(span_shapes, a_file_of_schema_1_is_read_as_it_is_and_brought_up_to_date_by_who_writes_it) {
  ASSERT_TRUE(sqlite::database::open(path, sqlite::open_mode::read_write_create)->execute(schema_1_file).ok());
  EXPECT_EQ(seen(), texts{R"({"old":1})"});
  EXPECT_EQ(number("PRAGMA user_version"), 1);
  write({span_with(1, {{"new", true}}), span_with(2, {{"new", true}}), span_with(3, {{"new", true}})}, open());
  EXPECT_EQ(seen(), (texts{R"({"old":1})", R"({"new":true})", R"({"new":true})", R"({"new":true})"}));
  EXPECT_EQ(number("PRAGMA user_version"), 2);
  EXPECT_EQ(number("SELECT time FROM events WHERE name = 'smoke'"), 6);
}

}  // namespace
