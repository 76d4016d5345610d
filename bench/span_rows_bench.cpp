// Which physical schema holds spans best: rows per second and bytes per span of the candidates, against the floor "raw batch insert
// of the same rows" (one table with the columns of the view, no index), and of the sink that was built on the chosen one.
// docs/decisions/0002-span-schema.md draws the conclusion.
//
//   span_rows_bench --benchmark_enable_random_interleaving=true --benchmark_repetitions=5
#include "floors/span_view_table.hpp"
#include "temporary_file.hpp"

#include <skein/registry/ids.hpp>
#include <skein/tracing/sqlite.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace skein;
using sqlite::database;
using sqlite::statement;

constexpr std::size_t span_count = 100'000, batch_spans = 4'096;

// How spans fall into runs; those of open runs come interleaved, as concurrent workflows interleave.
struct workload {
  std::size_t spans_per_run, runs_open;
};
constexpr std::array<workload, 2> workloads{{{20, 16}, {span_count, 1}}};
constexpr std::array<char const*, 2> workload_names{"runs of 20", "one run"};

struct row {
  std::int64_t run = 0;  // Number of the run, from 1.
  std::string trace_text, run_text, span_text, parent_text;
  std::array<std::uint8_t, 8> span{}, parent{};
  std::size_t name = 0;
  std::int64_t kind = 0, start = 0, end = 0, base = 0;
  std::string attributes;
};

std::vector<std::string> const& names() {
  static std::vector<std::string> const all = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 40; ++i) made.push_back((i % 2 == 0 ? "publish pizza.topping_" : "invoke_agent pizza_critic_") + std::to_string(i));
    return made;
  }();
  return all;
}

std::string five_attributes(std::uint64_t noise) {
  return R"({"messaging.system":"zeromq","gen_ai.operation.name":"invoke_agent","gen_ai.agent.name":"pizza_critic","skein.attempt":)" +
         std::to_string(noise % 3 + 1) + R"(,"skein.activation_id":"0198c7f0-)" + std::to_string(noise % 100'000'000) + "\"}";
}

