#include "trace_writer.hpp"

#include <skein/tracing/json_value.hpp>

#include "nanoseconds.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace skein {
namespace {

constexpr char const* insert_span_sql =
    "INSERT INTO span_rows(run_no, span_id, shape_no, parent_id, status, status_message, start, duration, attributes, events, links,"
    " inputs, outputs, ordinal) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING";

// What has not ended replaces only what has not ended either: late news of a span that ended is no news.
constexpr char const* update_span_sql =
    "UPDATE span_rows SET shape_no = ?3, parent_id = ?4, status = ?5, status_message = ?6, start = ?7, duration = ?8, attributes = ?9,"
    " events = ?10, links = ?11, inputs = ?12, outputs = ?13 WHERE run_no = ?1 AND span_id = ?2 AND (?5 < 3 OR status >= 3)";

constexpr char const* insert_run_sql =
    "INSERT INTO run_rows(no, run_id, trace_id, base, spans, root_no, status, name, start_time, end_time, failures, attributes, tags,"
    " session, user, request_preview, response_preview) VALUES(?1, ?15, ?16, ?17, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

constexpr char const* update_run_sql =
    "UPDATE run_rows SET spans = spans + ?2, root_no = ?3, status = ?4, name = ?5, start_time = ?6, end_time = ?7, failures = ?8,"
    " attributes = ?9, tags = ?10, session = ?11, user = ?12, request_preview = ?13, response_preview = ?14 WHERE no = ?1";

// Gives every span of a run its place among siblings of one name, and none to those that have no such sibling.
constexpr char const* relabel_sql =
    "UPDATE span_rows SET ordinal = wanted.ordinal FROM ("
    " SELECT no, was, CASE WHEN siblings > 1 THEN place END AS ordinal FROM ("
    "  SELECT s.no, s.ordinal AS was, row_number() OVER same AS place, count(*) OVER (PARTITION BY s.parent_id, h.name) AS siblings"
    "  FROM span_rows s JOIN shapes h ON h.no = s.shape_no WHERE s.run_no = ?1"
    "  WINDOW same AS (PARTITION BY s.parent_id, h.name ORDER BY s.start, s.span_id))) AS wanted"
    " WHERE span_rows.no = wanted.no AND wanted.was IS NOT wanted.ordinal";

// Putting labels right reads the whole run, so a run of many millions keeps those that its spans got on arrival.
constexpr std::int64_t relabel_spans_max = 1'000'000;

template <class Id>
void assign_hex(std::string& out, Id const& id) {
  static constexpr char digits[] = "0123456789abcdef";
  out.clear();
  for (auto const byte : id.bytes()) {
    out += digits[byte >> 4];
    out += digits[byte & 0x0f];
  }
}

void bind_text_or_null(sqlite::statement& to, int parameter, std::string const& text) {
  if (text.empty()) {
    to.bind_null(parameter);
  } else {
    to.bind(parameter, std::string_view{text});
  }
}

void append_events(std::string& out, std::vector<span_event> const& events) {
  out = "[";
  for (auto const& event : events) {
    if (out.size() > 1) out += ',';
    out += '[';
    json::append(out, std::int64_t{ns(event.time)});
    out += ',';
    json::append(out, std::string_view{event.name});
    out += ',';
    append_json(out, event.attributes);
    out += ']';
  }
  out += ']';
}

void append_links(std::string& out, std::vector<span_link> const& links) {
  out = "[";
  for (auto const& link : links) {
    if (out.size() > 1) out += ',';
    out += "[\"" + link.target.trace.to_string() + "\",\"" + link.target.span.to_string() + "\",";
    json::append(out, std::int64_t{link.target.flags});
    out += ',';
    append_json(out, link.attributes);
    out += ']';
  }
  out += ']';
}

bool has_ended(span_record const& span) noexcept {
  return span.status != status_code::running && (span.status != status_code::interrupted || span.end != timestamp{});
}

bool stands_before(span_record const& span, sibling_group const& group) noexcept {
  return std::pair{span.start, span.context.span} < std::pair{group.newest_start, group.newest_span};
}

bool is_workflow_root(span_record const& span) noexcept {
  auto const* const mark = find_attribute(span.attributes, "skein.workflow");
  return mark != nullptr && *mark == attribute_value{true};
}

}  // namespace

result<trace_writer> trace_writer::make(sqlite::database& file, std::string service) {
  trace_writer made;
  made.file_ = &file;
  auto shapes = shape_numbers::make(file, std::move(service));
  if (!shapes) return shapes.error();
  made.shapes_ = std::move(shapes).value();
  std::array<std::pair<sqlite::statement*, char const*>, 8> const statements{{
      {&made.find_run_, "SELECT no, base, root_no, status FROM run_rows WHERE run_id = ? AND trace_id = ?"},
      {&made.insert_run_, insert_run_sql},
      {&made.update_run_, update_run_sql},
      {&made.count_spans_, "UPDATE run_rows SET spans = spans + ?2, root_no = ?3 WHERE no = ?1"},
      {&made.insert_span_, insert_span_sql},
      {&made.update_span_, update_span_sql},
      {&made.label_first_, "UPDATE span_rows SET ordinal = 1 WHERE no = ?"},
      {&made.relabel_, relabel_sql},
  }};
  for (auto const& [statement, sql] : statements) {
    auto prepared = file.prepare(sql, true);
    if (!prepared) return prepared.error();
    *statement = std::move(prepared).value();
  }
  auto const newest = file.integer("SELECT coalesce(max(no), 0) FROM run_rows");
  if (!newest) return newest.error();
  made.newest_run_ = *newest;
  return made;
}

