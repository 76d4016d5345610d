// A worker process: a host_session and handlers that end by chance.
#pragma once

#include "world.hpp"

#include <skein/bus/host_session.hpp>

#include <optional>

namespace skein::sim {

using namespace bus;

class simulated_host {
 public:
  simulated_host(world& w, std::size_t index) : world_(w), index_(index) {}

  void start();
  void kill();
  /// The connection breaks and another is made.
  void reconnect();
  void drain();
  /// An agent is added while it runs.
  void grow();
  void receive(host_key at, message&& what, std::uint64_t hello_no);
  /// Whether a hello that arrives at the hub is not older than one that has.
  [[nodiscard]] bool hello_arrives(std::uint64_t instance, std::uint64_t hello_no);

  [[nodiscard]] bool alive() const noexcept { return session_.has_value(); }
  [[nodiscard]] bool at_rest() const { return session_ && session_->welcomed() && session_->held().empty(); }
  [[nodiscard]] host_key key() const noexcept { return key_; }
  [[nodiscard]] std::uint64_t instance() const noexcept { return instance_; }
  [[nodiscard]] std::string name() const { return "host" + std::to_string(index_); }

 private:
  void carry_out(host_actions&& what);
  void begin(delivery&& what);
  void arm();

  world& world_;
  std::size_t const index_;
  std::optional<host_session> session_;
  std::uint64_t life_ = 0, instance_ = 0;
  host_key key_ = 0;
  bool grown_ = false;
  std::uint64_t hellos_sent_ = 0;
  std::uint64_t arrived_instance_ = 0, arrived_hello_ = 0;
  std::optional<timestamp> armed_;
  std::set<attempt_ref> started_;        // by this process
};

}  // namespace skein::sim
