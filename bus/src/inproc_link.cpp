#include <skein/bus/inproc_link.hpp>
#include <skein/bus/quiet_thread.hpp>

#include "pointer_frame.hpp"
#include "spare_memory.hpp"
#include "wake_fd.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace skein::bus {

namespace {

constexpr char const* endpoint = "inproc://local";   // of a context that only this link uses
constexpr std::string_view host_identity = "local";
constexpr std::size_t spare_capacity_max = 1'024;    // of a buffer that is kept; what a burst has made large goes with it

/// What is left of messages that have arrived: memory for the next of their kind.
class spent_memory {
 public:
  void keep(message& arrived) {
    if (auto* const work = std::get_if<deliver>(&arrived)) {
      for (auto& one : work->deliveries) one.inputs.clear();
      keep_memory(work->deliveries, deliveries_);
    } else if (auto* const result = std::get_if<done>(&arrived)) {
      result->children.clear();
      keep_memory(result->children, children_);
    }
  }
  void keep(spent_memory& more) {
    for (auto& one : more.deliveries_) keep_memory(one, deliveries_);
    for (auto& one : more.children_) keep_memory(one, children_);
    more.deliveries_.clear();
    more.children_.clear();
  }
  /// To what has been moved from.
  void use(message& sent) {
    if (auto* const work = std::get_if<deliver>(&sent)) {
      use_memory(deliveries_, work->deliveries);
    } else if (auto* const result = std::get_if<done>(&sent)) {
      use(*result);
    }
  }
  void use(done& sent) { use_memory(children_, sent.children); }

 private:
  std::vector<std::vector<delivery>> deliveries_;   // whose inputs have memory, too
  std::vector<std::vector<child>> children_;
};

/// One end: its socket belongs to whoever calls `turn`, others leave messages in the outbox. All that is there leaves in one frame.
class link_end {
 public:
  link_end(zmq::context_t& context, zmq::socket_type type, std::function<void(message&&)> receiver)
      : socket_(context, type), receiver_(std::move(receiver)), routes_(type == zmq::socket_type::router) {
    socket_.set(zmq::sockopt::sndhwm, 0);  // bounded by the host's credit
    socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::linger, 0);
    if (routes_) {
      socket_.set(zmq::sockopt::router_mandatory, true);
      socket_.bind(endpoint);
    } else {
      socket_.set(zmq::sockopt::routing_id, host_identity);
      socket_.connect(endpoint);
      // The ROUTER learns of its peer by reading; an empty frame makes it known before the first delivery.
      socket_.send(zmq::message_t{}, zmq::send_flags::none);
    }
  }
  ~link_end() {
    zmq::message_t frame;
    while (receive(frame)) (void)unwrap(frame);
  }
  link_end(link_end const&) = delete;
  link_end& operator=(link_end const&) = delete;

  /// Takes a message or a result, and leaves memory in it, where there is some: that of a message that has arrived goes back to those who send them.
  template <class Message>
  void post(Message& what) {
    bool was_asleep = false;
    {
      std::lock_guard const held{mutex_};
      if (!outbox_) outbox_ = spare_ ? std::move(spare_) : std::make_unique<messages>();
      outbox_->emplace_back(std::move(what));
      spent_.use(what);
      was_asleep = std::exchange(asleep_, false);
    }
    if (was_asleep) waker_.wake();
  }

  /// Sends what is there, and receives what is there of the other end; whether there was anything.
  bool turn(link_end& from) {
    bool moved = false;
    std::unique_ptr<messages> out;
    {
      std::lock_guard const held{mutex_};
      out = std::move(outbox_);
    }
    if (out) {
      moved = true;
      if (routes_) socket_.send(zmq::buffer(host_identity), zmq::send_flags::sndmore);
      socket_.send(wrap(std::move(out)), zmq::send_flags::none);
    }
    zmq::message_t frame;
    while (receive(frame)) {
      moved = true;
      auto came = unwrap(frame);
      for (auto& one : *came) {
        receiver_(std::move(one));
        arrived_.keep(one);
      }
      came->clear();
      from.keep(arrived_, std::move(came));
    }
    return moved;
  }

