// What a host must remember of its conversation with the hub. Three promises: an attempt is started once however often it is delivered,
// a result is repeated until the hub has answered it, and the hub learns from beats what is held here.
#include <skein/bus/host_session.hpp>

#include <skein/bus/recent_map.hpp>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace skein::bus {

namespace {

/// Attempts remembered after they are gone, against late copies of their DELIVER: several times the most that can be under way.
constexpr std::size_t remembered_per_credit = 16, remembered_min = 4'096, remembered_max = 1'048'576;
/// Memory of entries that are gone, for the next ones.
constexpr std::size_t spare_max = 1'024;

/// An attempt that was delivered and not answered for yet.
struct entry {
  attempt_ref ref;
  std::uint64_t order = 0;               // in which it was delivered
  std::unique_ptr<done> result;          // none while it runs, or in `frame`
  encoded_report frame;
  timestamp repeat_at{};                 // of the result

  [[nodiscard]] bool has_ended() const noexcept { return result || frame; }
};

}  // namespace

message as_message(done result, timestamp now) {
  result.sent_at = now;
  if (!travels_as_nack(result)) return result;
  nack out;
  out.activation = result.activation;
  out.retry_after = result.retry_after;
  out.error_type = std::move(result.error_type);
  out.what = std::move(result.what);
  out.duration_ns = result.duration_ns;
  out.spans = std::move(result.spans);
  out.runs = std::move(result.runs);
  out.sent_at = now;
  return out;
}

struct host_session::state {
  explicit state(host_session_options given)
      : options(std::move(given)), started(std::clamp(remembered_per_credit * options.credit, remembered_min, remembered_max)) {}

  void say_hello(timestamp now, host_actions& out);
  void report(entry& finished, timestamp now, host_actions& out);
  void say_goodbye_when_empty(host_actions& out);
  [[nodiscard]] bool remember(attempt_ref const& ref);
  [[nodiscard]] std::vector<attempt_ref> held_in_order() const;
  [[nodiscard]] std::vector<entry*> finished_in_order(timestamp due);
  void forget(attempt_ref const& ref, host_actions& out);
  entry& keep(attempt_ref const& ref);
  [[nodiscard]] entry* ending(attempt_ref const& ref);

  void on(welcome const& m, timestamp now, host_actions& out);
  void on(deliver&& m, timestamp now, host_actions& out);
  [[nodiscard]] bool starts(delivery const& one, timestamp now, host_actions& out);
  void on(cancel const& m, host_actions& out);

  host_session_options options;
  bool ended = false;                    // refused, or said goodbye
  bool draining = false;
  bool welcomed = false;                 // the hub knows this host
  std::optional<timestamp> hello_at;     // when to repeat an unanswered hello
  timestamp beat_at{};
  timestamp repeat_from = timestamp::max();  // no result is to be repeated before; at its time the exact one is looked for
  std::uint64_t last_number = 0;
  std::uint64_t last_order = 0;
  std::unordered_map<activation_id, entry> held;
  std::size_t running = 0;               // of held: have not ended
  recent_map<activation_id, std::uint32_t> started;   // highest attempt
  std::vector<decltype(held)::node_type> spare;       // without an entry
};

// ---- saying ----

void host_session::state::say_hello(timestamp now, host_actions& out) {
  hello m;
  m.host = options.name;
  m.instance = options.instance;
  m.credit = draining ? 0 : options.credit;
  m.agents = options.agents;
  m.held = held_in_order();
  m.sent_at = now;
  out.send.push_back(std::move(m));
  hello_at = now + options.repeat;
}

void host_session::state::report(entry& finished, timestamp now, host_actions& out) {
  finished.frame ? out.reports.push_back(finished.frame) : out.send.push_back(as_message(*finished.result, now));
  finished.repeat_at = now + options.repeat;
  repeat_from = std::min(repeat_from, finished.repeat_at);
}

void host_session::state::say_goodbye_when_empty(host_actions& out) {
  if (!draining || ended || !held.empty()) return;
  out.send.push_back(goodbye{options.instance});
  ended = true;
}

// ---- remembering ----

