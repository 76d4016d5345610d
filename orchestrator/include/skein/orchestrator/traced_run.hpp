// traced_run: everything that a scope causes, in whatever thread or process, hangs on one root span.
#pragma once

#include <skein/orchestrator/orchestrator.hpp>
#include <skein/tracing/attribute.hpp>
#include <skein/tracing/current.hpp>
#include <skein/tracing/span.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace skein {

/// Members in the order of designated initialisers.
struct run_options {
  attributes tags = {};       ///< For finding it again: column `tags` of `runs`.
  std::string session = {};   ///< What several runs belong to: a conversation, a batch.
  std::string user = {};      ///< On whose behalf.
};

/// Opens a run, and is its body: the run stays open until this is destroyed and what it caused is closed. Inside another traced_run of
/// the same hub it is a span of that run. A local variable only; destroyed on the thread that made it, before its hub. On destruction
/// the spans of the run are readable: it waits for the writer as long as that makes progress.
class traced_run {
 public:
  /// errc::ledger_failed.
  [[nodiscard]] traced_run(orchestrator& hub, std::string name, run_options options = {});
  traced_run(traced_run const&) = delete;
  traced_run& operator=(traced_run const&) = delete;
  /// Left by an exception the run is `failed`; what was thrown is known only to call().
  ~traced_run();

  /// Runs `body(traced_run&)` or `body()` as a run and returns what it returns; what it throws is recorded with type and message, and
  /// thrown on.
  template <class Body>
  static auto call(orchestrator& hub, std::string name, Body&& body) {
    return call(hub, std::move(name), run_options{}, std::forward<Body>(body));
  }
  /// The same with options.
  template <class Body>
  static auto call(orchestrator& hub, std::string name, run_options options, Body&& body) {
    traced_run run{hub, std::move(name), std::move(options)};
    try {
      if constexpr (std::is_invocable_v<Body, traced_run&>) {
        return std::forward<Body>(body)(run);
      } else {
        return std::forward<Body>(body)();
      }
    } catch (...) {
      run.record(std::current_exception());
      throw;
    }
  }

  /// The id of the run (of the outer one for a nested traced_run).
  [[nodiscard]] run_id const& id() const noexcept;
  /// An attribute of the run's root span, and of its row in `runs`.
  traced_run& set_attribute(std::string_view key, attribute_value value);
  /// Waits until this run has no open work. Otherwise as orchestrator::run_until_idle.
  run_report run_until_idle(std::optional<std::chrono::nanoseconds> timeout = std::nullopt);
  /// As orchestrator::run_until; its span is one of this run. The condition is about the whole board.
  bool run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout = std::nullopt);
  /// The run's own span.
  [[nodiscard]] span_ref span() const;

 private:
  void record(std::exception_ptr thrown);

  orchestrator& hub_;
  std::shared_ptr<run_scope> scope_;
  span_handle span_;
  ambient previous_;
  int exceptions_;
  bool nested_ = false;
  bool failed_ = false;
};

}  // namespace skein
