// What a handler knows of its activation, and how it publishes while it runs.
#pragma once

#include <skein/agents/artifact.hpp>
#include <skein/agents/outputs.hpp>
#include <skein/agents/publish_options.hpp>
#include <skein/tracing/span.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

namespace agents {
struct activation_frame;
}

/// Handed to handlers by reference; valid until the handler returns. For the handler's own thread only.
class context {
 public:
  /// For hosts. A handler gets its context by reference.
  explicit context(agents::activation_frame& frame) noexcept : frame_(frame) {}
  context(context const&) = delete;
  context& operator=(context const&) = delete;

  /// Adds an artifact to what this activation publishes. Nothing is on the board until the handler has returned: if it throws,
  /// it has published nothing. A type that the agent does not declare fails the activation (errc::undeclared_output).
  /// What the agent's output rules drop is not published; the id is empty then. What they hold invalid fails the activation.
  /// errc::too_large, bad_payload (a value that the ledger can't keep), invalid_argument (an idempotency_key: not needed here).
  template <artifact_value T>
  artifact_id publish(T value) {
    return publish(type_of<T>(), make_payload(std::move(value)));
  }
  /// The same with tags, correlation or visibility.
  template <artifact_value T>
  artifact_id publish(T value, publish_options options) {
    return publish(type_of<T>(), make_payload(std::move(value)), std::move(options));
  }
  /// The same for a value whose C++ type the caller does not know.
  artifact_id publish(artifact_type const& type, payload value);
  /// The same with options.
  artifact_id publish(artifact_type const& type, payload value, publish_options options);

  /// The `invoke_agent` span of this attempt.
  [[nodiscard]] span_ref span() const;
  /// 1 for the first attempt; grows with each lease.
  [[nodiscard]] std::uint32_t attempt() const noexcept;
  /// The same for every attempt of this activation: give it to systems that can refuse to do a thing twice.
  [[nodiscard]] std::string idempotency_key() const;
  /// Whether the result is not wanted any more (the hub is shutting down, the run was cancelled, another attempt has taken over, the deadline has passed):
  /// stop early if that is easy.
  [[nodiscard]] bool cancelled() const noexcept;
  /// When this attempt counts as failed at the latest (agent::deadline), by the host's clock; empty = it may take as long as it takes.
  [[nodiscard]] std::optional<timestamp> deadline() const noexcept;
  /// Says something to whoever watches at this moment: a token, a percentage. Never kept, never repeated; nobody need listen. Does not block.
  void stream(std::string_view text);
  /// What this attempt has published so far; valid until it publishes more.
  [[nodiscard]] skein::outputs outputs() const noexcept;
  /// For components, in on_pre_consume and on_pre_evaluate (errc::misuse, thrown, from anywhere else): the handler is not called, nor are hooks that come
  /// later but those that tell the end; the attempt ends well and publishes nothing. Its span has an event `skein.skipped` with the reason.
  void skip(std::string_view reason);
  /// For components, before the handler is called (errc::misuse, thrown, from anywhere else): what is published from then on and `allows` says no to fails
  /// the attempt (`skein.output_guard`, with `why`), or is dropped and counted on the span, like what the rules of the agent's outputs drop.
  void guard_outputs(std::function<bool(artifact_type const&, payload const&)> allows, std::string why, bool drop);
  /// The types that the agent declares as its outputs, in the order of declaration; for engines.
  [[nodiscard]] std::vector<artifact_type const*> output_types() const;
  /// The run that this activation is part of: that of its newest input.
  [[nodiscard]] run_id run() const noexcept;
  /// The correlation of the newest input, which what is published here inherits. May be empty outside a run.
  [[nodiscard]] std::string const& correlation_id() const noexcept;
  /// The name of the agent whose handler this is.
  [[nodiscard]] std::string const& agent() const noexcept;
  /// The artifacts of the group, in declared order.
  [[nodiscard]] std::vector<bus::artifact_ptr> const& inputs() const noexcept;

  /// Artifacts of a type on the board that this agent may see, newest first: those of this activation's correlation, at most 1000.
  template <artifact_value T>
  [[nodiscard]] std::vector<artifact<T>> artifacts() const {
    return artifacts<T>(artifact_filter{});
  }
  /// Those that the filter accepts; bounded as above where it does not say otherwise (correlation_id, run or any_correlation; limit). One that does not
  /// decode as T (another version's bytes) is left out.
  template <artifact_value T>
  [[nodiscard]] std::vector<artifact<T>> artifacts(artifact_filter const& filter) const {
    std::vector<artifact<T>> found;
    for (auto& data : artifacts(type_of<T>().name, filter)) {
      // What no longer decodes as T (another version's bytes) is not what was asked for.
      if (auto typed = artifact<T>::of(std::move(data))) found.push_back(std::move(*typed));
    }
    return found;
  }

  /// The same for a type of which only the wire name is known (empty: all types), undecoded.
  [[nodiscard]] std::vector<bus::artifact_ptr> artifacts(std::string_view type, artifact_filter const& filter) const;

 private:
  agents::activation_frame& frame_;
};

/// Thrown by a handler to fail its activation at once, whatever the retry policy: trying again cannot help.
class permanent_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown by a handler that cannot do it at this moment but knows when it will be possible (a rate limit, say): the activation is tried
/// again `after` this time instead of the retry policy's backoff. It counts as a failure all the same: attempts_max still bounds it.
class retry_later : public std::runtime_error {
 public:
  /// `after` below 0 counts as 0; more than a year is cut.
  explicit retry_later(std::chrono::nanoseconds after, std::string const& what = "to be tried again later") : std::runtime_error(what), after_(after) {}
  /// How long to wait, from when the hub hears of it.
  [[nodiscard]] std::chrono::nanoseconds after() const noexcept { return after_; }

 private:
  std::chrono::nanoseconds after_;
};

}  // namespace skein
