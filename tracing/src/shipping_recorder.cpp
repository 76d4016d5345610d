#include <skein/tracing/shipping_recorder.hpp>

#include <skein/tracing/log.hpp>

#include "thread_buffer.hpp"
#include "thread_ids.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

namespace skein {
namespace {

constexpr std::size_t span_bytes = 160, item_bytes = 48;   // Of a span, and of each thing in it, beside its texts.

std::size_t size_of(attributes const& all) {
  std::size_t bytes = 0;
  for (auto const& each : all) {
    bytes += item_bytes + each.key.size();
    if (auto const* const text = std::get_if<std::string>(&each.value.get())) bytes += text->size();
    if (auto const* const list = std::get_if<std::vector<std::string>>(&each.value.get())) {
      for (auto const& text : *list) bytes += item_bytes + text.size();
    }
  }
  return bytes;
}

std::size_t size_of(span_record const& span) {
  std::size_t bytes = span_bytes + span.name.size() + span.status_message.size() + span.inputs.size() + span.outputs.size() + size_of(span.attributes);
  for (auto const& event : span.events) bytes += item_bytes + event.name.size() + size_of(event.attributes);
  for (auto const& link : span.links) bytes += item_bytes + size_of(link.attributes);
  return bytes;
}

bool says_something(run_record const& run) {
  return !run.tags.empty() || !run.attributes.empty() || !run.session.empty() || !run.user.empty() || !run.request_preview.empty() ||
         !run.response_preview.empty();
}

/// One buffer for all threads: a worker's spans are few beside what it costs to bring it its work.
class gathering_recorder final : public shipping_recorder {
 public:
  gathering_recorder(clock& time, shipping_options options) : time_(time), options_(std::move(options)) { log_prepare(); }

  void record(span_record&& span) override {
    std::unique_lock lock{open_.mutex};
    add(lock, std::move(span));
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
    end(*opened, std::move(ended));
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
  using shipping_recorder::record;
  void end(open_span& span, span_view ended) override { end(span, ended.record()); }

  result<void> flush(std::chrono::nanoseconds) override { return {}; }
  recorder_counters counters() const noexcept override {
    std::lock_guard const lock{open_.mutex};
    return open_.counters;
  }
  clock& time() const noexcept override { return time_; }
  span_id new_span_id() noexcept override { return thread_ids().span(); }
  run_id new_run_id() noexcept override { return run_id{thread_ids().uuid_v7(time_.now().time_since_epoch().count())}; }

  shipment take(std::size_t bytes_max) override {
    shipment out;
    std::lock_guard const lock{open_.mutex};
    std::size_t bytes = 0;
    while (!ended_.empty() && bytes + ended_.front().bytes <= bytes_max) {
      bytes += ended_.front().bytes;
      out.spans.push_back(std::move(ended_.front().span));
      out.spans.back().service = options_.service;
      pop_oldest();
    }
    open_.counters.written += out.spans.size();
    out.runs.assign(std::make_move_iterator(runs_.begin()), std::make_move_iterator(runs_.end()));
    runs_.clear();
    return out;
  }

  std::vector<span_record> preview(std::size_t spans_max, std::size_t bytes_max) override {
    std::vector<span_record> out;
    std::size_t bytes = 0;
    auto const room = [&] { return out.size() < spans_max && bytes < bytes_max; };
    std::lock_guard const lock{open_.mutex};
    while (!open_.fresh.empty() && room()) {
      open_span& next = open_.fresh.pop();
      open_.known.push(next);
      if (hand_out_running(next, out)) bytes += size_of(out.back());
    }
    if (!open_.fresh.empty()) return out;
    // Newest first: a parent ends after its children, as a rule.
    for (auto each = ended_.rbegin(); each != ended_.rend() && room(); ++each) {
      if (std::exchange(each->previewed, true)) continue;
      bytes += each->bytes;
      out.push_back(each->span);
      out.back().service = options_.service;
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

  std::vector<span_record> interrupted() override {
    std::vector<span_record> out;
    auto const now = time_.now();
    std::lock_guard const lock{open_.mutex};
    auto const hand_out = [&](open_span& each) { (void)hand_out_running(each, out); };
    open_.known.for_each(hand_out);
    open_.fresh.for_each(hand_out);
    for (auto& span : out) {
      span.status = status_code::interrupted;
      span.end = std::max(now, span.start);
    }
    return out;
  }

 private:
  void end(open_span& span, span_record&& ended) {
    std::unique_lock lock{open_.mutex};
    if (std::exchange(span.home, nullptr) != nullptr) open_list::unlink(span);
    add(lock, std::move(ended));
  }

  struct ended_span {
    span_record span;
    std::size_t bytes = 0;
    bool previewed = false;
  };

  /// Adds an ended span and unlocks. Of too many the oldest goes: children end before their parents, so what is kept has its parents.
  void add(std::unique_lock<light_lock>& lock, span_record&& span) {
    ++open_.counters.recorded;
    auto const bytes = size_of(span);
    ended_.push_back({std::move(span), bytes, false});
    bytes_ += bytes;
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

  void pop_oldest() {
    bytes_ -= ended_.front().bytes;
    ended_.pop_front();
  }

  bool hand_out_running(open_span& from, std::vector<span_record>& out) const {
    std::string so_far;
    if (!from.so_far(so_far)) return false;
    out.push_back(span_view{so_far.data()}.record());
    out.back().service = options_.service;
    return true;
  }

  clock& time_;
  shipping_options const options_;
  thread_buffer open_;                  // the spans that run, and the lock and counters of everything here
  std::deque<ended_span> ended_;
  std::size_t bytes_ = 0;               // of ended_
  std::deque<run_record> runs_;
};

}  // namespace

std::shared_ptr<shipping_recorder> shipping_recorder::make(clock& time, shipping_options options) {
  return std::make_shared<gathering_recorder>(time, std::move(options));
}

}  // namespace skein
