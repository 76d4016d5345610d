// What is current on a thread: what exchange_current() put there, and above it the guards (skein::span) that were started since.
//
// A guard is a local variable, so what is current around it outlives it: while it is linked here, it borrows its run from there, and starting
// and ending a span touches no count that other threads share. Whoever asks for what is current (current_ambient), replaces it (exchange_current),
// or takes guards down out of order, makes them owners first.
#pragma once

#include <skein/tracing/current.hpp>
#include <skein/tracing/span.hpp>

namespace skein {

struct current_slot {
  ambient* kept = nullptr;     ///< Null until exchange_current() is called on the thread, and after its locals are gone.
  span* innermost = nullptr;   ///< Only while `kept` is not null.
  bool gone = false;

  /// What is current, possibly borrowed; null = nothing.
  [[nodiscard]] ambient const* current() const noexcept { return innermost != nullptr ? &innermost->target_ : kept; }
  /// Makes the innermost guard an owner, so that what is current can be copied.
  void own() noexcept;
  /// Makes all guards owners, and unlinks them: `kept` is what is current.
  void settle() noexcept;
};

// Trivially destroyed, so that it can still be read when the thread's other locals are gone (static objects that record while they die).
inline constinit thread_local current_slot this_slot{};

}  // namespace skein
