// The one implementation of host_link. One thread owns the socket, or two in turns (host_link_receivers::work); the conversation (host_session) is
// under a lock, for handlers' threads complete attempts. What leaves is encoded by whoever causes it and waits in the outbox, or is sent by that thread
// while the link's own sleeps.
#pragma once

#include "epoll_set.hpp"
#include "link_monitor.hpp"
#include "metered_frame.hpp"

#include <skein/bus/blackboard_io.hpp>
#include <skein/bus/codec.hpp>
#include <skein/bus/frame_batch.hpp>
#include <skein/bus/host_link.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace skein::bus {

/// A DEALER with what watches over it.
struct host_connection {
  host_connection(zmq::context_t& context, host_link_options const& options, bool is_ipv6, unsigned serial);
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
        meter_(std::make_shared<pipe_meter>(waker_)),
        batch_(std::min(options_.frame_bytes_max, frame_batch::bytes_max_default)) {
    codec_.message_bytes_max = options_.frame_bytes_max;
  }
  ~zmq_host_link() override {
    stop(std::chrono::milliseconds{0});
    for (auto& each : threads_) {
      if (each.joinable()) each.join();
    }
  }

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
  [[nodiscard]] bool runs_work() const noexcept override { return to_.work != nullptr; }
  void end_work() override {
    ending_work_ = true;
    working_.wait(true);
  }

 private:
  struct question {
    query what;
    timestamp repeat_at{};
  };

  /// A thread of the link. `waits` and `due` are guarded by mutex_.
  struct seat {
    bool waits = false;                // for descriptors
    timestamp due{};                   // what it last waited for at most
    std::atomic<bool> works = false;   // in host_link_receivers::work
  };
  void run(seat& mine);
  void wait(seat& mine);
  void run_work(seat& mine);
  void leave_link_to(seat const& other);
  [[nodiscard]] timestamp next_due() const;
  [[nodiscard]] bool owes_farewell() const;
  [[nodiscard]] std::chrono::milliseconds wait_at_most(timestamp due) const;
  [[nodiscard]] bool readable();
  void open_connection();
  void close();
  bool watch_connection();
  void on_event(link_event const& event);
  void timers();
  void receive();
  void take(bytes_view frame, timestamp now, host_actions& out);
  void heed(welcome const& how);
  void tell(host_actions& what);
  void change(link_state to, std::string const& why);
  void reopen();
  bool flush();
  [[nodiscard]] encoded_report encode_result(done&& result, timestamp now);
  [[nodiscard]] std::uint16_t speaks();
  void forget_unsent() {
    sending_.clear();
    stuck_.reset();
  }

  // With the lock held.
  void post_all(host_actions& from);
  void post(message&& one);
  void keep_memory_of(std::vector<encoded_report>& forgotten);
  [[nodiscard]] result<bytes> encode_what_fits(message& what);
  [[nodiscard]] encoded_report as_hub_reads(encoded_report const& report) const;
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
  bool asleep_ = false;  // who serves the link waits, or will without looking into the outbox again
  std::array<seat, 2> seats_;
  std::deque<encoded_report> outbox_;
  host_actions completed_;  // empty; memory for complete()
  std::vector<std::shared_ptr<bytes>> spare_reports_;
  std::map<std::uint64_t, question> questions_;
  std::chrono::milliseconds linger_{0};

  /// Held by whoever uses the sockets: a thread of the link except while it waits or runs work, or another one that sends what it has said itself. Taken
  /// before mutex_.
  std::mutex turn_;
  // The rest is guarded by it, down to the next comment.
  std::chrono::steady_clock::duration backoff_;
  std::optional<std::chrono::steady_clock::time_point> reopen_at_;
  std::shared_ptr<pipe_meter> meter_;
  bool is_ipv6_ = false, blocked_ = false;  // blocked: the pipe had no room
  unsigned connections_ = 0;
  bool news_ = true;                     // the monitor may have some
  bool drained_ = false;                 // nothing was there to receive, and what comes wakes whoever waits: nothing has been sent since, which may take that news
  unsigned turns_ = 0;
  std::deque<encoded_report> sending_;
  frame_batch batch_;
  std::vector<bytes_view> frames_;       // of the message that is being read
  message from_hub_;                     // that is being read
  host_actions heard_;                   // empty; memory for receive()
  spare_deliveries spare_deliveries_;
  std::optional<zmq::message_t> stuck_;  // the frame that the pipe has no room for, before those in sending_
  zmq::context_t context_{1};
  std::optional<host_connection> connection_;
  epoll_set news_of_;
  bool closing_ = false;

  // Of the two threads that serve in turns. Work that one has started is run by it or by the other: whoever starts some sets work_ and then looks whether the other
  // is working_; who has worked clears working_ and then looks at work_ again. In the single order of these operations one of them sees the other.
  std::atomic<bool> work_ = false, working_ = false, ending_work_ = false;

  /// What the hub speaks on this connection, as far as it has said. Written by whoever has the turn.
  std::atomic<std::uint16_t> version_ = protocol_min;
  /// Frames were made that a hub of protocol 1 cannot read. Never false again.
  std::atomic<bool> has_packed_ = false;
  std::atomic<bool> stopping_ = false, closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace skein::bus
