#include "recover_spans.hpp"

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
  bus::artifact_ptr newest;
  for (auto seq : activation.inputs) {
    auto const found = artifacts.find(seq);
    if (found != artifacts.end() && (!newest || found->second->seq > newest->seq)) newest = found->second;
  }
  if (!newest) return;
  for (std::uint32_t attempt = 1; attempt <= activation.attempt; ++attempt) {
    auto span = interrupted(run.id, {newest->context.trace, derive_invoke_span_id(activation.id, attempt), newest->context.flags}, newest->context.span,
                            "invoke_agent " + agent, span_kind::consumer, newest->created_at);
    span.type = span_type::agent;
    span.attributes = {{"gen_ai.operation.name", "invoke_agent"}, {"gen_ai.agent.name", agent}, {"messaging.system", "zeromq"}, {"skein.attempt", attempt}};
    spans.push_back(std::move(span));
  }
}

std::vector<span_record> spans_of(bus::run_row const& run, bus::run_history const& history, std::vector<bus::subscription_row> const& subscriptions) {
  artifacts_by_seq artifacts;
  for (auto const& artifact : history.artifacts) artifacts.emplace(artifact->seq, artifact);
  std::unordered_map<activation_id, std::uint32_t> last_attempt;
  for (auto const& activation : history.activations) last_attempt.emplace(activation.id, activation.attempt);

  std::vector<span_record> spans;
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

}  // namespace

void recover_spans(bus::ledger& ledger, sqlite_sink& into) {
  auto const left = ledger.load();
  if (!left) return;  // opening the bus says why
  for (auto const& run : left->runs) {
    if (!run.root.is_sampled()) continue;
    auto const history = ledger.history(run.id);
    if (history) (void)into.insert_missing(spans_of(run, *history, left->subscriptions)).ok();
  }
}

}  // namespace skein
