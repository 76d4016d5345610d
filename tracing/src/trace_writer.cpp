#include "trace_writer.hpp"

#include <skein/tracing/json_value.hpp>

#include <skein/registry/hex_text.hpp>

#include "nanoseconds.hpp"
#include "span_bytes.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <utility>

namespace skein {
namespace {

// What is there already is left alone. OR IGNORE rather than ON CONFLICT: it spares SQLite the journal of a statement that may fail halfway.
// No rowid is given: SQLite appends, which is cheaper than to look whether a number is free, and counts up by one. The columns are the first ones of
// the table, in its order: else each value would be copied.
constexpr char const* insert_plain_sql =
    "INSERT OR IGNORE INTO span_rows(run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes)"
    " SELECT run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes FROM incoming_spans";

constexpr char const* insert_full_sql =
    "INSERT OR IGNORE INTO span_rows(run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes, status_message,"
    " events, links, inputs, outputs)"
    " SELECT run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes, status_message, events, links, inputs,"
    " outputs FROM incoming_spans";

// What has not ended replaces only what has not ended either: late news of a span that ended is no news. The rows are there; an UPDATE … FROM would
// open a temporary table for each batch.
constexpr char const* replace_sql =
    "INSERT INTO span_rows(run_no, span_id, parent_id, shape_no, status, start, duration, attributes, status_message, events, links, inputs, outputs)"
    " SELECT run_no, span_id, parent_id, shape_no, status, start, duration, attributes, status_message, events, links, inputs, outputs"
    " FROM incoming_spans WHERE true"
    " ON CONFLICT(run_no, span_id) DO UPDATE SET shape_no = excluded.shape_no, parent_id = excluded.parent_id, status = excluded.status,"
    " status_message = excluded.status_message, start = excluded.start, duration = excluded.duration, attributes = excluded.attributes,"
    " events = excluded.events, links = excluded.links, inputs = excluded.inputs, outputs = excluded.outputs"
    " WHERE excluded.status < 3 OR span_rows.status >= 3";

// Which spans have events or links.
constexpr char const* mark_inserted_sql = "INSERT OR IGNORE INTO span_extras(run_no, no) SELECT run_no, no FROM incoming_spans";
constexpr char const* mark_known_sql =
    "INSERT OR IGNORE INTO span_extras(run_no, no)"
    " SELECT s.run_no, s.no FROM incoming_spans i JOIN span_rows s ON s.run_no = i.run_no AND s.span_id = i.span_id";

constexpr char const* insert_run_sql =
    "INSERT INTO run_rows(no, run_id, trace_id, base, spans, root_no, status, name, start_time, end_time, failures, attributes, tags,"
    " session, user, request_preview, response_preview) VALUES(?1, ?15, ?16, ?17, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

constexpr char const* update_run_sql =
    "UPDATE run_rows SET spans = spans + ?2, root_no = ?3, status = ?4, name = ?5, start_time = ?6, end_time = ?7, failures = ?8,"
    " attributes = ?9, tags = ?10, session = ?11, user = ?12, request_preview = ?13, response_preview = ?14 WHERE no = ?1";

// Spans of a run that are known to be open. Forgetting them costs the slow path of write_spans once, nothing else.
constexpr std::size_t unended_max = 65'536;

// What columns hold that most rows leave NULL.
constexpr auto extras = flat::bit(flat::tag::event) | flat::bit(flat::tag::link) | flat::bit(flat::tag::message) | flat::bit(flat::tag::inputs) |
                        flat::bit(flat::tag::outputs);

template <class Id>
void assign_hex(std::string& out, Id const& id) {
  out.resize(2 * Id::size_bytes);
  write_hex(out.data(), {reinterpret_cast<char const*>(id.bytes().data()), Id::size_bytes});
}

void bind_text_or_null(sqlite::statement& to, int parameter, std::string const& text) {
  if (text.empty()) {
    to.bind_null(parameter);
  } else {
    to.bind(parameter, std::string_view{text});
  }
}

std::uint64_t number_of(span_id const& id) noexcept {
  std::uint64_t number = 0;
  for (auto const byte : id.bytes()) number = number << 8 | byte;
  return number;
}

// By `first`, then by id, then in the order in which they came.
struct in_order {
  template <class Key>
  bool operator()(Key const& a, Key const& b) const noexcept {
    if (a.first != b.first) return a.first < b.first;
    if (a.span->id != b.span->id) return a.span->id < b.span->id;
    return a.span < b.span;
  }
};

bool is_workflow_root(span_view span) {
  return span.type() == span_type::workflow && span.attributes().find("skein.workflow") == attribute_value{true};
}

}  // namespace

result<trace_writer> trace_writer::make(sqlite::database& file, std::string service) {
  trace_writer made;
  made.file_ = &file;
  auto shapes = shape_numbers::make(file, std::move(service));
  if (!shapes) return shapes.error();
  made.shapes_ = std::move(shapes).value();
  auto incoming = incoming_spans::make(file);
  if (!incoming) return incoming.error();
  made.incoming_ = std::move(incoming).value();
  auto labels = sibling_labels::make(file);
  if (!labels) return labels.error();
  made.labels_ = std::move(labels).value();
  auto const prepared = file.prepare_all({
      {made.find_run_, "SELECT no, base, root_no, status FROM run_rows WHERE run_id = ? AND trace_id = ?"},
      {made.insert_run_, insert_run_sql},
      {made.update_run_, update_run_sql},
      {made.count_spans_, "UPDATE run_rows SET spans = spans + ?2, root_no = ?3 WHERE no = ?1"},
      {made.insert_plain_, insert_plain_sql},
      {made.insert_full_, insert_full_sql},
      {made.replace_, replace_sql},
      {made.mark_inserted_, mark_inserted_sql},
      {made.mark_known_, mark_known_sql},
      {made.remove_newest_, "DELETE FROM span_rows WHERE no > ?"},
  });
  if (!prepared) return prepared.error();
  auto const newest = file.integer("SELECT coalesce(max(no), 0) FROM run_rows");
  if (!newest) return newest.error();
  made.newest_run_ = *newest;
  return made;
}

result<void> trace_writer::write(trace_batch const& batch) {
  if (auto done = gather(batch.spans, batch.runs); !done) return done;
  if (auto done = write_spans(); !done) return done;
  return finish_runs();
}

result<void> trace_writer::write_missing(span_batch const& spans) {
  if (auto done = gather(spans, {}); !done) return done;
  if (auto done = write_one_by_one(when_there::keep); !done) return done;
  return finish_runs();
}

result<void> trace_writer::interrupt_running() {
  auto left = file_->prepare("SELECT no FROM run_rows WHERE status = 0");
  if (!left) return left.error();
  std::vector<std::int64_t> numbers;
  for (;;) {
    auto const row = left->step();
    if (!row) return row.error();
    if (!*row) break;
    numbers.push_back(left->integer(0));
  }
  auto done = file_->execute("UPDATE span_rows SET status = 4 WHERE status = 3; UPDATE run_rows SET status = 4 WHERE status = 0");
  for (auto const no : numbers) {
    if (done) done = labels_.relabel(no);
  }
  return done;
}

// Finds the run and the shape of each record and span.
result<void> trace_writer::gather(span_batch const& spans, std::vector<run_record> const& runs) {
  runs_.trim();
  spans_.clear();
  touched_.clear();
  for (auto const& record : runs) {
    auto const run = touch({record.run, record.trace}, record.start);
    if (!run) return run.error();
    (*run)->record = &record;
    (*run)->status = record.status;
  }
  live_run* newest = nullptr;
  run_key newest_key;
  for (auto const span : spans.views()) {
    auto const whole = span.bytes();
    auto const& top = flat::head_of(whole.data());
    auto const key = run_key_of(top);
    if (newest == nullptr || !(key == newest_key)) {
      auto const run = touch(key, span.start());
      if (!run) return run.error();
      newest = *run;
      newest_key = key;
    }
    auto const shape = shapes_.of(span);
    if (!shape) return shape.error();
    spans_.push_back({.bytes = whole, .span = span, .run = newest, .id = top.span, .parent = top.parent, .start = span.start(), .status = top.status,
                      .name_hash = shape->name_hash, .shape_no = shape->no, .said = shape->said, .has_extras = (top.has & extras) != 0});
  }
  return {};
}

result<live_run*> trace_writer::touch(run_key const& key, timestamp base) {
  auto& run = runs_.at(key);
  if (run.no == 0) {
    if (auto found = find_run(key, run, base); !found) return found.error();
  }
  if (!run.touched) {
    run.touched = true;
    touched_.emplace_back(key, &run);
  }
  return &run;
}

result<void> trace_writer::find_run(run_key const& key, live_run& run, timestamp base) {
  run_text_ = key.run.to_string();
  assign_hex(trace_text_, key.trace);
  find_run_.bind(1, std::string_view{run_text_}).bind(2, std::string_view{trace_text_});
  auto const found = find_run_.step();
  if (!found) return found.error();
  if (!*found) {
    run.no = ++newest_run_;
    run.base = ns(base);
    return {};
  }
  run.no = find_run_.integer(0);
  run.base = find_run_.integer(1);
  run.root_row = find_run_.integer(2);
  if (!find_run_.is_null(3)) run.status = static_cast<run_status>(find_run_.integer(3));
  run.stored = true;
  run.labels_known = false;
  find_run_.reset();
  return {};
}

// Most spans are not there: they are inserted by one statement, in the order of the index. Only where that left one out, one by one.
result<void> trace_writer::write_spans() {
  choose_spans();
  labels_.number(runs_, spans_);
  auto const plain = insert(insert_plain_, plain_);
  if (!plain) return plain.error();
  auto const full = insert(insert_full_, full_);
  if (!full) return full.error();
  auto const inserted = *plain + *full;
  if (inserted != static_cast<std::int64_t>(plain_.size() + full_.size())) {
    if (inserted > 0) {
      if (auto done = remove_newest_.bind(1, file_->last_row() - inserted).run(); !done) return done;
    }
    return write_one_by_one(when_there::replace);
  }
  if (auto done = mark(mark_inserted_, full_); !done) return done;
  for (auto const& span : spans_) {
    if (span.row != 0) added(span);
  }
  if (auto done = labels_.inserted(runs_); !done) return done;
  return replace(known_);
}

// Of several spans with one id the last that has ended counts, or else the last.
void trace_writer::choose_spans() {
  sort_by_id();
  plain_.clear();
  full_.clear();
  known_.clear();
  for (auto at = keys_.begin(); at != keys_.end();) {
    auto* chosen = at->span;
    for (auto const first = at++; at != keys_.end() && at->first == first->first && at->span->id == first->span->id; ++at) {
      if (chosen->unended() || !at->span->unended()) chosen = at->span;
    }
    bool const known = !chosen->run->unended.empty() && chosen->run->unended.contains(chosen->id);
    (known ? known_ : chosen->has_extras ? full_ : plain_).push_back(chosen);
    chosen->fresh = !known;
  }
}

// In the order of the index, so that it grows at its end: by run, then by id. One integer tells most of it.
void trace_writer::sort_by_id() {
  std::sort(touched_.begin(), touched_.end(), [](auto const& a, auto const& b) { return a.second->no < b.second->no; });
  std::uint64_t place = 0;
  for (auto const& [key, run] : touched_) run->place = place++;
  int const shift = std::bit_width(place);
  keys_.clear();
  for (auto& span : spans_) {
    auto const id = number_of(span.id);
    keys_.push_back({shift == 0 ? id : span.run->place << (64 - shift) | id >> shift, &span});
  }
  if (!std::is_sorted(keys_.begin(), keys_.end(), in_order{})) std::sort(keys_.begin(), keys_.end(), in_order{});
}

// How many of the spans were inserted; when it is all of them, they know their rows.
result<std::int64_t> trace_writer::insert(sqlite::statement& statement, std::vector<incoming_span*> const& spans) {
  if (spans.empty()) return std::int64_t{0};
  incoming_->show(spans);
  if (auto done = statement.run(); !done) return done.error();
  auto const inserted = file_->changes();
  auto row = file_->last_row() - inserted;
  for (auto* const span : spans) span->row = ++row;
  return inserted;
}

/// Names those of the spans that have events or links as such.
result<void> trace_writer::mark(sqlite::statement& statement, std::span<incoming_span* const> spans) {
  marked_.clear();
  std::ranges::copy_if(spans, std::back_inserter(marked_), [](auto const* one) { return one->span.has_events() || one->span.has_links(); });
  if (marked_.empty()) return {};
  incoming_->show(marked_);
  return statement.run();
}

// Their labels are left to the end of their runs.
result<void> trace_writer::write_one_by_one(when_there then) {
  for (auto const& [key, run] : touched_) runs_.forget_siblings(*run);
  labels_.forget();
  for (auto& span : spans_) {
    auto const is_new = insert_one(span);
    if (!is_new) return is_new.error();
    if (*is_new || then == when_there::keep) continue;
    incoming_span* const one[]{&span};
    if (auto done = replace(one); !done) return done;
  }
  return {};
}

result<bool> trace_writer::insert_one(incoming_span& span) {
  span.ordinal = 0;
  incoming_span* const one[]{&span};
  incoming_->show(one);
  if (auto done = insert_full_.run(); !done) return done.error();
  if (file_->changes() == 0) return false;
  span.row = file_->last_row();
  if (auto done = mark(mark_inserted_, one); !done) return done.error();
  added(span);
  return true;
}

result<void> trace_writer::replace(std::span<incoming_span* const> spans) {
  if (spans.empty()) return {};
  incoming_->show(spans);
  if (auto done = replace_.run(); !done) return done;
  if (auto done = mark(mark_known_, spans); !done) return done;
  for (auto const* const span : spans) {
    if (!span->unended()) span->run->unended.erase(span->id);
  }
  return {};
}

// A row was added: counts it, and keeps what the views of roots and later news of it need.
void trace_writer::added(incoming_span const& span) {
  auto& run = *span.run;
  ++run.spans_added;
  if (span.parent.empty() || (run.root_row == 0 && is_workflow_root(span.span))) run.root_row = span.row;
  if (span.unended()) {
    if (run.unended.size() >= unended_max) run.unended.clear();
    run.unended.insert(span.id);
  }
}

result<void> trace_writer::finish_runs() {
  for (auto const& [key, run] : touched_) {
    bool const changed = run->record != nullptr || run->spans_added > 0 || !run->stored;
    if (changed) {
      if (auto done = store_run(key, *run); !done) return done;
    }
    if (changed && run->ended()) {
      if (auto done = labels_.finish(runs_, *run); !done) return done;
    }
    if (run->ended()) runs_.ended(key, *run);
    run->stored = true;
    run->touched = false;
    run->record = nullptr;
    run->spans_added = 0;
  }
  return {};
}

result<void> trace_writer::store_run(run_key const& key, live_run& run) {
  auto const bind_root = [&run](sqlite::statement& to) {
    to.bind(1, run.no).bind(2, static_cast<std::int64_t>(run.spans_added));
    if (run.root_row != 0) {
      to.bind(3, run.root_row);
    } else {
      to.bind_null(3);
    }
  };
  if (run.stored && run.record == nullptr) {
    bind_root(count_spans_);
    return count_spans_.run();
  }
  auto& to = run.stored ? update_run_ : insert_run_;
  bind_root(to);
  for (int parameter = 4; parameter <= 14; ++parameter) to.bind_null(parameter);
  if (auto const* const record = run.record) {
    to.bind(4, static_cast<std::int64_t>(record->status)).bind(5, std::string_view{record->name}).bind(6, ns(record->start));
    if (record->end != timestamp{}) to.bind(7, ns(record->end));
    attributes_.clear();
    append_json(attributes_, record->attributes);
    tags_.clear();
    append_json(tags_, record->tags);
    to.bind(8, static_cast<std::int64_t>(record->failures)).bind(9, std::string_view{attributes_}).bind(10, std::string_view{tags_});
    bind_text_or_null(to, 11, record->session);
    bind_text_or_null(to, 12, record->user);
    bind_text_or_null(to, 13, record->request_preview);
    bind_text_or_null(to, 14, record->response_preview);
  }
  if (!run.stored) {
    run_text_ = key.run.to_string();
    assign_hex(trace_text_, key.trace);
    to.bind(15, std::string_view{run_text_}).bind(16, std::string_view{trace_text_}).bind(17, run.base);
  }
  return to.run();
}

}  // namespace skein
