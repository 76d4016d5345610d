// A board with a hand-driven clock, hosts that do what the test says, and a model ledger that takes every change.
#pragma once

#include "board_model.hpp"

#include <skein/bus/blackboard.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace skein::bus::testing {

using namespace std::chrono_literals;

/// An agent in one expression: `agent("critic").on("pizza")`.
class agent {
 public:
  explicit agent(std::string name) { made_.name = std::move(name); }
  agent& on(std::string type);
  /// AND: one of each.
  agent& all(std::vector<std::string> types);
  /// Likewise, of those with the same value at the path that stands beside the type; an empty list of keys: lambdas give them.
  agent& join(std::vector<std::string> types, std::vector<std::string> keys);
  agent& within(std::chrono::nanoseconds span) { return made_.subscriptions.back().within = span, *this; }
  agent& within_count(std::uint64_t artifacts) { return made_.subscriptions.back().within_count = artifacts, *this; }
  agent& batch(std::uint32_t size, std::chrono::nanoseconds age = {});
  agent& across_runs() { return made_.subscriptions.back().across_runs = true, *this; }
  /// A timer.
  agent& timer(timer_schedule schedule);
  agent& from(std::string producer) { return made_.subscriptions.back().from.push_back(std::move(producer)), *this; }
  agent& tagged(std::string tag) { return made_.subscriptions.back().tagged.push_back(std::move(tag)), *this; }
  agent& self_trigger() { return made_.subscriptions.back().self_trigger = true, *this; }
  agent& retry(retry_policy policy) { return made_.retry = policy, *this; }
  agent& rules(agent_rules given) { return made_.rules = std::move(given), *this; }
  agent& concurrency(std::uint32_t activations) { return made_.max_concurrency = activations, *this; }
  agent& priority(std::int32_t value) { return made_.subscriptions.back().priority = value, *this; }
  agent& exclusive(std::string word) { return made_.subscriptions.back().exclusive = std::move(word), *this; }
  agent& predicate() { return made_.subscriptions.back().has_predicate = true, *this; }
  operator agent_descriptor() const { return made_; }  // NOLINT: reads as a descriptor

 private:
  agent_descriptor made_;
};

/// The agents of most tests: the first one's work is the second one's.
inline agent_descriptor cook() { return agent("cook").on("idea"); }
inline agent_descriptor critic() { return agent("critic").on("pizza"); }

/// What a test publishes; the defaults are an external, loose artifact of a run of its own.
struct artifact_spec {
  std::string type;
  std::vector<std::string> tags = {};
  std::vector<std::string> visible_to = {};
  std::string key = {};
  run_id run = {};
  std::vector<subscription_no> rejected = {};
  subscription_no only = 0;
  bool routed = true;
  skein::payload payload = {};
  std::string correlation = {};                                    ///< Empty: the run's text inside a run.
  std::vector<std::pair<subscription_no, std::string>> keys = {};   ///< What lambdas gave.
  timestamp hidden_until = {};
};

/// A payload of one field with a short text.
[[nodiscard]] payload field_payload(std::string_view name, std::string_view text);

/// How a host introduces itself.
struct hello_options {
  std::uint64_t instance = 1;
  std::uint32_t credit = 100;
  std::vector<attempt_ref> held = {};
  std::string name = {};                 ///< Empty = "host<key>".
  bool local = false;
  std::string principal = {};
};

class board_fixture {
 public:
  static constexpr host_key local = 1;

  explicit board_fixture(blackboard_limits given = {.lease = 10s, .grace = 5s}) : limits(given), board(given) {}

  // ---- hosts: a key is a connection; names are "host<key>" ----
  void hello(host_key from, std::vector<agent_descriptor> agents, hello_options how);
  void hello(host_key from, std::vector<agent_descriptor> agents) { hello(from, std::move(agents), {}); }
  /// The host inside the hub's process.
  void local_hello(std::vector<agent_descriptor> agents);
  void beat(host_key from, std::vector<attempt_ref> held, std::uint64_t last_number);
  /// A beat of a host that has received everything.
  void beat(host_key from, std::vector<attempt_ref> held) { beat(from, std::move(held), last_number[from]); }
  /// What was delivered to a host since the last question.
  [[nodiscard]] std::vector<delivery> deliveries(host_key to) { return std::exchange(delivered_[to], {}); }
  /// The one delivery since the last question.
  [[nodiscard]] delivery delivered(host_key to);

