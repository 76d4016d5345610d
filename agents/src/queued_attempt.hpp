// What a host keeps of a delivery from its arrival to its report.
#pragma once

#include <skein/bus/message.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace skein::agents {

/// All of the delivery but its agent, in whose queue it is. It stays where it is; lists link it.
struct queued_attempt : boost::intrusive::list_base_hook<> {
  bus::attempt_ref activation;
  std::vector<bus::artifact_ptr> inputs;
  std::uint32_t ordinal = 0;
  std::int32_t priority = 0;
  std::chrono::nanoseconds deadline{};
  timestamp due{};                      // by the deadline; zero: none
  bool unasked = false;

  /// Takes it over, and leaves memory for the inputs of another one.
  void take(bus::delivery& from) {
    activation = from.activation;
    inputs.swap(from.inputs);
    ordinal = from.ordinal;
    priority = from.priority;
    deadline = from.deadline;
    due = {};
    unasked = from.unasked;
  }
};
using attempt_list = boost::intrusive::list<queued_attempt>;

}  // namespace skein::agents
