// Runs with a body.
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <latch>
#include <thread>

using namespace std::chrono_literals;

namespace {

using skein::testing::in_memory;
using skein::testing::task;
using skein::testing::temporary_folder;

/// A hub that records into memory.
struct recorded {
  explicit recorded(unsigned threads = 0) : hub{{.ledger = "memory:", .worker_threads = threads, .sinks = {traces.sink()}}} {
    hub.add(skein::agent{"worker"}.on<task>([](task const& t) {
      if (t.number < 0) throw std::runtime_error{"negative"};
    }));
  }
  [[nodiscard]] skein::run_record run(std::string const& name) const {
    for (auto const& one : traces.runs()) {
      if (one.name == name) return one;
    }
    return {};
  }

  skein::testing::memory_traces traces;
  skein::orchestrator hub;
};

TEST(traced_run, is_completed_when_its_body_and_its_work_are_done) {
  recorded it;
  {
    skein::traced_run run{it.hub, "good"};
    EXPECT_EQ(it.run("good").status, skein::run_status::running);
    it.hub.publish(task{1});
    it.hub.run_until_idle();
  }
  EXPECT_EQ(it.run("good").status, skein::run_status::completed);
  EXPECT_EQ(it.run("good").failures, 0u);
}

TEST(traced_run, stays_running_until_the_work_it_left_is_closed) {
  recorded it;
  {
    skein::traced_run run{it.hub, "early"};
    it.hub.publish(task{1});
  }
  EXPECT_EQ(it.run("early").status, skein::run_status::running);
  it.hub.run_until_idle();
  EXPECT_EQ(it.run("early").status, skein::run_status::completed);
}

TEST(traced_run, with_a_dead_activation_is_failed) {
  recorded it;
  {
    skein::traced_run run{it.hub, "bad"};
    it.hub.publish(task{-1});
    it.hub.publish(task{-2});
    EXPECT_EQ(it.hub.run_until_idle().failures.size(), 2u);
  }
  EXPECT_EQ(it.run("bad").status, skein::run_status::failed);
  EXPECT_EQ(it.run("bad").failures, 2u);
}

TEST(traced_run, left_by_an_exception_is_failed) {
  recorded it;
  EXPECT_THROW(
      {
        skein::traced_run run(it.hub, "thrown");
        throw std::runtime_error{"x"};
      },
      std::runtime_error);
  EXPECT_EQ(it.run("thrown").status, skein::run_status::failed);
  EXPECT_EQ(it.run("thrown").failures, 1u);
}

TEST(traced_run, made_while_an_exception_unwinds_is_not_failed_by_it) {
  recorded it;
  struct cleaner {
    recorded& it;
    ~cleaner() { skein::traced_run run{it.hub, "cleanup"}; }
  };
  EXPECT_THROW(
      {
        cleaner on_exit{it};
        throw std::runtime_error{"x"};
      },
      std::runtime_error);
  EXPECT_EQ(it.run("cleanup").status, skein::run_status::completed);
}

TEST(traced_run, call_returns_what_the_body_returns) {
  recorded it;
  EXPECT_EQ(skein::traced_run::call(it.hub, "sum", [](skein::traced_run& run) { return run.id().empty() ? 0 : 3; }), 3);
  EXPECT_EQ(skein::traced_run::call(it.hub, "plain", {.user = "ada"}, [] { return std::string{"x"}; }), "x");
  skein::traced_run::call(it.hub, "nothing", [] {});
  EXPECT_EQ(it.run("plain").user, "ada");
}

TEST(traced_run, call_records_what_is_thrown_and_throws_it_on) {
  recorded it;
  EXPECT_THROW(skein::traced_run::call(it.hub, "risky", [] { throw std::out_of_range{"page 7"}; }), std::out_of_range);
  auto const spans = it.traces.spans().find("risky");
  ASSERT_EQ(spans.size(), 1u);
  ASSERT_EQ(spans[0].events.size(), 1u);
  EXPECT_EQ(spans[0].status_message, "page 7");
  EXPECT_EQ(it.run("risky").failures, 1u);
}

TEST(traced_run, inside_another_is_a_span_of_it) {
  recorded it;
  {
    skein::traced_run outer{it.hub, "outer"};
    skein::traced_run inner{it.hub, "inner", {.tags = {{"stage", 2}}}};
    EXPECT_EQ(inner.id(), outer.id());
    it.hub.publish(task{1});
    EXPECT_EQ(inner.run_until_idle().activations.size(), 1u);
  }
  EXPECT_EQ(it.traces.runs().size(), 1u);
  auto const inner = it.traces.spans().find("inner");
  ASSERT_EQ(inner.size(), 1u);
  EXPECT_EQ(inner[0].parent, it.traces.spans().find("outer").front().context.span);
  EXPECT_EQ(it.traces.spans().find("publish test.task")[0].parent, inner[0].context.span);
}

TEST(traced_run, waits_for_its_own_work_only) {
  skein::orchestrator hub{in_memory(2)};
  std::latch go{1};
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const& t) {
                if (t.number == 0) go.wait();
              })
              .max_concurrency(2));
  hub.publish(task{0});
  {
    skein::traced_run run{hub, "mine"};
    hub.publish(task{1});
    auto const report = run.run_until_idle();
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.activations.size(), 1u);
    EXPECT_EQ(hub.run_until_idle(1ms).reason, "timeout") << "the other run is still busy";
  }
  go.count_down();
  EXPECT_TRUE(hub.run_until_idle().ok());
}

