#include "sibling_labels.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace skein {
namespace {

// Gives every span of a run its place among siblings of one name, and none to those that have no such sibling.
constexpr char const* relabel_sql =
    "UPDATE span_rows SET ordinal = wanted.ordinal FROM ("
    " SELECT no, was, CASE WHEN siblings > 1 THEN place END AS ordinal FROM ("
    "  SELECT s.no, s.ordinal AS was, row_number() OVER same AS place, count(*) OVER (PARTITION BY s.parent_id, h.name) AS siblings"
    "  FROM span_rows s JOIN shapes h ON h.no = s.shape_no WHERE s.run_no = ?1"
    "  WINDOW same AS (PARTITION BY s.parent_id, h.name ORDER BY s.start, s.span_id))) AS wanted"
    " WHERE span_rows.no = wanted.no AND wanted.was IS NOT wanted.ordinal";

// Reading a run of many millions would hold up the writer: it keeps the labels that its spans got on arrival.
constexpr std::int64_t relabel_spans_max = 1'000'000;

// So many of a group's last spans are kept, or half of them. Threads hand over some hundred spans at a time, so late ones are late by a few thousand.
constexpr std::size_t tail_max = 4'096;

template <class Sibling>
auto place_of(Sibling const& one) noexcept { return std::tie(one.start, one.id); }

bool stands_before(incoming_span const& span, sibling_count const& group) noexcept {
  return place_of(span) < std::tie(group.newest_start, group.newest_span);
}

/// Null where the run's labels are left to its end.
sibling_group* siblings_of(live_runs& runs, incoming_span const& span) {
  return span.run->labels_known ? &runs.siblings(*span.run, {span.parent, span.name_hash}) : nullptr;
}

}  // namespace

result<sibling_labels> sibling_labels::make(sqlite::database& file) {
  sibling_labels made;
  made.file_ = &file;
  auto done = file.prepare_all({{made.set_ordinal_, "UPDATE span_rows SET ordinal = ?2 WHERE no = ?1"}, {made.relabel_, relabel_sql}});
  if (!done) return done.error();
  return made;
}

// Ordinals are right as they are given when siblings come in start order. They mostly do as they ended; where not, once more, sorted.
void sibling_labels::number(live_runs& runs, std::span<incoming_span> spans) {
  forget();
  ++batch_;
  counts_before_.clear();
  if (number_as_they_come(runs, spans)) return;
  for (auto const& [group, before] : counts_before_) static_cast<sibling_count&>(*group) = before;
  forget();
  in_start_order_.clear();
  for (auto& span : spans) {
    span.ordinal = 0;
    if (span.fresh) in_start_order_.push_back(&span);
  }
  std::sort(in_start_order_.begin(), in_start_order_.end(), [](auto const* a, auto const* b) { return std::tie(a->start, a->id, a) < std::tie(b->start, b->id, b); });
  for (auto* const span : in_start_order_) {
    if (auto* const group = siblings_of(runs, *span)) count(*span, *group);
  }
}

/// False when some of one group don't stand in start order.
bool sibling_labels::number_as_they_come(live_runs& runs, std::span<incoming_span> spans) {
  for (auto& span : spans) {
    if (!span.fresh) continue;
    auto* const group = siblings_of(runs, span);
    if (group == nullptr) continue;
    if (group->batch != batch_) {
      group->batch = batch_;
      counts_before_.emplace_back(group, *group);
    } else if (stands_before(span, *group)) {
      return false;
    }
    count(span, *group);
  }
  return true;
}

void sibling_labels::count(incoming_span& span, sibling_group& group) {
  bool const late = group.count > 0 && stands_before(span, group);
  numbered_.push_back({&group, &span, late});
  if (++group.count == 1) {
    group.first_incoming = &span;
  } else {
    span.ordinal = group.count;
    if (group.count == 2) {
      if (group.first_incoming != nullptr) {
        group.first_incoming->ordinal = 1;
      } else if (!group.tail.empty()) {
        stored_firsts_.push_back(&group.tail.front());
      } else {
        span.run->labels_in_order = false;
      }
    }
  }
  if (late) return;
  group.newest_start = span.start;
  group.newest_span = span.id;
}

void sibling_labels::forget() noexcept {
  numbered_.clear();
  stored_firsts_.clear();
}

result<void> sibling_labels::inserted(live_runs& runs) {
  for (auto* const first : stored_firsts_) {
    if (auto done = set_ordinal(*first, 1); !done) return done;
  }
  for (auto const& one : numbered_) {
    one.group->first_incoming = nullptr;
    if (auto done = place(runs, one); !done) return done;
  }
  forget();
  return {};
}

/// Finds the span's place among the rows of its group.
result<void> sibling_labels::place(live_runs& runs, numbered const& one) {
  auto& group = *one.group;
  auto& run = *one.span->run;
  auto& tail = group.tail;
  bool const all = tail.size() == group.placed++;
  if (!run.labels_in_order) return {};
  stored_sibling const made{one.span->start, one.span->id, one.span->row, one.span->ordinal};
  auto const at = one.late ? std::ranges::upper_bound(tail, place_of(made), {}, [](auto const& each) { return place_of(each); }) : tail.end();
  // It may stand before more of them than are known.
  if (one.late && at == tail.begin() && !all) return run.labels_in_order = false, result<void>{};
  auto const index = static_cast<std::uint32_t>(at - tail.begin());
  tail.insert(at, made);
  runs.count_tails(1);
  if (one.late && index < group.displaced_from) {
    if (group.displaced_from == sibling_group::none) run.displaced.push_back(&group);
    group.displaced_from = index;
  }
  if (tail.size() <= tail_max) return {};
  constexpr auto gone = tail_max / 2;
  if (auto done = put_right(group, gone); !done) return done;
  tail.erase(tail.begin(), tail.begin() + gone);
  runs.count_tails(-static_cast<std::ptrdiff_t>(gone));
  if (group.displaced_from != sibling_group::none) group.displaced_from -= gone;
  return {};
}

/// Writes the ordinals of displaced rows in the first `until` of the tail.
result<void> sibling_labels::put_right(sibling_group& group, std::size_t until) {
  auto const before_tail = group.placed - group.tail.size();
  for (std::size_t at = group.displaced_from; at < until; ++at) {
    auto const ordinal = static_cast<std::int64_t>(before_tail + at + 1);
    if (auto done = set_ordinal(group.tail[at], ordinal); !done) return done;
    group.displaced_from = static_cast<std::uint32_t>(at + 1);
  }
  return {};
}

result<void> sibling_labels::set_ordinal(stored_sibling& of, std::int64_t ordinal) {
  if (std::exchange(of.ordinal, ordinal) == ordinal) return {};
  return set_ordinal_.bind(1, of.row).bind(2, ordinal).run();
}

result<void> sibling_labels::finish(live_runs& runs, live_run& run) {
  if (run.labels_known && run.labels_in_order) {
    for (auto* const group : run.displaced) {
      if (auto done = put_right(*group, group->tail.size()); !done) return done;
      group->displaced_from = sibling_group::none;
    }
    run.displaced.clear();
    return {};
  }
  if (auto done = relabel(run.no); !done) return done;
  runs.forget_tails(run);
  run.labels_in_order = true;
  return {};
}

result<void> sibling_labels::relabel(std::int64_t run_no) {
  auto const spans = file_->integer("SELECT spans FROM run_rows WHERE no = " + std::to_string(run_no));
  if (!spans) return spans.error();
  if (*spans > relabel_spans_max) return {};
  return relabel_.bind(1, run_no).run();
}

}  // namespace skein
