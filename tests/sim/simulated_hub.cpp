#include "simulated_hub.hpp"

#include "cast.hpp"

#include <algorithm>

namespace skein::sim {

namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void append(effects& to, effects& from) {
  append(to.changes, from.changes);
  append(to.messages, from.messages);
  append(to.replies, from.replies);
  append(to.announcements, from.announcements);
  append(to.ended, from.ended);
  append(to.lost, from.lost);
  append(to.untraced, from.untraced);
  append(to.notices, from.notices);
}

std::string name_of(attempt_ref const& ref) { return std::to_string(ref.no) + '#' + std::to_string(ref.attempt); }

std::string describe(board_input const& in) {
  static constexpr char const* names[] = {"publish", "hello", "beat", "done", "goodbye", "disconnected", "open_run", "hold", "release", "wait_idle", "cancel_wait", "tick", "requeue", "drop_dead", "drain",
                                          "forget_agent", "invoke", "pause", "cancel_work", "wait_until"};
  static_assert(std::size(names) == std::variant_size_v<board_input>);
  static constexpr char const* outcomes[] = {"ok", "failed", "permanent", "mismatch", "released"};
  std::string text = names[in.index()];
  auto const list = [&](std::vector<attempt_ref> const& held) {
    for (auto const& one : held) text += ' ' + name_of(one);
  };
  if (auto const* m = std::get_if<input::publish>(&in)) text += ' ' + m->artifact->type + " in run " + m->artifact->run.to_string();
  if (auto const* m = std::get_if<input::hello>(&in)) text += " of " + m->message.host + " at " + std::to_string(m->from) + " holding", list(m->message.held);
  if (auto const* m = std::get_if<input::beat>(&in)) text += " at " + std::to_string(m->from) + " holding", list(m->message.held);
  if (auto const* m = std::get_if<input::done>(&in)) {
    text += " at " + std::to_string(m->from) + ' ' + name_of(m->message.activation) + ' ' + outcomes[static_cast<std::size_t>(m->message.outcome)];
  }
  if (auto const* m = std::get_if<input::pause>(&in)) text += ' ' + (m->agent.empty() ? m->run.to_string() : m->agent) + (m->paused ? "" : " no more");
  if (auto const* m = std::get_if<input::cancel_work>(&in)) text += ' ' + (m->agent.empty() ? m->run.to_string() : m->agent);
  if (auto const* m = std::get_if<input::requeue>(&in)) text += ' ' + m->which.to_string();
  if (auto const* m = std::get_if<input::release>(&in)) text += " run " + m->run.to_string() + (m->failed ? " failed" : "");
  if (auto const* m = std::get_if<input::wait_idle>(&in)) text += " by " + std::to_string(m->reply_to) + (m->run ? " for run " + m->run->to_string() : " for all");
  return text;
}

std::string describe(effects const& out) {
  std::string text;
  for (auto const& one : out.changes) {
    if (auto const* m = std::get_if<activation_row>(&one)) text += "; opens " + std::to_string(m->no) + " for subscription " + std::to_string(m->subscription);
    if (auto const* m = std::get_if<artifact_row>(&one); m && m->artifact->produced_by != external_producer) text += "; puts " + m->artifact->type + ' ' + std::to_string(m->artifact->seq);
    if (auto const* m = std::get_if<subscription_row>(&one)) text += "; subscription " + std::to_string(m->no) + " is " + m->agent + '/' + std::to_string(m->ordinal);
  }
  for (auto const& one : out.messages) {
    if (auto const* m = std::get_if<deliver>(&one.message)) {
      text += "; to " + std::to_string(one.to);
      for (auto const& given : m->deliveries) text += ' ' + name_of(given.activation);
    }
  }
  for (auto const& one : out.replies) {
    if (auto const* m = std::get_if<reply::idle>(&one)) text += "; " + std::to_string(m->to) + (m->timed_out ? " timed out" : " is told idle");
  }
  for (auto const& one : out.ended) text += "; run " + one.run.id.to_string() + ' ' + std::string{to_string(one.run.status)};
  return text;
}

std::string const local_name = "local";

}  // namespace

// ---- life and death ----

void simulated_hub::start() {
  world_.log("hub starts");
  ++instance_;
  rebuild({local_name, true, {}, {}}, true);
  say_hello();
}

