#include "endpoint.hpp"
#include "router_socket.hpp"
#include "zmq_host_link.hpp"

#include <skein/bus/quiet_thread.hpp>
#include <skein/tracing/log.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace skein::bus {

namespace {

using steady = std::chrono::steady_clock;

constexpr int received_per_turn_max = 256;
constexpr std::chrono::milliseconds wait_max{60'000};

// What wakes a thread of the link.
constexpr std::uint32_t waker_bit = 1, monitor_bit = 2, socket_bit = 4;

}  // namespace

host_connection::host_connection(zmq::context_t& context, host_link_options const& options, bool is_ipv6, unsigned serial)
    : socket(context, zmq::socket_type::dealer), monitor(context, socket, options.endpoint, options.keys.has_value(), serial) {
  set_common_options(socket, options.frame_bytes_max, options.heartbeat);
  socket.set(zmq::sockopt::immediate, true);  // nothing waits for a connection that is not there
  socket.set(zmq::sockopt::reconnect_ivl, static_cast<int>(options.reconnect_initial.count()));
  socket.set(zmq::sockopt::reconnect_ivl_max, static_cast<int>(options.reconnect_max.count()));
  socket.set(zmq::sockopt::ipv6, is_ipv6);
  if (options.keys) {
    socket.set(zmq::sockopt::curve_serverkey, options.keys->server_key);
    socket.set(zmq::sockopt::curve_publickey, options.keys->own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, options.keys->own.secret_key);
  }
  socket.connect(options.endpoint);
}

// ---- opening and stopping ----

result<void> zmq_host_link::start() {
  auto const parsed = parse_endpoint(options_.endpoint);
  if (!parsed) return parsed.error();
  if (parsed->transport == transport::inproc || parsed->port == "*" || parsed->address == "*") {
    return error{errc::invalid_argument, "a host cannot connect there; use the hub's ipc://PATH or tcp://ADDRESS:PORT", options_.endpoint};
  }
  if (!parsed->local && !options_.keys) {
    return error{errc::misuse, "a host in the network is reached with keys only; `skein bus keygen DIR` on the hub's machine makes them",
                 options_.endpoint};
  }
  if (parsed->transport == transport::ipc) options_.keys.reset();  // the hub's ipc sockets are plaintext
  is_ipv6_ = parsed->is_ipv6();
  try {
    open_connection();
  } catch (zmq::error_t const& failure) {
    return error{errc::invalid_argument,
                 std::string{"it cannot be connected to: "} + failure.what() +
                     (options_.keys ? "; check the address and the keys" : "; check the address"),
                 options_.endpoint};
  }
  if (!news_of_.add(waker_.fd(), waker_bit)) {
    return error{errc::io_failed, std::string{"the descriptors of the link to the hub cannot be watched: "} + std::generic_category().message(errno)};
  }
  try {
    // Handlers expect the signals of the program's own threads.
    if (runs_work()) {
      for (auto& mine : seats_) threads_.emplace_back([this, &mine] { run(mine); });
    } else {
      threads_.push_back(quiet_thread("skein-host-link", [this] { run(seats_[0]); }));
    }
  } catch (std::system_error const& failure) {
    return error{errc::io_failed, std::string{"the thread of the link to the hub cannot be started: "} + failure.what()};
  }
  return {};
}

void zmq_host_link::stop(std::chrono::milliseconds linger) {
  {
    std::lock_guard const held{mutex_};
    if (!stopping_) linger_ = linger;
  }
  stopping_ = true;
  waker_.wake();
  if (threads_.empty()) return;
  closed_.wait(false);
  // One that is in a handler may stay there for ever.
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (!seats_[i].works && threads_[i].joinable()) threads_[i].join();
  }
}

// ---- the connection ----

void zmq_host_link::change(link_state to, std::string const& why) {
  {
    std::lock_guard const held{mutex_};
    if (is_final(state_) || (state_ == to && why_ == why)) return;
    state_ = to;
    why_ = why;
  }
  if (to_.changed) to_.changed(to, why);
}

void zmq_host_link::on_event(link_event const& event) {
  {
    std::lock_guard const held{mutex_};
    ready_ = event.what == link_event::kind::ready;
    outbox_.clear();
    forget_unsent();
    version_ = protocol_min;
    if (ready_) {
      host_actions out;
      session_.connect(time_.now(), out);
      post_all(out);
      for (auto& [number, one] : questions_) one.repeat_at = time_.now();
    }
  }
  if (event.what == link_event::kind::ready) return;
  change(link_state::connecting, event.why);
  if (event.what != link_event::kind::rejected) return;
  // libzmq gives up after some failed handshakes and hurries after others: the link keeps the pace itself.
  reopen_at_ = steady::now() + backoff_;
  backoff_ = std::min<steady::duration>(2 * backoff_, options_.reconnect_max);
}

