#include "simulated_host.hpp"

#include "cast.hpp"
#include "simulated_hub.hpp"

namespace skein::sim {

void simulated_host::start() {
  ++life_;
  ++instance_;
  key_ = world_.connect(*this);
  armed_.reset();
  started_.clear();
  host_session_options options;
  options.name = name();
  options.instance = instance_;
  options.credit = 1 + static_cast<std::uint32_t>(world_.random.below(8));
  options.agents = remote_agents(world_.rates.rules, index_, grown_);
  options.beat = 400ms;
  options.repeat = 300ms;
  session_.emplace(std::move(options));
  world_.log(name() + " starts, instance " + std::to_string(instance_));
  host_actions out;
  session_->connect(world_.now, out);
  carry_out(std::move(out));
}

void simulated_host::kill() {
  world_.log(name() + " is gone");
  ++life_;
  session_.reset();
}

void simulated_host::reconnect() {
  world_.log(name() + " reconnects");
  auto const old = key_;
  key_ = world_.connect(*this);
  // The hub may hear of the broken connection, soon or late, or never.
  if (world_.random.chance(0.5)) world_.after(world_.random.between(0ms, 1s), [this, old] { world_.hub->disconnected(old); });
  host_actions out;
  session_->connect(world_.now, out);
  carry_out(std::move(out));
}

void simulated_host::drain() {
  world_.log(name() + " drains");
  host_actions out;
  session_->drain(world_.now, out);
  carry_out(std::move(out));
}

void simulated_host::grow() {
  grown_ = true;
  if (!session_) return;
  world_.log(name() + " offers one more agent");
  host_actions out;
  session_->offer(world_.now, remote_agents(world_.rates.rules, index_, true), out);
  carry_out(std::move(out));
}

bool simulated_host::hello_arrives(std::uint64_t instance, std::uint64_t hello_no) {
  if (instance == arrived_instance_ && hello_no < arrived_hello_) return false;
  if (instance >= arrived_instance_) arrived_instance_ = instance, arrived_hello_ = hello_no;
  return true;
}

void simulated_host::receive(host_key at, message&& what, std::uint64_t hello_no) {
  if (!session_ || at != key_) return;
  if (std::holds_alternative<welcome>(what) && hello_no < hellos_sent_) return;
  host_actions out;
  session_->receive(world_.now, std::move(what), out);
  carry_out(std::move(out));
}

void simulated_host::carry_out(host_actions&& what) {
  if (what.ended) throw violation{"the hub refused " + name() + ": " + what.ended->what};
  bool left = false;
  for (auto const& one : what.send) {
    std::uint64_t const hello_no = std::holds_alternative<hello>(one) ? ++hellos_sent_ : 0;
    left = left || std::holds_alternative<goodbye>(one);
    world_.to_hub(*this, one, hello_no);
  }
  for (auto& one : what.start) begin(std::move(one));
  if (left) return kill();
  arm();
  if (what.drain_asked) drain();
}

void simulated_host::begin(delivery&& what) {
  auto const delivered = std::make_shared<delivery>(std::move(what));
  if (!started_.insert(delivered->activation).second) throw violation{name() + " starts an attempt twice"};
  world_.log(name() + " starts " + delivered->agent + " on " + std::to_string(delivered->activation.no) + '#' + std::to_string(delivered->activation.attempt));
  world_.after(world_.handler_time(delivered->deadline), [this, delivered, life = life_] {
    if (life != life_) return;
    host_actions out;
    session_->complete(world_.now, world_.run_handler(*delivered, true), out);
    carry_out(std::move(out));
  });
}

void simulated_host::arm() {
  auto const next = session_->next_timer();
  if (!next || (armed_ && *armed_ <= *next)) return;
  armed_ = *next;
  world_.after(std::max(*next - world_.now, std::chrono::nanoseconds{0}), [this, life = life_, at = *next] {
    if (life != life_ || armed_ != at) return;
    armed_.reset();
    host_actions out;
    session_->tick(world_.now, out);
    carry_out(std::move(out));
  });
}

}  // namespace skein::sim
