#include "sqlite_ledger_writer.hpp"

#include "codec_values.hpp"
#include "sqlite_ledger_columns.hpp"
#include "sqlite_ledger_tags.hpp"

#include <sqlite3.h>

#include <limits>

namespace skein::bus::ledger_file {
namespace {

// The numbers of more names or runs than these are looked up again.
constexpr std::size_t cached_max = 65'536;

void bind_text_or_null(sqlite::statement& to, int parameter, std::string_view text) {
  text.empty() ? to.bind_null(parameter) : to.bind(parameter, text);
}

template <class Part>
bytes_view encode_part(bytes& buffer, Part const& part) {
  buffer.clear();
  wire::writer out{buffer, std::numeric_limits<std::uint32_t>::max()};
  wire::write(out, part);
  out.finish();
  return buffer;
}

/// After a statement that must have found its one row. Not RETURNING: SQLite would gather the row in a table of its own first, which costs as
/// much as the update.
result<void> changed_a_row(sqlite::statement const& by, std::string_view what, std::uint64_t no) {
  if (sqlite3_changes(sqlite3_db_handle(by.handle())) > 0) return {};
  return error{errc::ledger_failed, "the ledger holds no " + std::string{what} + ' ' + std::to_string(no) + " that could change"};
}

/// Most artifacts are: what few have, the statement for plain ones leaves out.
bool is_plain(artifact_row const& row) noexcept {
  auto const& artifact = *row.artifact;
  return artifact.routed && artifact.tags.empty() && !artifact.visible_to && !artifact.headers && row.idempotency_key.empty();
}

constexpr int plain_columns = 11;

/// OR FAIL: otherwise SQLite copies every page before the statement changes it, to be able to take back one that fails halfway; here the whole transaction is
/// taken back.
std::string plain_artifacts_sql(std::size_t rows) {
  std::string sql = "INSERT OR FAIL INTO artifact VALUES";
  for (std::size_t i = 0; i < rows; ++i) sql += std::string{i == 0 ? "" : ","} + "(?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, NULL, ?, 1, NULL, ?)";
  return sql;
}

}  // namespace

result<row_writer> row_writer::prepare(sqlite::database& file) {
  row_writer out;
  auto const prepared = file.prepare_all({
      {out.find_name_, "SELECT id FROM name WHERE text = ?1"},
      {out.add_name_, "INSERT INTO name(text) VALUES(?1) RETURNING id"},
      {out.find_run_, "SELECT no FROM run WHERE id = ?1"},
      {out.refer_run_, "INSERT INTO run(id) VALUES(?1) RETURNING no"},
      {out.put_run_, "INSERT INTO run(id, name, root, status, failures, started_at, has_body, paused) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                     "ON CONFLICT(id) DO UPDATE SET name = coalesce(nullif(?2, ''), name, ?2), root = ?3, status = ?4, failures = ?5, "
                     "started_at = ?6, has_body = ?7, paused = ?8 RETURNING no"},
      {out.update_run_, "UPDATE run SET name = coalesce(nullif(?2, ''), name, ?2), root = ?3, status = ?4, failures = ?5, started_at = ?6, "
                        "has_body = ?7, paused = ?8 WHERE no = ?1"},
      {out.put_subscription_, "INSERT INTO subscription VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(no) DO UPDATE SET remote = ?5 "
                           "WHERE agent = ?2 AND ordinal = ?3 AND fingerprint = ?4 RETURNING 1"},
      {out.add_artifact_, "INSERT INTO artifact VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"},
      {out.add_plain_artifacts_[0], plain_artifacts_sql(plain_rows[0])},
      {out.add_plain_artifacts_[1], plain_artifacts_sql(plain_rows[1])},
      {out.add_plain_artifacts_[2], plain_artifacts_sql(plain_rows[2])},
      {out.free_key_, "UPDATE artifact SET idempotency_key = NULL WHERE idempotency_key = ?1"},
      {out.add_run_artifacts_, "INSERT INTO run_artifacts VALUES(?1, ?2) ON CONFLICT DO NOTHING"},
      {out.add_run_activations_, "INSERT INTO run_activations VALUES(?1, ?2) ON CONFLICT DO NOTHING"},
      {out.add_group_, "INSERT INTO waiting_group VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(no) DO UPDATE SET seen = ?8"},
      {out.add_member_, "INSERT INTO waiting_member VALUES(?1, ?2, ?3)"},
      {out.remove_members_, "DELETE FROM waiting_member WHERE \"group\" = ?1"},
      {out.remove_group_, "DELETE FROM waiting_group WHERE no = ?1"},
      {out.keep_group_number_, "INSERT INTO counter VALUES('last_group', ?1) ON CONFLICT(name) DO UPDATE SET value = max(value, ?1)"},
      {out.add_embargo_, "INSERT INTO embargo VALUES(?1, ?2, ?3)"},
      {out.lift_embargo_, "DELETE FROM embargo WHERE seq = ?1"},
      {out.put_timer_, "INSERT INTO timer VALUES(?1, ?2, ?3) ON CONFLICT(subscription) DO UPDATE SET next_due = ?2, number = ?3"},
      {out.pause_agent_, "INSERT INTO paused_agent VALUES(?1) ON CONFLICT(name) DO NOTHING"},
      {out.resume_agent_, "DELETE FROM paused_agent WHERE name = ?1"},
      {out.put_count_, "INSERT INTO activation_count VALUES(?1, ?2, ?3) ON CONFLICT(run, agent) DO UPDATE SET count = ?3"},
  });
  if (!prepared) return prepared.error();
  auto blocks = activation_blocks::prepare(file);
  if (!blocks) return blocks.error();
  out.activations_ = std::move(*blocks);
  return out;
}

void row_writer::forget() noexcept {
  forget_names();
  forget_runs();
  activations_.forget();
}

void row_writer::forget_names() noexcept {
  names_.clear();
  recent_names_.fill(nullptr);
}

void row_writer::forget_runs() noexcept { runs_.clear(); }

result<void> row_writer::apply(std::span<change const> changes) {
  collect(changes);
  for (auto const& one : changes) {
    auto done = std::visit([this](auto const& row) { return add(row); }, one);
    if (!done) return done;
  }
  if (auto const done = write_plain(); !done) return done;
  if (auto const done = activations_.write(); !done) return done;
  if (last_group_ > 0) return keep_group_number_.bind(1, static_cast<std::int64_t>(last_group_)).run();
  return {};
}

void row_writer::collect(std::span<change const> changes) {
  plain_.clear();
  last_runs_.clear();
  groups_.clear();
  last_group_ = 0;
  for (auto const& one : changes) {
    if (auto const* group = std::get_if<group_row>(&one)) {
      // Otherwise it was opened before.
      if (group->seen == 0) {
        groups_.emplace(group->no, false);
        last_group_ = std::max(last_group_, group->no);
      }
    }
    if (auto const* closed = std::get_if<group_closed>(&one)) {
      if (auto const opened = groups_.find(closed->no); opened != groups_.end()) opened->second = true;
    }
    if (auto const* row = std::get_if<run_row>(&one)) {
      auto& last = last_runs_[row->id];
      last.row = row;
      if (!row->name.empty()) last.name = row->name;
    }
  }
}

// ---- numbers ----

result<std::int64_t> row_writer::name(std::string_view text) {
  auto& recent = recent_names_[text.empty() ? 0 : (text.size() + static_cast<unsigned char>(text.back())) % recent_names_.size()];
  if (recent != nullptr && recent->first == text) return recent->second;
  if (auto const known = names_.find(text); known != names_.end()) return recent = &*known, known->second;
  auto const look_up = [&](sqlite::statement& statement) -> result<std::int64_t> {
    auto const row = statement.bind(1, text).step();
    if (!row) return row.error();
    auto const number = *row ? statement.integer(0) : 0;
    statement.reset();
    return number;
  };
  auto number = look_up(find_name_);
  if (number && *number == 0) number = look_up(add_name_);
  if (!number) return number;
  if (names_.size() >= cached_max) forget_names();
  names_.emplace(text, *number);
  return number;
}

result<std::int64_t> row_writer::host_number(std::string const& host) { return host.empty() ? 0 : name(host); }

row_writer::known_run* row_writer::remember(run_id const& id, std::int64_t no) {
  if (runs_.size() >= cached_max) runs_.clear();
  return &runs_.insert_or_assign(id, known_run{no, id.to_string(), -1, -1}).first->second;
}

result<row_writer::known_run*> row_writer::run(run_id const& id) {
  if (id.empty()) return nullptr;
  if (auto const known = runs_.find(id); known != runs_.end()) return &known->second;
  auto const look_up = [&](sqlite::statement& statement) -> result<std::int64_t> {
    auto const row = statement.bind(1, as_blob(id)).step();
    if (!row) return row.error();
    auto const number = *row ? statement.integer(0) : 0;
    statement.reset();
    return number;
  };
  auto number = look_up(find_run_);
  if (number && *number == 0) number = look_up(refer_run_);
  if (!number) return number.error();
  return remember(id, *number);
}

// ---- one function a change ----

result<void> row_writer::add(subscription_row const& row) {
  auto const agent = name(row.agent);
  if (!agent) return agent.error();
  auto& statement = put_subscription_;
  statement.bind(1, std::int64_t{row.no}).bind(2, *agent).bind(3, std::int64_t{row.ordinal}).bind(4, static_cast<std::int64_t>(row.fingerprint));
  row.remote ? statement.bind(5, encode_part(offer_, *row.remote)) : statement.bind_null(5);
  auto const put = statement.step();
  if (!put) return put.error();
  statement.reset();
  if (!*put) return error{errc::ledger_failed, "the ledger's subscription " + std::to_string(row.no) + " is another one"};
  return {};
}

result<void> row_writer::add(run_row const& first) {
  // The first row of a run within the commit writes the last one's content; the others have nothing left to do.
  auto const last = last_runs_.extract(first.id);
  if (last.empty()) return {};
  auto const& row = *last.mapped().row;
  auto const known = runs_.find(row.id);
  auto& statement = known != runs_.end() ? update_run_ : put_run_;
  known != runs_.end() ? statement.bind(1, known->second.no) : statement.bind(1, as_blob(row.id));
  context_blob root;
  statement.bind(2, last.mapped().name).bind(4, static_cast<std::int64_t>(row.status))
      .bind(5, static_cast<std::int64_t>(row.failures)).bind(6, nanoseconds(row.started_at)).bind(7, std::int64_t{row.has_body})
      .bind(8, std::int64_t{row.paused});
  row.root == span_context{} ? statement.bind_null(3) : statement.bind(3, root.of(row.root));
  if (known != runs_.end()) return statement.run();
  auto const returned = statement.step();
  if (!returned) return returned.error();
  remember(row.id, statement.integer(0));
  statement.reset();
  return {};
}

result<row_writer::numbered_artifact> row_writer::number(artifact_data const& artifact) {
  auto const type = name(artifact.type), producer = name(artifact.produced_by);
  if (!type) return type.error();
  if (!producer) return producer.error();
  numbered_artifact out{.artifact = &artifact, .type = *type, .producer = *producer};
  auto const of_run = run(artifact.run);
  if (!of_run) return of_run.error();
  if (auto* const known = *of_run; known != nullptr) {
    out.run = known->no;
    out.inherited = artifact.correlation == known->text;
    if (auto const part = static_cast<std::int64_t>(artifact.seq) / part_artifacts; known->artifacts != part) {
      if (auto const put = add_run_artifacts_.bind(1, known->no).bind(2, part).run(); !put) return put.error();
      known->artifacts = part;
    }
  }
  if (artifact.payload.empty()) return out;
  auto const encoded = artifact.payload.encoded();
  if (!encoded) return error{encoded.error().code(), "artifact " + artifact.id.to_string() + ": " + encoded.error().message()};
  out.payload = *encoded;
  return out;
}

result<void> row_writer::add(artifact_row const& row) {
  auto const numbers = number(*row.artifact);
  if (!numbers) return numbers.error();
  if (is_plain(row)) {
    plain_.push_back(*numbers);
    return plain_.size() == plain_rows.front() ? write_plain() : result<void>{};
  }
  // In order, so that the table grows at its end.
  if (auto const done = write_plain(); !done) return done;
  return add_whole(row, *numbers);
}

result<void> row_writer::write_plain() {
  std::span<numbered_artifact const> left = plain_;
  for (std::size_t i = 0; i < plain_rows.size(); ++i) {
    for (; left.size() >= plain_rows[i]; left = left.subspan(plain_rows[i])) {
      if (auto const done = write_plain(add_plain_artifacts_[i], left.first(plain_rows[i])); !done) return done;
    }
  }
  plain_.clear();
  return {};
}

result<void> row_writer::write_plain(sqlite::statement& statement, std::span<numbered_artifact const> rows) {
  std::array<context_blob, plain_rows.front()> contexts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const& [artifact, payload, type, producer, run, inherited] = rows[i];
    int const at = plain_columns * static_cast<int>(i);
    statement.bind(at + 1, static_cast<std::int64_t>(artifact->seq)).bind(at + 2, as_blob(artifact->id)).bind(at + 3, type)
        .bind(at + 4, std::int64_t{artifact->version}).bind(at + 5, producer);
    run != 0 ? statement.bind(at + 6, run) : statement.bind_null(at + 6);
    inherited ? statement.bind_null(at + 7) : statement.bind(at + 7, std::string_view{artifact->correlation});
    artifact->cause.empty() ? statement.bind_null(at + 8) : statement.bind(at + 8, as_blob(artifact->cause));
    artifact->context == span_context{} ? statement.bind_null(at + 9) : statement.bind(at + 9, contexts[i].of(artifact->context));
    statement.bind(at + 10, nanoseconds(artifact->created_at)).bind(at + 11, payload);
  }
  return statement.run();
}