std::vector<attempt_ref> host_session::state::held_in_order() const {
  std::vector<entry const*> all;
  all.reserve(held.size());
  for (auto const& [id, one] : held) all.push_back(&one);
  std::sort(all.begin(), all.end(), [](auto const* a, auto const* b) { return a->order < b->order; });
  std::vector<attempt_ref> refs;
  refs.reserve(all.size());
  for (auto const* one : all) refs.push_back(one->ref);
  return refs;
}

std::vector<entry*> host_session::state::finished_in_order(timestamp due) {
  std::vector<entry*> all;
  for (auto& [id, one] : held) {
    if (one.has_ended() && one.repeat_at <= due) all.push_back(&one);
  }
  std::sort(all.begin(), all.end(), [](auto const* a, auto const* b) { return a->order < b->order; });
  return all;
}

/// False when this attempt, or one after it, has been delivered before.
bool host_session::state::remember(attempt_ref const& ref) {
  auto const [highest, added] = started.find_or_make(ref.id);
  if (ref.attempt <= highest) return false;
  highest = ref.attempt;
  return true;
}

/// A new entry, for an activation that has none.
entry& host_session::state::keep(attempt_ref const& ref) {
  entry made{ref, ++last_order, {}, {}, {}};
  if (spare.empty()) return held.emplace(ref.id, std::move(made)).first->second;
  auto node = std::move(spare.back());
  spare.pop_back();
  node.key() = ref.id;
  node.mapped() = std::move(made);
  return held.insert(std::move(node)).position->second;
}

/// The running attempt of this name, which has ended by now; nullptr when nothing runs under it.
entry* host_session::state::ending(attempt_ref const& ref) {
  auto const found = held.find(ref.id);
  if (found == held.end() || found->second.ref != ref || found->second.has_ended()) return nullptr;
  --running;
  return &found->second;
}

void host_session::state::forget(attempt_ref const& ref, host_actions& out) {
  auto const found = held.find(ref.id);
  if (found == held.end() || found->second.ref.attempt != ref.attempt) return;
  if (!found->second.has_ended()) {
    out.drop.push_back(found->second.ref);
    --running;
  }
  auto node = held.extract(found);
  if (node.mapped().frame) out.forgotten.push_back(std::move(node.mapped().frame));
  node.mapped().result.reset();
  if (spare.size() < spare_max) spare.push_back(std::move(node));
  if (held.empty()) repeat_from = timestamp::max();
  say_goodbye_when_empty(out);
}

// ---- hearing ----

void host_session::state::on(welcome const& m, timestamp now, host_actions& out) {
  if (m.instance != options.instance) return;  // an answer to a process before this one
  hello_at.reset();
  if (welcomed) return;
  welcomed = true;
  beat_at = now + options.beat;
  for (auto* one : finished_in_order(timestamp::max())) report(*one, now, out);
}

void host_session::state::on(deliver&& m, timestamp now, host_actions& out) {
  last_number = std::max(last_number, m.number);
  std::erase_if(m.deliveries, [&](delivery const& one) { return !starts(one, now, out); });
  if (out.start.empty()) return out.start.swap(m.deliveries);
  std::move(m.deliveries.begin(), m.deliveries.end(), std::back_inserter(out.start));
}

/// Whether the attempt is to be run, which then is held.
bool host_session::state::starts(delivery const& one, timestamp now, host_actions& out) {
  attempt_ref const ref = one.activation;
  if (!remember(ref)) return false;
  // The hub leases an attempt only after it has given up the one before.
  if (auto before = held.find(ref.id); before != held.end()) {
    if (!before->second.has_ended()) {
      out.drop.push_back(before->second.ref);
      --running;
    }
    held.erase(before);
  }
  entry& kept = keep(ref);
  if (!draining) {
    ++running;
    return true;
  }
  kept.result = std::make_unique<done>();
  kept.result->activation = ref;
  kept.result->outcome = outcome::released;
  if (welcomed) report(kept, now, out);
  return false;
}

void host_session::state::on(cancel const& m, host_actions& out) {
  // Its result still has to be answered: the hub may have cancelled an attempt that a late DONE would have closed.
  auto const found = held.find(m.activation.id);
  if (found != held.end() && found->second.ref == m.activation && !found->second.has_ended()) out.drop.push_back(m.activation);
}

// ---- the public face ----