  void wait() {
    {
      std::lock_guard const held{mutex_};
      if (outbox_) return;
      // From here on whoever posts wakes; what was posted before has been seen.
      asleep_ = true;
    }
    std::array<zmq::pollitem_t, 2> items{{{socket_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, waker_.fd(), ZMQ_POLLIN, 0}}};
    try {
      zmq::poll(items.data(), items.size());
    } catch (zmq::error_t const&) {
      // Interrupted by a signal: the caller looks and waits again.
    }
    if ((items[1].revents & ZMQ_POLLIN) != 0) waker_.clear();
    std::lock_guard const held{mutex_};
    asleep_ = false;
  }

  void wake() const noexcept { waker_.wake(); }

 private:
  /// Of those that this end has sent, what is left.
  void keep(spent_memory& spent, std::unique_ptr<messages> emptied) {
    std::lock_guard const held{mutex_};
    spent_.keep(spent);
    if (!spare_ && emptied->capacity() <= spare_capacity_max) spare_ = std::move(emptied);
  }

  /// The next frame that carries a message, if one is there.
  bool receive(zmq::message_t& frame) {
    for (;;) {
      if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
      if (routes_ && !socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
      if (frame.size() == sizeof(messages*)) return true;
    }
  }

  zmq::socket_t socket_;
  std::function<void(message&&)> receiver_;
  bool const routes_;
  spent_memory arrived_;               // of the frame that this end's thread reads
  wake_fd waker_;
  std::mutex mutex_;
  std::unique_ptr<messages> outbox_;   // null: nothing to send
  std::unique_ptr<messages> spare_;    // an empty one
  spent_memory spent_;                 // for the next messages
  bool asleep_ = false;                // its thread waits, or is about to
};

class zmq_inproc_link final : public inproc_link {
 public:
  zmq_inproc_link(receivers to, bool threaded)
      : context_(0), hub_(context_, zmq::socket_type::router, std::move(to.hub)), host_(context_, zmq::socket_type::dealer, std::move(to.host)) {
    (void)hub_.turn(host_);  // the ROUTER meets its peer
    if (!threaded) return;
    for (bool const is_hub : {true, false}) {
      threads_.push_back(quiet_thread("skein-inproc", [this, is_hub] { is_hub ? serve(hub_, host_) : serve(host_, hub_); }));
    }
  }
  ~zmq_inproc_link() override { stop(); }

  void to_host(message&& what) override { hub_.post(what); }
  void to_hub(done&& what) override { host_.post(what); }

  bool poll() override {
    // Whoever finds another thread at it need not wait: that thread delivers for both.
    std::unique_lock const held{polling_, std::try_to_lock};
    if (!held || stopping_) return false;
    bool moved = false;
    while (hub_.turn(host_) | host_.turn(hub_)) moved = true;
    return moved;
  }

  void stop() override {
    if (stopping_.exchange(true)) return;
    hub_.wake();
    host_.wake();
    for (auto& thread : threads_) thread.join();
    std::lock_guard const held{polling_};
    (void)host_.turn(hub_);
    (void)hub_.turn(host_);
  }

 private:
  void serve(link_end& end, link_end& other) {
    for (;;) {
      bool const moved = end.turn(other);
      if (stopping_) break;  // a wake-up that comes after this look ends the wait at once
      if (!moved) end.wait();
    }
  }

  zmq::context_t context_;
  link_end hub_, host_;
  std::atomic<bool> stopping_ = false;
  std::mutex polling_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<inproc_link> inproc_link::open(receivers to, bool threaded) { return std::make_unique<zmq_inproc_link>(std::move(to), threaded); }

}  // namespace skein::bus
