#include "agent_spans.hpp"

#include <skein/agents/invoke_span.hpp>
#include <skein/agents/publish_span.hpp>

namespace skein::agents {

agent_spans::agent_spans(agent const& of) {
  for (auto const& subscription : of.descriptor().subscriptions) {
    for (auto const& type : subscription.types) {
      if (!invoke(type)) invoke_.emplace_back(type, invoke_template(of.descriptor().name, type));
    }
  }
  for (auto const& rule : of.output_rules()) publish_.emplace_back(rule.type->name, publish_template(rule.type->name));
}

}  // namespace skein::agents
