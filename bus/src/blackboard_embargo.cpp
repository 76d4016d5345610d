// Artifacts that are hidden until a time: on the board, but offered to nobody before.
#include "blackboard_state.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace skein::bus {

namespace {

due_timer due_of(artifact_data const& artifact) noexcept { return {artifact.visible_to->not_before, due_timer::kind::embargo, artifact.seq}; }

/// `2024-02-29 12:00:00.250 UTC`.
std::string text_of(timestamp at) {
  auto const day = std::chrono::floor<std::chrono::days>(at);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const time{std::chrono::floor<std::chrono::milliseconds>(at - day)};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%03d UTC", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

}  // namespace

void blackboard::state::embargo(artifact_ptr const& artifact, verdicts const& said, subscription_no asked_to) {
  embargo_row row{artifact->seq, said, asked_to};
  change_to(row);
  embargoes.emplace(artifact->seq, embargoed{artifact, std::move(row)});
  ++counters.embargoed;
  refer_to(artifact->run);
  dues.push(due_of(*artifact));
}

void blackboard::state::embargo_is_due(std::uint64_t seq) {
  auto const found = embargoes.find(seq);
  if (found == embargoes.end() || is_embargoed(*found->second.artifact, now)) return;
  embargoed one = std::move(found->second);
  embargoes.erase(found);
  // The run goes on under its name, if it has ended meanwhile.
  run_state& run = run_of(one.artifact->run, one.artifact->context);
  lift(one);
  route(one.artifact, run, one.row.said, one.row.asked_to);
  touch(run);
}

/// For one that is out of `embargoes`.
void blackboard::state::lift(embargoed& one) {
  change_to(embargo_lifted{one.row.seq});
  --counters.embargoed;
  dues.erase(due_of(*one.artifact));
  count_for_conditions(*one.artifact);
  forget_reference(one.artifact->run);
}

bool blackboard::state::has_embargoes(run_id const& run) const {
  return std::any_of(embargoes.begin(), embargoes.end(), [&](auto const& one) { return one.second.artifact->run == run; });
}

void blackboard::state::lift_embargoes_of(run_id const& run) {
  for (auto at = embargoes.begin(); at != embargoes.end();) {
    if (at->second.artifact->run != run) {
      ++at;
      continue;
    }
    embargoed one = std::move(at->second);
    at = embargoes.erase(at);
    lift(one);
    tell("embargo_cancelled", {}, "the run was cancelled before " + text_of(one.artifact->visible_to->not_before) + ", until when " + one.artifact->type + " was hidden", run);
  }
}

void blackboard::state::describe_embargoes(board_report& into, std::optional<run_id> const& only) const {
  std::map<timestamp, std::uint64_t> hidden;
  for (auto const& [seq, one] : embargoes) {
    if (!only || one.artifact->run == *only) ++hidden[one.artifact->visible_to->not_before];
  }
  for (auto const& [until, count] : hidden) into.blocked.push_back({"-", "hidden until " + text_of(until), count});
}

void blackboard::state::restore_embargoes(std::vector<embargo_row>& rows, artifacts_by_seq const& by_seq) {
  for (auto& row : rows) {
    auto const found = by_seq.find(row.seq);
    if (found == by_seq.end() || !found->second->visible_to) continue;
    refer_to(found->second->run);
    ++counters.embargoed;
    dues.push(due_of(*found->second));
    std::uint64_t const seq = row.seq;
    embargoes.emplace(seq, embargoed{found->second, std::move(row)});
  }
}

}  // namespace skein::bus
