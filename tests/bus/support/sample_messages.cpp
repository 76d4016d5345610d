#include "sample_messages.hpp"

namespace skein::bus::testing {
namespace {

timestamp at(std::int64_t ns) { return timestamp{std::chrono::nanoseconds{ns}}; }

attempt_ref attempt() { return {7, sample_id<activation_id>(0x10), 2}; }

span_context context(std::uint8_t first) { return {sample_id<trace_id>(first), sample_id<span_id>(first), 0x03}; }

std::shared_ptr<visibility const> some_visibility() {
  return std::make_shared<visibility>(visibility{{"critic"}, {"gpu", "eu"}, "acme", at(-1)});
}

std::shared_ptr<trace_headers const> some_headers() {
  return std::make_shared<trace_headers>(trace_headers{"vendor=1", "user=42"});
}

hello full_hello() {
  agent_descriptor agent;
  agent.name = "pizza_master";
  agent.description = "turns ideas into pizzas \xf0\x9f\x8d\x95";
  agent.subscriptions = {{.ordinal = 0, .types = {"pizza.idea"}, .from = {"external"}, .tagged = {"hot", "new"}, .has_predicate = true,
                          .self_trigger = true, .priority = -3},
                         {.ordinal = 1, .types = {"pizza.retry"}}};
  agent.publishes = {"pizza.pizza"};
  agent.retry = {3, 4, std::chrono::milliseconds{5}, 1.5, std::chrono::seconds{6}, 0.25};
  agent.max_concurrency = 300;
  return {.version_max = 1, .host = "kitchen-1", .instance = 0x0102030405060708, .credit = 16, .agents = {agent}, .held = {attempt()}};
}

artifact_ptr full_artifact() {
  artifact_data artifact;
  artifact.id = sample_id<artifact_id>(0x20);
  artifact.seq = 99;
  artifact.type = "pizza.idea";
  artifact.version = 3;
  artifact.payload = sample_payload(5);
  artifact.produced_by = "external";
  artifact.run = sample_id<run_id>(0x30);
  artifact.correlation = "order 17";
  artifact.cause = sample_id<activation_id>(0x40);
  artifact.tags = {"hot"};
  artifact.visible_to = some_visibility();
  artifact.context = context(0x50);
  artifact.headers = some_headers();
  artifact.created_at = at(1'700'000'000'000'000'000);
  artifact.routed = false;
  return std::make_shared<artifact_data>(std::move(artifact));
}

artifact_ptr small_artifact() {
  artifact_data artifact;
  artifact.id = sample_id<artifact_id>(0x21);
  artifact.seq = 100;
  artifact.type = "t";
  artifact.payload = sample_payload(6);
  return std::make_shared<artifact_data>(std::move(artifact));
}

deliver full_deliver() {
  auto const first = full_artifact(), second = small_artifact();
  return {300, {{attempt(), "pizza_master", 1, {first, second}, -7}, {{8, sample_id<activation_id>(0x11), 1}, "critic", 0, {first}, 0}}};
}

span_record full_span() {
  span_record span;
  span.context = context(0x60);
  span.parent = sample_id<span_id>(0x61);
  span.run = sample_id<run_id>(0x30);
  span.name = "invoke_agent pizza_master";
  span.kind = span_kind::consumer;
  span.type = span_type::agent;
  span.status = status_code::error;
  span.status_message = "burnt";
  span.start = at(1'700'000'000'000'000'001);
  span.end = at(1'700'000'000'000'000'002);
  span.service = "kitchen";
  span.scope = "skein";
  span.attributes = {{"b", true}, {"i", -70'000}, {"d", 0.5}, {"s", "text"}, {"l", std::vector<std::string>{"x", "y"}}};
  span.events = {{at(1'700'000'000'000'000'001), "exception", {{"exception.type", "std::runtime_error"}}}};
  span.links = {{context(0x70), {{"messaging.message.id", "m"}}}};
  span.inputs = R"({"n":5})";
  span.outputs = "[]";
  return span;
}

done full_done() {
  done value;
  value.activation = attempt();
  value.outcome = outcome::failed;
  value.error_type = "std::runtime_error";
  value.what = "no cheese";
  value.duration_ns = 1'234'567;
  child full;
  full.type = "pizza.pizza";
  full.version = 2;
  full.payload = sample_payload(7);
  full.correlation = "order 17";
  full.tags = {"hot", "new"};
  full.visible_to = some_visibility();
  full.context = context(0x80);
  full.headers = some_headers();
  child small;
  small.type = "t";
  value.children = {full, small};
  value.spans = {full_span()};
  return value;
}

constexpr timestamp sent_at{std::chrono::nanoseconds{1'700'000'000'000'000'003}};

run_record full_run() {
  run_record run;
  run.run = sample_id<run_id>(0x30);
  run.trace = sample_id<trace_id>(0x60);
  run.name = "dinner";
  run.status = run_status::failed;
  run.start = at(1'700'000'000'000'000'001);
  run.end = at(1'700'000'000'000'000'002);
  run.failures = 3;
  run.attributes = {{"n", 5}};
  run.tags = {{"env", "test"}};
  run.session = "s";
  run.user = "42";
  run.request_preview = "pizza?";
  run.response_preview = "pizza!";
  return run;
}

hello timed_hello() {
  hello value{.version_max = 1, .host = "h", .instance = 1};
  value.sent_at = sent_at;
  return value;
}

done done_with_runs() {
  done value;
  value.activation = attempt();
  value.runs = {full_run()};
  value.sent_at = sent_at;
  return value;
}

nack full_nack() {
  nack value;
  value.activation = attempt();
  value.fatal = true;
  value.retry_after = std::chrono::seconds{5};
  value.error_type = "rate_limited";
  value.what = "later";
  value.duration_ns = 1'234'567;
  value.spans = {full_span()};
  value.runs = {full_run()};
  value.sent_at = sent_at;
  return value;
}

query full_query() {
  return {9, "pizza.pizza", "pizza_master", "order 17", sample_id<run_id>(0x30), {"hot"}, 100, true};
}

/// Subscriptions with everything that only groups, timers and competing ones have; an agent with all its rules.
hello hello_with_groups() {
  field_expression const where{
      field_op::all_of, "", {},
      {{field_op::greater_equal, "cents", {std::int64_t{-50'000}}, {}},
       {field_op::any_of, "", {},
        {{field_op::in, "customer.name", {std::string{"Ann"}, true, 0.5, UINT64_MAX}, {}}, {field_op::none_of, "", {}, {{field_op::exists, "test", {}, {}}}}}}}};
  agent_descriptor agent;
  agent.name = "joiner";
  agent.subscriptions = {
      {.ordinal = 0, .types = {"pizza.order", "pizza.paid"}, .grouping = grouping::join, .filters = {{"pizza.paid", where}}, .keys = {"id", "order.id"},
       .within = std::chrono::seconds{60}, .within_count = 10, .batch_max = 4, .batch_age = std::chrono::seconds{1}, .across_runs = true},
      {.ordinal = 1, .types = {"pizza.order", "pizza.order"}, .grouping = grouping::all},
      {.ordinal = 2, .types = {"pizza.order"}, .exclusive = "press"},
      {.ordinal = 3, .types = {"skein.tick"}, .grouping = grouping::timer, .timer = {.cron = "*/5 * * * *"}},
      {.ordinal = 4, .types = {"skein.tick"}, .grouping = grouping::timer, .timer = {.every = std::chrono::seconds{3}}},
      {.ordinal = 5, .types = {"skein.tick"}, .grouping = grouping::timer, .timer = {.at = at(1'700'000'000'000'000'000)}}};
  agent.rules = {{"gpu", "eu"}, "acme", std::chrono::seconds{5}, {3, std::chrono::seconds{60}}, {2, std::chrono::seconds{1}}, 500};
  return {.version_max = 1, .host = "h", .instance = 1, .credit = 16, .agents = {agent}};
}

deliver timed_deliver() {
  auto value = full_deliver();
  value.deliveries.front().deadline = std::chrono::seconds{5};
  value.deliveries.pop_back();
  return value;
}

query query_of_an_agent() {
  auto value = full_query();
  value.agent = "pizza_master";
  return value;
}

done small_done() {
  done value;
  value.activation = attempt();
  return value;
}

}  // namespace

payload sample_payload(std::uint8_t number) {
  return payload{bytes{std::byte{0x81}, std::byte{0xa1}, std::byte{'n'}, std::byte{number}}};
}

std::vector<sample_message> sample_messages() {
  return {
      {"hello", full_hello()},
      {"hello_without_agents", hello{.version_max = 1, .host = "h", .instance = 1}},
      {"welcome", welcome{1, 0x0102030405060708}},
      {"deliver", full_deliver()},
      {"deliver_nothing", deliver{1, {}}},
      {"done", full_done()},
      {"done_small", small_done()},
      {"done_ok", done_ok{attempt()}},
      {"stale", stale{attempt()}},
      {"beat", beat{0x0102030405060708, 300, {attempt(), {70'000, sample_id<activation_id>(0x11), 1}}}},
      {"goodbye", goodbye{200}},
      {"hello_again", hello_again{}},
      {"refused", refused{errc::unsupported_version, "this hub speaks 1"}},
      {"hello_with_time", timed_hello()},
      {"done_with_runs", done_with_runs()},
      {"beat_with_spans", beat{1, 0, {}, {full_span()}, sent_at}},
      {"nack", full_nack()},
      {"drain", drain{}},
      {"cancel", cancel{attempt()}},
      {"query", full_query()},
      {"query_result", query_result{9, {full_artifact(), small_artifact()}, true, "some are older"}},
      {"hello_with_groups", hello_with_groups()},
      {"deliver_with_deadline", timed_deliver()},
      {"query_of_an_agent", query_of_an_agent()},
      {"progress", progress{attempt(), "pizza_master", sample_id<run_id>(0x30), 17, "40 % \xf0\x9f\x8d\x95"}},
  };
}

}  // namespace skein::bus::testing
