#include "trace_text.hpp"

#include <skein/tracing/span_tree.hpp>
#include <skein/tracing/trace_store.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace skein::golden {

namespace {

/// The attributes that are the same in each run of a program.
constexpr std::array<std::string_view, 19> shown_attributes{
    "error.type",           "file.path",         "gen_ai.agent.description", "gen_ai.agent.name",      "gen_ai.operation.name",
    "idea.length",          "messaging.destination.name", "messaging.operation.type", "messaging.system", "pipeline.version",
    "rows",                 "skein.attempt",     "skein.duplicate",          "skein.wait.reason",      "skein.workflow",
    "workflow.name",        "exception.type",    "exception.message",        "skein.replayed"};

struct run_text {
  std::string name, status, tags, session, user, attributes;
  std::uint64_t failures = 0, spans = 0;
};

/// What is shown of a span; `under` is sorted as text_of says.
struct span_text {
  std::string line;
  bool consumer = false;
  std::vector<span_text> under;
};

std::string line_of(std::string_view name, std::string_view kind, std::string_view type, std::string_view status, std::string_view message,
                    std::string const& attributes, std::string const& inputs, std::string const& outputs, std::vector<std::string> const& events) {
  std::string line = std::string{name} + ' ' + std::string{kind};
  if (!type.empty()) line += ' ' + std::string{type};
  line += ' ' + std::string{status};
  if (!message.empty()) line += " \"" + std::string{message} + '"';
  line += attributes;
  if (!inputs.empty()) line += " in " + inputs;
  if (!outputs.empty()) line += " out " + outputs;
  for (auto const& event : events) line += " + " + event;
  return line;
}

void draw(span_text& span, std::size_t depth, std::string& out) {
  out += std::string(depth * 2, ' ') + span.line + '\n';
  // Attempts run side by side; what one thread does comes in its order.
  std::stable_sort(span.under.begin(), span.under.end(), [](auto const& a, auto const& b) {
    return a.consumer && b.consumer ? a.line < b.line : a.consumer < b.consumer;
  });
  for (auto& one : span.under) draw(one, depth + 1, out);
}

std::string text_of(run_text const& run, bool workflow, span_text root) {
  std::string out = "run " + run.name + ' ' + run.status + " failures " + std::to_string(run.failures) + " spans " + std::to_string(run.spans);
  if (run.attributes != "{}") out += " attributes " + run.attributes;
  if (run.tags != "{}") out += " tags " + run.tags;
  if (!run.session.empty()) out += " session " + run.session;
  if (!run.user.empty()) out += " user " + run.user;
  out += '\n';
  if (workflow) out += "workflow " + run.name + " spans " + std::to_string(run.spans) + '\n';
  draw(root, 1, out);
  return out;
}

// --- from records ---

std::string shown(attributes const& all) {
  std::string out;
  for (auto key : shown_attributes) {
    if (auto const* value = find_attribute(all, key)) out += ' ' + to_json({{std::string{key}, *value}});
  }
  return out;
}

span_text text_of(span_tree const& tree) {
  auto const& r = tree.record;
  std::vector<std::string> events;
  for (auto const& event : r.events) events.push_back(event.name + shown(event.attributes));
  span_text made{line_of(r.name, to_string(r.kind), to_string(r.type), to_string(r.status), r.status_message, shown(r.attributes), r.inputs, r.outputs, events) +
                     (tree.orphan ? " ORPHAN" : ""),
                 r.kind == span_kind::consumer,
                 {}};
  for (auto const& child : tree.children) made.under.push_back(text_of(child));
  return made;
}

bool is_workflow(span_tree const& tree) { return find_attribute(tree.record.attributes, "skein.workflow") != nullptr; }

// --- from SQL ---

std::string attribute_columns() {
  std::string columns;
  for (auto key : shown_attributes) columns += ", attributes -> '$.\"" + std::string{key} + "\"'";
  return columns;
}

std::string shown(sql_row const& row, std::size_t first) {
  std::string out;
  for (std::size_t i = 0; i < shown_attributes.size(); ++i) {
    if (!row[first + i].is_null()) out += " {\"" + std::string{shown_attributes[i]} + "\":" + row[first + i].text() + '}';
  }
  return out;
}

/// The spans under `parent`, which is NULL or an id in quotes.
std::vector<span_text> spans_under(trace_store const& store, std::string const& run, std::string const& parent) {
  struct found {
    std::string id, line;
    bool consumer;
  };
  std::vector<found> rows;
  for (auto const& row : store.sql("SELECT span_id, kind, name, type, status_code, status_message, inputs, outputs" + attribute_columns() +
                                   " FROM spans WHERE run_id = '" + run + "' AND parent_id IS " + parent + " ORDER BY start_time, span_id")) {
    std::vector<std::string> events;
    auto const id = row[0].text();
    trace_store const other{store.path()};
    for (auto const& event : other.sql("SELECT name" + attribute_columns() + " FROM events WHERE span_id = '" + id + "' ORDER BY time")) {
      events.push_back(event[0].text() + shown(event, 1));
    }
    rows.push_back({id, line_of(row[2].text(), row[1].text(), row[3].text(), row[4].text(), row[5].text(), shown(row, 8), row[6].text(), row[7].text(), events),
                    row[1].text() == "CONSUMER"});
  }
  std::vector<span_text> made;
  for (auto& row : rows) made.push_back({row.line, row.consumer, spans_under(store, run, '\'' + row.id + '\'')});
  return made;
}

}  // namespace