bool zmq_host_link::watch_connection() {
  if (reopen_at_ && *reopen_at_ <= steady::now()) reopen();
  // It is silent until its descriptor says otherwise; a thread that never sleeps asks now and then.
  if (!connection_ || !(std::exchange(news_, false) || ++turns_ % turns_between_news == 0)) return false;
  bool moved = false;
  while (auto const event = connection_->monitor.next()) {
    moved = true;
    on_event(*event);
    if (!reopen_at_) continue;
    connection_.reset();
    break;
  }
  return moved;
}

void zmq_host_link::open_connection() {
  drained_ = false;
  connection_.emplace(context_, options_, is_ipv6_, ++connections_);
  bool const watched = news_of_.add(connection_->monitor.fd(), monitor_bit) && news_of_.add(connection_->socket.get(zmq::sockopt::fd), socket_bit);
  if (!watched) throw zmq::error_t{};
}

void zmq_host_link::reopen() {
  reopen_at_.reset();
  news_ = true;
  try {
    open_connection();
  } catch (zmq::error_t const& failure) {
    connection_.reset();
    change(link_state::connecting, options_.endpoint + " cannot be connected to: " + failure.what());
    reopen_at_ = steady::now() + options_.reconnect_max;
  }
}

// ---- what comes ----

void zmq_host_link::heed(welcome const& how) {
  if (how.instance != options_.session.instance) return;
  version_ = how.version;
  auto const bytes_max = how.frame_bytes_max == 0 ? options_.frame_bytes_max : std::min<std::uint64_t>(how.frame_bytes_max, options_.frame_bytes_max);
  batch_ = frame_batch{std::min<std::size_t>(bytes_max, frame_batch::bytes_max_default)};
}

void zmq_host_link::take(bytes_view frame, timestamp now, host_actions& out) {
  if (auto const read = decode(frame, codec_, spare_deliveries_, from_hub_); !read) {
    return log_warn(std::string{"the hub sent what cannot be read: "} + read.error().what());
  }
  if (auto const* const how = std::get_if<welcome>(&from_hub_)) heed(*how);
  std::lock_guard const held{mutex_};
  session_.receive(now, std::move(from_hub_), out);
  if (auto* const work = std::get_if<deliver>(&from_hub_)) {
    work->deliveries.clear();   // moved on, but for those that were known
    spare_deliveries_.take(work->deliveries);
  }
  post_all(out);
  keep_memory_of(out.forgotten);
  std::erase_if(out.answered, [&](query_result const& answer) { return questions_.erase(answer.number) == 0; });
}

/// Whether something is there to receive. Each look takes two system calls.
bool zmq_host_link::readable() {
  if (!drained_ && connection_) drained_ = (connection_->socket.get(zmq::sockopt::events) & ZMQ_POLLIN) == 0;
  return !drained_ && connection_;
}

void zmq_host_link::receive() {
  if (!connection_ || drained_) return;
  zmq::message_t frame;
  for (int left = received_per_turn_max; left > 0; --left) {
    if (!connection_->socket.recv(frame, zmq::recv_flags::dontwait)) {
      drained_ = true;
      break;
    }
    if (auto split = split_batch({frame.data<std::byte>(), frame.size()}, codec_, frames_); !split) {
      log_warn(std::string{"the hub sent what cannot be read: "} + split.error().what());
      continue;
    }
    auto const now = time_.now();
    for (auto const one : frames_) take(one, now, heard_);
  }
  tell(heard_);
}

/// Tells the owner, in the order in which it makes sense to: what starts may be dropped at once. Leaves it empty, with its memory.
void zmq_host_link::tell(host_actions& what) {
  if (!what.start.empty() && to_.start) {
    to_.start(std::move(what.start));
    work_ = true;
  }
  spare_deliveries_.take(what.start);  // what the owner has left there
  if (to_.drop) {
    for (auto const& one : what.drop) to_.drop(one);
  }
  what.drop.clear();
  if (to_.answered) {
    for (auto& one : what.answered) to_.answered(std::move(one));
  }
  what.answered.clear();
  if (std::exchange(what.drain_asked, false) && to_.drain) to_.drain();
  bool welcomed = false, left = false;
  {
    std::lock_guard const held{mutex_};
    welcomed = ready_ && session_.welcomed();
    left = goodbye_said_;
  }
  if (auto const refused = std::exchange(what.ended, {})) return change(link_state::refused, refused->what);
  if (left) return change(link_state::left, {});
  if (!welcomed) return;
  backoff_ = options_.reconnect_initial;
  change(link_state::welcomed, {});
}

// ---- time ----

