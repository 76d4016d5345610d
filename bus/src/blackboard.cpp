#include <skein/bus/blackboard.hpp>

#include "blackboard_state.hpp"

#include <algorithm>

namespace skein::bus {

void effects::clear() noexcept {
  changes.clear();
  messages.clear();
  replies.clear();
  announcements.clear();
  ended.clear();
  lost.clear();
  untraced.clear();
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
  state_->now = std::max(state_->now, now);
  state_->out = &out;
  if (!state_->at_start.empty()) {
    move_to(state_->at_start.changes, out.changes);
    move_to(state_->at_start.announcements, out.announcements);
    move_to(state_->at_start.ended, out.ended);
    move_to(state_->at_start.lost, out.lost);
  }
  std::visit([this](auto&& in) { state_->on(std::move(in)); }, std::move(what));
  state_->finish_step();
  state_->out = nullptr;
}

void blackboard::state::finish_step() {
  dispatch();
  flush_outboxes();
  end_touched();
  answer_waiters();
}

void blackboard::state::on(input::tick&&) {
  while (!retries.empty() && retries.top().at <= now) {
    auto const due = retries.top();
    retries.pop();
    auto found = activations.find(due.no);
    if (found == activations.end()) continue;
    activation& a = found->second;
    if (a.row.state == activation_state::retry && a.row.attempt == due.attempt) make_ready(a, false);
  }
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

std::optional<timestamp> blackboard::next_timer() const {
  std::optional<timestamp> next = state_->grace_until;
  auto const sooner = [&](timestamp at) {
    if (!next || at < *next) next = at;
  };
  if (!state_->retries.empty()) sooner(state_->retries.top().at);
  if (!state_->expected.empty()) sooner(state_->expected.top().at);
  for (auto const& [key, h] : state_->hosts) {
    if (!h.local) sooner(h.heard + state_->limits.lease);
    if (h.away_until) sooner(*h.away_until);
  }
  return next;
}

bool blackboard::waits_only_for_time() const {
  auto const& c = state_->counters;
  return c.leased == 0 && c.ready == c.blocked && c.retry > 0;
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

bool blackboard::knows_run(run_id const& run) const { return state_->runs.contains(run); }

bool blackboard::knows_agent(std::string_view agent) const { return state_->by_agent.find(agent) != state_->by_agent.end(); }

std::vector<artifact_ptr> blackboard::artifacts(std::string_view type) const {
  auto const copy = [](std::deque<artifact_ptr> const& all) { return std::vector<artifact_ptr>(all.begin(), all.end()); };
  if (type.empty()) return copy(state_->kept);
  auto found = state_->kept_by_type.find(type);
  return found == state_->kept_by_type.end() ? std::vector<artifact_ptr>{} : copy(found->second);
}

board_counters const& blackboard::counters() const { return state_->counters; }

board_counters blackboard::recount() const {
  board_counters c = state_->counters;
  c.open = c.ready = c.leased = c.retry = c.blocked = 0;
  for (auto const& [no, a] : state_->activations) {
    ++c.open;
    if (a.row.state == activation_state::ready) ++c.ready, c.blocked += a.sub->served() ? 0 : 1;
    if (a.row.state == activation_state::leased) ++c.leased;
    if (a.row.state == activation_state::retry) ++c.retry;
  }
  c.artifacts_kept = state_->kept.size();
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
  for (auto const& [no, a] : state_->activations) rows.push_back(a.row);
  std::sort(rows.begin(), rows.end(), [](auto const& a, auto const& b) { return a.no < b.no; });
  return rows;
}

}  // namespace skein::bus
