// Short ways to say what a ledger is given.
#pragma once

#include "board_model.hpp"
#include "sample_messages.hpp"

#include <skein/bus/ledger.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace skein::bus::testing {

/// Applies one commit to both.
inline void commit(ledger& real, board_model& model, std::vector<change> const& changes) {
  auto const done = real.commit(changes);
  ASSERT_TRUE(done) << done.error().what();
  for (auto const& one : changes) model.apply(one);
}

inline artifact_ptr make_artifact(std::uint64_t seq, run_id run = {}, std::size_t payload_bytes = 4) {
  artifact_data made;
  made.id = derive_artifact_id(sample_id<activation_id>(1), seq);
  made.seq = seq;
  made.type = "pizza.idea";
  made.produced_by = "external";
  made.run = run;
  made.payload = payload{bytes(payload_bytes, std::byte{0x2a})};
  return std::make_shared<artifact_data>(std::move(made));
}

inline activation_row make_activation(activation_no no, std::uint64_t input, run_id run = {}) {
  return {.no = no, .id = derive_activation_id(sample_id<artifact_id>(1), 1, no), .subscription = 1, .inputs = {input}, .run = run};
}

inline activation_update close(activation_no no, activation_state state = activation_state::done) { return {.no = no, .state = state, .attempt = 1}; }

std::vector<change> as_changes(auto... all) { return {change{all}...}; }

}  // namespace skein::bus::testing
