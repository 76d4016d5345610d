#include "zmq_network_link.hpp"

#include <skein/bus/quiet_thread.hpp>
#include <skein/tracing/log.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace skein::bus {

namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds chores_every{1};
constexpr std::chrono::milliseconds stop_linger{1'000};

}  // namespace

// ---- opening and stopping ----

router_socket& zmq_network_link::socket_for(endpoint const& parsed) {
  bool const secured = parsed.transport == transport::tcp && !options_.keys.empty();
  auto& slot = secured ? secured_ : plain_;
  if (!slot) slot.emplace(context_, options_.limits, secured ? &options_.keys : nullptr, secured ? 1u : 2u);
  return *slot;
}

result<void> zmq_network_link::bind(std::string const& text) {
  auto const parsed = parse_endpoint(text);
  if (!parsed) return parsed.error();
  if (parsed->transport == transport::inproc) {
    return error{errc::invalid_argument, "hosts in other processes cannot reach it; use ipc://PATH or tcp://ADDRESS:PORT", text};
  }
  if (!parsed->local && options_.keys.empty()) {
    return error{errc::misuse,
                 "others could listen and connect there; make keys with `skein bus keygen DIR` and pass them, or bind 127.0.0.1", text};
  }
  auto bound = socket_for(*parsed).bind(text, *parsed);
  if (!bound) return bound.error();
  bound_.push_back(std::move(*bound));
  return {};
}

result<void> zmq_network_link::start() {
  try {
    if (!options_.keys.empty()) {
      auto allowed = allow_list::read(options_.keys.allowed_folder());
      if (!allowed) return allowed.error();
      allowed_.emplace(std::move(*allowed));
      zap_.emplace(context_, *allowed_, refusals_);  // before the sockets that ask it
    }
    for (auto const& text : options_.endpoints) {
      if (auto done = bind(text); !done) return done;
    }
  } catch (zmq::error_t const& failure) {
    return error{errc::io_failed, std::string{"libzmq cannot make the hub's sockets: "} + failure.what()};
  }
  try {
    thread_ = quiet_thread("skein-hub-link", [this] { run(); });
  } catch (std::system_error const& failure) {
    return error{errc::io_failed, std::string{"the thread of the hub's links cannot be started: "} + failure.what()};
  }
  return {};
}

void zmq_network_link::stop() {
  stopping_ = true;
  waker_.wake();
  if (thread_.joinable()) thread_.join();
}

// ---- once a second ----

void zmq_network_link::refresh_keys(bool always) {
  if (!allowed_) return;
  auto const changed = allowed_->refresh(always, [](char const* problem) { log_warn(problem); });
  if (!changed) return;
  log_info("the allowed keys have changed: " + std::to_string(allowed_->size()) + " may connect");
  std::vector<host_key> gone;
  peers_.each([&](network_peer const& peer) {
    if (!peer.ignored && !still_allowed(peer)) gone.push_back(peer.key);
  });
  for (auto const key : gone) {
    auto* const peer = peers_.find(key);
    if (peer != nullptr) refuse(*peer, errc::cancelled, "the key of " + peer->principal + " is not accepted any more");
  }
}

void zmq_network_link::chores(steady::time_point now) {
  if (reload_wanted_.exchange(false)) refresh_keys(true);
  if (now < chores_at_) return;
  chores_at_ = now + chores_every;
  refresh_keys(false);
  refusals_.tick(now);
  for (auto* const peer : peers_.silent(now - options_.limits.peer_silent_max)) lose(*peer);
}

// ---- the thread ----

bool zmq_network_link::readable() { return (plain_ && plain_->readable()) || (secured_ && secured_->readable()); }

/// From here on whoever fills the outbox wakes the thread.
bool zmq_network_link::may_sleep() {
  std::lock_guard const held{mutex_};
  return asleep_ = outbox_.empty();
}

void zmq_network_link::wait() {
  std::array<::pollfd, 6> items{};
  ::nfds_t count = 0;
  auto const look = [&](int fd) { items.at(count++) = {fd, POLLIN, 0}; };
  look(waker_.fd());
  for (auto* const socket : {&plain_, &secured_}) {
    if (*socket) look((*socket)->fd());
  }
  auto const first_of_news = count;
  for (auto* const socket : {&plain_, &secured_}) {
    if (*socket) look((*socket)->connections().fd());
  }
  if (zap_) look(zap_->fd());
  if (!ended_.empty() || !filled_.empty() || !may_sleep()) return;
  auto timeout = std::chrono::ceil<std::chrono::milliseconds>(chores_at_ - steady::now());
  if (!backlogged_.empty()) timeout = std::min(timeout, retry_every);
  turn_.unlock();
  ::poll(items.data(), count, static_cast<int>(std::max<std::int64_t>(timeout.count(), 0)));
  turn_.lock();
  if (items[0].revents != 0) waker_.clear();
  for (auto* const socket : {&plain_, &secured_}) {
    if (*socket) (*socket)->woken();
  }
  news_ = news_ || std::any_of(items.begin() + first_of_news, items.begin() + count, [](auto const& one) { return one.revents != 0; });
  std::lock_guard const held{mutex_};
  asleep_ = false;
}

void zmq_network_link::run() {
  std::lock_guard const turn{turn_};
  for (;;) {
    if (stopping_) break;  // looked at after the wake-up that may have come with it was cleared
    chores(steady::now());
    flush();
    // They are silent until their descriptors say otherwise; a thread that never sleeps asks now and then.
    bool const look = std::exchange(news_, false) || ++turns_ % turns_between_news == 0;
    bool moved = false;
    if (zap_ && look) {
      std::uint64_t refused = 0;
      moved = zap_->turn(refused);
      add(counters_.auth_refused, refused);
    }
    for (auto* const socket : {&plain_, &secured_}) {
      if (*socket) moved |= serve(**socket, look);
    }
    counters_.peers.store(peers_.size(), std::memory_order_relaxed);
    if (!moved && !readable()) wait();
  }
  {
    std::lock_guard const held{mutex_};
    closed_ = true;
  }
  auto const until = steady::now() + stop_linger;
  flush();
  while (!backlogged_.empty() && steady::now() < until) {
    wait();
    flush();
  }
  if (plain_) plain_->close(stop_linger);
  if (secured_) secured_->close(stop_linger);
  if (zap_) zap_->close();
  context_.close();
}

result<std::unique_ptr<network_link>> network_link::open(network_link_options options, receiver to_hub) {
  auto link = std::make_unique<zmq_network_link>(std::move(options), std::move(to_hub));
  if (auto started = link->start(); !started) return started.error();
  return std::unique_ptr<network_link>{std::move(link)};
}

}  // namespace skein::bus
