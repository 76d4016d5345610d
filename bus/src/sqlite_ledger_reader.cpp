#include "sqlite_ledger_reader.hpp"

#include "codec_values.hpp"
#include "sqlite_ledger_columns.hpp"
#include "sqlite_ledger_packed.hpp"
#include "sqlite_ledger_row.hpp"
#include "sqlite_ledger_tags.hpp"

#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace skein::bus::ledger_file {
namespace {

// ---- the rows ----

/// The board has them where their numbers say. They are given one after the other and never deleted: a number far above that of the one before is none.
subscription_row read_subscription(row_reader& row, subscription_no before) {
  constexpr std::int64_t gap_max = 65'536;
  if (auto const no = row.integer(0); no < 1 || no - before > gap_max || no > std::numeric_limits<subscription_no>::max()) row.fail("a number that was never given");
  return {row.number<subscription_no>(0), row.text(1), row.number<std::uint32_t>(2), row.number<std::uint64_t>(3), row.part(4, &wire::read_offer)};
}
constexpr auto subscriptions_sql =
    "SELECT s.no, n.text, s.ordinal, s.fingerprint, s.remote FROM subscription s JOIN name n ON n.id = s.agent ORDER BY s.no";

run_row read_run(row_reader& row) {
  return {row.id<run_id>(1), row.text(2), row.context(3), row.enumerator(4, run_status::interrupted), row.number<std::uint64_t>(5), row.time(6), row.integer(7) != 0,
          row.integer(8) != 0};
}
constexpr auto run_by_id = "id = ?1 AND status IS NOT NULL";
std::string runs_sql(std::string const& condition) {
  return "SELECT no, id, name, root, status, failures, started_at, has_body, paused FROM run WHERE " + condition + " ORDER BY no";
}

/// Runs and hosts by their numbers.
class numbered {
 public:
  [[nodiscard]] static result<numbered> prepare(sqlite::database& file) {
    numbered out;
    auto run = file.prepare("SELECT no, id FROM run WHERE no = ?1");
    if (!run) return run.error();
    auto name = file.prepare("SELECT id, text FROM name WHERE id = ?1");
    if (!name) return name.error();
    out.run_ = std::move(*run);
    out.name_ = std::move(*name);
    return out;
  }
  [[nodiscard]] result<activation_row> whole(packed_activation&& packed) {
    auto out = std::move(packed.row);
    if (auto const done = find(run_, packed.run, runs_, out.run, [](row_reader& row) { return row.id<run_id>(1); }); !done) return done.error();
    if (auto const done = find(name_, packed.host, names_, out.host, [](row_reader& row) { return row.text(1); }); !done) return done.error();
    return out;
  }
  [[nodiscard]] result<void> append(std::vector<packed_activation>&& all, std::vector<activation_row>& to) {
    std::ranges::sort(all, {}, [](packed_activation const& one) { return one.row.no; });
    for (auto& one : all) {
      auto row = whole(std::move(one));
      if (!row) return row.error();
      to.push_back(std::move(*row));
    }
    return {};
  }

 private:
  numbered() = default;
  template <class Value, class Read>
  static result<void> find(sqlite::statement& query, std::int64_t number, std::unordered_map<std::int64_t, Value>& known, Value& out, Read read) {
    if (number == 0) return {};
    auto const [at, added] = known.try_emplace(number);
    if (added) {
      query.bind(1, number);
      if (auto const done = each(query, "number", [&](row_reader& row) { at->second = read(row); }); !done) return done;
    }
    out = at->second;
    return {};
  }

