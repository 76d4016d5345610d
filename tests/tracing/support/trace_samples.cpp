#include "support/trace_samples.hpp"

#include <array>
#include <utility>

namespace skein::testing {

run_id sample_run(std::uint8_t n) {
  return run_id{{0x01, 0x98, 0xc7, 0xf0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n}};
}

span_id sample_span(std::uint64_t n) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[7 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return span_id{bytes};
}

timestamp at_ms(std::int64_t ms) { return timestamp{std::chrono::seconds{1'790'000'000} + std::chrono::milliseconds{ms}}; }

span_record sample(run_id run, std::uint64_t id, std::uint64_t parent, std::string_view name, std::int64_t ms) {
  span_record span;
  span.context = {trace_of(run), sample_span(id), span_context::sampled};
  if (parent != 0) span.parent = sample_span(parent);
  span.run = run;
  span.name = name;
  span.start = at_ms(ms);
  span.end = at_ms(ms + 1);
  span.service = "tests";
  return span;
}

span_record running(span_record span) {
  span.status = status_code::running;
  span.end = {};
  return span;
}

run_record sample_record(run_id run, std::string_view name, std::int64_t ms) {
  run_record record;
  record.run = run;
  record.trace = trace_of(run);
  record.name = name;
  record.start = at_ms(0);
  if (ms >= 0) {
    record.status = run_status::completed;
    record.end = at_ms(ms);
  }
  return record;
}

trace_batch sample_workflow(std::uint8_t n, std::string_view name) {
  auto const run = sample_run(n);
  std::uint64_t const first = 0x100 * n;
  auto root = sample(run, first + 1, 0, name, 0);
  root.type = span_type::workflow;
  root.end = at_ms(10 * n);
  root.attributes = {{"skein.workflow", true}, {"workflow.name", name}};
  auto publish = sample(run, first + 2, first + 1, "publish pizza.idea", 1);
  publish.kind = span_kind::producer;
  auto again = sample(run, first + 3, first + 1, "publish pizza.idea", 2);
  again.kind = span_kind::producer;
  auto agent = sample(run, first + 4, first + 2, "invoke_agent critic", 3);
  agent.kind = span_kind::consumer;
  agent.type = span_type::agent;
  agent.attributes = {{"gen_ai.operation.name", "invoke_agent"}, {"gen_ai.agent.name", "critic"}, {"skein.attempt", 1}};
  agent.outputs = R"({"stars":3})";
  auto failed = sample(run, first + 5, first + 3, "invoke_agent critic", 4);
  failed.kind = span_kind::consumer;
  failed.type = span_type::agent;
  failed.status = status_code::error;
  failed.status_message = "no such pizza";
  failed.attributes = agent.attributes;
  failed.events = {{at_ms(4), "exception", {{"exception.type", "std::runtime_error"}, {"exception.message", "no such pizza"}}}};
  failed.links = {{publish.context, {{"skein.role", "input"}}}};
  auto record = sample_record(run, name, 10 * n);
  record.status = run_status::failed;
  record.failures = 1;
  record.tags = {{"team", "search"}};
  record.session = "s-1";
  return {.spans = {failed, agent, again, publish, root}, .runs = {std::move(record)}};
}

}  // namespace skein::testing