void simulated_hub::kill() {
  world_.log("hub is killed");
  ++life_;
  // What was being written may have reached the disk.
  if (writing_ && world_.random.chance(0.5)) {
    (void)bus::testing::memory_store_ledger{{std::shared_ptr<void>{}, &world_.store}}.commit(writing_->out.changes);
    world_.oracle.committed(writing_->out);
  }
  board_.reset();
  group_ = {};
  writing_.reset();
  commit_planned_ = false;
  held_runs_.clear();
  local_.clear();
  welcomes_.clear();
  tell_all(true);
}

void simulated_hub::rebuild(restart const& how, bool hub_died) {
  board_.emplace(blackboard_limits{.lease = lease, .grace = grace, .dead_kept_max = dead_kept, .groups_max = groups_kept}, world_.store.model.state(), world_.now, how);
  world_.oracle.restarted(world_.now, world_.store.model, how, hub_died);
  armed_.reset();
}

/// All local agents, and what the local host holds.
void simulated_hub::say_hello() {
  hello m;
  m.host = local_name;
  m.instance = instance_;
  m.credit = 8;
  asked_.clear();
  m.agents = local_agents(world_.rates.rules, grown_);
  for (auto const& agent : m.agents) {
    for (auto const& sub : agent.subscriptions) {
      if (sub.has_predicate) asked_.emplace_back(agent.name, sub);
    }
  }
  for (auto const& [id, one] : local_) m.held.push_back(one.what.activation);
  step(input::hello{local_key, std::move(m), true});
}

void simulated_hub::grow() {
  grown_ = true;
  if (!board_) return;
  world_.log("hub gets one more agent");
  say_hello();
}

// ---- steps and commits ----

void simulated_hub::step(board_input in, committed then) {
  ++steps_;
  world_.oracle.about_to_step(*board_);
  board_input const given = in;
  // As in the real hub: a result is stepped where it lies, and the memory of what has left goes round.
  effects out = std::exchange(spare_, {});
  if (auto* const result = std::get_if<input::done>(&in)) {
    board_->step(world_.now, result->from, result->message, result->said, result->traced, out);
  } else {
    board_->step(world_.now, std::move(in), out);
  }
  if (world_.logging) world_.log(describe(given) + describe(out));
  world_.oracle.stepped(world_.now, given, out, *board_);
  for (auto const& one : out.messages) {
    if (std::holds_alternative<welcome>(one.message)) welcomes_[one.to].push(hello_no_);
  }
  append(group_.out, out);
  out.clear();
  spare_ = std::move(out);
  if (then) group_.then.push_back(std::move(then));
  arm();
  if (world_.rates.commits_at_once) {
    writing_ = std::exchange(group_, {});
    end_commit();
  } else if (!writing_ && !commit_planned_ && !group_.empty()) {
    commit_planned_ = true;
    world_.after(world_.random.between(0us, 3ms), [this, life = life_] {
      if (life == life_) begin_commit();
    });
  }
}

void simulated_hub::begin_commit() {
  commit_planned_ = false;
  if (writing_ || group_.empty()) return;
  writing_ = std::exchange(group_, {});
  world_.after(world_.random.between(50us, 10ms), [this, life = life_] {
    if (life == life_ && writing_) end_commit();
  });
}

void simulated_hub::end_commit() {
  if (!world_.calm && world_.random.chance(world_.rates.commit_fails) && !writing_->out.changes.empty()) return discard();
  if (auto ok = bus::testing::memory_store_ledger{{std::shared_ptr<void>{}, &world_.store}}.commit(writing_->out.changes); !ok) throw violation{ok.error().what()};
  world_.oracle.committed(writing_->out);
  auto const done = std::make_shared<group>(std::move(*writing_));
  writing_.reset();
  world_.after(0ns, [this, done, life = life_] {
    if (life == life_) let_out(std::move(*done));
  });
  begin_commit();
}

void simulated_hub::let_out(group&& done) {
  for (auto const& one : done.out.messages) {
    if (one.to == local_key) {
      give_local(one.message);
      continue;
    }
    std::uint64_t hello_no = 0;
    if (std::holds_alternative<welcome>(one.message)) {
      hello_no = welcomes_.at(one.to).front();
      welcomes_.at(one.to).pop();
    }
    world_.to_host(one.to, one.message, hello_no);
  }
  for (auto const& one : done.out.replies) {
    auto const to = std::visit([](auto const& r) { return r.to; }, one);
    auto const found = listeners_.find(to);
    if (found == listeners_.end()) throw violation{"a reply to nobody"};
    auto listen = found->second;
    if (listen({&one, false})) listeners_.erase(to);
  }
  done.out.clear();
  spare_ = std::move(done.out);
  for (auto const& call : done.then) call(true);
}