  sqlite::statement run_, name_;
  std::unordered_map<std::int64_t, run_id> runs_;
  std::unordered_map<std::int64_t, std::string> names_;
};

/// Open ones and the newest dead ones.
result<void> read_activations(sqlite::database& file, std::size_t dead_kept_max, board_state& out) {
  auto numbers = numbered::prepare(file);
  if (!numbers) return numbers.error();
  auto open = file.prepare("SELECT block, rows FROM activation_block WHERE open = 1 ORDER BY block");
  if (!open) return open.error();
  std::vector<packed_activation> found;
  auto const read = each_activation(*open, [&](packed_activation const& one) {
    if (is_open(one.row.state)) found.push_back(one);
  });
  if (!read) return read;
  if (auto const done = numbers->append(std::move(found), out.activations); !done) return done;
  auto blocks = file.prepare("SELECT block, rows FROM activation_block WHERE dead = 1 ORDER BY block DESC");
  if (!blocks) return blocks.error();
  auto dead = newest_dead(*blocks, dead_kept_max);
  if (!dead) return dead.error();
  return numbers->append(std::move(*dead), out.dead);
}

artifact_ptr read_artifact(row_reader& row, sqlite::statement const& query) {
  auto out = std::make_shared<artifact_data>();
  out->seq = row.number<std::uint64_t>(0);
  out->id = row.id<artifact_id>(1);
  out->type = row.text(2);
  out->version = row.number<std::uint32_t>(3);
  out->produced_by = row.text(4);
  out->run = row.id<run_id>(5);
  out->correlation = query.is_null(6) ? out->run.to_string() : row.text(6);
  out->cause = row.id<activation_id>(7);
  if (!query.is_null(8) && !read_tags(query.text(8), out->tags)) row.fail("tags that cannot be read");
  out->visible_to = row.part(9, &wire::read_visibility);
  out->context = row.context(10);
  out->headers = row.part(11, &wire::read_headers);
  out->created_at = row.time(12);
  out->routed = row.integer(13) != 0;
  auto const payload_bytes = query.blob(14);
  if (!payload_bytes.empty()) out->payload = payload{bytes(payload_bytes.begin(), payload_bytes.end())};
  return out;
}

/// A query of artifacts by one parameter.
class artifact_query {
 public:
  [[nodiscard]] static result<artifact_query> prepare(sqlite::database& file, std::string_view condition) {
    artifact_query out;
    auto query = file.prepare(
        "SELECT a.seq, a.id, t.text, a.version, p.text, r.id, a.correlation, a.cause, a.tags, a.visible_to, a.context, a.headers, "
        "a.created_at, a.routed, a.payload FROM artifact a JOIN name t ON t.id = a.type JOIN name p ON p.id = a.produced_by "
        "LEFT JOIN run r ON r.no = a.run WHERE " + std::string{condition} + " ORDER BY a.seq");
    if (!query) return query.error();
    out.query_ = std::move(*query);
    return out;
  }
  template <class Parameter>
  [[nodiscard]] result<void> read(Parameter const& parameter, std::vector<artifact_ptr>& into) {
    query_.bind(1, parameter);
    return each(query_, "artifact", [&](row_reader& row) { into.push_back(read_artifact(row, query_)); });
  }

