#include <skein/bus/blackboard.hpp>

#include "blackboard_state.hpp"
#include "spare_memory.hpp"

#include <algorithm>
#include <utility>

namespace skein::bus {

delivery& spare_deliveries::add_to(std::vector<delivery>& to, attempt_ref const& attempt) {
  if (to.capacity() == 0) {
    use_memory(emptied_, to);
    to.reserve(8);
  }
  auto& made = to.emplace_back(attempt);
  use_memory(inputs_, made.inputs);
  use_memory(long_names_, made.agent);
  return made;
}

void spare_deliveries::take(std::vector<delivery>& gone) noexcept {
  constexpr std::size_t emptied_max = 16, capacity_max = 128;
  static std::size_t const short_name = std::string{}.capacity();
  try {
    for (auto& one : gone) {
      one.inputs.clear();
      one.agent.clear();
      keep_memory(one.inputs, inputs_);
      keep_memory(one.agent, long_names_, short_name);
    }
    gone.clear();
    if (gone.capacity() > 0 && gone.capacity() <= capacity_max && emptied_.size() < emptied_max) emptied_.push_back(std::move(gone));
  } catch (...) {  // no memory to keep it in
    gone.clear();
  }
}

void effects::clear() noexcept {
  for (auto& one : messages) {
    if (auto* const sent = std::get_if<deliver>(&one.message)) spare.take(sent->deliveries);
  }
  changes.clear();
  messages.clear();
  replies.clear();
  announcements.clear();
  ended.clear();
  lost.clear();
  untraced.clear();
  notices.clear();
}

blackboard::blackboard(blackboard_limits limits) : state_(std::make_unique<state>(limits)) {}

blackboard::blackboard(blackboard_limits limits, board_state from, timestamp now, restart const& how)
    : state_(std::make_unique<state>(limits)) {
  state_->now = now;
  state_->out = &state_->at_start;
  state_->restore(std::move(from), how);
  state_->end_touched();
  state_->out = nullptr;
}

blackboard::~blackboard() = default;
blackboard::blackboard(blackboard&&) noexcept = default;
blackboard& blackboard::operator=(blackboard&&) noexcept = default;

namespace {

template <class T>
void move_to(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

void blackboard::step(timestamp now, board_input&& what, effects& out) {
  state_->begin_step(now, out);
  std::visit([this](auto&& in) { state_->on(std::move(in)); }, std::move(what));
  state_->finish_step();
}

void blackboard::step(timestamp now, host_key from, bus::done& result, std::span<verdicts const> said, bool traced, effects& out) {
  state_->begin_step(now, out);
  state_->take_result(from, result, said, traced);
  state_->finish_step();
}

result<reply::published> blackboard::publish(timestamp now, input::publish& what, effects& out) {
  state_->begin_step(now, out);
  auto how = state_->take(what);
  state_->finish_step();
  return how;
}

result<void> blackboard::publish(timestamp now, input::publish_all& what, effects& out) {
  state_->begin_step(now, out);
  auto how = state_->take(what);
  state_->finish_step();
  return how;
}

void blackboard::state::begin_step(timestamp at, effects& to) {
  now = std::max(now, at);
  out = &to;
  if (std::exchange(has_begun, true)) return;
  move_to(at_start.changes, to.changes);
  move_to(at_start.announcements, to.announcements);
  move_to(at_start.ended, to.ended);
  move_to(at_start.lost, to.lost);
  move_to(at_start.notices, to.notices);
}

void blackboard::state::finish_step() {
  dispatch();
  if (!open_batches.empty()) flush_for_waiters();
  flush_outboxes();
  settle_shifted();
  end_touched();
  answer_waiters();
  if (!conditions.empty()) answer_conditions();
  out = nullptr;
}

void blackboard::state::on(input::tick&&) {
  while (!retries.empty() && retries.top().at <= now) {
    auto const due = retries.top();
    retries.pop();
    activation* const a = activations.find(due.no);
    if (a && a->row.state == activation_state::retry && a->row.attempt == due.attempt) make_ready(*a, false);
  }
  take_dues();
  if (grace_until && *grace_until <= now) {
    grace_until.reset();
    std::vector<activation_no> orphans;
    for (auto const& [no, a] : activations) {
      if (a.row.state == activation_state::leased && a.host == 0) orphans.push_back(no);
    }
    std::sort(orphans.begin(), orphans.end());
    for (auto no : orphans) lose(activations.at(no), "its host did not come back after the hub's restart");
  }
  for (; !expected.empty() && expected.top().at <= now; expected.pop()) {
    // A host that came back, or vanished once more, has made the timer void.
    subscription& sub = *subscriptions[expected.top().sub - 1];
    if (sub.expected_until == timestamp{} || sub.expected_until > now) continue;
    sub.expected_until = {};
    set_served(sub);
  }
  std::vector<host_key> silent, away;
  for (auto const& [key, h] : hosts) {
    if (h.away_until && *h.away_until <= now) {
      away.push_back(key);
    } else if (!h.local && h.heard + limits.lease <= now) {
      silent.push_back(key);
    }
  }
  for (auto key : silent) drop_host(key, "its host fell silent");
  // It was awaited for the whole grace already.
  for (auto key : away) drop_host(key, "its host lost its connection and did not come back", absence::for_good);
}

/// What is due hands over to its owner, who looks whether it still stands; it may set others, never due at this moment again.
void blackboard::state::take_dues() {
  while (!dues.empty() && dues.top().at <= now) {
    auto const due = dues.top();
    dues.pop();
    switch (due.what) {
      case due_timer::kind::group: groups_are_due(*subscriptions[due.no - 1]); break;
      case due_timer::kind::deadline: deadline_is_due(due.no); break;
      case due_timer::kind::tick: tick_is_due(static_cast<subscription_no>(due.no)); break;
      case due_timer::kind::embargo: embargo_is_due(due.no); break;
      case due_timer::kind::agent: agent_is_due(*agents_in_order[due.no]); break;
    }
  }
}

std::optional<timestamp> blackboard::next_timer() const {
  auto const& hosts = state_->hosts;
  // Nearly always, where all work is done in this process.
  bool const watches_hosts = hosts.size() > 1 || (hosts.size() == 1 && (!hosts.begin()->second.local || hosts.begin()->second.away_until));
  if (!watches_hosts && !state_->grace_until && state_->dues.empty() && state_->retries.empty() && state_->expected.empty()) return std::nullopt;
  std::optional<timestamp> next = state_->grace_until;
  auto const sooner = [&](timestamp at) {
    if (!next || at < *next) next = at;
  };
  if (!state_->retries.empty()) sooner(state_->retries.top().at);
  if (!state_->expected.empty()) sooner(state_->expected.top().at);
  if (!state_->dues.empty()) sooner(state_->dues.top().at);
  for (auto const& [key, h] : hosts) {
    if (!h.local) sooner(h.heard + state_->limits.lease);
    if (h.away_until) sooner(*h.away_until);
  }
  return next;
}

bool blackboard::waits_only_for_time() const {
  auto const& c = state_->counters;
  return c.leased == 0 && c.ready == c.blocked + c.delayed && c.retry + c.delayed > 0;
}

bool blackboard::stands_still() const {
  auto const& c = state_->counters;
  return c.leased == 0 && c.ready == c.blocked + c.delayed;
}

std::optional<work_in_hand> blackboard::find_work(attempt_ref const& which) const {
  activation const* const a = state_->activations.find(which.no);
  if (!a || a->row.id != which.id || a->row.attempt != which.attempt) return std::nullopt;
  return work_in_hand{a->sub->row.agent, a->inputs[a->newest_index]};
}

subscription_no blackboard::find_subscription(std::string_view agent, std::uint32_t ordinal) const {
  auto found = state_->by_agent.find(agent);
  if (found == state_->by_agent.end()) return 0;
  for (auto const* sub : found->second) {
    if (sub->row.ordinal == ordinal) return sub->row.no;
  }
  return 0;
}

subscription_no blackboard::find_subscription(std::string_view agent, std::string_view type) const {
  auto found = state_->by_agent.find(agent);
  if (found == state_->by_agent.end()) return 0;
  for (auto const* sub : found->second) {
    auto const& types = sub->descriptor.types;
    if (std::find(types.begin(), types.end(), type) != types.end()) return sub->row.no;
  }
  return 0;
}

subscription_no blackboard::find_subscription(std::string_view agent, std::span<std::string const> types) const {
  auto found = state_->by_agent.find(agent);
  if (found == state_->by_agent.end()) return 0;
  for (auto const* sub : found->second) {
    auto const& group = sub->descriptor.types;
    // A batch takes any number of whole groups.
    bool const fits = types.size() == group.size() || (sub->descriptor.batch_max > 0 && !group.empty() && !types.empty() && types.size() % group.size() == 0);
    auto const is_in_place = [&, at = std::size_t{0}](std::string const& type) mutable { return type == group[at++ % group.size()]; };
    if (fits && std::all_of(types.begin(), types.end(), is_in_place)) return sub->row.no;
  }
  return 0;
}

bool blackboard::knows_run(run_id const& run) const { return state_->runs.contains(run); }

bool blackboard::knows_agent(std::string_view agent) const { return state_->by_agent.find(agent) != state_->by_agent.end(); }

agent_rules blackboard::rules_of(std::string_view agent) const {
  auto const found = state_->agents_by_name.find(agent);
  return found == state_->agents_by_name.end() ? agent_rules{} : found->second->rules;
}

bool blackboard::offers(host_key at, std::string_view agent) const {
  auto const found = state_->hosts.find(at);
  if (found == state_->hosts.end()) return false;
  return std::ranges::any_of(found->second.serves, [&](subscription_no no) { return state_->subscriptions[no - 1]->row.agent == agent; });
}

std::vector<artifact_ptr> blackboard::artifacts(std::string_view type) const {
  std::vector<artifact_ptr> all;
  if (type.empty()) {
    all.reserve(state_->kept.size());
    for (auto const& one : state_->kept) all.push_back(one.artifact);
  } else if (auto const* const of_type = state_->find_type(type)) {
    all.reserve(of_type->second.kept.size());
    for (auto const place : of_type->second.kept) all.push_back(state_->kept_at(place));
  }
  return all;
}

board_counters const& blackboard::counters() const { return state_->counters; }

board_counters blackboard::recount() const {
  board_counters c = state_->counters;
  c.open = c.ready = c.leased = c.retry = c.blocked = c.delayed = 0;
  for (auto const& [no, a] : state_->activations) {
    ++c.open;
    if (a.row.state == activation_state::ready) {
      ++c.ready;
      bool const is_blocked = state_->is_blocked(a);
      c.blocked += is_blocked ? 1 : 0;
      c.delayed += !is_blocked && state_->is_delayed(a) ? 1 : 0;
    }
    if (a.row.state == activation_state::leased) ++c.leased;
    if (a.row.state == activation_state::retry) ++c.retry;
  }
  c.artifacts_kept = state_->kept.size();
  c.groups_open = state_->groups.size();
  c.embargoed = state_->embargoes.size();
  c.runs_open = state_->runs.size();
  return c;
}

std::uint64_t blackboard::awaited(std::optional<run_id> run) const { return state_->awaited(run); }

std::string blackboard::host_name(host_key at) const {
  auto const found = state_->hosts.find(at);
  return found == state_->hosts.end() ? std::string{} : found->second.name;
}

std::vector<activation_row> blackboard::open_activations() const {
  std::vector<activation_row> rows;
  for (auto const& [no, a] : state_->activations) rows.emplace_back(a.row).host = state_->holder_of(a);
  std::sort(rows.begin(), rows.end(), [](auto const& a, auto const& b) { return a.no < b.no; });
  return rows;
}

}  // namespace skein::bus
