// The symptoms of docs/good-practice.md, each with its cause and its cure. The document shows parts of this file.
#include "orchestrator/support/captured_log.hpp"
#include "orchestrator/support/hub_options.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

namespace {

using skein::errc;
using skein::testing::code_thrown_by;
using skein::testing::memory_traces;
using skein::testing::temporary_folder;
using skein::testing::text_thrown_by;
using namespace std::chrono_literals;

struct order {
  int number = 0;
  SKEIN_ARTIFACT("guide.order", 1, number)
};
struct receipt {
  int number = 0;
  SKEIN_ARTIFACT("guide.receipt", 1, number)
};
/// Another program's idea of an order.
struct other_order {
  std::string number;
  SKEIN_ARTIFACT("guide.order", 1, number)
};

skein::orchestrator_options into(memory_traces const& traces) {
  return {.ledger = "memory:", .worker_threads = 0, .sinks = {traces.sink()}};
}

skein::orchestrator_options in_folder(temporary_folder const& folder) {
  return {.ledger = "sqlite:" + folder / "ledger.db", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 0};
}

skein::agent cashier() { return skein::agent{"cashier"}.on<order>([](order const& o) { return receipt{o.number}; }).publishes<receipt>(); }

[[noreturn]] void die() { ::_exit(0); }

/// Runs `program` in a process of its own, which ends it by die(): without any destructor, as by a power cut.
void run_until_death(std::function<void()> const& program) {
  if (::pid_t const child = ::fork(); child == 0) {
    program();
    ::abort();
  } else {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace

// --- traces that stay separate ---------------------------------------------------------------------------------------------------

TEST(publishes_outside_a_run, are_a_run_each_and_inside_one_share_it) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  hub.add(cashier());
  hub.publish(order{1});
  hub.publish(order{2});
  hub.run_until_idle();
  EXPECT_EQ(traces.runs().size(), 2u);

  traces.clear();
  {
    skein::traced_run run{hub, "two_orders"};
    hub.publish(order{1});
    hub.publish(order{2});
    run.run_until_idle();
  }
  EXPECT_EQ(traces.runs().size(), 1u);
}

TEST(a_thread, has_no_trace_unless_it_is_handed_one) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  {
    skein::traced_run run{hub, "with_threads"};
    std::thread alone{[&] { hub.publish(order{1}); }};
    alone.join();
    std::thread bound{skein::trace_context::current().bind([&] { hub.publish(order{2}); })};
    bound.join();
  }
  std::map<skein::run_id, std::size_t> publishes;
  for (auto const& span : traces.spans().find("publish guide.order")) ++publishes[span.run];
  EXPECT_EQ(publishes.size(), 2u);
  EXPECT_EQ(traces.runs().size(), 2u);
}

TEST(another_process, continues_the_trace_that_it_is_sent) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  std::map<std::string, std::string> headers;
  skein::trace_id sent;
  {
    skein::traced_run run{hub, "caller"};
    skein::trace_context::current().inject(headers);  // traceparent, and tracestate and baggage where there are any
    sent = run.span().context().trace;
  }
  {
    auto const from = skein::trace_context::extract(headers);
    skein::span_handle request = hub.tracer().start("request", {.parent = from.context(), .kind = skein::span_kind::server});
    skein::ambient_scope const here{request.as_ambient()};
    skein::traced_run work{hub, "callee"};
    hub.publish(order{1});
    work.run_until_idle();
  }
  for (auto const& span : traces.spans()) EXPECT_EQ(span.context.trace, sent) << span.name;
  EXPECT_EQ(traces.runs().size(), 2u);  // One trace; each process has its own run of it.
}

// --- missing attributes ------------------------------------------------------------------------------------------------------------

TEST(an_attribute, set_outside_any_span_or_after_the_end_is_ignored) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  skein::current_span().set_attribute("too.early", 1);
  {
    skein::traced_run run{hub, "short"};
    skein::span step{"step"};
    step.end();
    step.set_attribute("too.late", 1);
  }
  for (auto const& span : traces.spans()) {
    EXPECT_EQ(find_attribute(span.attributes, "too.early"), nullptr);
    EXPECT_EQ(find_attribute(span.attributes, "too.late"), nullptr);
  }
}

TEST(an_attribute, of_a_nested_run_is_in_its_span_and_not_in_the_row_of_the_run) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  {
    skein::traced_run outer{hub, "outer"};
    skein::traced_run inner{hub, "inner"};
    inner.set_attribute("inner.size", 3);
    skein::current_trace().set_attribute("whole.size", 4);
  }
  auto const run = traces.runs().at(0);
  EXPECT_EQ(find_attribute(run.attributes, "inner.size"), nullptr);
  EXPECT_NE(find_attribute(run.attributes, "whole.size"), nullptr);
  EXPECT_NE(find_attribute(traces.spans().find("inner").front().attributes, "inner.size"), nullptr);
}

