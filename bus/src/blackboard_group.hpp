// What several files ask of a group.
#pragma once

#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

/// When its time is over: `within` of a group that waits, the age of a batch. nullopt = never.
[[nodiscard]] std::optional<timestamp> due_of(open_group const& group);

/// How many artifacts make one group of a batch.
[[nodiscard]] inline std::size_t group_size(subscription_descriptor const& want) {
  return want.grouping == grouping::single ? 1 : std::max<std::size_t>(1, want.types.size());
}

/// Wire names that it waits for, in declared order; of a batch, those that it gathers. Empty while its subscription is not described.
[[nodiscard]] std::vector<std::string> missing_types(open_group const& group);

/// `a, b and c`; `2 of a` for what stands twice; what stands for nothing is `what its subscription says`.
[[nodiscard]] std::string joined(std::vector<std::string> const& names);

}  // namespace skein::bus