  // ---- how an attempt ends ----
  void done(host_key from, delivery const& what, std::vector<child> children = {});
  void ends(host_key from, delivery const& what, outcome how, std::string error = "std::runtime_error");
  void fails(host_key from, delivery const& what) { ends(from, what, outcome::failed); }
  /// The last message of that kind to a host, if there was one.
  template <class Message>
  [[nodiscard]] Message const* last(host_key to) const;
  /// The message of that kind that answered `what` last, if one did.
  template <class Message>
  [[nodiscard]] bool answered(host_key to, delivery const& what) const;

  // ---- callers ----
  artifact_id publish(artifact_spec what);
  artifact_id publish(char const* type) { return publish(artifact_spec{.type = type}); }
  run_id open_run(std::string name = "run");
  void release(run_id const& run, bool failed = false) { step(input::release{run, failed}); }
  /// Starts the subscription with a group of loose, empty artifacts of these types, in one run of their own.
  ticket invoke(subscription_no only, std::vector<std::string> types, std::optional<run_id> run = std::nullopt);
  ticket pause(std::string agent, bool paused = true) { return ask(input::pause{0, std::move(agent), {}, paused}); }
  ticket pause(run_id const& run, bool paused = true) { return ask(input::pause{0, {}, run, paused}); }
  ticket cancel(std::string agent) { return ask(input::cancel_work{0, std::move(agent), {}}); }
  ticket cancel(run_id const& run) { return ask(input::cancel_work{0, {}, run}); }
  [[nodiscard]] ticket until(board_condition condition) { return ask(input::wait_until{0, std::move(condition)}); }
  /// The answer to a ticket: the last reply of that kind, or none.
  template <class Reply>
  [[nodiscard]] Reply const* answer(ticket to) const;
  /// How the last publish ended: nullopt = well.
  [[nodiscard]] std::optional<error> refusal(ticket to) const;
  [[nodiscard]] ticket last_ticket() const noexcept { return last_ticket_; }
  [[nodiscard]] ticket wait(std::optional<run_id> run = std::nullopt, run_id scope = {});
  [[nodiscard]] bool idle(ticket who) const { return idle_.contains(who); }
  [[nodiscard]] board_report const& report(ticket who) const { return idle_.at(who).report; }

  // ---- time and death ----
  void later(std::chrono::nanoseconds by);
  /// The hub dies and continues from its ledger; its local host, "host1", is gone.
  void crash();
  /// A commit failed: the same process continues from its ledger.
  void rebuild(std::vector<run_id> held_runs = {});

  void step(board_input in);
  [[nodiscard]] activation_row only_open() const;
  [[nodiscard]] run_row const& run_of(run_id const& id) const;
  /// Artifacts of a type that ever came onto the board.
  [[nodiscard]] std::vector<artifact_ptr> published(std::string const& type) const;

  blackboard_limits limits;
  blackboard board;
  board_model ledger;
  timestamp now{std::chrono::hours{1}};
  std::vector<outgoing> messages;
  std::vector<board_reply> replies;
  std::vector<run_ended> ended;
  std::vector<announcement> announcements;
  std::vector<lost_attempt> lost;
  std::vector<untraced_attempt> untraced;
  std::vector<notice> notices;
  std::map<host_key, std::uint64_t> last_number;

 private:
  template <class Input>
  ticket ask(Input in) {
    in.reply_to = ++last_ticket_;
    step(std::move(in));
    return last_ticket_;
  }

  std::map<host_key, std::vector<delivery>> delivered_;
  std::map<ticket, reply::idle> idle_;
  ticket last_ticket_ = 0;
  id_generator ids_{1};
};

[[nodiscard]] inline child child_of_type(std::string type) {
  child made;
  made.type = std::move(type);
  return made;
}

template <class Reply>
Reply const* board_fixture::answer(ticket to) const {
  for (auto at = replies.rbegin(); at != replies.rend(); ++at) {
    if (auto const* found = std::get_if<Reply>(&*at); found && found->to == to) return found;
  }
  return nullptr;
}

template <class Message>
Message const* board_fixture::last(host_key to) const {
  for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
    if (auto const* m = std::get_if<Message>(&at->message); at->to == to && m) return m;
  }
  return nullptr;
}

template <class Message>
bool board_fixture::answered(host_key to, delivery const& what) const {
  for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
    auto const* m = std::get_if<Message>(&at->message);
    if (at->to == to && m && m->activation == what.activation) return true;
  }
  return false;
}

}  // namespace skein::bus::testing
