#include "recover_spans.hpp"

#include <skein/agents/invoke_span.hpp>
#include <skein/tracing/trace_store.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

namespace skein {

namespace {

using artifacts_by_seq = std::unordered_map<std::uint64_t, bus::artifact_ptr>;

span_record interrupted(run_id const& run, span_context context, span_id parent, std::string name, span_kind kind, timestamp at) {
  span_record made;
  made.context = context;
  made.parent = parent;
  made.run = run;
  made.name = std::move(name);
  made.kind = kind;
  made.status = status_code::interrupted;
  made.start = made.end = at;
  made.scope = "skein";
  return made;
}

/// One span per attempt; the agent's name is known from what it published, or from the ledger's subscription.
void add_attempts(std::vector<span_record>& spans, bus::run_row const& run, bus::activation_row const& activation, std::string const& agent,
                  artifacts_by_seq const& artifacts) {
  bus::lost_attempt lost;
  for (auto seq : activation.inputs) {
    if (auto const found = artifacts.find(seq); found != artifacts.end()) lost.inputs.push_back(found->second);
  }
  if (lost.inputs.empty()) return;
  lost.agent = agent;
  if (activation.host != bus::local_host_name) lost.host = activation.host;
  lost.leased_at = lost.at = agents::newest_of(lost.inputs).created_at;
  for (std::uint32_t attempt = 1; attempt <= activation.attempt; ++attempt) {
    lost.activation = {activation.no, activation.id, attempt};
    auto span = interrupted_attempt(lost);
    span.run = run.id;
    spans.push_back(std::move(span));
  }
}

/// The root span of a run with a body; other runs are rooted in a publish.
span_record body_of(bus::run_row const& run) {
  auto span = interrupted(run.id, run.root, {}, run.name, span_kind::internal, run.started_at);
  span.type = span_type::workflow;
  span.attributes = {{"skein.workflow", true}, {"workflow.name", run.name}, {"workflow.id", run.id.to_string()}};
  return span;
}

std::vector<span_record> spans_of(bus::run_row const& run, bus::run_history const& history, std::vector<bus::subscription_row> const& subscriptions) {
  artifacts_by_seq artifacts;
  for (auto const& artifact : history.artifacts) artifacts.emplace(artifact->seq, artifact);
  std::unordered_map<activation_id, std::uint32_t> last_attempt;
  for (auto const& activation : history.activations) last_attempt.emplace(activation.id, activation.attempt);

  std::vector<span_record> spans;
  if (!run.name.empty()) spans.push_back(body_of(run));
  for (auto const& artifact : history.artifacts) {
    span_id parent;
    if (auto const cause = last_attempt.find(artifact->cause); cause != last_attempt.end()) {
      parent = derive_invoke_span_id(artifact->cause, std::max(1u, cause->second));
    } else if (artifact->context.span != run.root.span) {
      parent = run.root.span;
    }
    auto span = interrupted(run.id, artifact->context, parent, "publish " + artifact->type, span_kind::producer, artifact->created_at);
    span.type = span_type::publish;
    span.attributes = {{"messaging.system", "zeromq"}, {"messaging.destination.name", artifact->type}, {"messaging.message.id", artifact->id.to_string()}};
    spans.push_back(std::move(span));
  }
  for (auto const& activation : history.activations) {
    auto const sub = std::find_if(subscriptions.begin(), subscriptions.end(), [&](auto const& row) { return row.no == activation.subscription; });
    add_attempts(spans, run, activation, sub == subscriptions.end() ? std::string{"unknown"} : sub->agent, artifacts);
  }
  return spans;
}

attributes from_json(std::string const& text) {
  attributes made;
  auto const object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return made;
  for (auto const& [key, value] : object.items()) {
    if (value.is_boolean()) set_attribute(made, key, value.get<bool>());
    if (value.is_number_integer()) set_attribute(made, key, value.get<std::int64_t>());
    if (value.is_number_float()) set_attribute(made, key, value.get<double>());
    if (value.is_string()) set_attribute(made, key, value.get<std::string>());
    if (value.is_array()) {
      std::vector<std::string> items;
      for (auto const& item : value) items.push_back(item.is_string() ? item.get<std::string>() : item.dump());
      set_attribute(made, key, std::move(items));
    }
  }
  return made;
}

/// What is known of the run without a traces file.
run_record from_ledger(bus::run_row const& run, bus::run_history const& history) {
  run_record made;
  made.run = run.id;
  made.trace = run.root.trace;
  made.name = run.name;
  made.start = run.started_at;
  if (made.name.empty() && !history.artifacts.empty()) made.name = "publish " + history.artifacts.front()->type;
  return made;
}

/// What the traces file has of the run: of its newest spans, where they stand.
void add_from_file(run_record& known, std::string const& path, remote_spans& remote) {
  try {
    trace_store const store{path};
    auto const of_run = " WHERE run_id = '" + known.run.to_string() + '\'';
    for (auto const& row : store.sql("SELECT start_time, attributes, tags, session, user, request_preview, response_preview FROM runs" + of_run)) {
      known.start = timestamp{std::chrono::nanoseconds{row[0].integer()}};
      known.attributes = from_json(row[1].text());
      known.tags = from_json(row[2].text());
      known.session = row[3].text();
      known.user = row[4].text();
      known.request_preview = row[5].text();
      known.response_preview = row[6].text();
    }
    for (auto const& row : store.sql("SELECT span_id, parent_id, start_time FROM spans" + of_run + " ORDER BY start_time DESC LIMIT " +
                                     std::to_string(remote_spans::starts_kept))) {
      auto const parent = span_id::parse(row[1].text());   // a root has none
      remote.know(span_id::parse(row[0].text()).value(), parent ? *parent : span_id{}, timestamp{std::chrono::nanoseconds{row[2].integer()}});
    }
  } catch (error const&) {
    // The ledger's word will do.
  }
}

}  // namespace

std::vector<left_run> recover_runs(bus::ledger& ledger, traces_target const* traces, remote_spans& remote) {
  std::vector<left_run> open;
  auto const left = ledger.load();
  if (!left) return open;  // opening the bus says why
  auto* const into = traces ? traces->opened.get() : nullptr;
  for (auto const& run : left->runs) {
    if (!run.root.is_sampled()) continue;
    auto const history = ledger.history(run.id);
    if (!history) continue;
    open.push_back({run, from_ledger(run, *history)});
    if (!into) continue;
    add_from_file(open.back().known, traces->path, remote);
    auto spans = spans_of(run, *history, left->subscriptions);
    for (auto& span : spans) remote.fit(span);
    (void)into->insert_missing(std::move(spans)).ok();
  }
  if (!into) return open;
  for (auto const& id : traces->left_running) {
    if (std::any_of(open.begin(), open.end(), [&](auto const& run) { return run.row.id == id; })) continue;
    auto const history = ledger.history(id);
    if (history && !history->run.id.empty()) (void)into->insert_missing(spans_of(history->run, *history, left->subscriptions)).ok();
  }
  return open;
}

}  // namespace skein
