#include "hub_talk.hpp"

#include <skein/tracing/log.hpp>

#include <utility>

namespace skein::agents {

hub_talk::hub_talk(std::string endpoint, std::string name) : endpoint_(std::move(endpoint)), name_(std::move(name)) {}

void hub_talk::listen(bus::host_link_receivers& to) {
  to.changed = [this, next = std::move(to.changed)](bus::link_state state, std::string const& why) {
    changed(state, why);
    next(state, why);
  };
}

void hub_talk::changed(bus::link_state state, std::string const& why) {
  std::lock_guard const held{mutex_};
  auto const before = std::exchange(state_, state);
  if (state == bus::link_state::welcomed) {
    auto const line = "connected to the hub at " + endpoint_ + " as " + name_;
    trouble_.empty() ? log_info(line) : log_warn(line);
    trouble_.clear();
  } else if (state == bus::link_state::connecting) {
    auto const reason = why.empty() && before == bus::link_state::welcomed ? "the connection to " + endpoint_ + " was closed" : why;
    if (reason.empty() || reason == trouble_) return;
    log_warn((before == bus::link_state::welcomed ? "lost the hub: " : "cannot reach the hub: ") + reason);
    trouble_ = reason;
  }
}

void hub_talk::left() { log_info("left the hub at " + endpoint_); }

}  // namespace skein::agents
