// A span, a run and what belongs to them, as finished data: what sinks store and messages ship.
#pragma once

#include <skein/registry/ids.hpp>
#include <skein/tracing/attribute.hpp>
#include <skein/tracing/clock.hpp>
#include <skein/tracing/trace_context.hpp>

#include <string>
#include <vector>

namespace skein {

/// OpenTelemetry SpanKind; stored upper-case.
enum class span_kind : std::uint8_t { internal = 0, server, client, producer, consumer };
/// What a span stands for, in words of the field (skein, MLflow and OpenInference share them); stored as text.
enum class span_type : std::uint8_t { unknown = 0, workflow, agent, task, tool, llm, chain, retriever, embedding, parser, reranker, memory, publish, wait };
/// `unset`, `ok`, `error` as in OpenTelemetry; `running` and `interrupted` only in stores, for spans that have not ended.
enum class status_code : std::uint8_t { unset = 0, ok, error, running, interrupted };
/// Stored in runs.status.
enum class run_status : std::uint8_t { running = 0, completed, failed, cancelled, interrupted };

[[nodiscard]] std::string_view to_string(span_kind kind) noexcept;       ///< "INTERNAL", …
[[nodiscard]] std::string_view to_string(span_type type) noexcept;       ///< "llm", …; unknown is ""
[[nodiscard]] std::string_view to_string(status_code status) noexcept;   ///< "unset", …
[[nodiscard]] std::string_view to_string(run_status status) noexcept;    ///< "running", …

struct span_event {
  timestamp time{};
  std::string name;
  skein::attributes attributes;
  friend bool operator==(span_event const&, span_event const&) = default;
};

struct span_link {
  span_context target;
  skein::attributes attributes;
  friend bool operator==(span_link const&, span_link const&) = default;
};

/// One span. `end` is zero while `status` is running.
struct span_record {
  span_context context;
  span_id parent;                 ///< Empty for a root.
  run_id run;
  std::string name;
  span_kind kind = span_kind::internal;
  span_type type = span_type::unknown;
  status_code status = status_code::unset;
  std::string status_message;
  timestamp start{}, end{};
  std::string service;            ///< service.name of the process that recorded it; empty = the store's own process.
  std::string scope;              ///< Instrumentation scope: "skein" for Skein's own spans, empty for the user's.
  skein::attributes attributes;
  std::vector<span_event> events;
  std::vector<span_link> links;
  std::string inputs, outputs;    ///< JSON text, or empty.
  friend bool operator==(span_record const&, span_record const&) = default;
};

/// What is known of a run: written when it starts, changes and ends; the newest record of a run replaces the older.
struct run_record {
  run_id run;
  skein::trace_id trace;
  std::string name;
  run_status status = run_status::running;
  timestamp start{}, end{};       ///< `end` is zero while running.
  std::uint64_t failures = 0;     ///< Dead activations, and 1 for a body that threw.
  skein::attributes attributes;
  skein::attributes tags;
  std::string session, user, request_preview, response_preview;
  friend bool operator==(run_record const&, run_record const&) = default;
};

}  // namespace skein