std::string text_of(testing::memory_traces const& traces) {
  std::string out;
  for (auto const& run : traces.runs()) {
    auto const spans = traces.spans().of(run.run);
    auto const tree = build_tree(spans.records()).value();
    run_text const row{run.name, std::string{to_string(run.status)}, to_json(run.tags), run.session, run.user, to_json(run.attributes), run.failures, spans.size()};
    out += text_of(row, is_workflow(tree), text_of(tree));
  }
  return out;
}

std::string text_by_tree(std::string const& path) {
  trace_store const store{path};
  auto runs = store.runs({.limit = 0});
  std::reverse(runs.begin(), runs.end());
  std::string out;
  for (auto const& run : runs) {
    auto const tree = store.tree(run.id);
    run_text const row{run.name, std::string{to_string(run.status)}, run.tags, run.session, run.user, run.attributes, run.failures, run.spans};
    out += text_of(row, is_workflow(tree), text_of(tree));
  }
  return out;
}

std::string text_by_sql(std::string const& path) {
  trace_store const store{path};
  std::vector<std::pair<std::string, run_text>> runs;
  std::map<std::string, std::pair<std::string, std::int64_t>> workflows;
  for (auto const& row : store.sql("SELECT run_id, name, status, tags, session, user, attributes, failures, spans FROM runs ORDER BY start_time")) {
    runs.push_back({row[0].text(), {row[1].text(), row[2].text(), row[3].text(), row[4].text(), row[5].text(), row[6].text(),
                                    static_cast<std::uint64_t>(row[7].integer()), static_cast<std::uint64_t>(row[8].integer())}});
  }
  for (auto const& row : store.sql("SELECT r.run_id, w.workflow_name, w.span_count FROM workflows w JOIN runs r ON r.trace_id = w.trace_id")) {
    workflows[row[0].text()] = {row[1].text(), row[2].integer()};
  }
  std::string out;
  for (auto const& [id, run] : runs) {
    auto roots = spans_under(store, id, "NULL");
    bool const workflow = workflows.contains(id);
    bool const agrees = !workflow || workflows[id] == std::pair{run.name, static_cast<std::int64_t>(run.spans)};
    if (roots.size() != 1 || !agrees) return "run " + run.name + ": " + std::to_string(roots.size()) + " roots, or its row of workflows is another";
    out += text_of(run, workflow, roots.front());
  }
  return out;
}

}  // namespace skein::golden
