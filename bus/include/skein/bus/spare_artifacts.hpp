// The memory of artifacts that nobody has any more, for the next ones that the same thread makes: who publishes in a steady state frees as many.
#pragma once

#include <skein/bus/artifact.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace skein::bus {

/// One to fill in, as good as new. Thread-safe: each thread has its own spare ones.
[[nodiscard]] std::shared_ptr<artifact_data> make_artifact();
/// Keeps the memory of one that nobody else has, as renew() left it, for the next that this thread makes; null is nothing. Bounded: what is too much is freed.
void give_back(std::shared_ptr<artifact_data>&& one) noexcept;
/// One that the caller alone has, as its count says, and that no weak pointer leads to: as renew() leaves it, to fill in anew.
[[nodiscard]] std::shared_ptr<artifact_data> taken_back(artifact_ptr&& last) noexcept;
/// Leaves none of them; gives back those that nobody else has.
inline void let_go(std::vector<artifact_ptr>& all) noexcept {
  for (auto& one : all) {
    if (one.use_count() == 1) give_back(taken_back(std::move(one)));
  }
  all.clear();
}

}  // namespace skein::bus
