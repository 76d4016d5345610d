// Floors of the stores: the same rows by SQLite's own interface, prepared before the clock starts, in transactions of the same size.
#include "../counted.hpp"
#include "../temporary_file.hpp"
#include "chain.hpp"
#include "span_load.hpp"
#include "span_view_table.hpp"

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

class database {
 public:
  explicit database(std::string const& path) {
    check(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr));
  }
  ~database() { sqlite3_close_v2(handle_); }
  database(database const&) = delete;

  void execute(char const* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)); }
  void check(int how) const {
    if (how != SQLITE_OK && how != SQLITE_DONE) throw std::runtime_error{sqlite3_errmsg(handle_)};
  }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

/// Binds the parameters in order.
class statement {
 public:
  statement(database& in, char const* sql) : in_(in) {
    in.check(sqlite3_prepare_v3(in.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
  }
  ~statement() { sqlite3_finalize(handle_); }
  statement(statement const&) = delete;

  statement& integer(std::int64_t value) { return sqlite3_bind_int64(handle_, ++at_, value), *this; }
  statement& real(double value) { return sqlite3_bind_double(handle_, ++at_, value), *this; }
  statement& text(std::string_view value) {
    return sqlite3_bind_text(handle_, ++at_, value.data(), static_cast<int>(value.size()), SQLITE_STATIC), *this;
  }
  statement& blob(std::string_view value) {
    return sqlite3_bind_blob(handle_, ++at_, value.data(), static_cast<int>(value.size()), SQLITE_STATIC), *this;
  }
  statement& null() { return sqlite3_bind_null(handle_, ++at_), *this; }
  void run() {
    in_.check(sqlite3_step(handle_));
    sqlite3_reset(handle_);
    at_ = 0;
  }

 private:
  database& in_;
  sqlite3_stmt* handle_ = nullptr;
  int at_ = 0;
};

std::uint64_t const& next_random(std::uint64_t& state) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

// --- spans ---------------------------------------------------------------------------------------------------------------------------

struct span_row {
  std::string trace, span, parent, run;
  std::int64_t start = 0, end = 0;
};

std::vector<span_row> make_spans(std::size_t count) {
  std::vector<span_row> made(count);
  std::uint64_t random = 42;
  std::int64_t now = 1'790'000'000'000'000'000;
  for (std::size_t i = 0; i < made.size(); ++i) {
    auto& row = made[i];
    bool const root = i % floors::load_spans_per_run == 0;
    row.trace = root ? hex(static_cast<std::uint64_t>(now)) + hex(next_random(random)) : made[i - 1].trace;
    row.run = row.trace.substr(0, 8) + "-" + row.trace.substr(8, 4) + "-" + row.trace.substr(12, 4) + "-" + row.trace.substr(16, 4) + "-" +
              row.trace.substr(20);
    row.span = hex(next_random(random));
    if (!root) row.parent = made[i - i % floors::load_spans_per_run].span;
    row.start = now += 500;
    row.end = now + 400;
  }
  return made;
}

/// What does not change from one span of a kind to the next.
struct span_kind {
  std::string_view name, kind, type, attributes;
};

constexpr span_kind five_attributes = {
    "invoke_agent critic", "INTERNAL", "",
    R"({"gen_ai.operation.name":"invoke_agent","gen_ai.agent.name":"critic","messaging.system":"zeromq","skein.attempt":1,"idea.length":42})"};
/// The two spans of a hop, with the attributes that they have there.
constexpr std::array<span_kind, 2> of_a_hop = {{
    {"publish bench.idea", "PRODUCER", "publish",
     R"({"messaging.system":"zeromq","messaging.operation.type":"send","messaging.destination.name":"bench.idea","messaging.message.id":"01a1fdbb-929e-7263-b1a2-5dc695017599"})"},
    {"invoke_agent drafter", "CONSUMER", "agent",
     R"({"gen_ai.operation.name":"invoke_agent","gen_ai.agent.name":"drafter","messaging.system":"zeromq","messaging.operation.type":"process","messaging.destination.name":"bench.idea","messaging.message.id":"01a1fdbb-929e-7263-b1a2-5dc695017599","skein.activation.id":"01a1fdbb-929e-8574-bb87-d2c199de9862","skein.attempt":1})"},
}};

void bind_span(statement& to, span_row const& row, span_kind const& kind) {
  to.text(row.trace).text(row.span);
  row.parent.empty() ? to.null() : to.text(row.parent);
  to.text(row.run).text(kind.name).text(kind.name).text(kind.kind).text(kind.type).text("unset").null();
  to.integer(row.start).integer(row.end).real(static_cast<double>(row.end - row.start) / 1e6);
  to.text("pizza").text("").text(kind.attributes).null().null();
}

/// Inserts so many rows, of these kinds in turns, into a new file.
void insert_spans(benchmark::State& state, std::size_t count, span_kind const* kinds, std::size_t kinds_count) {
  auto const rows = make_spans(count);
  bench::temporary_file const path{"floor_spans"};
  for (auto _ : state) {
    state.PauseTiming();
    path.clear();
    {
      database file{path.path()};
      file.execute(floors::span_view_pragmas);
      file.execute(floors::span_view_table);
      statement insert{file, floors::span_view_insert};
      state.ResumeTiming();
      for (std::size_t i = 0; i < rows.size();) {
        file.execute("BEGIN IMMEDIATE");
        for (auto const end = std::min(i + floors::load_batch_spans, rows.size()); i < end; ++i) {
          bind_span(insert, rows[i], kinds[i % kinds_count]);
          insert.run();
        }
        file.execute("COMMIT");
      }
      state.PauseTiming();
    }
    state.counters["bytes_per_span"] = static_cast<double>(path.size()) / static_cast<double>(rows.size());
    state.ResumeTiming();
  }
}

void sqlite_spans(benchmark::State& state) {
  insert_spans(state, floors::load_spans, &five_attributes, 1);
  state.counters["items"] = static_cast<double>(floors::load_spans);
}
BENCHMARK(sqlite_spans)->Name("floor/sqlite_spans")->Iterations(1)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

/// As many hops as are persisted in one iteration.
void sqlite_hop_spans(benchmark::State& state) {
  constexpr auto hops = floors::burst_items * floors::chain_stages * floors::persisted_bursts;
  insert_spans(state, hops * of_a_hop.size(), of_a_hop.data(), of_a_hop.size());
  state.counters["items"] = static_cast<double>(hops);
}
BENCHMARK(sqlite_hop_spans)->Name("floor/sqlite_hop_spans")->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

// --- hops ----------------------------------------------------------------------------------------------------------------------------

/// The columns and keys of the ledger's tables, without its other indexes.
constexpr char const* ledger_tables = R"sql(
CREATE TABLE artifact(
  seq INTEGER PRIMARY KEY, id BLOB, type INTEGER, version INTEGER, produced_by INTEGER, run INTEGER, correlation TEXT, cause BLOB, tags TEXT,
  visible_to BLOB, context BLOB, headers BLOB, created_at INTEGER, routed INTEGER, idempotency_key TEXT, payload BLOB);
CREATE TABLE activation(
  no INTEGER PRIMARY KEY, id BLOB, subscription INTEGER, run INTEGER, state INTEGER, attempt INTEGER, failures INTEGER, losses INTEGER,
  not_before INTEGER, host INTEGER, input INTEGER, more_inputs BLOB, error_type TEXT, what TEXT);
)sql";

/// What one hop leaves in a ledger: an artifact and the activation that it opens, and the end of the activation that made it.
struct ledger_rows {
  statement artifact, activation, closed;
  std::int64_t seq = 0, no = 0, oldest_open = 0, now = 1'790'000'000'000'000'000;
  std::uint64_t random = 42;
  std::string id = std::string(16, 'i'), context = std::string(25, 'c'), payload = floors::item_body() + std::string(15, 'p');

