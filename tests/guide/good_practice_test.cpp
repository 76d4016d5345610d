// The advice of docs/good-practice.md on naming, scoping, attributes, errors and handlers. The document shows parts of this file.
#include "orchestrator/support/hub_options.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace {

using skein::testing::code_thrown_by;
using skein::testing::manual_clock;
using skein::testing::memory_traces;
using namespace std::chrono_literals;

struct order {
  int number = 0;
  std::string customer;
  int cents = 0;
  SKEIN_ARTIFACT("guide.order", 1, number, customer, cents)
};
struct receipt {
  int number = 0;
  SKEIN_ARTIFACT("guide.receipt", 1, number)
};

skein::orchestrator_options into(memory_traces const& traces) {
  return {.ledger = "memory:", .worker_threads = 0, .sinks = {traces.sink()}};
}

skein::agent cashier() { return skein::agent{"cashier"}.on<order>([](order const& o) { return receipt{o.number}; }).publishes<receipt>(); }

/// A bank that remembers which requests it has seen.
struct bank {
  std::map<std::string, int> charged;
  void charge(std::string const& request, int cents) { charged.emplace(request, cents); }
};

/// A quota that is used up at first.
struct quota {
  int refusals = 1;
  bool take() { return --refusals < 0; }
};

skein::span_record const* span_named(skein::span_list const& spans, std::string_view name) {
  auto const found = std::ranges::find(spans.records(), name, &skein::span_record::name);
  return found == spans.records().end() ? nullptr : &*found;
}

}  // namespace

TEST(a_name, without_variable_parts_groups_the_runs_of_one_workflow) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  hub.add(cashier());
  for (int number : {1, 2, 3}) {
    skein::traced_run run{hub, "checkout", {.tags = {{"channel", "web"}}}};
    run.set_attribute("order.number", number);
    hub.publish(order{number, "ada", 1250});
    run.run_until_idle();
  }
  auto const runs = traces.runs();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_TRUE(std::ranges::all_of(runs, [](auto const& run) { return run.name == "checkout"; }));
  EXPECT_NE(find_attribute(runs[2].attributes, "order.number"), nullptr);
  EXPECT_NE(find_attribute(runs[2].tags, "channel"), nullptr);
}

TEST(one_run_for_each_order, fails_alone) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  hub.add(skein::agent{"cashier"}.on<order>([](order const& o) {
    if (o.cents < 0) throw std::invalid_argument{"negative amount"};
  }));
  std::vector<order> const todays{{1, "ada", 100}, {2, "bob", -5}, {3, "eve", 300}};
  for (auto const& one : todays) {
    skein::traced_run run{hub, "checkout"};
    hub.publish(one);
    run.run_until_idle();
  }
  std::vector<skein::run_status> statuses;
  for (auto const& run : traces.runs()) statuses.push_back(run.status);
  EXPECT_EQ(statuses, (std::vector{skein::run_status::completed, skein::run_status::failed, skein::run_status::completed}));
}

TEST(a_nested_run, is_a_step_of_the_operation) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  hub.add(cashier());
  {
    skein::traced_run month{hub, "close_the_month"};
    for (auto const* region : {"north", "south"}) {
      skein::traced_run step{hub, std::string{"close_"} + region};
      hub.publish(order{1, region, 100});
      step.run_until_idle();
    }
  }
  ASSERT_EQ(traces.runs().size(), 1u);
  EXPECT_EQ(traces.spans().of(traces.runs()[0].run).size(), traces.spans().size());
}

TEST(an_attribute, goes_where_it_is_set) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  hub.add(skein::agent{"cashier"}.on<order>([](order const& o, skein::context& ctx) {
    ctx.span().set_attribute("order.cents", o.cents);          // the agent's span
    skein::current_trace().set_tag("customer", o.customer);    // the run
    skein::span lookup{"lookup", {.type = skein::span_type::retriever, .attributes = {{"table", "customers"}}}};
    skein::current_span().set_attribute("rows", 1);            // the span `lookup`
  }));
  {
    skein::traced_run run{hub, "checkout"};
    hub.publish(order{1, "ada", 100});
    run.run_until_idle();
  }
  auto const spans = traces.spans();
  EXPECT_NE(find_attribute(span_named(spans, "invoke_agent cashier")->attributes, "order.cents"), nullptr);
  EXPECT_NE(find_attribute(span_named(spans, "lookup")->attributes, "rows"), nullptr);
  EXPECT_NE(find_attribute(span_named(spans, "lookup")->attributes, "table"), nullptr);
  EXPECT_NE(find_attribute(traces.runs()[0].tags, "customer"), nullptr);
}

