#include "notice_log.hpp"

#include <skein/tracing/log.hpp>

#include <array>
#include <chrono>
#include <string_view>

namespace skein {

namespace {

struct manner {
  std::string_view kind;
  bool warns;                  // otherwise it is said for information
  std::string_view way_out;
};

constexpr std::array manners{
    manner{"group_expired", true, "publish what it lacked sooner, or give it a longer within()"},
    manner{"breaker_opened", true, "its work waits until it closes; see its failures"},
    manner{"breaker_closed", false, ""},
    manner{"predicate_threw", true, "the artifact counts as not wanted; mend the predicate"},
    manner{"artifact_blocked", false, ""},
    manner{"tick_skipped", true, "its handler takes longer than the timer's interval"},
    manner{"deadline_exceeded", true, "give it a longer deadline(), or less to do at once"},
};

manner manner_of(std::string_view kind) {
  for (auto const& one : manners) {
    if (one.kind == kind) return one;
  }
  return {kind, true, ""};
}

}  // namespace

void notice_log::say(bus::notice const& what, timestamp now) {
  auto const how = manner_of(what.kind);
  std::string line = what.agent.empty() ? what.what : what.agent + ": " + what.what;
  if (!how.way_out.empty()) line.append("; ").append(how.way_out);
  line.append(" (").append(what.kind).append(")");
  {
    std::lock_guard const held{mutex_};
    auto& of = buckets_[what.kind];
    if (of.said == 0 || now - of.since >= std::chrono::minutes{1}) {
      if (of.held_back > 0) line += "; " + std::to_string(of.held_back) + " more like it were not said";
      of = {now, 0, 0};
    }
    if (of.said == per_minute_max) {
      ++of.held_back;
      return;
    }
    ++of.said;
  }
  how.warns ? log_warn(line) : log_info(line);
}

}  // namespace skein
