// Runs one seed: disturbances first, then calm until everything is finished; every promise is checked after every step.
#pragma once

#include <cstdint>
#include <string>

namespace skein::sim {

struct seed_options {
  std::uint64_t steps = 400;     ///< Steps of the hub before the calm.
  bool log = false;              ///< Every event to standard output.
};

struct seed_result {
  std::string broken;            ///< Empty when every promise held.
  std::string rates;             ///< What kind of seed it was.
  std::uint64_t steps = 0;
  std::uint64_t activations = 0, artifacts = 0;
};

/// Never throws for a broken promise. The same seed and options take the same steps on every machine.
[[nodiscard]] seed_result simulate(std::uint64_t seed, seed_options const& options = {});

/// The command that runs it again, to print beside a failure.
[[nodiscard]] std::string replay_command(std::uint64_t seed, seed_options const& options);

}  // namespace skein::sim