TEST(traced_run, gives_its_trace_to_threads_that_are_handed_it) {
  recorded it;
  {
    skein::traced_run run{it.hub, "threads"};
    std::thread with{skein::trace_context::current().bind([&] { it.hub.publish(task{1}); })};
    with.join();
    std::thread without{[&] { it.hub.publish(task{2}); }};
    without.join();
    it.hub.run_until_idle();
  }
  EXPECT_EQ(it.traces.runs().size(), 2u);
  EXPECT_EQ(it.traces.spans().find("publish test.task").size(), 2u);
  EXPECT_EQ(it.traces.spans().find("threads").size(), 1u);
}

TEST(traced_run, records_its_row_with_all_that_was_set) {
  recorded it;
  {
    skein::traced_run run{it.hub, "rich", {.tags = {{"team", "search"}}, .session = "s-1", .user = "ada"}};
    run.set_attribute("size", 3).set_attribute("size", 4);
    run.span().add_event("halfway");
    skein::current_trace().set_request_preview("why?").set_response_preview("because");
  }
  auto const row = it.run("rich");
  EXPECT_EQ(row.session, "s-1");
  EXPECT_EQ(row.user, "ada");
  EXPECT_EQ(skein::to_json(row.tags), R"({"team":"search"})");
  EXPECT_EQ(skein::to_json(row.attributes), R"({"size":4})");
  EXPECT_EQ(row.request_preview, "why?");
  EXPECT_EQ(row.response_preview, "because");
}

TEST(traced_run, is_readable_in_the_file_as_soon_as_it_is_destroyed) {
  temporary_folder const folder;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 2}};
  hub.add(skein::agent{"worker"}.on<task>([](task const&) {}));
  skein::run_id id;
  {
    skein::traced_run run{hub, "written"};
    id = run.id();
    hub.publish(task{1});
    hub.run_until_idle();
  }
  auto const store = hub.traces();
  auto const runs = store.runs({.name = "written", .status = skein::run_status::completed});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].id, id);
  EXPECT_EQ(store.spans(id).size(), 4u);
}

TEST(traced_run, of_another_hub_continues_the_trace) {
  recorded first, second;
  skein::trace_id trace;
  {
    skein::traced_run outer{first.hub, "outer"};
    trace = outer.span().context().trace;
    skein::traced_run inner{second.hub, "elsewhere"};
    EXPECT_NE(inner.id(), outer.id());
    second.hub.publish(task{1});
    second.hub.run_until_idle();
  }
  ASSERT_EQ(second.traces.runs().size(), 1u);
  EXPECT_EQ(second.traces.runs()[0].trace, trace);
  EXPECT_EQ(first.traces.spans().size(), 1u);
}

TEST(traced_run, hangs_under_a_trace_from_elsewhere) {
  recorded it;
  skein::span_context const remote{skein::trace_id::parse("4bf92f3577b34da6a3ce929d0e0e4736").value(), skein::span_id::parse("00f067aa0ba902b7").value(),
                                   skein::span_context::sampled};
  std::vector<std::pair<std::string, std::string>> headers;
  skein::trace_context{remote, "foo=1", "user=ada"}.bind([&] {
    skein::traced_run::call(it.hub, "job", [&](skein::traced_run&) { skein::trace_context::current().inject(headers); });
  })();
  auto const job = it.traces.spans().find("job").front();
  EXPECT_EQ(job.context.trace, remote.trace);
  EXPECT_EQ(job.parent, remote.span);
  EXPECT_EQ(it.run("job").status, skein::run_status::completed);
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[1].second, "foo=1");
  EXPECT_EQ(headers[2].second, "user=ada");
}

TEST(traced_run, records_nothing_under_a_trace_that_is_not_sampled) {
  recorded it;
  skein::span_context const remote{skein::trace_id::parse("4bf92f3577b34da6a3ce929d0e0e4736").value(), skein::span_id::parse("00f067aa0ba902b7").value(), 0};
  std::vector<std::pair<std::string, std::string>> headers;
  skein::trace_context{remote, "", ""}.bind([&] {
    it.hub.publish(task{1});
    skein::traced_run::call(it.hub, "job", [&](skein::traced_run&) {
      it.hub.publish(task{2});
      skein::trace_context::current().inject(headers);
    });
  })();
  it.hub.run_until_idle();
  EXPECT_TRUE(it.traces.spans().empty());
  EXPECT_TRUE(it.traces.runs().empty());
  ASSERT_FALSE(headers.empty());
  EXPECT_EQ(headers[0].second.substr(3, 32), "4bf92f3577b34da6a3ce929d0e0e4736") << "the trace goes on";
}

TEST(flush, makes_ended_spans_readable) {
  temporary_folder const folder;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 0}};
  hub.publish(task{1});
  EXPECT_TRUE(hub.flush(10s));
  EXPECT_EQ(hub.traces().runs().size(), 1u);
}

TEST(tracing, can_be_off) {
  skein::testing::memory_traces traces;
  skein::orchestrator hub{{.ledger = "memory:", .worker_threads = 0, .tracing = false, .sinks = {traces.sink()}}};
  int handled = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&, skein::context& ctx) {
    ctx.span().set_attribute("x", 1);
    skein::span inner{"inner"};
    ++handled;
  }));
  {
    skein::traced_run run{hub, "quiet"};
    hub.publish(task{1});
    EXPECT_TRUE(hub.run_until_idle().ok());
  }
  EXPECT_EQ(handled, 1);
  EXPECT_TRUE(traces.spans().empty());
  EXPECT_TRUE(traces.runs().empty());
}

}  // namespace