void zmq_host_link::timers() {
  host_actions found;
  // What cannot leave need not be said again and again.
  if (!stuck_ && sending_.empty()) {
    std::unique_lock held{mutex_};
    auto const now = time_.now();
    if (auto const due = session_.next_timer(); due && *due <= now) session_.tick(now, found);
    for (auto& one : found.send) {
      auto* const alive = std::get_if<beat>(&one);
      if (alive == nullptr || !to_.beating || !ready_) continue;
      held.unlock();
      to_.beating(*alive);
      held.lock();
    }
    post_all(found);
    for (auto& [number, one] : questions_) {
      if (one.repeat_at > now || !ready_ || !session_.welcomed()) continue;
      one.repeat_at = now + options_.session.repeat;
      post(message{one.what});
    }
  }
  tell(found);
}

/// When the hub is to hear something next, at the latest. With the lock held.
timestamp zmq_host_link::next_due() const {
  auto due = session_.next_timer().value_or(timestamp::max());
  if (ready_ && session_.welcomed()) {
    for (auto const& [number, one] : questions_) due = std::min(due, one.repeat_at);
  }
  return due;
}

/// The owner is still to hear that this link has left: drain() may have come after what tells it was looked at. With the lock held, and the turn.
bool zmq_host_link::owes_farewell() const { return goodbye_said_ && !is_final(state_) && !closing_; }

/// With the lock held, and the turn.
std::chrono::milliseconds zmq_host_link::wait_at_most(timestamp due) const {
  auto timeout = wait_max;
  auto const sooner = [&](auto left) {
    timeout = std::min(timeout, std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds{0}));
  };
  if (blocked_) sooner(retry_every);
  if (reopen_at_) sooner(*reopen_at_ - steady::now());
  if (due != timestamp::max() && !blocked_) sooner(due - time_.now());
  return timeout;
}

void zmq_host_link::wait(seat& mine) {
  std::chrono::milliseconds timeout{0};
  {
    std::lock_guard const held{mutex_};
    if ((!outbox_.empty() && !blocked_) || owes_farewell()) return;
    asleep_ = true;
    mine.due = next_due();
    timeout = wait_at_most(mine.due);
    mine.waits = true;
  }
  turn_.unlock();
  // All descriptors were read until nothing was left, and nothing has been sent since.
  auto const news = news_of_.wait(timeout);
  turn_.lock();
  if ((news & waker_bit) != 0) waker_.clear();
  news_ = news_ || (news & monitor_bit) != 0;
  drained_ = drained_ && (news & socket_bit) == 0;
  std::lock_guard const held{mutex_};
  mine.waits = asleep_ = false;
}

// ---- the threads ----

/// Nothing is left behind that the other one would not see to: it waits, and no longer than until something is due, or it will look by itself.
void zmq_host_link::leave_link_to(seat const& other) {
  for (;;) {
    {
      std::lock_guard const held{mutex_};
      if (outbox_.empty() || blocked_) {
        asleep_ = other.waits;
        // What was sent last may have taken the news that something came.
        if (readable() || blocked_ || reopen_at_ || owes_farewell() || next_due() < other.due) wake_thread();
        return;
      }
    }
    flush();
  }
}

/// Runs what was started, unless the other thread is at it.
void zmq_host_link::run_work(seat& mine) {
  if (!runs_work() || !work_ || working_.exchange(true)) return;
  mine.works = true;
  leave_link_to(&mine == &seats_[0] ? seats_[1] : seats_[0]);
  turn_.unlock();
  auto const enough = [this] { return ending_work_ || stopping_; };
  do {
    while (work_.exchange(false) && !enough()) to_.work(enough);
    working_ = false;
    working_.notify_all();
  } while (work_ && !enough() && !working_.exchange(true));
  mine.works = false;
  turn_.lock();
  std::lock_guard const held{mutex_};
  asleep_ = false;
}

void zmq_host_link::run(seat& mine) {
  std::lock_guard const turn{turn_};
  // Looked at after the wake-up that may have come with it was cleared.
  while (!stopping_) {
    bool const news = watch_connection();
    timers();
    flush();
    receive();
    flush();
    run_work(mine);
    if (!news && !readable()) wait(mine);
  }
  if (!std::exchange(closing_, true)) close();
  waker_.wake();   // the other one
}

void zmq_host_link::close() {
  std::chrono::milliseconds linger{0};
  {
    std::lock_guard const held{mutex_};
    linger = linger_;
  }
  auto const until = steady::now() + linger;
  seat mine;
  do {
    while (flush()) {
    }
    if (!blocked_ || !connection_) break;
    wait(mine);
  } while (steady::now() < until);
  if (connection_) {
    connection_->socket.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
    connection_.reset();
  }
  context_.close();
  closed_ = true;
  closed_.notify_all();
}

result<std::unique_ptr<host_link>> host_link::open(host_link_options options, clock& time, host_link_receivers to) {
  auto link = std::make_unique<zmq_host_link>(std::move(options), time, std::move(to));
  if (auto started = link->start(); !started) return started.error();
  return std::unique_ptr<host_link>{std::move(link)};
}

}  // namespace skein::bus
