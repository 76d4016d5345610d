// The run that a thread has worked for last: attempts of one run mostly come in a row.
#pragma once

#include <skein/agents/local_host.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace skein::agents {

/// Of one thread. Asks the environment only where its answer may have changed.
class recent_scope {
 public:
  /// The run of an attempt with this newest input. The reference is valid until the next call.
  [[nodiscard]] std::shared_ptr<run_scope> const& of(host_environment& around, bus::artifact_data const& newest) {
    // Read before the question: what changes meanwhile makes the answer old.
    auto const version = around.scopes_version();
    if (!scope_ || !version || version != version_ || scope_->id != newest.run) {
      version_ = version;
      scope_ = around.scope_of(newest);
      is_own_ = false;
    } else if (!is_own_) {
      // A count of references of its own: the run's would go from core to core with each attempt of each thread.
      auto const shared = std::make_shared<std::shared_ptr<run_scope>>(std::move(scope_));
      scope_ = {shared, shared->get()};
      is_own_ = true;
    }
    return scope_;
  }

 private:
  std::shared_ptr<run_scope> scope_;
  std::optional<std::uint64_t> version_;
  bool is_own_ = false;
};

}  // namespace skein::agents
