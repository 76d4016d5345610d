// The link between a hub and the host in its own process by way of ZeroMQ: ROUTER on the hub's side, DEALER on the host's.
// Messages move as pointers.
#pragma once

#include <skein/bus/message.hpp>

#include <functional>
#include <memory>

namespace skein::bus {

/// Thread-safe. Nothing is lost; order is kept in each direction.
class inproc_link {
 public:
  /// Where messages end. Called by one thread at a time each; must be set.
  struct receivers {
    std::function<void(message&&)> hub;    ///< Takes what the host sent.
    std::function<void(message&&)> host;   ///< Takes what the hub sent.
  };
  /// Threaded: each side has a thread of its own that calls its receiver. Otherwise poll() does, on the caller's thread.
  [[nodiscard]] static std::unique_ptr<inproc_link> open(receivers to, bool threaded);
  virtual ~inproc_link() = default;

  /// Hub to host. Never blocks. May leave memory in the message that the next of its kind can use.
  virtual void to_host(message&& what) = 0;
  /// Host to hub. Never blocks. May leave memory for the children of the next one.
  virtual void to_hub(done&& result) = 0;
  /// Not threaded: delivers what is under way; whether there was anything. Receivers may send again.
  virtual bool poll() = 0;
  /// Ends the threads, and delivers on the caller's what is under way to the hub. Later messages are dropped.
  virtual void stop() = 0;
};

}  // namespace skein::bus
