// A component that handles what has the same key once.
#pragma once

#include <skein/agents/component.hpp>
#include <skein/agents/input_key.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace skein {

/// What deduplicate goes by. Members in the order of designated initialisers.
struct deduplicate_options {
  input_key key;                     ///< Equal keys are duplicates. Activations without one are all handled.
  std::size_t keys_max = 10'000;     ///< How many keys are remembered; then the oldest is forgotten.
};

/// `.with(skein::deduplicate{{.key = skein::field("number")}})`. An activation whose key another one has had, which runs or has ended well, publishes nothing: its
/// handler is not called, and its span has the event `skein.skipped`. Attempts of one activation are no duplicates of each other; one that fails gives its key back. The
/// keys are in the memory of this process: they do not outlive it, and other hosts have their own. Thread-safe.
class deduplicate : public agent_component {
 public:
  /// errc::invalid_argument, thrown: keys_max is 0.
  explicit deduplicate(deduplicate_options options);

  void on_pre_consume(context& ctx) override;
  void on_error(context& ctx, failure const&) override;
  [[nodiscard]] std::string_view name() const override { return "deduplicate"; }

 private:
  struct memory;
  deduplicate_options options_;
  std::shared_ptr<memory> memory_;
};

}  // namespace skein
