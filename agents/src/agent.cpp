#include <skein/agents/agent.hpp>

#include <algorithm>

namespace skein {

namespace agents {

std::function<bool(payload const&)> both(std::function<bool(payload const&)> first, std::function<bool(payload const&)> second) {
  if (!first) return second;
  return [first = std::move(first), second = std::move(second)](payload const& of) { return first(of) && second(of); };
}

}  // namespace agents

agent& agent::add(agents::subscription_plan plan, agents::handler handler, form written_for) {
  plan.descriptor.ordinal = static_cast<std::uint32_t>(reactions_.size());
  bool const batched = plan.descriptor.batch_max > 0;
  if (written_for == form::groups && batched) plan.refuse("it has a batch(), so its handler takes a std::span; or leave batch() out");
  if (written_for == form::batches && !batched) plan.refuse("its handler takes a std::span, which only a batch gives; add .batch(size, age)");
  if (!plan.problem.empty()) refuse("subscription " + std::to_string(reactions_.size()) + " (" + plan.descriptor.types.front() + "): " + plan.problem);
  types_.insert(types_.end(), plan.types.begin(), plan.types.end());
  descriptor_.subscriptions.push_back(std::move(plan.descriptor));
  reactions_.push_back({std::move(plan.code), std::move(handler), std::move(plan.types)});
  return *this;
}

agent& agent::on_timer(timer_schedule when, agents::handler handler) {
  agents::subscription_plan plan;
  plan.descriptor.types = {std::string{type_of<tick>().name}};
  plan.descriptor.grouping = grouping::timer;
  plan.descriptor.timer = std::move(when);
  plan.types = {&type_of<tick>()};
  return add(std::move(plan), std::move(handler), form::anything);
}

agent& agent::react(std::function<agents::handler(std::vector<artifact_type const*> const& takes)> const& make) {
  bool any = false;
  for (auto& one : reactions_) {
    if (one.handler) continue;
    one.handler = make(one.takes);
    any = true;
  }
  if (!any) refuse("engine() without what it takes; put .consumes(skein::when<…>()) before it");
  return *this;
}

agent& agent::add_component(agents::installed_component component) {
  auto const place = std::upper_bound(components_.begin(), components_.end(), component, [](auto const& a, auto const& b) { return a.priority < b.priority; });
  components_.insert(place, std::move(component));
  return *this;
}

void agent::add_output(agents::output_rule rule) {
  auto& declared = descriptor_.publishes;
  std::string const name{rule.type->name};
  if (rule.count_min > rule.count_max || rule.count_max == 0) {
    refuse("output " + name + ": fan_out() needs 0 <= min <= max and max above 0; leave the output out if there is to be none");
  }
  types_.push_back(rule.type);
  auto const known = std::find_if(outputs_.begin(), outputs_.end(), [&](auto const& one) { return one.type->name == name; });
  if (known == outputs_.end()) {
    declared.push_back(name);
    outputs_.push_back(std::move(rule));
  } else if (known->is_plain()) {
    *known = std::move(rule);
  } else if (!rule.is_plain()) {
    refuse("output " + name + " has rules twice; give all of them to one skein::output");
  }
}

void agent::refuse(std::string what) {
  if (problem_.empty()) problem_ = std::move(what);
}

}  // namespace skein
