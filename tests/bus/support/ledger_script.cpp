#include "ledger_script.hpp"

#include <skein/tracing/span_record.hpp>

namespace skein::bus::testing {

template <class Id>
Id ledger_script::id() {
  std::array<std::uint8_t, Id::size_bytes> raw{};
  auto const number = ++last_id_;
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(i < 8 ? number >> (8 * (7 - i)) : random_());
  return Id{raw};
}

std::string ledger_script::word() {
  static char const* const words[] = {"", "a", "pizza.idea", "\"quoted\\\"", "line\nbreak\ttab", "\xf0\x9f\x8d\x95", "external", "{}", "nul"};
  auto const n = below(std::size(words));
  return n + 1 == std::size(words) ? std::string("n\0l", 3) : words[n];
}

change ledger_script::subscription() {
  if (!subscriptions_.empty() && one_in(3)) {
    // Somebody in another process offers it, or does no more.
    auto& old = subscriptions_[below(subscriptions_.size())];
    remote_offer offer{.descriptor = {.ordinal = old.ordinal, .types = {"type"}, .from = {word()}, .priority = static_cast<std::int32_t>(below(9)) - 4}};
    offer.retry.jitter = 0.25;
    if (one_in(2)) offer.rules = {{word(), "gpu"}, word(), std::chrono::seconds{below(9)}, {static_cast<std::uint32_t>(below(4)), {}}, {}, below(9)};
    if (one_in(2)) offer.descriptor.filters = {{"type", {field_op::equal, "a.b", {word()}, {}}}};
    old.remote = one_in(3) ? nullptr : std::make_shared<remote_offer const>(std::move(offer));
    return old;
  }
  subscriptions_.push_back({++last_subscription_, "agent " + word(), static_cast<std::uint32_t>(below(4)), random_()});
  return subscriptions_.back();
}

change ledger_script::run() {
  if (!runs_.empty() && one_in(2)) {
    auto& old = runs_[below(runs_.size())];
    old.status = static_cast<run_status>(below(5));
    old.failures += below(2);
    old.has_body = one_in(2);
    old.paused = one_in(3);
    if (!one_in(6)) return old;
    auto nameless = old;
    nameless.name.clear();
    return nameless;
  }
  run_row row{id<run_id>(), word(), one_in(4) ? span_context{} : context(), static_cast<run_status>(below(3)), below(3), time()};
  runs_.push_back(row);
  return row;
}

change ledger_script::artifact() {
  artifact_data made;
  made.id = id<artifact_id>();
  made.seq = last_seq_ += 1 + below(3);
  made.type = "type " + word();
  made.version = static_cast<std::uint32_t>(below(5));
  if (!one_in(5)) made.payload = payload{bytes(1 + below(one_in(10) ? 9'000 : 60), static_cast<std::byte>(random_()))};
  made.produced_by = word();
  if (!runs_.empty() && !one_in(5)) made.run = runs_[below(runs_.size())].id;
  if (one_in(8)) made.run = id<run_id>();  // Known by no row of its own.
  made.correlation = one_in(2) && !made.run.empty() ? made.run.to_string() : word();
  if (one_in(2)) made.cause = id<activation_id>();
  for (auto n = one_in(3) ? below(4) : 0; n > 0; --n) made.tags.push_back(word());
  seqs_.push_back(made.seq);
  if (one_in(4)) {
    made.visible_to = std::make_shared<visibility>(visibility{{"x"}, {"y", "z"}, "", time() + std::chrono::nanoseconds{1}});
    hidden_.push_back(made.seq);
  }
  if (!one_in(3)) made.context = context();
  if (one_in(4)) made.headers = std::make_shared<trace_headers>(trace_headers{"a=b", ""});
  made.created_at = time();
  made.routed = !one_in(5);
  auto const key = one_in(3) ? "key " + std::to_string(made.seq) : std::string{};
  return artifact_row{std::make_shared<artifact_data>(std::move(made)), key};
}

change ledger_script::activation() {
  activation_row row;
  row.no = last_activation_ += 1 + below(2);
  row.id = id<activation_id>();
  row.subscription = 1 + static_cast<subscription_no>(below(last_subscription_));
  if (!runs_.empty() && !one_in(4)) row.run = runs_[below(runs_.size())].id;
  open_.push_back(row.no);
  return row;
}

change ledger_script::update() {
  auto const at = below(open_.size());
  activation_update row;
  row.no = open_[at];
  row.state = static_cast<activation_state>(below(8));
  row.attempt = static_cast<std::uint32_t>(random_());
  row.failures = static_cast<std::uint32_t>(below(3));
  row.losses = static_cast<std::uint32_t>(below(3));
  if (one_in(2)) row.not_before = time();
  if (row.state == activation_state::leased) row.host = "host " + word();
  if (one_in(3)) row.error_type = word(), row.what = word();
  if (one_in(2)) row.since = time();
  if (one_in(4)) row.subscription = 1 + static_cast<subscription_no>(below(last_subscription_));
  // A dead one may be opened again; the others are closed for good.
  if (!is_open(row.state) && row.state != activation_state::dead) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  return row;
}

// ---- what waits ----

void ledger_script::open_group(std::vector<change>& out) {
  last_group_ += 1 + below(2);
  group made{{last_group_, 1 + static_cast<subscription_no>(below(last_subscription_)), one_in(2), word(), word() + '\xff', time(), below(99)}};
  out.emplace_back(made.row);
  for (auto n = 1 + below(3); n > 0; --n) {
    out.emplace_back(group_member{last_group_, made.next_position, seqs_[below(seqs_.size())]});
    made.next_position += 1 + static_cast<std::uint32_t>(below(2));
  }
  groups_.push_back(std::move(made));
}

change ledger_script::member_or_count() {
  auto& one = groups_[below(groups_.size())];
  if (one_in(2)) return group_member{one.row.no, one.next_position++, seqs_[below(seqs_.size())]};
  one.row.seen += 1 + below(9);
  return one.row;
}

change ledger_script::close_group() {
  auto const at = groups_.begin() + static_cast<std::ptrdiff_t>(below(groups_.size()));
  auto const no = at->row.no;
  groups_.erase(at);
  return group_closed{no};
}

std::vector<std::pair<subscription_no, std::string>> ledger_script::answers() {
  std::vector<std::pair<subscription_no, std::string>> out;
  for (auto n = below(3); n > 0; --n) out.emplace_back(static_cast<subscription_no>(below(9)), std::string{"\0\xfe", 2} + word());
  return out;
}

change ledger_script::embargo() {
  auto const seq = hidden_.back();
  hidden_.pop_back();
  embargoed_.push_back(seq);
  if (one_in(3)) return embargo_row{seq, {}, 0};
  return embargo_row{seq, {{3, static_cast<subscription_no>(random_())}, answers(), answers()}, static_cast<subscription_no>(below(9))};
}

change ledger_script::lift() {
  auto const at = embargoed_.begin() + static_cast<std::ptrdiff_t>(below(embargoed_.size()));
  auto const seq = *at;
  embargoed_.erase(at);
  return embargo_lifted{seq};
}

change ledger_script::timer() {
  if (one_in(2)) return agent_row{"agent " + word(), one_in(2)};
  return timer_row{1 + static_cast<subscription_no>(below(last_subscription_)), one_in(3) ? timestamp{} : time(), ++last_tick_};
}

change ledger_script::count() { return activation_count{runs_[below(runs_.size())].id, "agent " + word(), random_() >> 1}; }

std::vector<change> ledger_script::next_commit(std::size_t changes_max) {
  std::vector<change> out;
  std::vector<std::uint64_t> seqs;
  if (last_subscription_ == 0) out.push_back(subscription());
  for (auto left = 1 + below(changes_max); left > 0; --left) {
    auto const what = below(23);
    if (what == 0) out.push_back(subscription());
    if (what == 1 || what == 2) out.push_back(run());
    if (what >= 3 && what < 7) {
      out.push_back(artifact());
      seqs.push_back(last_seq_);
    }
    if (what >= 7 && what < 11 && !seqs.empty()) {
      auto row = std::get<activation_row>(activation());
      for (auto n = one_in(4) ? 1 + below(3) : 1; n > 0; --n) row.inputs.push_back(seqs[below(seqs.size())]);
      out.emplace_back(std::move(row));
    }
    if (what >= 11 && what < 16 && !open_.empty()) out.push_back(update());
    if (what == 16 && !seqs_.empty()) open_group(out);
    if (what == 17 && !groups_.empty()) out.push_back(member_or_count());
    if (what == 18 && !groups_.empty()) out.push_back(close_group());
    if (what == 19 && !hidden_.empty()) out.push_back(embargo());
    if (what == 20 && !embargoed_.empty()) out.push_back(lift());
    if (what == 21) out.push_back(timer());
    if (what == 22 && !runs_.empty()) out.push_back(count());
  }
  if (out.empty()) out.push_back(run());
  return out;
}

}  // namespace skein::bus::testing