result<void> row_writer::add_whole(artifact_row const& row, numbered_artifact const& numbers) {
  auto const& artifact = *row.artifact;
  // The board forgets old keys (idempotency_keys_max); one of them that comes again belongs to the newer artifact.
  if (!row.idempotency_key.empty()) {
    if (auto const freed = free_key_.bind(1, std::string_view{row.idempotency_key}).run(); !freed) return freed;
  }
  auto& statement = add_artifact_;
  context_blob context;
  statement.bind(1, static_cast<std::int64_t>(artifact.seq)).bind(2, as_blob(artifact.id)).bind(3, numbers.type)
      .bind(4, std::int64_t{artifact.version}).bind(5, numbers.producer);
  numbers.run != 0 ? statement.bind(6, numbers.run) : statement.bind_null(6);
  numbers.inherited ? statement.bind_null(7) : statement.bind(7, std::string_view{artifact.correlation});
  artifact.cause.empty() ? statement.bind_null(8) : statement.bind(8, as_blob(artifact.cause));
  if (!artifact.tags.empty()) write_tags(json_, artifact.tags);
  artifact.tags.empty() ? statement.bind_null(9) : statement.bind(9, std::string_view{json_});
  artifact.visible_to ? statement.bind(10, encode_part(visibility_, artifact.visible_to)) : statement.bind_null(10);
  artifact.context == span_context{} ? statement.bind_null(11) : statement.bind(11, context.of(artifact.context));
  artifact.headers ? statement.bind(12, encode_part(headers_, artifact.headers)) : statement.bind_null(12);
  statement.bind(13, nanoseconds(artifact.created_at)).bind(14, std::int64_t{artifact.routed});
  bind_text_or_null(statement, 15, row.idempotency_key);
  return statement.bind(16, numbers.payload).run();
}

