#include <skein/tracing/shipping_recorder.hpp>

#include <skein/tracing/log.hpp>

#include "entry_writer.hpp"
#include "nanoseconds.hpp"
#include "span_batch_access.hpp"
#include "thread_buffer.hpp"
#include "thread_ids.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

namespace skein {
namespace {

/// What ends between two shipments goes with the next as it is, up to so much.
constexpr std::size_t gathered_spans_max = 64, gathered_bytes_max = 64 * 1'024;
/// Memory of ended spans that is kept for the next ones.
constexpr std::size_t spare_max = 1'024, spare_bytes_max = 4'096;

bool says_something(run_record const& run) {
  return !run.tags.empty() || !run.attributes.empty() || !run.session.empty() || !run.user.empty() || !run.request_preview.empty() ||
         !run.response_preview.empty();
}

/// One buffer for all threads: a worker's spans are few beside what it costs to bring it its work.
class gathering_recorder final : public shipping_recorder {
 public:
  gathering_recorder(clock& time, shipping_options options) : time_(time), options_(std::move(options)) {
    flat::append(service_, flat::tag::service, {}, options_.service);
    log_prepare();
  }

  void record(span_record&& span) override {
    std::string encoded;
    flat::append(encoded, span);
    record(span_view{encoded.data()});
  }
  void record(span_view span) override {
    std::unique_lock lock{open_.mutex};
    add(lock, span);
  }
  void record(std::vector<span_record>&& spans) override {
    for (auto& span : spans) record(std::move(span));
  }

  void record(run_record&& run) override {
    if (!says_something(run)) return;
    std::lock_guard const lock{open_.mutex};
    auto const known = std::find_if(runs_.begin(), runs_.end(), [&](auto const& each) { return each.run == run.run; });
    if (known != runs_.end()) {
      *known = std::move(run);
      return;
    }
    if (runs_.size() >= options_.runs_max) runs_.pop_front();
    runs_.push_back(std::move(run));
  }

  open_span* open(span_record const& started) override {
    auto opened = std::make_unique<opened_by_record>(started);
    attach(*opened);
    return opened.release();
  }
  void close(open_span* span, span_record&& ended) override {
    std::unique_ptr<open_span> const opened{span};
    detach(*opened);
    record(std::move(ended));
  }

  void attach(open_span& span) noexcept override {
    std::lock_guard const lock{open_.mutex};
    span.home = &open_;
    open_.fresh.push(span);
  }
  void detach(open_span& span) noexcept override {
    std::lock_guard const lock{open_.mutex};
    if (std::exchange(span.home, nullptr) != nullptr) open_list::unlink(span);
  }
  void end(open_span& span, span_view ended) override {
    std::unique_lock lock{open_.mutex};
    if (std::exchange(span.home, nullptr) != nullptr) open_list::unlink(span);
    add(lock, ended);
  }

  result<void> flush(std::chrono::nanoseconds) override { return {}; }
  recorder_counters counters() const noexcept override {
    std::lock_guard const lock{open_.mutex};
    return open_.counters;
  }
  clock& time() const noexcept override { return time_; }
  span_id new_span_id() noexcept override { return thread_ids().span(); }
  run_id new_run_id(timestamp at) noexcept override { return run_id{thread_ids().uuid_v7(at.time_since_epoch().count())}; }

  shipment take(std::size_t bytes_max, shipment used) override {
    auto out = std::move(used);
    out.spans.clear();
    std::lock_guard const lock{open_.mutex};
    if (gathered_bytes_ > bytes_max) keep_apart();
    if (!gathered_.empty()) out.spans.swap(gathered_);
    gathered_bytes_ = 0;
    std::size_t bytes = 0;
    while (!ended_.empty() && bytes + ended_.front().bytes.size() <= bytes_max) {
      bytes += ended_.front().bytes.size();
      out.spans.push_back(span_view{ended_.front().bytes.data()});
      pop_oldest();
    }
    open_.counters.written += out.spans.size();
    out.runs.assign(std::make_move_iterator(runs_.begin()), std::make_move_iterator(runs_.end()));
    runs_.clear();
    return out;
  }

  span_batch preview(std::size_t spans_max, std::size_t bytes_max) override {
    span_batch out;
    std::size_t bytes = 0;
    auto const room = [&] { return out.size() < spans_max && bytes < bytes_max; };
    std::lock_guard const lock{open_.mutex};
    keep_apart();
    while (!open_.fresh.empty() && room()) {
      open_span& next = open_.fresh.pop();
      open_.known.push(next);
      std::string so_far;
      if (!next.so_far(so_far)) continue;
      give_service(so_far);
      bytes += so_far.size();
      out.push_back(span_view{so_far.data()});
    }
    if (!open_.fresh.empty()) return out;
    // Newest first: a parent ends after its children, as a rule.
    for (auto each = ended_.rbegin(); each != ended_.rend() && room(); ++each) {
      if (std::exchange(each->previewed, true)) continue;
      bytes += each->bytes.size();
      out.push_back(span_view{each->bytes.data()});
    }
    return out;
  }

