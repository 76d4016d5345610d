#include <skein/agents/when.hpp>

#include <algorithm>

namespace skein::agents {

type_code& subscription_plan::code_of(std::string_view type) {
  auto const known = std::find_if(code.begin(), code.end(), [&](auto const& one) { return one.type == type; });
  return known != code.end() ? *known : code.emplace_back(type_code{std::string{type}});
}

void subscription_plan::accept(std::string_view type, std::function<bool(bus::artifact_data const&)> one) {
  auto& before = code_of(type).accepts;
  if (!before) {
    before = std::move(one);
    return;
  }
  before = [first = std::move(before), second = std::move(one)](bus::artifact_data const& candidate) { return first(candidate) && second(candidate); };
}

void subscription_plan::refuse(std::string what) {
  if (problem.empty()) problem = std::move(what);
}

}  // namespace skein::agents