void simulated_hub::discard() {
  world_.log("commit fails");
  std::vector<committed> told;
  append(told, writing_->then);
  append(told, group_.then);
  writing_.reset();
  group_ = {};
  welcomes_.clear();
  auto const kept = board_->artifacts({});
  rebuild({local_name, false, held_runs_, kept}, false);
  // A result that was not committed is reported again, or forgotten and worked out anew.
  std::vector<activation_id> again;
  std::erase_if(local_, [&](auto const& one) { return one.second.result && world_.random.chance(0.5); });
  for (auto const& [id, one] : local_) {
    if (one.result) again.push_back(id);
  }
  say_hello();
  for (auto const& id : again) report_local(id);
  for (auto const& call : told) call(false);
  tell_all(false);
}

void simulated_hub::tell_all(bool hub_died) {
  for (auto& [to, listen] : std::exchange(listeners_, {})) (void)listen({nullptr, hub_died});
}

void simulated_hub::arm() {
  auto const next = board_->next_timer();
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = *next;
  auto const late = world_.random.between(0ns, 2ms);
  world_.after(std::max(*next - world_.now, std::chrono::nanoseconds{0}) + late, [this, life = life_, at = *next] {
    if (life != life_ || armed_ != at) return;
    armed_.reset();
    step(input::tick{});
  });
}

// ---- what comes from hosts ----

void simulated_hub::receive(host_key from, message&& what, std::uint64_t hello_no, std::string const& principal) {
  if (!board_) return;
  if (auto* m = std::get_if<hello>(&what)) {
    hello_no_ = hello_no;
    step(input::hello{from, std::move(*m), false, principal});
  }
  if (auto* m = std::get_if<nack>(&what)) {
    done failed;
    failed.activation = m->activation;
    failed.outcome = m->fatal ? outcome::permanent : outcome::failed;
    failed.error_type = m->error_type;
    failed.what = m->what;
    failed.duration_ns = m->duration_ns;
    failed.retry_after = m->retry_after;
    step(input::done{from, std::move(failed), {}});
  }
  if (auto* m = std::get_if<done>(&what)) {
    auto said = said_of(m->children);
    step(input::done{from, std::move(*m), std::move(said)});
  }
  if (auto* m = std::get_if<beat>(&what)) step(input::beat{from, std::move(*m)});
  if (auto const* m = std::get_if<goodbye>(&what)) step(input::goodbye{from, m->instance});
}

void simulated_hub::disconnected(host_key from) {
  if (board_) step(input::disconnected{from});
}

void simulated_hub::impersonate(host_key from, std::string const& name) {
  if (!board_) return;
  auto const known = board_->hosts();
  if (std::none_of(known.begin(), known.end(), [&](auto const& one) { return one.name == name; })) return;
  hello m;
  m.host = name;
  m.instance = ~std::uint64_t{0};
  m.credit = 8;
  step(input::hello{from, std::move(m), false, "somebody else"});
}

// ---- what people do about workers and dead activations ----

void simulated_hub::drain(std::string const& name) {
  if (board_) step(input::drain{0, name});
}

void simulated_hub::raise_the_dead() {
  if (!board_) return;
  auto const all = board_->dead();
  // Now and then one that is not there (any more).
  auto const which = all.empty() || world_.random.chance(0.1) ? activation_id{world_.ids.uuid_v7(1)} : all[world_.random.below(all.size())].id;
  auto const mine = ++last_ticket_;
  listeners_[mine] = [](answer const&) { return true; };
  if (world_.random.chance(0.2)) return step(input::drop_dead{mine, which});
  step(input::requeue{mine, which});
}

// ---- the host inside ----

