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

/// Something that happened at one moment of a span.
struct span_event {
  timestamp time{};               ///< Wall-clock.
  std::string name;               ///< What happened.
  skein::attributes attributes;   ///< What is known of it.
  friend bool operator==(span_event const&, span_event const&) = default;
};

/// A span that another one has to do with beside its parent.
struct span_link {
  span_context target;            ///< May be of another trace.
  skein::attributes attributes;   ///< Why they are linked.
  friend bool operator==(span_link const&, span_link const&) = default;
};

/// One span. `end` is zero while `status` is running.
struct span_record {
  span_context context;                      ///< Its trace, its id and the trace's flags.
  span_id parent;                            ///< Empty for a root.
  run_id run;                                ///< The run that it is part of.
  std::string name;                          ///< What is done, in few different words: ids and values belong into attributes.
  span_kind kind = span_kind::internal;      ///< Which side of a call it is.
  span_type type = span_type::unknown;       ///< What it stands for.
  status_code status = status_code::unset;   ///< How it went so far.
  std::string status_message;                ///< Only with status error.
  timestamp start{}, end{};                  ///< Wall-clock; `end` is zero while it is running.
  std::string service;                       ///< service.name of the process that recorded it; empty = the store's own process.
  std::string scope;                         ///< Instrumentation scope: "skein" for Skein's own spans, empty for the user's.
  skein::attributes attributes;              ///< In the order in which they were set.
  std::vector<span_event> events;            ///< In the order in which they happened.
  std::vector<span_link> links;              ///< In the order in which they were added.
  std::string inputs, outputs;               ///< JSON text, or empty.
  friend bool operator==(span_record const&, span_record const&) = default;
};

/// What is known of a run: written when it starts, changes and ends; the newest record of a run replaces the older.
struct run_record {
  run_id run;                                                     ///< Which run.
  skein::trace_id trace;                                          ///< The trace that all its spans are in.
  std::string name;                                               ///< For people and queries; empty = a root operation outside any traced_run.
  run_status status = run_status::running;                        ///< How it stands.
  timestamp start{}, end{};                                       ///< Wall-clock; `end` is zero while running.
  std::uint64_t failures = 0;                                     ///< Dead activations, and 1 for a body that threw.
  skein::attributes attributes;                                   ///< Of its root span, shown with the run.
  skein::attributes tags;                                         ///< What it is found by.
  std::string session, user, request_preview, response_preview;   ///< Empty = not set.
  friend bool operator==(run_record const&, run_record const&) = default;
};

}  // namespace skein
