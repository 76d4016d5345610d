#include "world.hpp"

#include "cast.hpp"
#include "simulated_host.hpp"
#include "simulated_hub.hpp"

#include <skein/bus/codec.hpp>

#include <cstdio>

namespace skein::sim {

world::world(std::uint64_t given, bool log_lines) : seed(given), logging(log_lines), random(given), rates(draw_rates(random)), ids(given) {
  hub = std::make_unique<simulated_hub>(*this);
  for (std::size_t i = 0; i < rates.remote_hosts; ++i) hosts.push_back(std::make_unique<simulated_host>(*this, i));
}

world::~world() = default;

void world::after(std::chrono::nanoseconds delay, std::function<void()> what) { events_.push({now + delay, ++last_event_, std::move(what)}); }

bool world::run_next() {
  if (events_.empty()) return false;
  event next = events_.top();
  events_.pop();
  now = next.at;
  next.what();
  return true;
}

void world::log(std::string const& line) const {
  if (!logging) return;
  auto const since = now - timestamp{std::chrono::hours{1'000'000}};
  std::printf("%12.6f  %s\n", std::chrono::duration<double>(since).count(), line.c_str());
}

std::chrono::nanoseconds world::handler_time(std::chrono::nanoseconds deadline) {
  if (deadline.count() > 0 && random.chance(0.3)) return random.between(deadline, 2 * deadline);
  if (random.chance(0.03)) return random.between(500ms, 4s);
  return random.chance(0.3) ? random.between(0ms, 1ms) : random.between(1ms, 300ms);
}

done world::run_handler(delivery const& what, bool released_allowed) {
  done result;
  result.activation = what.activation;
  auto const& input = *newest_of(what.inputs);
  auto const& sub = agent_named(what.agent).subscriptions.at(what.ordinal);
  result.duration_ns = 1 + static_cast<std::int64_t>(random.below(1000));
  bool const asks = sub.has_predicate && (!is_local(what.agent) || what.unasked);
  if (asks && !predicate_accepts(what.agent, input)) {
    result.outcome = outcome::mismatch;
  } else if (released_allowed && !calm && random.chance(rates.handler_releases)) {
    result.outcome = outcome::released;
  } else if (random.chance(rates.handler_permanent)) {
    result.outcome = outcome::permanent;
  } else if (random.chance(failing_of(what.agent, rates.handler_fails))) {
    result.outcome = outcome::failed;
    if (random.chance(0.3)) result.retry_after = random.between(0ms, 2s);
  } else {
    result.children = children_of(what.agent, what.inputs, what.activation.attempt, rates.rules);
  }
  if (result.outcome == outcome::failed || result.outcome == outcome::permanent) {
    result.error_type = "std::runtime_error";
    result.what = "by chance";
  }
  oracle.handled(what.activation, result.outcome);
  return result;
}

host_key world::connect(simulated_host& who) {
  connections_[++last_key_] = &who;
  return last_key_;
}

void world::transmit(message const& what, std::uint64_t lane, std::function<void(message&&)> deliver) {
  auto const frame = std::make_shared<bytes>(encode(what).value());
  std::size_t const copies = calm ? 1 : random.chance(rates.lost) ? 0 : random.chance(rates.doubled) ? 2 : 1;
  for (std::size_t i = 0; i < copies; ++i) {
    timestamp arrival = now + random.between(20us, 5ms);
    if (!calm && random.chance(rates.delayed)) {
      arrival += random.chance(0.8) ? random.between(0ms, 50ms) : random.between(0ms, 1500ms);
    } else {
      auto& last = last_arrival_[lane];
      last = arrival = std::max(last, arrival);
    }
    after(arrival - now, [frame, deliver] { deliver(std::move(decode(*frame)).value()); });
  }
}

void world::to_hub(simulated_host& from, message const& what, std::uint64_t hello_no) {
  auto* const sender = &from;
  transmit(what, from.key() * 2, [this, sender, key = from.key(), instance = from.instance(), hello_no](message&& arrived) {
    bool const is_hello = std::holds_alternative<hello>(arrived);
    if (is_hello && !sender->hello_arrives(instance, hello_no)) return;
    hub->receive(key, std::move(arrived), hello_no, "key of " + sender->name());
  });
}

void world::to_host(host_key to, message const& what, std::uint64_t hello_no) {
  transmit(what, to * 2 + 1, [this, to, hello_no](message&& arrived) { connections_.at(to)->receive(to, std::move(arrived), hello_no); });
}

}  // namespace skein::sim