result<void> trace_writer::write(trace_batch const& batch) {
  std::vector<span_record> const spans(batch.spans.begin(), batch.spans.end());
  if (auto done = gather(spans, batch.runs); !done) return done;
  if (auto done = write_spans(when_there::replace); !done) return done;
  return finish_runs();
}

result<void> trace_writer::write_missing(std::vector<span_record> const& spans) {
  if (auto done = gather(spans, {}); !done) return done;
  if (auto done = write_spans(when_there::keep); !done) return done;
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
    if (done) done = relabel(no);
  }
  return done;
}

// Finds the run of each record and span, and puts the spans into start order: then the ordinals of siblings are right as they are given,
// except where a later batch brings an earlier span.
result<void> trace_writer::gather(std::vector<span_record> const& spans, std::vector<run_record> const& runs) {
  runs_.trim();
  items_.clear();
  touched_.clear();
  for (auto const& record : runs) {
    auto const run = touch({record.run, record.trace}, record.start);
    if (!run) return run.error();
    (*run)->record = &record;
    (*run)->status = record.status;
  }
  live_run* newest = nullptr;
  run_key newest_key;
  for (auto const& span : spans) {
    auto const key = run_key_of(span);
    if (newest == nullptr || !(key == newest_key)) {
      auto const run = touch(key, span.start);
      if (!run) return run.error();
      newest = *run;
      newest_key = key;
    }
    items_.push_back({&span, newest});
  }
  auto const earlier = [](item const& a, item const& b) {
    return std::pair{a.span->start, a.span->context.span} < std::pair{b.span->start, b.span->context.span};
  };
  if (!std::is_sorted(items_.begin(), items_.end(), earlier)) std::stable_sort(items_.begin(), items_.end(), earlier);
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

result<void> trace_writer::write_spans(when_there then) {
  for (auto const& each : items_) {
    if (auto done = write_span(each, then); !done) return done;
  }
  return {};
}

result<void> trace_writer::write_span(item const& each, when_there then) {
  auto const shape = shapes_.of(*each.span);
  if (!shape) return shape.error();
  bind_span(insert_span_, each, *shape);
  sibling_group unknown;
  auto& group = each.run->labels_known ? runs_.siblings(*each.run, {each.span->parent, shape->name_hash}) : unknown;
  if (group.count > 0) {
    insert_span_.bind(14, std::int64_t{group.count} + 1);
  } else {
    insert_span_.bind_null(14);
  }
  if (auto done = insert_span_.run(); !done) return done;
  if (file_->changes() == 1) return added(each, group);
  if (then == when_there::keep) return {};
  bind_span(update_span_, each, *shape);
  return update_span_.run();
}

void trace_writer::bind_span(sqlite::statement& to, item const& each, shape_numbers::shape const& shape) {
  auto const& span = *each.span;
  assign_hex(span_text_, span.context.span);
  to.bind(1, each.run->no).bind(2, std::string_view{span_text_}).bind(3, shape.no);
  if (span.parent.empty()) {
    to.bind_null(4);
  } else {
    to.bind(4, std::as_bytes(std::span{span.parent.bytes()}));
  }
  to.bind(5, static_cast<std::int64_t>(span.status));
  bind_text_or_null(to, 6, span.status_message);
  to.bind(7, ns(span.start) - each.run->base);
  if (has_ended(span)) {
    to.bind(8, ns(span.end) - ns(span.start));
  } else {
    to.bind_null(8);
  }
  attributes_.clear();
  append_json(attributes_, span.attributes);
  to.bind(9, std::string_view{attributes_});
  to.bind_null(10).bind_null(11);
  if (!span.events.empty()) {
    append_events(events_, span.events);
    to.bind(10, std::string_view{events_});
  }
  if (!span.links.empty()) {
    append_links(links_, span.links);
    to.bind(11, std::string_view{links_});
  }
  bind_text_or_null(to, 12, span.inputs);
  bind_text_or_null(to, 13, span.outputs);
}

// A row was added: counts it, and keeps what labels and the views of roots need.
result<void> trace_writer::added(item const& each, sibling_group& group) {
  auto& run = *each.run;
  auto const row = file_->last_row();
  ++run.spans_added;
  if (each.span->parent.empty() || (run.root_row == 0 && is_workflow_root(*each.span))) run.root_row = row;
  if (++group.count == 1) {
    group.first_row = row;
  } else if (group.count == 2) {
    if (auto done = label_first_.bind(1, group.first_row).run(); !done) return done;
  }
  if (group.count > 1 && stands_before(*each.span, group)) {
    run.labels_in_order = false;
  } else {
    group.newest_start = each.span->start;
    group.newest_span = each.span->context.span;
  }
  return {};
}

result<void> trace_writer::finish_runs() {
  for (auto const& [key, run] : touched_) {
    bool const changed = run->record != nullptr || run->spans_added > 0 || !run->stored;
    if (changed) {
      if (auto done = store_run(key, *run); !done) return done;
    }
    if (changed && run->ended() && !(run->labels_known && run->labels_in_order)) {
      if (auto done = relabel(run->no); !done) return done;
      run->labels_in_order = true;
    }
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

result<void> trace_writer::relabel(std::int64_t run_no) {
  auto const spans = file_->integer("SELECT spans FROM run_rows WHERE no = " + std::to_string(run_no));
  if (!spans) return spans.error();
  if (*spans > relabel_spans_max) return {};
  return relabel_.bind(1, run_no).run();
}

}  // namespace skein
