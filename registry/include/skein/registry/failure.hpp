// The artifacts that Skein itself publishes.
#pragma once

#include <skein/artifact.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace skein {

/// An activation that failed for good; published when the last attempt has failed. Subscribe to it to react.
struct failure {
  std::string agent;            ///< Whose handler failed.
  std::string error_type;       ///< The C++ type of the exception, or an errc's name.
  std::string what;             ///< Its message.
  std::string activation;       ///< The activation's id.
  std::string run;              ///< The run's id; empty outside any run.
  std::string input_type;       ///< Wire name of the newest input.
  std::uint32_t attempts = 0;   ///< How many attempts there were.
  SKEIN_ARTIFACT("skein.failure", 1, agent, error_type, what, activation, run, input_type, attempts)
};

/// A group of a join or of an AND that will not be completed any more: what it had, and what it lacked. Published when it expires.
struct expired {
  std::string agent;                   ///< Whose subscription it was.
  std::string why;                     ///< `within`, `within_count`, `groups_max`, `group_bytes_max`, `cancelled`, `changed` (the subscription).
  std::vector<std::string> missing;    ///< Wire names that it still waited for, in declared order.
  std::vector<std::string> had;        ///< Ids of the artifacts that were waiting, in declared order.
  std::string run;                     ///< The run of the newest of them.
  std::string correlation;             ///< What they had in common; empty outside any run.
  SKEIN_ARTIFACT("skein.expired", 1, agent, why, missing, had, run, correlation)
};

/// What a timer publishes.
struct tick {
  std::int64_t number = 0;                   ///< Counts from 1 since the timer was added.
  std::chrono::system_clock::time_point at;  ///< When it was due.
  SKEIN_ARTIFACT("skein.tick", 1, number, at)
};

}  // namespace skein
