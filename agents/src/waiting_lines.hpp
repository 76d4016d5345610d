// What a local host has queued, by agent, and the agents that have something to start. Nothing in it allocates but the first use of a priority.
#pragma once

#include "agent_spans.hpp"
#include "queued_attempt.hpp"

#include <skein/agents/agent.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace skein::agents {

struct hosted_agent;
using agent_line = boost::intrusive::list<hosted_agent, boost::intrusive::constant_time_size<false>>;

/// Of one agent: by priority, and among equals by arrival.
struct hosted_agent : boost::intrusive::list_base_hook<> {
  explicit hosted_agent(agent what) : definition(std::move(what)), spans(definition), limit(std::max(1u, definition.descriptor().max_concurrency)) {}

  agent const definition;
  agent_spans const spans;                 // of its attempts
  std::uint32_t const limit;               // threads that may hold work of it at once
  attempt_list queue;
  std::uint32_t holders = 0;               // threads that do
  agent_line* line = nullptr;              // where it waits for a thread
  std::int32_t line_priority = 0;          // of what it would start next; while in a line

  [[nodiscard]] bool runnable() const noexcept { return !queue.empty() && holders < limit; }

  void push(queued_attempt& one) {
    auto place = queue.end();
    while (place != queue.begin() && std::prev(place)->priority < one.priority) --place;
    queue.insert(place, one);
  }
  /// Puts back what was taken and not begun: in front of its equals.
  void put_back(attempt_list& taken) {
    while (!taken.empty()) {
      auto& one = taken.back();
      taken.pop_back();
      queue.insert(std::find_if(queue.begin(), queue.end(), [&](auto const& other) { return other.priority <= one.priority; }), one);
    }
  }
};

/// The agents that have something to start, by its priority; those of equal priority take turns. Guarded by the host's lock.
class waiting_lines {
 public:
  /// Puts the agent where it belongs after its queue or its holders have changed. It keeps its turn where the priority is as before.
  void settle(hosted_agent& a) {
    if (!a.runnable()) return leave(a);
    auto const wanted = a.queue.front().priority;
    if (a.line && a.line_priority == wanted) return;
    leave(a);
    a.line = &lines_[wanted];
    a.line_priority = wanted;
    a.line->push_back(a);
    ++count_;
  }
  /// Takes the agent out; settle() puts it behind the others.
  void leave(hosted_agent& a) noexcept {
    if (!a.line) return;
    a.line->erase(a.line->iterator_to(a));
    a.line = nullptr;
    --count_;
  }
  /// Whose turn it is; null when nothing can start.
  [[nodiscard]] hosted_agent* next() noexcept {
    if (count_ == 0) return nullptr;
    for (auto& [priority, line] : lines_) {
      if (!line.empty()) return &line.front();
    }
    return nullptr;
  }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// How many activations could start at this moment; counted up to `enough`.
  [[nodiscard]] std::size_t startable(std::size_t enough) const noexcept {
    std::size_t found = 0;
    for (auto const& [priority, line] : lines_) {
      for (auto const& a : line) {
        found += std::min<std::size_t>(a.queue.size(), a.limit - a.holders);
        if (found >= enough) return found;
      }
    }
    return found;
  }

 private:
  // As many lines as there are priorities among the subscriptions; an empty one stays for the next time.
  std::map<std::int32_t, agent_line, std::greater<>> lines_;
  std::size_t count_ = 0;
};

}  // namespace skein::agents
