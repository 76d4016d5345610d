#include <skein/tracing/memory_sink.hpp>

#include <algorithm>

namespace skein {
namespace {

// Only a sink beside this one can make a flush slow; it is given as long as a shutdown is.
constexpr std::chrono::seconds catch_up_max{10};

template <class Record>
std::vector<Record> by_start(std::vector<Record> records) {
  std::stable_sort(records.begin(), records.end(), [](Record const& a, Record const& b) { return a.start < b.start; });
  return records;
}

}  // namespace

void memory_sink::attached(std::weak_ptr<recorder> by) {
  std::lock_guard const lock{mutex_};
  std::erase_if(recorders_, [](auto const& each) { return each.expired(); });
  recorders_.push_back(std::move(by));
}

result<void> memory_sink::write(trace_batch const& batch) {
  std::lock_guard const lock{mutex_};
  for (auto const span : batch.spans.views()) arrived_.push_back(span);
  for (auto const& run : batch.runs) {
    auto const [place, added] = run_places_.try_emplace(run.run, runs_.size());
    if (added) {
      runs_.push_back(run);
    } else {
      runs_[place->second] = run;
    }
  }
  return {};
}

/// Puts what has arrived into its places.
void memory_sink::sort_in_locked() const {
  for (auto const span : arrived_.views()) {
    auto const context = span.context();
    auto const [place, added] = span_places_.try_emplace({context.trace, context.span}, spans_.size());
    if (added) spans_.emplace_back();
    span.read(spans_[place->second]);
  }
  arrived_ = {};
}

void memory_sink::catch_up() const {
  std::vector<std::weak_ptr<recorder>> recorders;
  {
    std::lock_guard const lock{mutex_};
    recorders = recorders_;
  }
  for (auto const& each : recorders) {
    // What another sink could not take is no concern of this one.
    if (auto const alive = each.lock()) static_cast<void>(alive->flush(catch_up_max).ok());
  }
}

span_list memory_sink::spans() const {
  catch_up();
  std::lock_guard const lock{mutex_};
  sort_in_locked();
  return span_list{by_start(spans_)};
}

std::vector<run_record> memory_sink::runs() const {
  catch_up();
  std::lock_guard const lock{mutex_};
  return by_start(runs_);
}

void memory_sink::clear() {
  catch_up();
  std::lock_guard const lock{mutex_};
  arrived_.clear();
  spans_.clear();
  runs_.clear();
  span_places_.clear();
  run_places_.clear();
}

}  // namespace skein