TEST(an_attribute, past_the_limit_is_counted) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  {
    skein::traced_run run{hub, "many"};
    skein::span step{"step"};
    for (int i = 0; i < 130; ++i) step.set_attribute("key." + std::to_string(i), i);
  }
  auto const step = traces.spans().find("step").front();
  auto const* const dropped = find_attribute(step.attributes, "otel.dropped_attributes_count");
  ASSERT_NE(dropped, nullptr);
  EXPECT_EQ(*dropped, skein::attribute_value{2});
}

TEST(a_long_input, is_cut_with_a_mark) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  {
    skein::traced_run run{hub, "long"};
    skein::span step{"step"};
    step.set_inputs(std::string(100'000, 'x'));
  }
  EXPECT_NE(traces.spans().find("step").front().inputs.find("[cut, "), std::string::npos);
}

TEST(an_attribute, given_at_the_start_survives_the_process) {
  temporary_folder const folder;
  run_until_death([&] {
    skein::orchestrator hub{in_folder(folder)};
    skein::traced_run run{hub, "cut_short"};
    skein::span step{"step", {.attributes = {{"known.before", 1}}}};
    hub.flush();
    step.set_attribute("known.later", 1);
    die();
  });
  skein::trace_store const store{folder / "traces.db"};
  auto const spans = store.spans(store.runs()[0].id);
  auto const step = std::ranges::find(spans, "step", &skein::span_record::name);
  ASSERT_NE(step, spans.end());
  EXPECT_EQ(step->status, skein::status_code::running);
  EXPECT_NE(find_attribute(step->attributes, "known.before"), nullptr);
  EXPECT_EQ(find_attribute(step->attributes, "known.later"), nullptr);
}

TEST(an_attribute, whose_key_has_a_dot_is_quoted_in_sql) {
  temporary_folder const folder;
  skein::orchestrator hub{in_folder(folder)};
  { skein::traced_run{hub, "checkout"}.set_attribute("order.number", 7); }
  auto rows = hub.traces().sql("SELECT attributes ->> '$.\"order.number\"', attributes ->> '$.order.number' FROM runs");
  auto const row = *rows.begin();
  EXPECT_EQ(row[0].integer(), 7);
  EXPECT_TRUE(row[1].is_null());
}

// --- nothing recorded ----------------------------------------------------------------------------------------------------------------

TEST(a_span, outside_any_run_records_nothing) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  { skein::span lonely{"lonely"}; }
  EXPECT_TRUE(traces.spans().empty());
  skein::span_handle root = hub.tracer().start_root("lonely");
  root.end();
  EXPECT_EQ(traces.spans().size(), 1u);
}

TEST(sinks, stand_in_for_the_default_file_unless_traces_is_given_too) {
  temporary_folder const folder;
  auto const file = folder / "traces.db";
  memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + file, .worker_threads = 0, .sinks = {traces.sink()}}};
  { skein::traced_run run{hub, "both"}; }
  EXPECT_EQ(traces.runs().size(), 1u);
  EXPECT_EQ(skein::trace_store{file}.runs().size(), 1u);

  skein::orchestrator only_memory{into(traces)};
  EXPECT_EQ(code_thrown_by([&] { (void)only_memory.traces(); }), errc::misuse);
}

TEST(a_program, that_dies_leaves_what_was_written_by_then_and_flush_says_when) {
  temporary_folder const folder;
  run_until_death([&] {
    skein::orchestrator hub{in_folder(folder)};
    skein::traced_run run{hub, "cut_short"};
    { skein::span step{"step"}; }
    hub.flush();
    die();
  });
  skein::trace_store const store{folder / "traces.db"};
  ASSERT_EQ(store.runs().size(), 1u);
  EXPECT_EQ(store.spans(store.runs()[0].id).size(), 2u);
}

// --- interrupted runs ----------------------------------------------------------------------------------------------------------------

TEST(a_run_whose_process_died, becomes_interrupted_when_the_next_hub_opens_the_files) {
  temporary_folder const folder;
  run_until_death([&] {
    skein::orchestrator hub{in_folder(folder)};
    hub.add(cashier());
    skein::traced_run run{hub, "cut_short"};
    hub.publish(order{1});
    hub.flush();
    die();
  });
  EXPECT_EQ(skein::trace_store{folder / "traces.db"}.runs()[0].status, skein::run_status::running);

  skein::orchestrator hub{in_folder(folder)};
  hub.add(cashier());
  auto const report = hub.run_until_idle();  // the work goes on where it was left
  EXPECT_EQ(report.activations.size(), 1u);
  hub.flush();
  EXPECT_EQ(hub.traces().runs()[0].status, skein::run_status::interrupted);
  EXPECT_EQ(hub.artifacts<receipt>().size(), 1u);
}

