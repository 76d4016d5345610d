// The artifacts that Skein itself publishes.
#pragma once

#include <skein/artifact.hpp>

#include <chrono>
#include <cstdint>
#include <string>

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

/// What a timer publishes.
struct tick {
  std::int64_t number = 0;                   ///< Counts from 1 since the timer was added.
  std::chrono::system_clock::time_point at;  ///< When it was due.
  SKEIN_ARTIFACT("skein.tick", 1, number, at)
};

}  // namespace skein
