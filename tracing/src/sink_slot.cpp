#include "sink_slot.hpp"

#include <skein/tracing/log.hpp>

#include "time_text.hpp"

#include <algorithm>

namespace skein {
namespace {

constexpr std::size_t gaps_max = 4096;   // Runs whose losses are remembered one by one.

template <class Call>
result<void> guarded(Call&& call) {
  try {
    return call();
  } catch (error const& failure) {
    return failure;
  } catch (std::exception const& failure) {
    return error{errc::io_failed, failure.what()};
  } catch (...) {
    return error{errc::io_failed, "the sink threw something that is no std::exception"};
  }
}

}  // namespace

std::optional<error> sink_slot::failure() const {
  std::lock_guard const lock{failure_mutex_};
  return failure_;
}

bool sink_slot::write(trace_batch& batch, timestamp now) noexcept {
  try {
    bool const failed = failure().has_value();
    if (failed && std::chrono::steady_clock::now() < next_try_) {
      lose(batch);
      return false;
    }
    auto const written = guarded([&] { return try_write(batch); });
    if (!written) {
      fail(written.error(), now);
      lose(batch);
      return false;
    }
    if (failed) recover(now);
    return true;
  } catch (...) {   // Out of memory.
    return false;
  }
}

result<void> sink_slot::try_write(trace_batch& batch) {
  if (gaps_.empty()) return sink_->write(batch);
  auto const original = batch.runs;
  add_owed(batch.runs);
  auto written = guarded([&] { return sink_->write(batch); });
  if (written) settle(batch.runs);
  batch.runs = original;
  return written;
}

void sink_slot::flush(timestamp now) noexcept {
  try {
    if (failure()) return;
    auto const flushed = guarded([&] { return sink_->flush(); });
    if (!flushed) fail(flushed.error(), now);
  } catch (...) {
  }
}

void sink_slot::rest() noexcept {
  if (!failure()) sink_->rest();
}

void sink_slot::fail(error why, timestamp now) {
  next_try_ = std::chrono::steady_clock::now() + retry_interval_;
  bool first = false;
  {
    std::lock_guard const lock{failure_mutex_};
    first = !failure_;
    failure_ = std::move(why);
  }
  if (!first) return;
  gap_begin_ = now;
  lost_ = 0;
  auto const cause = failure();
  log_warn("traces are not recorded by " + sink_->describe() + ": " + cause->what() +
           "; the program goes on, and the sink is tried again later");
}

void sink_slot::recover(timestamp now) {
  {
    std::lock_guard const lock{failure_mutex_};
    failure_.reset();
  }
  log_warn("traces are recorded again by " + sink_->describe() + ": " + std::to_string(lost_) + " spans were not recorded between " +
           time_text(gap_begin_) + " and " + time_text(now));
}

void sink_slot::lose(trace_batch const& batch) {
  auto const gap_of = [&](run_id const& run) -> run_gap* {
    auto const found = gaps_.find(run);
    if (found != gaps_.end()) return &found->second;
    return gaps_.size() < gaps_max ? &gaps_[run] : nullptr;
  };
  for (auto const span : batch.spans.views()) {
    if (span.status() == status_code::running) continue;
    ++lost_;
    if (auto* const gap = gap_of(span.run())) ++gap->spans;
  }
  for (auto const& run : batch.runs) {
    if (auto* const gap = gap_of(run.run)) gap->owed = run;
  }
}

void sink_slot::add_owed(std::vector<run_record>& runs) const {
  std::vector<run_record> all;
  for (auto const& [id, gap] : gaps_) {
    bool const newer = std::any_of(runs.begin(), runs.end(), [&](run_record const& run) { return run.run == id; });
    if (gap.owed && !newer) all.push_back(*gap.owed);
  }
  all.insert(all.end(), runs.begin(), runs.end());
  for (auto& run : all) {
    auto const gap = gaps_.find(run.run);
    if (gap != gaps_.end() && gap->second.spans > 0) set_attribute(run.attributes, "skein.spans_lost", gap->second.spans);
  }
  runs = std::move(all);
}

void sink_slot::settle(std::vector<run_record> const& written) {
  for (auto const& run : written) {
    auto const gap = gaps_.find(run.run);
    if (gap == gaps_.end()) continue;
    gap->second.owed.reset();
    // A run that goes on will write its record again, and shall say then, too, what it lost.
    if (run.status != run_status::running || gap->second.spans == 0) gaps_.erase(gap);
  }
}

}  // namespace skein
