// What is told of an activation that is over: the board makes it, and whoever waited for idle gets it as it is.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/elapsed.hpp>

#include <cstdint>
#include <string>

namespace skein {

/// One closed activation, by its last attempt.
struct activation_report {
  std::string agent;             ///< Whose handler ran.
  bool ok = false;               ///< Whether the last attempt succeeded.
  std::uint32_t attempt = 0;     ///< How often it was leased.
  elapsed duration;              ///< Of the last attempt's handler.
  activation_id id;              ///< As in spans and in the ledger.
  run_id run;                    ///< Of its newest input.
};

}  // namespace skein