TEST(a_handler, that_throws_is_the_way_to_fail) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  std::vector<std::string> told;
  hub.add(skein::agent{"cashier"}
              .on<order>([](order const& o) {
                if (o.cents < 0) throw skein::permanent_error{"the amount is negative"};  // trying again cannot help
                throw std::runtime_error{"the bank is busy"};                             // the retry policy decides
              })
              .retry({.attempts_max = 3, .backoff_initial = 1ms}));
  hub.add(skein::agent{"on_call"}.on<skein::failure>([&](skein::failure const& failed) {
    told.push_back(failed.agent + ": " + failed.what);
  }));
  hub.publish(order{1, "ada", -1});
  hub.publish(order{2, "ada", 1});
  auto const report = hub.run_until_idle();
  ASSERT_EQ(report.failures.size(), 2u);
  EXPECT_EQ(report.failures[0].attempt, 1u);
  EXPECT_EQ(report.failures[1].attempt, 3u);
  EXPECT_EQ(told, (std::vector<std::string>{"cashier: the amount is negative", "cashier: the bank is busy"}));
  EXPECT_EQ(traces.spans().find("invoke_agent cashier").size(), 4u);
}

TEST(call, records_what_the_body_throws) {
  memory_traces traces;
  skein::orchestrator hub{into(traces)};
  auto const import = [&] {
    return skein::traced_run::call(hub, "import", [](skein::traced_run& run) {
      run.set_attribute("file.path", "orders.csv");
      auto rows = skein::in_span("parse", []() -> int { throw std::runtime_error{"line 7: no such customer"}; });
      return rows;
    });
  };
  EXPECT_THROW(import(), std::runtime_error);
  auto const spans = traces.spans();
  EXPECT_EQ(span_named(spans, "parse")->status_message, "line 7: no such customer");
  EXPECT_EQ(span_named(spans, "parse")->events.size(), 1u);
  EXPECT_EQ(span_named(spans, "import")->status, skein::status_code::error);
  EXPECT_EQ(traces.runs()[0].status, skein::run_status::failed);
}

TEST(a_handler, with_an_idempotency_key_acts_once_however_often_it_runs) {
  bank the_bank;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  int runs = 0;
  hub.add(skein::agent{"cashier"}
              .on<order>([&](order const& o, skein::context& ctx) {
                the_bank.charge(ctx.idempotency_key(), o.cents);  // the bank ignores a key that it has seen
                if (++runs == 1) throw std::runtime_error{"the connection broke after the bank had answered"};
              })
              .retry({.attempts_max = 2, .backoff_initial = 1ms}));
  hub.publish(order{1, "ada", 100});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(the_bank.charged.size(), 1u);
}

TEST(a_handler, says_when_it_makes_sense_to_come_back) {
  manual_clock clock;
  quota the_quota;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0, .clock = &clock}};
  hub.add(skein::agent{"caller"}
              .on<order>([&](order const&) {
                if (!the_quota.take()) throw skein::retry_later{20ms, "the quota is used up"};
              })
              .retry({.attempts_max = 2, .backoff_initial = 1h, .backoff_max = 1h}));
  hub.publish(order{1, "ada", 100});
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_EQ(clock.now(), manual_clock::default_start + 20ms);
}

TEST(a_publish, with_an_idempotency_key_is_done_once) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.add(cashier());
  auto const accept = [&](order const& o) {
    return hub.publish(o, {.idempotency_key = "order/" + std::to_string(o.number)});
  };
  EXPECT_EQ(accept({7, "ada", 100}), accept({7, "ada", 100}));
  hub.run_until_idle();
  EXPECT_EQ(hub.artifacts<receipt>().size(), 1u);
}

TEST(what_a_handler_publishes, is_dropped_whole_when_it_throws) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 0}};
  hub.add(skein::agent{"packer"}
              .on<order>([](order const& o, skein::context& ctx) {
                ctx.publish(receipt{o.number});
                throw std::runtime_error{"no boxes left"};
              })
              .publishes<receipt>());
  hub.publish(order{1, "ada", 100});
  EXPECT_FALSE(hub.run_until_idle().ok());
  EXPECT_TRUE(hub.artifacts<receipt>().empty());
}

TEST(a_member, of_a_handler_is_shared_by_the_activations_that_max_concurrency_allows) {
  skein::orchestrator hub{{.ledger = "memory:", .traces = "none", .worker_threads = 4}};
  auto const seen = std::make_shared<std::set<int>>();  // no lock: max_concurrency is 1, one activation at a time
  hub.add(skein::agent{"collector"}.on<order>([seen](order const& o) { seen->insert(o.number); }));
  for (int n = 0; n < 100; ++n) hub.publish(order{n, "ada", 1});
  hub.run_until_idle();
  EXPECT_EQ(seen->size(), 100u);
}

TEST(an_agent, is_tested_with_a_clock_that_moves_when_told) {
  manual_clock clock;
  memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 0, .clock = &clock, .sinks = {traces.sink()}}};
  int tries = 0;
  hub.add(skein::agent{"pager"}
              .on<order>([&](order const&) {
                if (++tries < 3) throw std::runtime_error{"no network"};
              })
              .retry({.attempts_max = 3, .backoff_initial = 1h, .backoff_max = 24h}));
  hub.publish(order{1, "ada", 1});
  EXPECT_TRUE(hub.run_until_idle().ok());  // three hours of backoff, no waiting
  EXPECT_EQ(traces.spans().find("invoke_agent pager").size(), 3u);
  EXPECT_EQ(clock.now(), manual_clock::default_start + 3h);
}