result<void> row_writer::add(activation_row const& row) {
  auto const of_run = run(row.run);
  if (!of_run) return of_run.error();
  auto const host = host_number(row.host);
  if (!host) return host.error();
  if (auto const block = static_cast<std::int64_t>(row.no / block_rows); *of_run != nullptr && (*of_run)->activations != block) {
    if (auto const put = add_run_activations_.bind(1, (*of_run)->no).bind(2, block).run(); !put) return put;
    (*of_run)->activations = block;
  }
  return activations_.insert(row, *of_run != nullptr ? (*of_run)->no : 0, *host);
}

result<void> row_writer::add(activation_update const& row) {
  auto const host = host_number(row.host);
  if (!host) return host.error();
  return activations_.update(row, *host);
}

// ---- what waits ----

result<void> row_writer::add(group_row const& row) {
  if (auto const opened = groups_.find(row.no); opened != groups_.end() && opened->second) return {};
  return add_group_.bind(1, static_cast<std::int64_t>(row.no)).bind(2, std::int64_t{row.subscription}).bind(3, std::int64_t{row.batch})
      .bind(4, std::string_view{row.correlation}).bind(5, std::string_view{row.key}).bind(6, nanoseconds(row.opened_at))
      .bind(7, static_cast<std::int64_t>(row.taken)).bind(8, static_cast<std::int64_t>(row.seen)).run();
}

