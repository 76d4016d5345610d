// The process with the board: steps, commits a group of steps at a time, holds back what they cause until then, and has a host inside.
#pragma once

#include "world.hpp"

#include <optional>

namespace skein::sim {

using namespace bus;

/// How a call ended.
struct answer {
  board_reply const* reply = nullptr;   ///< Null: the ledger failed, or the hub died, and the caller has been told.
  bool hub_died = false;
};

class simulated_hub {
 public:
  explicit simulated_hub(world& w) : world_(w) {}

  void start();
  void kill();
  void receive(host_key from, message&& what, std::uint64_t hello_no, std::string const& principal);
  void disconnected(host_key from);
  /// Somebody with another key says hello under the name of a host that is known.
  void impersonate(host_key from, std::string const& name);
  void drain(std::string const& name);
  /// Requeues, or drops, one dead activation.
  void raise_the_dead();
  /// One more local agent.
  void grow();

  /// Called for every reply to a ticket, or once without; returns whether the call is over.
  using listener = std::function<bool(answer const&)>;
  /// Told once: whether the step was committed.
  using committed = std::function<void(bool)>;
  ticket publish(input::publish in, listener then);
  ticket wait(std::optional<run_id> run, run_id scope, listener then);
  /// A group that is given to one subscription by hand.
  ticket invoke(input::invoke in, listener then);
  ticket wait_until(board_condition condition, listener then);
  /// Ends either kind of wait.
  void cancel(ticket waiting);
  /// Of an agent, or of a run.
  void pause(std::string agent, run_id const& run, bool paused);
  void cancel_work(std::string agent, run_id const& run);
  void open_run(input::open_run const& in, committed then);
  void hold(run_id const& run, committed then);
  void release(run_id const& run, bool failed);

  [[nodiscard]] bool alive() const noexcept { return board_.has_value(); }
  [[nodiscard]] blackboard const& board() const { return *board_; }
  /// Grows with each death.
  [[nodiscard]] std::uint64_t lives() const noexcept { return life_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] bool at_rest() const noexcept { return alive() && listeners_.empty() && local_.empty() && group_.empty() && !writing_; }

 private:
  struct group {
    effects out;
    std::vector<committed> then;
    [[nodiscard]] bool empty() const noexcept { return out.empty() && then.empty(); }
  };
  struct local_attempt {
    delivery what;
    std::optional<done> result;          // reported, not committed yet
  };

  void step(board_input in, committed then = {});
  void say_hello();
  void begin_commit();
  void end_commit();
  void let_out(group&& done);
  void discard();
  void rebuild(restart const& how, bool hub_died);
  void tell_all(bool hub_died);
  void arm();

  void give_local(message const& what);
  void report_local(activation_id const& id);
  [[nodiscard]] bus::verdicts said_of(artifact_data const& artifact) const;
  [[nodiscard]] std::vector<bus::verdicts> said_of(std::vector<child> const& children) const;

  world& world_;
  std::optional<blackboard> board_;
  std::uint64_t life_ = 0;               // of the process
  std::uint64_t steps_ = 0;
  std::uint64_t instance_ = 0;           // of the local host
  bool grown_ = false;
  group group_;
  std::optional<group> writing_;
  effects spare_;                        // empty, but for memory
  bool commit_planned_ = false;
  ticket last_ticket_ = 0;
  std::map<ticket, listener> listeners_;
  std::vector<run_id> held_runs_;
  std::map<activation_id, local_attempt> local_;
  std::vector<std::pair<std::string, subscription_descriptor>> asked_;   // whose predicates and keys this process evaluates
  std::uint64_t hello_no_ = 0;           // of the hello that is being taken
  std::map<host_key, std::queue<std::uint64_t>> welcomes_;   // which hello each welcome that is held back answers
  std::optional<timestamp> armed_;
};

}  // namespace skein::sim
