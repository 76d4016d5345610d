#include <skein/agents/invoke_span.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace skein::agents {

bus::artifact_data const& newest_of(std::vector<bus::artifact_ptr> const& inputs) noexcept {
  if (inputs.size() == 1) return *inputs.front();
  return **std::max_element(inputs.begin(), inputs.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
}

span_start invoke_span(bus::attempt_ref const& attempt, std::string_view agent, std::string_view description,
                       std::vector<bus::artifact_ptr> const& inputs) {
  bus::artifact_data const& newest = newest_of(inputs);
  span_start start;
  start.name = "invoke_agent ";
  start.name += agent;
  start.kind = span_kind::consumer;
  start.type = span_type::agent;
  start.parent = newest.context;
  start.id = derive_invoke_span_id(attempt.id, attempt.attempt);
  start.scope = "skein";
  start.attrs = {{"gen_ai.operation.name", "invoke_agent"},
                 {"gen_ai.agent.name", agent},
                 {"messaging.system", "zeromq"},
                 {"messaging.operation.type", "process"},
                 {"messaging.destination.name", newest.type},
                 {"messaging.message.id", newest.id.to_string()},
                 {"skein.activation.id", attempt.id.to_string()},
                 {"skein.attempt", attempt.attempt}};
  if (!description.empty()) start.attrs.push_back({"gen_ai.agent.description", description});
  for (auto const& input : inputs) {
    if (input.get() != &newest) start.links.push_back({input->context, {}});
  }
  return start;
}

span_outline invoke_outline(std::string_view agent, std::string_view description, std::string_view type) {
  auto input = std::make_shared<bus::artifact_data>();
  input->type = type;
  return {invoke_span({}, agent, description, {std::move(input)}), {"messaging.message.id", "skein.activation.id", "skein.attempt"}};
}

}  // namespace skein::agents
