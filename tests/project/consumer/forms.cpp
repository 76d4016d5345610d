// The forms that users write, compiled with their warnings on: options by designated initialisers, agents, runs, spans, queries.
#include <skein/registry/version.hpp>
#include <skein/skein.hpp>
#include <skein/testing.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

#if SKEIN_VERSION_NUMBER < 100
#error "needs skein 0.1"
#endif

struct task { int number = 0; std::string owner;   SKEIN_ARTIFACT("work.task", 1, number, owner) };
struct result { int number = 0; bool good = false; SKEIN_ARTIFACT("work.result", 1, number, good) };

void add_agents(skein::orchestrator& hub) {
  hub.add(skein::agent{"worker"}
              .on(skein::when<task>().where([](task const& t) { return t.number > 0; }).from("external").priority(10),
                  [](task const& t) { return result{t.number, t.number % 2 == 0}; })
              .publishes<result>()
              .max_concurrency(4)
              .retry({.attempts_max = 5, .backoff_initial = 100ms, .backoff_factor = 2.0, .backoff_max = 10s, .jitter = 0.1}));
  hub.add(skein::agent{"janitor"}.on<skein::failure>([](skein::failure const& f) { std::cerr << f.agent << ": " << f.what << '\n'; }));
  hub.add(skein::agent{"reviewer"}
              .on<result>([](result const& r, skein::context& ctx) -> std::optional<task> {
                if (ctx.cancelled() || ctx.attempt() > 1 || r.number < 100) return std::nullopt;
                return task{1, "again"};
              })
              .publishes<task>());
}

// A component counts attempts; groups, joins and batches; outputs with rules; limits; timers.
struct meter : skein::agent_component {
  void on_post_evaluate(skein::context& ctx) override { ctx.span().set_attribute("made", ctx.outputs().size()); }
};

void add_grouping_agents(skein::orchestrator& hub) {
  hub.add(skein::agent{"pairing"}
              .labels({"trusted"})
              .with(meter{})
              .on(skein::when<task, result>().join_by(&task::number, &result::number).where<result>(skein::field("good") == true).within(5min),
                  [](task const& t, result const&) -> std::optional<task> {
                    if (t.number < 100) return std::nullopt;
                    return task{0, t.owner};
                  })
              .publishes(skein::output<task>().where([](task const& t) { return t.number >= 0; }).fan_out(0, 1).tagged("again").visible_to("reviewer"))
              .deadline(30s)
              .breaker({.failures = 5, .open_for = 60s})
              .rate_limit({.activations = 100, .per = 1s})
              .activations_max_per_workflow(1000));
  hub.add(skein::agent{"counter"}
              .on(skein::when<result>().across_runs().batch(100, 60s), [](std::span<result const>) {})
              .on(skein::when<task, result>().within(100).batch(10, 1s), [](std::span<std::tuple<task, result> const>, skein::context&) {})
              .every(1h, [](skein::tick const&) {}));
}

void publish(skein::orchestrator& hub) {
  hub.publish(task{1, "ada"}, {.visibility = skein::visible_to_everyone{}});
  hub.publish(task{2, "ada"}, {.visibility = skein::visible_to_agents{{"worker"}}});
  hub.publish(task{3, "bob"}, {.tags = {"eu"}, .correlation_id = "cart-17", .idempotency_key = "cart-17/task"});
  hub.publish_all(std::vector<task>{{4, "bob"}, {5, "eve"}});
  std::cout << hub.publish_async(task{6, "eve"}).get() << '\n';
}

skein::run_id run_one(skein::orchestrator& hub) {
  skein::traced_run run{hub, "nightly_batch", {.tags = {{"team", "search"}}, .session = "s-1", .user = "ada"}};
  run.set_attribute("pipeline.version", "2.0").set_attribute("dataset.size", 1);
  publish(hub);
  skein::in_span("load", [](skein::span& s) { s.set_attribute("rows", 3); });
  auto const report = run.run_until_idle(30s);
  std::cout << report << '\n';
  for (auto const& a : report.activations) std::cout << a.agent << ' ' << a.ok << ' ' << a.attempt << ' ' << a.duration << '\n';
  for (auto const& g : report.stranded) std::cout << g.agent << " waits for " << g.missing << '\n';
  if (auto tree = report.trace()) std::cout << tree->name << ' ' << tree->children.size() << '\n';
  skein::current_span().add_event("answered", {{"steps", report.activations.size()}});
  skein::current_trace().set_tag("fruit", "apple").set_request_preview("q").set_response_preview("a");
  std::map<std::string, std::string> carrier;
  skein::trace_context::current().inject(carrier);
  std::thread worker{skein::trace_context::current().bind([] { skein::span inner{"in_thread", {.type = skein::span_type::tool}}; })};
  worker.join();
  return run.id();
}

int main() {
  std::cout << "with skein " << skein::library_version << '\n';
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 4, .tracing = true}};
  add_agents(hub);
  add_grouping_agents(hub);
  auto const id = run_one(hub);
  try {
    skein::traced_run::call(hub, "risky_operation", [](skein::traced_run& run) {
      run.set_attribute("file.path", "a.csv");
      throw std::runtime_error{"no such file"};
    });
  } catch (std::runtime_error const&) {
  }
  for (auto const& made : hub.invoke<result>("worker", task{7, "ada"}, 30s)) std::cout << made->number << " by " << made.meta().produced_by << '\n';
  skein::span_handle root = hub.tracer().start_root("ingest");
  skein::span_handle child = hub.tracer().start("download", {.parent = root.context()});
  child.end();
  root.end(skein::status::error("disk full"));
  hub.flush(10s);

  skein::trace_store traces{".skein/traces.db"};
  for (auto const& run : traces.runs({.name = "nightly_batch", .status = skein::run_status::completed, .limit = 20})) {
    std::cout << run.id << ' ' << run.name << ' ' << run.duration << '\n' << traces.tree(run.id) << '\n';
  }
  for (auto const& row : traces.sql("SELECT name, count(*) FROM spans GROUP BY name")) std::cout << row[0].text() << ' ' << row[1].integer() << '\n';
  return traces.tree(id).children.empty() ? 1 : 0;
}