  explicit ledger_rows(database& in)
      : artifact(in, "INSERT INTO artifact VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        activation(in, "INSERT INTO activation VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        closed(in, "UPDATE activation SET state=?,attempt=?,failures=?,losses=?,not_before=?,host=?,error_type=?,what=? WHERE no=?") {}

  void open(std::int64_t stage) {
    for (std::size_t at = 0; at < id.size(); at += sizeof random) std::memcpy(id.data() + at, &next_random(random), sizeof random);
    artifact.integer(++seq).blob(id).integer(stage).integer(1).integer(stage).integer(1).null();
    stage == 0 ? artifact.null() : artifact.blob(id);
    artifact.null().null().blob(context).null().integer(now += 1000).integer(1).null().blob(payload).run();
    activation.integer(++no).blob(id).integer(stage + 1).integer(1).integer(1).integer(1).integer(0).integer(0).integer(0).integer(1);
    activation.integer(seq).null().null().null().run();
  }
  void close() { closed.integer(3).integer(1).integer(0).integer(0).integer(0).integer(1).null().null().integer(++oldest_open).run(); }
};

void sqlite_hop(benchmark::State& state) {
  bench::temporary_file const path{"floor_ledger"};
  database file{path.path()};
  file.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=1000");
  file.execute(ledger_tables);
  ledger_rows rows{file};
  for (auto _ : state) {
    for (std::size_t burst = 0; burst < floors::durable_bursts; ++burst) {
      for (std::size_t stage = 0; stage <= floors::chain_stages; ++stage) {
        file.execute("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < floors::durable_items; ++i) {
          if (stage > 0) rows.close();
          if (stage < floors::chain_stages) rows.open(static_cast<std::int64_t>(stage));
        }
        file.execute("COMMIT");
      }
    }
  }
  state.counters["items"] = floors::durable_bursts * floors::durable_items * floors::chain_stages;
}
BENCHMARK(sqlite_hop)->Name("floor/sqlite_hop")->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond)->Apply(bench::counted);

}  // namespace