  void preview_again() override {
    std::lock_guard const lock{open_.mutex};
    // What is known is older than what is fresh, and parents are older than their children.
    while (!open_.fresh.empty()) open_.known.push(open_.fresh.pop());
    while (!open_.known.empty()) open_.fresh.push(open_.known.pop());
    for (auto& each : ended_) each.previewed = false;
  }

  span_batch interrupted() override {
    span_batch out;
    auto const now = time_.now();
    std::lock_guard const lock{open_.mutex};
    auto const hand_out = [&](open_span& each) {
      std::string so_far;
      if (!each.so_far(so_far)) return;
      give_service(so_far);
      auto& top = head_of(so_far);
      top.status = status_code::interrupted;
      top.end_ns = std::max(ns(now), top.start_ns);
      out.push_back(span_view{so_far.data()});
    };
    open_.known.for_each(hand_out);
    open_.fresh.for_each(hand_out);
    return out;
  }

 private:
  struct ended_span {
    std::string bytes;        // span_bytes.hpp
    bool previewed = false;
  };

  static flat::head& head_of(std::string& span) noexcept { return *reinterpret_cast<flat::head*>(span.data()); }

  /// A span that has none gets the service.
  void give_service(std::string& span) const {
    if (options_.service.empty() || (head_of(span).has & flat::bit(flat::tag::service)) != 0) return;
    span += service_;
    head_of(span).has |= flat::bit(flat::tag::service);
    head_of(span).bytes = span.size();
  }

  /// Adds an ended span and unlocks. Of too many the oldest goes: children end before their parents, so what is kept has its parents.
  void add(std::unique_lock<light_lock>& lock, span_view span) {
    ++open_.counters.recorded;
    if (gather(span)) return;
    keep_apart();
    keep(span);
    bool first_drop = false;
    while (ended_.size() > options_.spans_max || bytes_ > options_.bytes_max) {
      pop_oldest();
      first_drop = ++open_.counters.dropped == 1 || first_drop;
    }
    lock.unlock();
    if (first_drop) {
      log_warn("spans are dropped: more ended here than can wait for the hub to take them (" + std::to_string(options_.spans_max) + " spans, " +
               std::to_string(options_.bytes_max) + " bytes); record fewer spans in a handler");
    }
  }

  /// Adds it to those of the next shipment; false when they are too many, or must be told apart.
  bool gather(span_view span) {
    auto const size = span.bytes().size() + service_.size();
    if (!ended_.empty() || gathered_.size() >= std::min(gathered_spans_max, options_.spans_max)) return false;
    if (gathered_bytes_ + size > std::min(gathered_bytes_max, options_.bytes_max)) return false;
    gathered_bytes_ += size;
    bool const is_whole = service_.empty() || span.has_service();
    is_whole ? gathered_.push_back(span) : span_batch_access::add(gathered_, span, service_, flat::tag::service);
    return true;
  }

  /// What was gathered is taken one by one from here on.
  void keep_apart() {
    for (auto const span : gathered_.views()) keep(span);
    gathered_.clear();
    gathered_bytes_ = 0;
  }

  void keep(span_view span) {
    std::string bytes;
    if (!spare_.empty()) {
      bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    bytes.assign(span.bytes());
    give_service(bytes);
    bytes_ += bytes.size();
    ended_.push_back({std::move(bytes), false});
  }

  void pop_oldest() {
    auto& bytes = ended_.front().bytes;
    bytes_ -= bytes.size();
    if (spare_.size() < spare_max && bytes.capacity() <= spare_bytes_max) spare_.push_back(std::move(bytes));
    ended_.pop_front();
  }

  clock& time_;
  shipping_options const options_;
  thread_buffer open_;                  // the spans that run, and the lock and counters of everything here
  std::string service_;                 // an entry of a span
  span_batch gathered_;                 // ended and not taken; none while there are any in ended_
  std::size_t gathered_bytes_ = 0;
  std::deque<ended_span> ended_;
  std::vector<std::string> spare_;      // of ended spans that were taken
  std::size_t bytes_ = 0;               // of ended_
  std::deque<run_record> runs_;
};

}  // namespace

std::shared_ptr<shipping_recorder> shipping_recorder::make(clock& time, shipping_options options) {
  return std::make_shared<gathering_recorder>(time, std::move(options));
}

}  // namespace skein