result<void> row_writer::add(group_member const& row) {
  if (auto const opened = groups_.find(row.group); opened != groups_.end() && opened->second) return {};
  return add_member_.bind(1, static_cast<std::int64_t>(row.group)).bind(2, std::int64_t{row.position}).bind(3, static_cast<std::int64_t>(row.seq)).run();
}

result<void> row_writer::add(group_closed const& row) {
  if (groups_.contains(row.no)) return {};
  auto const no = static_cast<std::int64_t>(row.no);
  if (auto const removed = remove_members_.bind(1, no).run(); !removed) return removed;
  if (auto const removed = remove_group_.bind(1, no).run(); !removed) return removed;
  return changed_a_row(remove_group_, "group", row.no);
}

result<void> row_writer::add(embargo_row const& row) {
  add_embargo_.bind(1, static_cast<std::int64_t>(row.seq)).bind(3, std::int64_t{row.asked_to});
  row.said == verdicts{} ? add_embargo_.bind_null(2) : add_embargo_.bind(2, encode_part(said_, row.said));
  return add_embargo_.run();
}

result<void> row_writer::add(embargo_lifted const& row) {
  if (auto const removed = lift_embargo_.bind(1, static_cast<std::int64_t>(row.seq)).run(); !removed) return removed;
  return changed_a_row(lift_embargo_, "embargo of artifact", row.seq);
}

result<void> row_writer::add(timer_row const& row) {
  return put_timer_.bind(1, std::int64_t{row.subscription}).bind(2, nanoseconds(row.next_due)).bind(3, static_cast<std::int64_t>(row.number)).run();
}

result<void> row_writer::add(agent_row const& row) {
  auto const agent = name(row.name);
  if (!agent) return agent.error();
  return (row.paused ? pause_agent_ : resume_agent_).bind(1, *agent).run();
}

result<void> row_writer::add(activation_count const& row) {
  auto const of_run = run(row.run);
  if (!of_run) return of_run.error();
  if (*of_run == nullptr) return error{errc::ledger_failed, "a count of activations of " + row.agent + " names no run"};
  auto const of_agent = name(row.agent);
  if (!of_agent) return of_agent.error();
  return put_count_.bind(1, (*of_run)->no).bind(2, *of_agent).bind(3, static_cast<std::int64_t>(row.count)).run();
}

}  // namespace skein::bus::ledger_file