 private:
  artifact_query() = default;
  sqlite::statement query_;
};

result<void> read_needed_artifacts(sqlite::database& file, board_state& out) {
  std::vector<std::uint64_t> needed;
  for (auto const& one : out.activations) needed.insert(needed.end(), one.inputs.begin(), one.inputs.end());
  for (auto const& one : out.members) needed.push_back(one.seq);
  for (auto const& one : out.embargoes) needed.push_back(one.seq);
  auto const of_open = std::unordered_set<std::uint64_t>(needed.begin(), needed.end());
  for (auto const& one : out.dead) needed.insert(needed.end(), one.inputs.begin(), one.inputs.end());
  std::ranges::sort(needed);
  auto const repeated = std::ranges::unique(needed);
  needed.erase(repeated.begin(), repeated.end());
  auto query = artifact_query::prepare(file, "a.seq = ?1");
  if (!query) return query.error();
  out.artifacts.reserve(needed.size());
  for (auto const seq : needed) {
    if (auto const done = query->read(static_cast<std::int64_t>(seq), out.artifacts); !done) return done;
  }
  std::unordered_set<std::uint64_t> found;
  for (auto const& one : out.artifacts) found.insert(one->seq);
  auto const missing = std::ranges::count_if(of_open, [&](auto seq) { return !found.contains(seq); });
  if (missing > 0) {
    return error{errc::corrupt, "open activations, groups and embargoes refer to " + std::to_string(missing) +
                                    " artifacts that are not there; restore a copy of the ledger or move it away"};
  }
  // Retention with a smaller dead_kept_max, or of an earlier version, may have deleted what a dead one was about: it cannot be requeued.
  std::erase_if(out.dead, [&](auto const& one) { return !std::ranges::all_of(one.inputs, [&](auto seq) { return found.contains(seq); }); });
  return {};
}

/// Groups, embargoes, timers and pauses.
result<void> read_waiting(sqlite::database& file, board_state& out) {
  auto done = each(file, "SELECT no, subscription, batch, correlation, key, opened_at, taken, seen FROM waiting_group ORDER BY no", "group", [&](row_reader& row) {
    out.groups.push_back({row.number<group_no>(0), row.number<subscription_no>(1), row.integer(2) != 0, row.text(3), row.text(4), row.time(5),
                          row.number<std::uint64_t>(6), row.number<std::uint64_t>(7)});
  });
  if (done) {
    done = each(file, "SELECT \"group\", position, seq FROM waiting_member ORDER BY \"group\", position", "group", [&](row_reader& row) {
      out.members.push_back({row.number<group_no>(0), row.number<std::uint32_t>(1), row.number<std::uint64_t>(2)});
    });
  }
  for (std::size_t at = 0; done && at < out.members.size(); ++at) {
    auto const no = out.members[at].group;
    if (std::ranges::binary_search(out.groups, no, {}, &group_row::no)) continue;
    return error{errc::corrupt, "there are members of group " + std::to_string(no) + ", which is not there; restore a copy of the ledger or move it away"};
  }
  if (done) {
    done = each(file, "SELECT seq, said, asked_to FROM embargo ORDER BY seq", "the embargo of artifact", [&](row_reader& row) {
      out.embargoes.push_back({row.number<std::uint64_t>(0), row.part(1, &wire::read_verdicts), row.number<subscription_no>(2)});
    });
  }
  if (done) {
    done = each(file, "SELECT subscription, next_due, number FROM timer ORDER BY subscription", "the timer of subscription", [&](row_reader& row) {
      out.timers.push_back({row.number<subscription_no>(0), row.time(1), row.number<std::uint64_t>(2)});
    });
  }
  if (done) {
    done = each(file, "SELECT p.name, n.text FROM paused_agent p JOIN name n ON n.id = p.name ORDER BY n.text", "agent",
                [&](row_reader& row) { out.agents.push_back({row.text(1), true}); });
  }
  return done;
}

/// Those that are open, and those of the activations and artifacts that were read; with their counts.
result<void> read_runs(sqlite::database& file, board_state& out) {
  struct numbered_run {
    std::int64_t no;
    run_row row;
  };
  std::vector<numbered_run> all;
  std::unordered_set<run_id> known;
  auto const take = [&](row_reader& row) {
    all.push_back({row.integer(0), read_run(row)});
    known.insert(all.back().row.id);
  };
  if (auto const done = each(file, runs_sql("status = 0"), "run", take); !done) return done;
  auto by_id = file.prepare(runs_sql(run_by_id));
  if (!by_id) return by_id.error();
  std::vector<run_id> needed;
  for (auto const& one : out.activations) needed.push_back(one.run);
  for (auto const& one : out.dead) needed.push_back(one.run);
  for (auto const& one : out.artifacts) needed.push_back(one->run);
  for (auto const& run : needed) {
    if (run.empty() || !known.insert(run).second) continue;
    by_id->bind(1, as_blob(run));
    if (auto const done = each(*by_id, "run", take); !done) return done;
  }
  auto counts = file.prepare("SELECT c.run, n.text, c.count FROM activation_count c JOIN name n ON n.id = c.agent WHERE c.run = ?1 ORDER BY n.text");
  if (!counts) return counts.error();
  std::ranges::sort(all, {}, [](numbered_run const& one) { return one.row.id; });
  for (auto const& run : all) {
    counts->bind(1, run.no);
    auto const done = each(*counts, "run", [&](row_reader& row) { out.counts.push_back({run.row.id, row.text(1), row.number<std::uint64_t>(2)}); });
    if (!done) return done;
  }
  std::ranges::sort(all, {}, &numbered_run::no);
  for (auto& one : all) out.runs.push_back(std::move(one.row));
  return {};
}

result<void> read_keys(sqlite::database& file, std::size_t keys_max, board_state& out) {
  // The index alone gives the newest keys; only their artifacts are looked up.
  auto const sql =
      "SELECT k.seq, k.key, a.id FROM (SELECT seq, idempotency_key AS key FROM artifact INDEXED BY artifact_key "
      "WHERE idempotency_key IS NOT NULL ORDER BY seq DESC LIMIT " + std::to_string(keys_max) + ") k "
      "JOIN artifact a ON a.seq = k.seq ORDER BY k.seq";
  return each(file, sql, "artifact", [&](row_reader& row) { out.idempotency_keys.emplace_back(row.text(1), row.id<artifact_id>(2)); });
}

result<std::uint64_t> last_number(sqlite::database& file, char const* sql) {
  auto const value = file.integer(sql);
  if (!value) return value.error();
  return static_cast<std::uint64_t>(*value);
}

result<std::uint64_t> last_activation(sqlite::database& file) {
  auto last = last_number(file, "SELECT coalesce((SELECT value FROM counter WHERE name = 'last_activation'), 0)");
  if (!last) return last;
  auto newest = file.prepare("SELECT block, rows FROM activation_block ORDER BY block DESC LIMIT 1");
  if (!newest) return newest.error();
  auto const done = each_activation(*newest, [&](packed_activation const& one) { *last = std::max(*last, one.row.no); });
  if (!done) return done.error();
  return last;
}

/// 0 for none.
result<std::int64_t> run_number(sqlite::database& file, run_id const& run) {
  auto query = file.prepare("SELECT no FROM run WHERE id = ?1");
  if (!query) return query.error();
  std::int64_t no = 0;
  query->bind(1, as_blob(run));
  if (auto const done = each(*query, "run", [&](row_reader& row) { no = row.integer(0); }); !done) return done.error();
  return no;
}

}  // namespace