void simulated_hub::give_local(message const& what) {
  if (std::holds_alternative<hello_again>(what)) throw violation{"the hub does not know its own host"};
  if (auto const* m = std::get_if<stale>(&what)) {
    auto const found = local_.find(m->activation.id);
    if (found != local_.end() && found->second.what.activation == m->activation) local_.erase(found);
  }
  auto const* m = std::get_if<deliver>(&what);
  if (!m) return;
  for (auto const& one : m->deliveries) {
    local_[one.activation.id] = {one, {}};
    world_.after(world_.handler_time(one.deadline), [this, ref = one.activation, life = life_] {
      if (life != life_) return;
      auto const found = local_.find(ref.id);
      if (found == local_.end() || found->second.what.activation != ref) return;
      found->second.result = world_.run_handler(found->second.what, true);
      report_local(ref.id);
    });
  }
}

void simulated_hub::report_local(activation_id const& id) {
  auto const& held = local_.at(id);
  step(input::done{local_key, *held.result, said_of(held.result->children)}, [this, ref = held.what.activation](bool ok) {
    auto const found = local_.find(ref.id);
    if (ok && found != local_.end() && found->second.what.activation == ref) local_.erase(found);
  });
}

verdicts simulated_hub::said_of(artifact_data const& artifact) const {
  verdicts said;
  for (auto const& [agent, sub] : asked_) {
    auto const no = board_->find_subscription(agent, sub.ordinal);
    if (no == 0 || std::find(sub.types.begin(), sub.types.end(), artifact.type) == sub.types.end()) continue;
    if (!predicate_accepts(agent, artifact)) {
      said.rejected.push_back(no);
    } else if (auto const key = key_of(artifact); sub.grouping == grouping::join && sub.keys.empty() && !key.empty()) {
      said.keys.emplace_back(no, key);
    }
  }
  return said;
}

std::vector<verdicts> simulated_hub::said_of(std::vector<child> const& children) const {
  std::vector<verdicts> all;
  for (auto const& one : children) {
    artifact_data seen;
    seen.type = one.type;
    seen.payload = one.payload;
    all.push_back(said_of(seen));
  }
  return all;
}

// ---- calls of this process ----

ticket simulated_hub::publish(input::publish in, listener then) {
  in.reply_to = ++last_ticket_;
  in.said = said_of(*in.artifact);
  listeners_[in.reply_to] = std::move(then);
  auto const mine = in.reply_to;
  step(std::move(in));
  return mine;
}

ticket simulated_hub::invoke(input::invoke in, listener then) {
  auto const mine = in.reply_to = ++last_ticket_;
  listeners_[mine] = std::move(then);
  step(std::move(in));
  return mine;
}

ticket simulated_hub::wait_until(board_condition condition, listener then) {
  auto const mine = ++last_ticket_;
  listeners_[mine] = std::move(then);
  step(input::wait_until{mine, std::move(condition)});
  return mine;
}

void simulated_hub::pause(std::string agent, run_id const& run, bool paused) {
  auto const mine = ++last_ticket_;
  listeners_[mine] = [](answer const&) { return true; };
  step(input::pause{mine, std::move(agent), run, paused});
}

void simulated_hub::cancel_work(std::string agent, run_id const& run) {
  auto const mine = ++last_ticket_;
  listeners_[mine] = [](answer const&) { return true; };
  step(input::cancel_work{mine, std::move(agent), run});
}

ticket simulated_hub::wait(std::optional<run_id> run, run_id scope, listener then) {
  auto const mine = ++last_ticket_;
  listeners_[mine] = std::move(then);
  step(input::wait_idle{mine, run, scope});
  return mine;
}

void simulated_hub::cancel(ticket waiting) {
  if (board_ && listeners_.contains(waiting)) step(input::cancel_wait{waiting});
}

void simulated_hub::open_run(input::open_run const& in, committed then) {
  step(in, [this, run = in.run, then = std::move(then)](bool ok) {
    if (ok) held_runs_.push_back(run);
    then(ok);
  });
}

void simulated_hub::hold(run_id const& run, committed then) {
  step(input::hold{run}, [this, run, then = std::move(then)](bool ok) {
    if (ok) held_runs_.push_back(run);
    then(ok);
  });
}

void simulated_hub::release(run_id const& run, bool failed) {
  auto const found = std::find(held_runs_.begin(), held_runs_.end(), run);
  if (found == held_runs_.end()) throw violation{"the simulation releases a run that it does not hold"};
  held_runs_.erase(found);
  step(input::release{run, failed});
}

}  // namespace skein::sim
