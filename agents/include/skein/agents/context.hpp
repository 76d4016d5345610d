// What a handler knows of its activation, and how it publishes while it runs.
#pragma once

#include <skein/agents/artifact.hpp>
#include <skein/agents/publish_options.hpp>
#include <skein/tracing/span.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
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
  /// errc::too_large, bad_payload (a value that the ledger can't keep), invalid_argument (an idempotency_key: not needed here).
  template <artifact_value T>
  artifact_id publish(T value, publish_options options = {}) {
    return publish(type_of<T>(), make_payload(std::move(value)), std::move(options));
  }
  /// The same for a value whose C++ type the caller does not know.
  artifact_id publish(artifact_type const& type, payload value, publish_options options);

  /// The `invoke_agent` span of this attempt.
  [[nodiscard]] span_ref span() const;
  /// 1 for the first attempt; grows with each lease.
  [[nodiscard]] std::uint32_t attempt() const noexcept;
  /// The same for every attempt of this activation: give it to systems that can refuse to do a thing twice.
  [[nodiscard]] std::string idempotency_key() const;
  /// Whether the result is not wanted any more (the hub is shutting down, another attempt has taken over): stop early if that is easy.
  [[nodiscard]] bool cancelled() const noexcept;
  /// The run that this activation is part of: that of its newest input.
  [[nodiscard]] run_id run() const noexcept;
  /// The correlation of the newest input, which what is published here inherits. May be empty outside a run.
  [[nodiscard]] std::string const& correlation_id() const noexcept;
  /// The name of the agent whose handler this is.
  [[nodiscard]] std::string const& agent() const noexcept;
  /// The artifacts of the group, in declared order.
  [[nodiscard]] std::vector<bus::artifact_ptr> const& inputs() const noexcept;

  /// Artifacts of a type on the board that this agent may see, oldest first; by default those of this activation's correlation, the
  /// newest 1000.
  template <artifact_value T>
  [[nodiscard]] std::vector<artifact<T>> artifacts() const {
    return artifacts<T>({.correlation_id = correlation_id(), .limit = 1000});
  }
  /// Those that the filter accepts. One that does not decode as T (another version's bytes) is left out.
  template <artifact_value T>
  [[nodiscard]] std::vector<artifact<T>> artifacts(artifact_filter const& filter) const {
    std::vector<artifact<T>> found;
    for (auto& data : query(type_of<T>().name, filter)) {
      // What no longer decodes as T (another version's bytes) is not what was asked for.
      if (auto typed = artifact<T>::of(std::move(data))) found.push_back(std::move(*typed));
    }
    return found;
  }

 private:
  [[nodiscard]] std::vector<bus::artifact_ptr> query(std::string_view type, artifact_filter const& filter) const;
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
