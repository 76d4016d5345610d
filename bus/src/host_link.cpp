// One thread owns the socket; the conversation (host_session) is under a lock, for handlers' threads complete attempts. What leaves is
// encoded by whoever causes it and waits in the outbox.
#include <skein/bus/host_link.hpp>

#include "endpoint.hpp"
#include "link_monitor.hpp"
#include "metered_frame.hpp"
#include "router_socket.hpp"

#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>
#include <skein/bus/quiet_thread.hpp>
#include <skein/tracing/log.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace skein::bus {

namespace {

using steady = std::chrono::steady_clock;

constexpr int received_per_turn_max = 256;
constexpr unsigned turns_between_news = 16;
/// Frames that have not been handed to the socket: with more, what may be lost is.
constexpr std::size_t outbox_for_progress_max = 256;
/// A pipe that has room again wakes the link nearly always; this is for the time when the news came while it looked elsewhere.
constexpr std::chrono::milliseconds retry_every{5};
constexpr std::chrono::milliseconds wait_max{60'000};

/// A DEALER with what watches over it.
struct connection {
  connection(zmq::context_t& context, host_link_options const& options, bool is_ipv6, unsigned serial)
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
  zmq::socket_t socket;
  link_monitor monitor;
};

class zmq_host_link final : public host_link {
 public:
  zmq_host_link(host_link_options options, clock& time, host_link_receivers to)
      : options_(std::move(options)),
        time_(time),
        to_(std::move(to)),
        session_(options_.session),
        backoff_(options_.reconnect_initial),
        meter_(std::make_shared<pipe_meter>(waker_)) {
    codec_.message_bytes_max = options_.frame_bytes_max;
  }
  ~zmq_host_link() override { stop(std::chrono::milliseconds{0}); }

  [[nodiscard]] result<void> start();
  void complete(done&& result) override;
  void ask(query&& what) override;
  void tell(progress&& what) override;
  void forget_question(std::uint64_t number) override;
  void drain() override;
  [[nodiscard]] link_state state() const override {
    std::lock_guard const held{mutex_};
    return state_;
  }
  [[nodiscard]] std::vector<attempt_ref> held() const override {
    std::lock_guard const held{mutex_};
    return session_.held();
  }
  void stop(std::chrono::milliseconds linger) override;

 private:
  struct question {
    query what;
    timestamp repeat_at{};
  };

  void run();
  void wait();
  bool watch_connection();
  void on_event(link_event const& event);
  void timers();
  bool receive();
  void take(bytes_view frame, host_actions& out);
  void heed(welcome const& how);
  void tell(host_actions&& what);
  void change(link_state to, std::string const& why);
  void reopen();
  bool flush();
  void forget_unsent() {
    sending_.clear();
    stuck_.reset();
  }

  // With the lock held.
  void post_all(host_actions& from);
  void post(message&& one);
  [[nodiscard]] result<bytes> encode_what_fits(message& what) const;
  void wake_thread();
  void send_here();
  void collect();

  host_link_options options_;
  clock& time_;
  host_link_receivers to_;
  codec_limits codec_;
  wake_fd waker_;

  std::mutex mutable mutex_;
  host_session session_;  // guarded by mutex_, like all down to the next comment
  link_state state_ = link_state::connecting;
  std::string why_;
  bool ready_ = false;  // connected: frames can leave
  bool goodbye_said_ = false;
  bool asleep_ = false;  // the thread waits, or will without looking into the outbox again
  std::deque<encoded_report> outbox_;
  std::map<std::uint64_t, question> questions_;
  std::chrono::milliseconds linger_{0};

  /// Held by whoever uses the sockets: the thread except while it waits, or another one that sends what it has said itself. Taken before mutex_.
  std::mutex turn_;
  // The rest is guarded by it, down to the next comment.
  steady::duration backoff_;
  std::optional<steady::time_point> reopen_at_;
  std::shared_ptr<pipe_meter> meter_;
  bool is_ipv6_ = false, blocked_ = false;  // blocked: the pipe had no room
  unsigned connections_ = 0;
  bool news_ = true;                     // the monitor may have some
  unsigned turns_ = 0;
  std::deque<encoded_report> sending_;
  std::uint16_t version_ = 1;            // what the hub speaks on this connection, as far as it has said
  frame_batch batch_;
  std::vector<bytes_view> frames_;       // of the message that is being read
  std::optional<zmq::message_t> stuck_;  // the frame that the pipe has no room for, before those in sending_
  zmq::context_t context_{1};
  std::optional<connection> connection_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

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
    connection_.emplace(context_, options_, is_ipv6_, ++connections_);
  } catch (zmq::error_t const& failure) {
    return error{errc::invalid_argument,
                 std::string{"it cannot be connected to: "} + failure.what() +
                     (options_.keys ? "; check the address and the keys" : "; check the address"),
                 options_.endpoint};
  }
  try {
    thread_ = quiet_thread("skein-host-link", [this] { run(); });
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
  if (thread_.joinable()) thread_.join();
}

// ---- what any thread may call ----

void zmq_host_link::complete(done&& result) {
  auto const which = result.activation;
  auto const now = time_.now();
  auto what = as_message(std::move(result), now);
  auto frame = encode_what_fits(what);
  if (!frame) return log_error(std::string{"a result for the hub cannot be sent: "} + frame.error().what());
  bool here = false;
  {
    std::lock_guard const held{mutex_};
    host_actions out;
    session_.complete(now, which, std::make_shared<bytes const>(std::move(*frame)), out);
    post_all(out);
    // Whoever has ended the last handler has the time; with more to come, what is ready by then goes together.
    here = asleep_ && session_.running() == 0;
    if (!here) wake_thread();
  }
  if (here) send_here();
}

void zmq_host_link::ask(query&& what) {
  std::lock_guard const held{mutex_};
  auto const number = what.number;
  questions_.insert_or_assign(number, question{std::move(what), time_.now()});
  wake_thread();
}

void zmq_host_link::tell(progress&& what) {
  std::lock_guard const held{mutex_};
  // The owner may hear of the welcome later than of the work that came with it.
  bool const over = state_ == link_state::refused || state_ == link_state::left;
  if (over || !ready_ || !session_.welcomed() || outbox_.size() >= outbox_for_progress_max) return;
  post(message{std::move(what)});
  wake_thread();
}

void zmq_host_link::forget_question(std::uint64_t number) {
  std::lock_guard const held{mutex_};
  questions_.erase(number);
}

void zmq_host_link::drain() {
  std::lock_guard const held{mutex_};
  host_actions out;
  session_.drain(time_.now(), out);
  post_all(out);
  wake_thread();
}

void zmq_host_link::wake_thread() {
  // An awake thread looks before it waits.
  if (std::exchange(asleep_, false)) waker_.wake();
}

// ---- what leaves ----

/// A result that does not fit is a failure that trying again cannot help. Spans are left out only where nothing else helps.
result<bytes> zmq_host_link::encode_what_fits(message& what) const {
  auto frame = encode(what, codec_);
  if (frame) return frame;
  if (auto* const ended = std::get_if<done>(&what); ended != nullptr) {
    ended->outcome = outcome::permanent;
    ended->error_type = to_string(frame.error().code());
    ended->what = "the result cannot be sent to the hub: " + std::string{frame.error().what()};
    ended->children.clear();
    if (auto shorter = encode(what, codec_)) return shorter;
  }
  std::visit(
      [](auto& m) {
        if constexpr (requires { m.spans; }) m.spans.clear();
        if constexpr (requires { m.runs; }) m.runs.clear();
      },
      what);
  return encode(what, codec_);
}

void zmq_host_link::post(message&& one) {
  if (std::holds_alternative<goodbye>(one)) goodbye_said_ = true;
  // Without a connection nothing can leave. Nothing is lost by it: the session says all of it again after the next hello.
  if (!ready_) return;
  auto frame = encode_what_fits(one);
  if (frame) return outbox_.push_back(std::make_shared<bytes const>(std::move(*frame)));
  log_error(std::string{"a message for the hub cannot be sent: "} + frame.error().what());
}

void zmq_host_link::post_all(host_actions& from) {
  for (auto& one : std::exchange(from.send, {})) post(std::move(one));
  auto reports = std::exchange(from.reports, {});
  if (ready_) outbox_.insert(outbox_.end(), std::make_move_iterator(reports.begin()), std::make_move_iterator(reports.end()));
}

void zmq_host_link::collect() {
  std::lock_guard const held{mutex_};
  if (!ready_) {
    outbox_.clear();
    forget_unsent();
  }
  if (sending_.empty()) sending_.swap(outbox_);
}

/// Sends on the calling thread while the link's own sleeps: waking it would take longer than all the rest.
void zmq_host_link::send_here() {
  bool wake = true;
  if (std::unique_lock const turn{turn_, std::try_to_lock}; turn && connection_) {
    (void)flush();
    // Sending may have taken the news that something came, which the sleeping thread waits for.
    wake = blocked_ || (connection_->socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
  }
  if (!wake) return;
  std::lock_guard const held{mutex_};
  wake_thread();
}

/// Hands the socket what it takes; whether anything was handed over.
bool zmq_host_link::flush() {
  collect();
  bool moved = false;
  while (stuck_ || !sending_.empty()) {
    if (!stuck_) {
      if (meter_->full()) break;
      while (!sending_.empty() && (batch_.empty() || version_ >= protocol_batches) && batch_.add(*sending_.front())) sending_.pop_front();
      stuck_ = make_frame(batch_.take(), meter_);
    }
    if (!connection_->socket.send(*stuck_, zmq::send_flags::dontwait)) break;
    stuck_.reset();
    moved = true;
  }
  blocked_ = stuck_ || !sending_.empty();
  return moved;
}

// ---- the connection ----

void zmq_host_link::change(link_state to, std::string const& why) {
  {
    std::lock_guard const held{mutex_};
    bool const final = state_ == link_state::refused || state_ == link_state::left;
    if (final || (state_ == to && why_ == why)) return;
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
    version_ = 1;
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

void zmq_host_link::reopen() {
  reopen_at_.reset();
  news_ = true;
  try {
    connection_.emplace(context_, options_, is_ipv6_, ++connections_);
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

void zmq_host_link::take(bytes_view frame, host_actions& out) {
  auto from_hub = decode(frame, codec_);
  if (!from_hub) return log_warn(std::string{"the hub sent what cannot be read: "} + from_hub.error().what());
  if (auto const* const how = std::get_if<welcome>(&*from_hub)) heed(*how);
  std::lock_guard const held{mutex_};
  session_.receive(time_.now(), std::move(*from_hub), out);
  post_all(out);
  std::erase_if(out.answered, [&](query_result const& answer) { return questions_.erase(answer.number) == 0; });
}

bool zmq_host_link::receive() {
  if (!connection_) return false;
  host_actions found;
  zmq::message_t frame;
  int left = received_per_turn_max;
  while (left > 0 && connection_->socket.recv(frame, zmq::recv_flags::dontwait)) {
    --left;
    if (auto split = split_batch({frame.data<std::byte>(), frame.size()}, codec_, frames_); !split) {
      log_warn(std::string{"the hub sent what cannot be read: "} + split.error().what());
      continue;
    }
    for (auto const one : frames_) take(one, found);
  }
  tell(std::move(found));
  return left < received_per_turn_max;
}

/// Tells the owner, in the order in which it makes sense to: what starts may be dropped at once.
void zmq_host_link::tell(host_actions&& what) {
  if (!what.start.empty() && to_.start) to_.start(std::move(what.start));
  if (to_.drop) {
    for (auto const& one : what.drop) to_.drop(one);
  }
  if (to_.answered) {
    for (auto& one : what.answered) to_.answered(std::move(one));
  }
  if (what.drain_asked && to_.drain) to_.drain();
  bool welcomed = false, left = false;
  {
    std::lock_guard const held{mutex_};
    welcomed = ready_ && session_.welcomed();
    left = goodbye_said_;
  }
  if (what.ended) return change(link_state::refused, what.ended->what);
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
  tell(std::move(found));
}

void zmq_host_link::wait() {
  std::array<::pollfd, 3> items{};
  ::nfds_t count = 0;
  items.at(count++) = {waker_.fd(), POLLIN, 0};
  if (connection_) {
    // Edge-triggered: both were read until nothing was left, and nothing has been sent since.
    items.at(count++) = {connection_->monitor.fd(), POLLIN, 0};
    items.at(count++) = {connection_->socket.get(zmq::sockopt::fd), POLLIN, 0};
  }
  auto timeout = wait_max;
  auto const sooner = [&](auto left) {
    timeout = std::min(timeout, std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds{0}));
  };
  if (blocked_) sooner(retry_every);
  if (reopen_at_) sooner(*reopen_at_ - steady::now());
  {
    std::lock_guard const held{mutex_};
    if (!outbox_.empty() && !blocked_) return;
    asleep_ = true;
    auto const now = time_.now();
    if (auto const due = session_.next_timer(); due && !blocked_) sooner(*due - now);
    if (ready_ && session_.welcomed() && !blocked_) {
      for (auto const& [number, one] : questions_) sooner(one.repeat_at - now);
    }
  }
  turn_.unlock();
  ::poll(items.data(), count, static_cast<int>(timeout.count()));
  turn_.lock();
  if (items[0].revents != 0) waker_.clear();
  news_ = news_ || items[1].revents != 0;
  std::lock_guard const held{mutex_};
  asleep_ = false;
}

// ---- the thread ----

void zmq_host_link::run() {
  std::lock_guard const turn{turn_};
  for (;;) {
    if (stopping_) break;  // looked at after the wake-up that may have come with it was cleared
    bool moved = watch_connection();
    timers();
    moved |= flush();
    moved |= receive();
    moved |= flush();
    if (!moved) wait();
  }
  std::chrono::milliseconds linger{0};
  {
    std::lock_guard const held{mutex_};
    linger = linger_;
  }
  auto const until = steady::now() + linger;
  do {
    while (flush()) {
    }
    if (!blocked_ || !connection_) break;
    wait();
  } while (steady::now() < until);
  if (connection_) {
    connection_->socket.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
    connection_.reset();
  }
  context_.close();
}

}  // namespace

result<std::unique_ptr<host_link>> host_link::open(host_link_options options, clock& time, host_link_receivers to) {
  auto link = std::make_unique<zmq_host_link>(std::move(options), time, std::move(to));
  if (auto started = link->start(); !started) return started.error();
  return std::unique_ptr<host_link>{std::move(link)};
}

}  // namespace skein::bus
