#include <skein/agents/invoke_span.hpp>

#include <algorithm>
#include <string>

namespace skein::agents {

bus::artifact_data const& newest_of(std::vector<bus::artifact_ptr> const& inputs) noexcept {
  if (inputs.size() == 1) return *inputs.front();
  return **std::max_element(inputs.begin(), inputs.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
}

namespace {

constexpr std::string_view message_id = "messaging.message.id", activation = "skein.activation.id", number = "skein.attempt",
                           purpose = "gen_ai.agent.description";

std::string name_of(std::string_view agent) { return "invoke_agent " + std::string{agent}; }

attributes common(std::string_view agent, std::string_view type) {
  return {{"gen_ai.operation.name", "invoke_agent"},
          {"gen_ai.agent.name", agent},
          {"messaging.system", "zeromq"},
          {"messaging.operation.type", "process"},
          {"messaging.destination.name", type}};
}

}  // namespace

span_start invoke_span(bus::attempt_ref const& attempt, std::string_view agent, std::string_view description,
                       std::vector<bus::artifact_ptr> const& inputs) {
  bus::artifact_data const& newest = newest_of(inputs);
  span_start start;
  start.name = name_of(agent);
  start.kind = span_kind::consumer;
  start.type = span_type::agent;
  start.parent = newest.context;
  start.id = derive_invoke_span_id(attempt.id, attempt.attempt);
  start.scope = "skein";
  start.attrs = common(agent, newest.type);
  start.attrs.push_back({std::string{message_id}, newest.id.to_string()});
  start.attrs.push_back({std::string{activation}, attempt.id.to_string()});
  start.attrs.push_back({std::string{number}, attempt.attempt});
  if (!description.empty()) start.attrs.push_back({std::string{purpose}, description});
  for (auto const& input : inputs) {
    if (input.get() != &newest) start.links.push_back({input->context, {}});
  }
  return start;
}

span_template invoke_template(std::string_view agent, std::string_view type) {
  return {name_of(agent), span_kind::consumer, span_type::agent, "skein", common(agent, type),
          {{message_id, artifact_id{}}, {activation, activation_id{}}, {number, std::int64_t{}}}};
}

void fill_invoke_span(span_beginning& with, bus::attempt_ref const& attempt, std::string_view description, bus::artifact_data const& newest,
                      std::vector<bus::artifact_ptr> const& inputs) {
  with.own(0, newest.id).own(1, attempt.id).own(2, attempt.attempt);
  if (!description.empty()) with.set(purpose, description);
  for (auto const& input : inputs) {
    if (input.get() != &newest) with.link(input->context);
  }
}

}  // namespace skein::agents