std::vector<row> make_rows(workload const& shape) {
  struct open_run {
    std::int64_t no = 0, base = 0;
    run_id id;
    std::array<std::uint8_t, 8> newest{};
    std::size_t left = 0;
  };
  id_generator ids{42};
  std::vector<open_run> open(shape.runs_open);
  std::int64_t run_count = 0, now = 1'790'000'000'000'000'000;
  std::vector<row> made(span_count);
  for (auto& r : made) {
    auto& run = open[ids.next() % shape.runs_open];
    if (run.left == 0) run = {++run_count, now, run_id{ids.uuid_v7(now)}, ids.span().bytes(), shape.spans_per_run};
    --run.left;
    r.run = run.no;
    r.base = run.base;
    r.run_text = run.id.to_string();
    r.trace_text = trace_of(run.id).to_string();
    r.span = ids.span().bytes();
    r.parent = run.newest;
    r.span_text = span_id{r.span}.to_string();
    r.parent_text = span_id{r.parent}.to_string();
    if (ids.next() % 2 == 0) run.newest = r.span;
    r.name = ids.next() % names().size();
    r.kind = static_cast<std::int64_t>(3 + r.name % 2);
    now += static_cast<std::int64_t>(ids.next() % 5'000);
    r.start = now;
    r.end = now + static_cast<std::int64_t>(ids.next() % 1'000'000);
    r.attributes = five_attributes(ids.next());
  }
  return made;
}

std::vector<row> const& rows(std::size_t workload) {
  static std::array<std::vector<row>, workloads.size()> const all{make_rows(workloads[0]), make_rows(workloads[1])};
  return all[workload];
}

bytes_view view_of(std::array<std::uint8_t, 8> const& id) { return std::as_bytes(std::span{id}); }

std::size_t bound_compact(statement& s, row const& r, bool text_id) {
  s.bind(1, r.run);
  if (text_id) s.bind(2, std::string_view{r.span_text});
  else s.bind(2, view_of(r.span));
  s.bind(3, view_of(r.parent)).bind(4, static_cast<std::int64_t>(r.name)).bind(5, std::int64_t{0});
  s.bind(6, r.start - r.base).bind(7, r.end - r.start).bind(8, std::string_view{r.attributes});
  return 1;
}

struct candidate {
  char const* name;
  char const* schema;
  char const* insert;
  std::size_t (*bind)(statement&, row const&, std::size_t index);  // Rows that this insert carries; 0 = not yet full.
};

constexpr char const* compact_columns = "run_no INTEGER NOT NULL, span_id NOT NULL, parent_id BLOB, shape_no INTEGER, status INTEGER,"
                                        " start INTEGER, duration INTEGER, attributes TEXT";

std::size_t bind_floor(statement& s, row const& r, std::size_t) {
  s.bind(1, std::string_view{r.trace_text}).bind(2, std::string_view{r.span_text}).bind(3, std::string_view{r.parent_text});
  s.bind(4, std::string_view{r.run_text}).bind(5, std::string_view{names()[r.name]}).bind(6, std::string_view{names()[r.name]});
  s.bind(7, std::string_view{r.kind == 3 ? "PRODUCER" : "CONSUMER"}).bind(8, std::string_view{"agent"}).bind(9, std::string_view{"unset"});
  s.bind_null(10).bind(11, r.start).bind(12, r.end).bind(13, static_cast<double>(r.end - r.start) / 1e6);
  s.bind(14, std::string_view{"pizza"}).bind(15, std::string_view{"skein"}).bind(16, std::string_view{r.attributes});
  s.bind_null(17).bind_null(18);
  return 1;
}
std::size_t bind_text(statement& s, row const& r, std::size_t) { return bound_compact(s, r, true); }
std::size_t bind_blob(statement& s, row const& r, std::size_t) { return bound_compact(s, r, false); }
std::size_t bind_sequence(statement& s, row const& r, std::size_t index) {
  bound_compact(s, r, true);
  s.bind(9, static_cast<std::int64_t>(index));
  return 1;
}
std::size_t bind_packed(statement& s, row const& r, std::size_t index) {
  static std::string packed, writing;
  packed.append(r.span_text).append(r.parent_text).append(names()[r.name]).append(r.attributes);
  packed.append(reinterpret_cast<char const*>(&r.start), 8).append(reinterpret_cast<char const*>(&r.end), 8);
  if (index % 100 != 99) return 0;
  std::swap(packed, writing);
  packed.clear();
  s.bind(1, r.start).bind(2, std::string_view{writing});
  return 1;
}

// Eight values; (?1 … ?8).
#define COMPACT_INSERT "INSERT INTO span_rows(run_no,span_id,parent_id,shape_no,status,start,duration,attributes) VALUES(?,?,?,?,?,?,?,?)"

std::string schema_of(candidate const& c) {
  std::string sql = c.schema;
  if (auto const at = sql.find("COLUMNS"); at != std::string::npos) sql.replace(at, 7, compact_columns);
  return sql;
}

constexpr candidate candidates[] = {
    {"floor: view columns, no index", floors::span_view_table, floors::span_view_insert, bind_floor},
    {"compact, no index", "CREATE TABLE span_rows(no INTEGER PRIMARY KEY, COLUMNS)", COMPACT_INSERT, bind_text},
    {"rowid + index on text id",
     "CREATE TABLE span_rows(no INTEGER PRIMARY KEY, COLUMNS); CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id)",
     COMPACT_INSERT " ON CONFLICT DO NOTHING", bind_text},
    {"rowid + index on hex(blob)",
     "CREATE TABLE span_rows(no INTEGER PRIMARY KEY, COLUMNS); CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, lower(hex(span_id)))",
     COMPACT_INSERT " ON CONFLICT DO NOTHING", bind_blob},
    {"rowid + text id + label index",
     "CREATE TABLE span_rows(no INTEGER PRIMARY KEY, COLUMNS); CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id);"
     "CREATE INDEX span_siblings ON span_rows(run_no, parent_id, shape_no, start)",
     COMPACT_INSERT " ON CONFLICT DO NOTHING", bind_text},
    {"clustered (run, span)", "CREATE TABLE span_rows(COLUMNS, PRIMARY KEY(run_no, span_id)) WITHOUT ROWID",
     COMPACT_INSERT " ON CONFLICT DO NOTHING", bind_text},
    {"clustered (run, seq) + index",
     "CREATE TABLE span_rows(COLUMNS, seq INTEGER, PRIMARY KEY(run_no, seq)) WITHOUT ROWID;"
     "CREATE UNIQUE INDEX span_by_id ON span_rows(run_no, span_id)",
     "INSERT INTO span_rows VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", bind_sequence},
    {"packed, 100 spans a row", "CREATE TABLE packs(no INTEGER PRIMARY KEY, first INTEGER, data BLOB)",
     "INSERT INTO packs(first, data) VALUES(?,?)", bind_packed},
};

void insert_all(database& file, candidate const& c, std::vector<row> const& all) {
  auto insert = file.prepare(c.insert, true).value();
  auto begin = file.prepare("BEGIN IMMEDIATE", true).value(), commit = file.prepare("COMMIT", true).value();
  for (std::size_t i = 0; i < all.size();) {
    begin.run().value();
    for (std::size_t const end = std::min(i + batch_spans, all.size()); i < end; ++i) {
      if (c.bind(insert, all[i], i) != 0) insert.run().value();
    }
    commit.run().value();
  }
}

// The rows as the recorder hands them over.
std::vector<trace_batch> make_batches(std::size_t workload) {
  std::vector<trace_batch> made;
  for (auto const& r : rows(workload)) {
    if (made.empty() || made.back().spans.size() == batch_spans) made.emplace_back();
    span_record span{.context = {trace_id::parse(r.trace_text).value(), span_id{r.span}}, .parent = span_id{r.parent}};
    span.run = run_id::parse(r.run_text).value();
    span.name = names()[r.name];
    span.kind = static_cast<span_kind>(r.kind);
    span.start = timestamp{std::chrono::nanoseconds{r.start}};
    span.end = timestamp{std::chrono::nanoseconds{r.end}};
    span.scope = "skein";
    span.attributes = {{"messaging.system", "zeromq"}, {"gen_ai.operation.name", "invoke_agent"}, {"gen_ai.agent.name", "pizza_critic"},
                       {"skein.attempt", 1}, {"skein.activation_id", r.attributes.substr(r.attributes.size() - 19, 17)}};
    made.back().spans.push_back(std::move(span));
  }
  return made;
}

void report(benchmark::State& state, bench::temporary_file const& file) {
  state.counters["items"] = static_cast<double>(span_count);
  state.counters["bytes_per_span"] = static_cast<double>(file.size()) / static_cast<double>(span_count);
}

void sink_rows(benchmark::State& state, std::size_t workload) {
  auto const batches = make_batches(workload);
  bench::temporary_file const path{"span_rows"};
  for (auto _ : state) {
    state.PauseTiming();
    path.clear();
    auto sink = open_sqlite_sink({.path = path.path(), .service = "pizza"}).value();
    state.ResumeTiming();
    for (auto const& batch : batches) sink->write(batch).value();
    state.PauseTiming();
    sink.reset();
    report(state, path);
    state.ResumeTiming();
  }
}

void span_rows(benchmark::State& state, candidate const& c, std::size_t workload) {
  auto const& all = rows(workload);
  bench::temporary_file const path{"span_rows"};
  for (auto _ : state) {
    state.PauseTiming();
    path.clear();
    {
      auto file = database::open(path.path(), sqlite::open_mode::read_write_create).value();
      file.execute(floors::span_view_pragmas).value();
      file.execute(schema_of(c)).value();
      state.ResumeTiming();
      insert_all(file, c, all);
      state.PauseTiming();
    }
    report(state, path);
    state.ResumeTiming();
  }
}

void add(std::string const& name, std::size_t workload, std::function<void(benchmark::State&)> body) {
  benchmark::RegisterBenchmark((name + " | " + workload_names[workload]).c_str(), std::move(body))->Iterations(1)->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t workload = 0; workload < workloads.size(); ++workload) {
    for (auto const& c : candidates) add(c.name, workload, [&c, workload](benchmark::State& state) { span_rows(state, c, workload); });
    add("sqlite sink", workload, [workload](benchmark::State& state) { sink_rows(state, workload); });
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
