// What handlers say while they work, for whoever watches: hub.watch([](skein::progress const& p) { … }).
#pragma once

#include <skein/bus/message.hpp>

#include <functional>
#include <memory>

namespace skein {

/// What a handler says with ctx.stream, in this process or in a worker: agent, run, activation, number, text.
using progress = bus::progress;

/// Ends a watch when it is destroyed. Movable; may outlive the hub.
class [[nodiscard]] watching {
 public:
  /// Watches nothing.
  watching() = default;
  /// For orchestrator::watch.
  explicit watching(std::shared_ptr<void> kept) noexcept : kept_(std::move(kept)) {}
  watching(watching&&) noexcept = default;
  watching& operator=(watching&&) noexcept = default;
  ~watching() = default;

  /// Ends it early. When this returns, what was watching is not called any more, unless this is called from inside of it.
  void stop() noexcept { kept_.reset(); }

 private:
  std::shared_ptr<void> kept_;
};

}  // namespace skein
