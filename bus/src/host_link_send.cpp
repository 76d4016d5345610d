#include "zmq_host_link.hpp"

#include <skein/tracing/log.hpp>

#include <iterator>

namespace skein::bus {

namespace {

/// Frames that have not been handed to the socket: with more, what may be lost is.
constexpr std::size_t outbox_for_progress_max = 256;

/// Memory of reports that is kept for the next ones.
constexpr std::size_t spare_reports_max = 256, report_bytes_usual = 4'096;

}  // namespace

// ---- what any thread may call ----

void zmq_host_link::complete(done&& result) {
  auto const which = result.activation;
  auto const now = time_.now();
  auto frame = encode_result(std::move(result), now);
  if (!frame) return;
  bool here = false;
  {
    std::lock_guard const held{mutex_};
    session_.complete(now, which, std::move(frame), completed_);
    post_all(completed_);
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
  if (is_final(state_) || !ready_ || !session_.welcomed() || outbox_.size() >= outbox_for_progress_max) return;
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

/// Null, and logged, when it cannot be sent.
encoded_report zmq_host_link::encode_result(done&& result, timestamp now) {
  std::shared_ptr<bytes> frame;
  if (std::lock_guard const held{mutex_}; !spare_reports_.empty()) {
    frame = std::move(spare_reports_.back());
    spare_reports_.pop_back();
  }
  if (!frame) frame = std::make_shared<bytes>();
  result.sent_at = now;
  if (!travels_as_nack(result) && encode(result, codec_, speaks(), *frame)) return frame;
  auto what = as_message(std::move(result), now);
  auto other = encode_what_fits(what);
  if (other) return std::make_shared<bytes>(std::move(*other));
  log_error(std::string{"a result for the hub cannot be sent: "} + other.error().what());
  return nullptr;
}

/// The protocol of the frames that are made.
std::uint16_t zmq_host_link::speaks() {
  std::uint16_t const version = version_;
  if (version >= protocol_packed_spans) has_packed_ = true;
  return version;
}

/// A result that does not fit is a failure that trying again cannot help. Spans are left out only where nothing else helps.
result<bytes> zmq_host_link::encode_what_fits(message& what) {
  auto const version = speaks();
  auto frame = encode(what, codec_, version);
  if (frame) return frame;
  if (auto* const ended = std::get_if<done>(&what); ended != nullptr) {
    ended->outcome = outcome::permanent;
    ended->error_type = to_string(frame.error().code());
    ended->what = "the result cannot be sent to the hub: " + std::string{frame.error().what()};
    ended->children.clear();
    if (auto shorter = encode(what, codec_, version)) return shorter;
  }
  std::visit(
      [](auto& m) {
        if constexpr (requires { m.spans; }) m.spans.clear();
        if constexpr (requires { m.runs; }) m.runs.clear();
      },
      what);
  return encode(what, codec_, version);
}

/// A report that was made for another hub, and is repeated to one that speaks less.
encoded_report zmq_host_link::as_hub_reads(encoded_report const& report) const {
  if (version_ >= protocol_packed_spans || !has_packed_) return report;
  auto what = decode(*report, codec_);
  if (!what) return report;
  auto frame = encode(*what, codec_, version_);
  return frame ? std::make_shared<bytes const>(std::move(*frame)) : report;
}

void zmq_host_link::post(message&& one) {
  if (std::holds_alternative<goodbye>(one)) goodbye_said_ = true;
  // Without a connection nothing can leave. Nothing is lost by it: the session says all of it again after the next hello.
  if (!ready_) return;
  auto frame = encode_what_fits(one);
  if (frame) return outbox_.push_back(std::make_shared<bytes const>(std::move(*frame)));
  log_error(std::string{"a message for the hub cannot be sent: "} + frame.error().what());
}

/// Leaves them empty, with their memory.
void zmq_host_link::post_all(host_actions& from) {
  for (auto& one : from.send) post(std::move(one));
  from.send.clear();
  if (ready_) std::move(from.reports.begin(), from.reports.end(), std::back_inserter(outbox_));
  from.reports.clear();
}

/// Whoever had them holds the lock or the turn, and the caller both: nobody takes another share of one that is alone.
void zmq_host_link::keep_memory_of(std::vector<encoded_report>& forgotten) {
  for (auto& one : forgotten) {
    bool const is_usual = one.use_count() == 1 && one->capacity() <= report_bytes_usual && spare_reports_.size() < spare_reports_max;
    if (is_usual) spare_reports_.push_back(std::const_pointer_cast<bytes>(std::move(one)));
  }
  forgotten.clear();
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
    flush();
    // Sending may have taken the news that something came, which the sleeping thread waits for.
    wake = blocked_ || readable();
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
      while (!sending_.empty() && (batch_.empty() || version_ >= protocol_batches) && batch_.add(*as_hub_reads(sending_.front()))) sending_.pop_front();
      stuck_ = make_frame(batch_, meter_);
    }
    drained_ = false;
    if (!connection_->socket.send(*stuck_, zmq::send_flags::dontwait)) break;
    stuck_.reset();
    moved = true;
  }
  blocked_ = stuck_ || !sending_.empty();
  return moved;
}

}  // namespace skein::bus
