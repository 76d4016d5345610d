// What tests of groups have in common.
#pragma once

#include "board_fixture.hpp"

#include <skein/registry/failure.hpp>

#include <memory>
#include <vector>

namespace skein::bus::testing {

/// Takes an idea and a rejection together.
inline agent_descriptor pairing() { return agent("pairing").all({"idea", "rejected"}); }

/// Of its inputs, in order.
inline std::vector<artifact_id> ids_of(delivery const& given) {
  std::vector<artifact_id> ids;
  for (auto const& input : given.inputs) ids.push_back(input->id);
  return ids;
}

/// What a skein.expired tells.
inline expired expired_of(artifact_ptr const& record) { return *std::static_pointer_cast<expired const>(*record->payload.as(type_of<expired>())); }

}  // namespace skein::bus::testing
