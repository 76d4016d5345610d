// What a worker's log says of its hub.
#pragma once

#include <skein/bus/host_link.hpp>

#include <mutex>
#include <string>

namespace skein::agents {

/// Thread-safe. Trouble is said once, not at every try; whoever has read of trouble reads of its end.
class hub_talk {
 public:
  hub_talk(std::string endpoint, std::string name);
  /// Puts itself before `to.changed`. Must outlive the link.
  void listen(bus::host_link_receivers& to);
  /// The worker has left.
  void left();

 private:
  void changed(bus::link_state state, std::string const& why);

  std::string const endpoint_, name_;
  std::mutex mutex_;
  bus::link_state state_ = bus::link_state::connecting;
  std::string trouble_;       // the last that was said; empty: none since the last welcome
};

}  // namespace skein::agents
