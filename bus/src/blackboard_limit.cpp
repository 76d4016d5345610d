// activations_max_per_workflow: a run that would start an agent once more fails instead, so that a loop ends.
#include "blackboard_state.hpp"

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>

namespace skein::bus {

bool blackboard::state::admits_within(std::uint64_t limit, subscription& sub, run_state& run, artifact_data const& newest) {
  std::uint64_t& count = run.started[sub.row.agent];
  if (count > limit) return ++counters.over_limit, false;
  ++count;
  change_to(activation_count{run.row.id, sub.row.agent, count});
  if (count <= limit) return true;
  ++counters.over_limit;
  fail_by_limit(sub, run, newest);
  return false;
}

namespace {

std::string listed(std::set<std::string> const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "\"" : ", \"") + name + '"';
  return text;
}

}  // namespace

void blackboard::state::fail_by_limit(subscription const& sub, run_state& run, artifact_data const& newest) {
  std::set<std::string> others;
  for (auto const& [agent, count] : run.started) others.insert(agent);
  for (auto const& one : run.closed) others.insert(one.agent->name);
  for (auto const& one : recent_closed) {
    if (one.run == run.row.id) others.insert(one.agent->name);
  }
  for (auto const& [no, a] : activations) a.each_run([&](run_state const& of) { if (&of == &run) others.insert(a.sub->row.agent); });
  others.erase(sub.row.agent);

  failure told;
  told.agent = sub.row.agent;
  told.error_type = "skein.activations_max";
  told.what = "the agent \"" + sub.row.agent + "\" has been started " + std::to_string(sub.agent->rules.activations_max_per_workflow) +
              " times in this run, its activations_max_per_workflow; " +
              (others.empty() ? std::string{"it may start itself"} : "a loop may go through " + listed(others)) + "; end the loop in a handler or raise the limit";
  told.run = run.row.id.to_string();
  told.input_type = newest.type;
  count_failure(run, {sub.row.agent, told.error_type, told.what, {}, run.row.id, 0}, true);
  count_failure_for_conditions(sub.row.agent);
  touch(run);
  // A failing handler of failures must not feed itself.
  if (newest.type == type_of<failure>().name) return;
  // Nothing was opened: the failure hangs below the artifact that would have started it.
  activation_id const instead = derive_activation_id(newest.id, sub.identity, run.started[sub.row.agent]);
  announce(make_own(type_of<failure>(), make_payload(std::move(told)), derive_artifact_id(instead, 0), newest, sub.row.agent, newest.cause), newest.context.span);
}

}  // namespace skein::bus
