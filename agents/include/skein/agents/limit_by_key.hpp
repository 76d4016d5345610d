// A component that starts an agent only so often for each key. (agent::rate_limit bounds all of its starts together, on the board.)
#pragma once

#include <skein/agents/component.hpp>
#include <skein/agents/input_key.hpp>
#include <skein/tracing/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace skein {

/// What limit_by_key goes by. Members in the order of designated initialisers.
struct limit_by_key_options {
  input_key key;                                            ///< Each key has its own limit. Activations without one have none.
  std::uint32_t calls = 1;                                  ///< So many attempts of one key …
  std::chrono::nanoseconds per = std::chrono::seconds{1};   ///< … within any such time.
  std::size_t keys_max = 10'000;                            ///< How many keys are remembered; then the one that was used longest ago is forgotten.
  skein::clock* clock = nullptr;                            ///< nullptr = system_clock(). Must outlive the component.
};

/// `.with(skein::limit_by_key{{.key = skein::field("customer"), .calls = 10, .per = 1s}}).retry({.attempts_max = 20})`. An attempt beyond the limit
/// throws retry_later with the time at which there is room: it counts as a failure, so give the agent attempts enough. The counts are in the memory of this
/// process; other hosts have their own. Thread-safe.
class limit_by_key : public agent_component {
 public:
  /// errc::invalid_argument, thrown: calls, per or keys_max is 0.
  explicit limit_by_key(limit_by_key_options options);

  void on_pre_consume(context& ctx) override;
  [[nodiscard]] std::string_view name() const override { return "limit_by_key"; }

 private:
  struct memory;
  limit_by_key_options options_;
  std::shared_ptr<memory> memory_;
};

}  // namespace skein