result<activation_row> read_activation_row(sqlite::statement const& columns) {
  row_reader row{columns, "activation"};
  activation_row out;
  out.no = row.number<activation_no>(0);
  out.id = row.id<activation_id>(1);
  out.subscription = row.number<subscription_no>(2);
  out.state = row.enumerator(4, activation_state::dropped);
  out.attempt = row.number<std::uint32_t>(5);
  out.failures = row.number<std::uint32_t>(6);
  out.losses = row.number<std::uint32_t>(7);
  out.not_before = row.time(8);
  out.inputs = row.inputs(10, 11);
  out.error_type = row.text(12);
  out.what = row.text(13);
  out.since = row.time(14);
  if (row.failure()) return *row.failure();
  return out;
}

result<board_state> read_state(sqlite::database& file, std::size_t idempotency_keys_max, std::size_t dead_kept_max) {
  board_state out;
  auto done = each(file, subscriptions_sql, "subscription", [&](row_reader& row) {
    out.subscriptions.push_back(read_subscription(row, out.subscriptions.empty() ? 0 : out.subscriptions.back().no));
  });
  if (done) done = read_activations(file, dead_kept_max, out);
  if (done) done = read_waiting(file, out);
  if (done) done = read_needed_artifacts(file, out);
  if (done) done = read_runs(file, out);
  if (done) done = read_keys(file, idempotency_keys_max, out);
  if (!done) return done.error();
  // Retention may have deleted the newest rows; it leaves their numbers in `counter`.
  auto const seq = last_number(file, "SELECT max(coalesce((SELECT max(seq) FROM artifact), 0), "
                                     "coalesce((SELECT value FROM counter WHERE name = 'last_seq'), 0))");
  if (!seq) return seq.error();
  auto const activation = last_activation(file);
  if (!activation) return activation.error();
  auto const group = last_number(file, "SELECT coalesce((SELECT value FROM counter WHERE name = 'last_group'), 0)");
  if (!group) return group.error();
  out.last_group = *group;
  out.last_seq = *seq;
  out.last_activation = *activation;
  return out;
}

result<run_history> read_history(sqlite::database& file, run_id const& run) {
  run_history out;
  auto row_of_run = file.prepare(runs_sql(run_by_id));
  if (!row_of_run) return row_of_run.error();
  row_of_run->bind(1, as_blob(run));
  if (auto const known = each(*row_of_run, "run", [&](row_reader& row) { out.run = read_run(row); }); !known) return known.error();
  auto artifacts = artifact_query::prepare(
      file, "a.seq IN (SELECT b.seq FROM run r CROSS JOIN run_artifacts p ON p.run = r.no CROSS JOIN artifact b "
            "ON b.seq BETWEEN p.part * 64 AND p.part * 64 + 63 AND b.run = r.no WHERE r.id = ?1)");
  if (!artifacts) return artifacts.error();
  if (auto const done = artifacts->read(as_blob(run), out.artifacts); !done) return done.error();
  auto const no = run_number(file, run);
  if (!no) return no.error();
  auto blocks = file.prepare("SELECT b.block, b.rows FROM run_activations p JOIN activation_block b ON b.block = p.block WHERE p.run = ?1");
  if (!blocks) return blocks.error();
  blocks->bind(1, *no);
  std::vector<packed_activation> found;
  auto const read = each_activation(*blocks, [&](packed_activation const& one) {
    if (one.run == *no) found.push_back(one);
  });
  if (!read) return read.error();
  auto numbers = numbered::prepare(file);
  if (!numbers) return numbers.error();
  if (auto const done = numbers->append(std::move(found), out.activations); !done) return done.error();
  return out;
}

result<std::vector<artifact_ptr>> read_artifacts(sqlite::database& file, std::string_view type, std::size_t limit) {
  std::string const newest = limit == 0 ? std::string{} : " AND a.seq IN (SELECT seq FROM artifact WHERE type = t.id ORDER BY seq DESC LIMIT " +
                                                            std::to_string(limit) + ")";
  auto query = artifact_query::prepare(file, "t.text = ?1" + newest);
  if (!query) return query.error();
  std::vector<artifact_ptr> out;
  if (auto const done = query->read(type, out); !done) return done.error();
  return out;
}

}  // namespace skein::bus::ledger_file