host_session::host_session(host_session_options options) : state_(std::make_unique<state>(std::move(options))) {}
host_session::~host_session() = default;
host_session::host_session(host_session&&) noexcept = default;
host_session& host_session::operator=(host_session&&) noexcept = default;

void host_session::connect(timestamp now, host_actions& out) {
  if (state_->ended) return;
  state_->welcomed = false;
  state_->say_hello(now, out);
}

void host_session::offer(timestamp now, std::vector<agent_descriptor> agents, host_actions& out) {
  state_->options.agents = std::move(agents);
  if (!state_->ended) state_->say_hello(now, out);
}

void host_session::receive(timestamp now, message&& from_hub, host_actions& out) {
  state& s = *state_;
  if (s.ended) return;
  if (auto* m = std::get_if<deliver>(&from_hub)) return s.on(std::move(*m), now, out);
  if (auto const* m = std::get_if<done_ok>(&from_hub)) return s.forget(m->activation, out);
  if (auto const* m = std::get_if<stale>(&from_hub)) return s.forget(m->activation, out);
  if (auto const* m = std::get_if<welcome>(&from_hub)) return s.on(*m, now, out);
  if (auto const* m = std::get_if<cancel>(&from_hub)) return s.on(*m, out);
  if (auto* answer = std::get_if<query_result>(&from_hub)) {
    out.answered.push_back(std::move(*answer));
  } else if (std::holds_alternative<bus::drain>(from_hub)) {
    out.drain_asked = true;
  } else if (std::holds_alternative<hello_again>(from_hub)) {
    // Each message that an unknown host sends earns one of these; while a hello is unanswered they say nothing new.
    if (s.hello_at && !s.welcomed) return;
    s.welcomed = false;
    s.say_hello(now, out);
  } else if (auto* m = std::get_if<refused>(&from_hub)) {
    s.ended = true;
    s.held.clear();
    s.running = 0;
    out.ended = std::move(*m);
  }
}

void host_session::complete(timestamp now, done&& result, host_actions& out) {
  auto* const found = state_->ending(result.activation);
  if (found == nullptr) return;
  found->result = std::make_unique<done>(std::move(result));
  if (state_->welcomed) state_->report(*found, now, out);
}

void host_session::complete(timestamp now, attempt_ref const& which, encoded_report frame, host_actions& out) {
  auto* const found = state_->ending(which);
  if (found == nullptr) return;
  found->frame = std::move(frame);
  if (state_->welcomed) state_->report(*found, now, out);
}

void host_session::drain(timestamp now, host_actions& out) {
  if (state_->draining || state_->ended) return;
  state_->draining = true;
  // No credit: nothing else is sent here while what runs is finished.
  if (!state_->held.empty()) state_->say_hello(now, out);
  state_->say_goodbye_when_empty(out);
}

void host_session::tick(timestamp now, host_actions& out) {
  state& s = *state_;
  if (s.ended) return;
  if (s.hello_at && *s.hello_at <= now) s.say_hello(now, out);
  if (!s.welcomed) return;
  if (s.repeat_from <= now) {
    for (auto* one : s.finished_in_order(now)) s.report(*one, now, out);
    s.repeat_from = timestamp::max();
    for (auto const& [id, one] : s.held) {
      if (one.has_ended()) s.repeat_from = std::min(s.repeat_from, one.repeat_at);
    }
  }
  if (s.beat_at > now) return;
  out.send.push_back(beat{s.options.instance, s.last_number, s.held_in_order(), {}, now});
  s.beat_at = now + s.options.beat;
}

std::optional<timestamp> host_session::next_timer() const {
  state const& s = *state_;
  if (s.ended) return std::nullopt;
  auto next = s.hello_at;
  auto const sooner = [&](timestamp at) {
    if (!next || at < *next) next = at;
  };
  if (!s.welcomed) return next;
  sooner(s.beat_at);
  if (s.repeat_from != timestamp::max()) sooner(s.repeat_from);
  return next;
}

std::size_t host_session::running() const noexcept { return state_->running; }
bool host_session::welcomed() const noexcept { return state_->welcomed; }
std::vector<attempt_ref> host_session::held() const { return state_->held_in_order(); }

}  // namespace skein::bus
