// Options that many tests start from.
#pragma once

#include <skein/skein.hpp>

#include "tracing/support/temporary_folder.hpp"

namespace skein::testing {

/// Nothing on disk.
inline orchestrator_options in_memory(unsigned threads = 0) { return {.ledger = "memory:", .traces = "none", .worker_threads = threads}; }

/// A ledger in the folder, and no traces.
inline orchestrator_options durable(temporary_folder const& folder, unsigned threads = 0) {
  return {.ledger = "sqlite:" + folder / "ledger.db", .traces = "none", .worker_threads = threads};
}

/// The code of the skein::error that `call` throws; nullopt when it throws none.
template <class Call>
std::optional<errc> code_thrown_by(Call&& call) {
  try {
    call();
  } catch (error const& e) {
    return e.code();
  }
  return std::nullopt;
}

/// What the skein::error says that `call` throws.
template <class Call>
std::string text_thrown_by(Call&& call) {
  try {
    call();
  } catch (error const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace skein::testing