TEST(a_run, whose_scope_had_ended_is_completed_by_a_later_process) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{in_folder(folder)};
    hub.add(cashier());
    skein::traced_run run{hub, "not_waited_for"};
    hub.publish(order{1});
  }
  skein::orchestrator hub{in_folder(folder)};
  hub.add(cashier());
  hub.run_until_idle();
  hub.flush();
  EXPECT_EQ(hub.traces().runs()[0].status, skein::run_status::completed);
}

// --- locked files --------------------------------------------------------------------------------------------------------------------

TEST(a_ledger, of_another_hub_is_locked_and_the_message_names_its_process) {
  temporary_folder const folder;
  skein::orchestrator first{in_folder(folder)};
  auto const what = text_thrown_by([&] { skein::orchestrator second{in_folder(folder)}; });
  EXPECT_NE(what.find("locked"), std::string::npos) << what;
  EXPECT_NE(what.find(std::to_string(::getpid())), std::string::npos) << what;
  skein::orchestrator second{{.ledger = "memory:", .traces = "none"}};
}

// --- blocked work --------------------------------------------------------------------------------------------------------------------

TEST(work_of_an_agent_that_is_not_there, is_blocked_and_no_wait_is_held_up_by_it) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{in_folder(folder)};
    hub.add(cashier());
    hub.publish(order{1});
  }
  skein::orchestrator hub{in_folder(folder)};  // the agent was renamed, or not added
  auto report = hub.run_until_idle();
  ASSERT_EQ(report.blocked.size(), 1u);
  EXPECT_EQ(report.blocked[0].agent, "cashier");
  EXPECT_EQ(report.blocked[0].reason, "no host serves this subscription");
  hub.add(cashier());
  report = hub.run_until_idle();
  EXPECT_TRUE(report.blocked.empty());
  EXPECT_EQ(report.activations.size(), 1u);
}

TEST(work_of_a_subscription_that_was_changed, is_blocked_too) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{in_folder(folder)};
    hub.add(cashier());
    hub.publish(order{1});
  }
  skein::orchestrator hub{in_folder(folder)};
  hub.add(skein::agent{"cashier"}.on(skein::when<order>().priority(1), [](order const&) {}));
  EXPECT_EQ(hub.run_until_idle().blocked.size(), 1u);
}

TEST(an_artifact, that_nobody_takes_is_kept_and_no_work) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.publish(order{1});
  hub.add(cashier());  // too late: an agent takes what is published from here on
  EXPECT_TRUE(hub.run_until_idle().activations.empty());
  EXPECT_EQ(hub.artifacts<order>().size(), 1u);
}

TEST(a_wait_that_times_out, names_what_it_waited_for) {
  skein::testing::manual_clock clock;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .clock = &clock}};
  hub.add(skein::agent{"cashier"}
              .on<order>([](order const&) { throw std::runtime_error{"the bank is busy"}; })
              .retry({.attempts_max = 9, .backoff_initial = 20s}));
  hub.publish(order{1});
  auto const report = hub.run_until_idle(10s);
  EXPECT_EQ(report.reason, "timeout");
  ASSERT_EQ(report.open.size(), 1u);
  EXPECT_EQ(report.open[0].agent + ' ' + report.open[0].state, "cashier retry");
}

// --- calls that are refused ----------------------------------------------------------------------------------------------------------

TEST(waiting, inside_a_handler_is_refused) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.add(skein::agent{"impatient"}.on<order>([&](order const&) { hub.run_until_idle(); }));
  hub.publish(order{1});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_NE(report.failures[0].what.find("would wait for itself"), std::string::npos) << report.failures[0].what;
}

TEST(an_output, that_is_not_declared_fails_the_activation) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.add(skein::agent{"cashier"}.on<order>([](order const& o) { return receipt{o.number}; }));
  hub.publish(order{1});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_NE(report.failures[0].what.find(".publishes<"), std::string::npos) << report.failures[0].what;
}

TEST(two_types_under_one_wire_name, are_refused) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.publish(order{1});
  EXPECT_EQ(code_thrown_by([&] { hub.publish(other_order{"1"}); }), errc::type_conflict);
}

TEST(a_memory_ledger, loses_what_is_open_when_the_hub_dies_and_says_so) {
  skein::testing::captured_log log;
  {
    skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
    hub.add(cashier());
    hub.publish(order{1});
  }
  EXPECT_NE(log.text().find("destroyed with 1 activations open"), std::string::npos) << log.text();
}

TEST(artifacts, of_an_earlier_process_are_there_when_asked_for) {
  temporary_folder const folder;
  {
    skein::orchestrator hub{in_folder(folder)};
    hub.publish(order{1});
  }
  skein::orchestrator hub{in_folder(folder)};
  EXPECT_TRUE(hub.artifacts<order>().empty());
  EXPECT_EQ(hub.artifacts<order>({.all_sessions = true}).size(), 1u);
}
