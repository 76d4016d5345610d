#include "scenarios.hpp"

#include <span>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace skein::golden {

namespace {

struct idea {
  std::string text;
  SKEIN_ARTIFACT("golden.idea", 1, text)
};
struct draft {
  std::string text;
  SKEIN_ARTIFACT("golden.draft", 1, text)
};
struct page {
  std::string text;
  SKEIN_ARTIFACT("golden.page", 1, text)
};

void hello(orchestrator& hub) {
  hub.add(agent{"writer"}
              .description("Turns an idea into a draft")
              .on<idea>([](idea const& i, context& ctx) {
                ctx.span().set_attribute("idea.length", i.text.size());
                return draft{i.text + "!"};
              })
              .publishes<draft>());
  traced_run run{hub, "hello"};
  run.set_attribute("pipeline.version", "2.0");
  hub.publish(idea{"hawaii"});
  hub.run_until_idle();
}

void chain(orchestrator& hub) {
  hub.add(agent{"first"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  hub.add(agent{"second"}.on<draft>([](draft const& d) { return page{d.text}; }).publishes<page>());
  hub.add(agent{"third"}.on<page>([](page const&) {}));
  traced_run run{hub, "chain"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void fan_out(orchestrator& hub) {
  for (auto const* name : {"north", "east", "west"}) {
    hub.add(agent{name}.on<idea>([](idea const& i) { return std::vector{draft{i.text}, draft{i.text}}; }).publishes<draft>());
  }
  hub.add(agent{"collector"}.on<draft>([](draft const&) {}).max_concurrency(3));
  traced_run run{hub, "fan_out"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void failing(orchestrator& hub) {
  hub.add(agent{"bad"}.on<idea>([](idea const&) { throw std::runtime_error{"no such pizza"}; }));
  hub.add(agent{"good"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  traced_run run{hub, "failing"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void retried(orchestrator& hub) {
  hub.add(agent{"flaky"}
              .on<idea>([](idea const& i, context& ctx) {
                if (ctx.attempt() == 1) throw std::runtime_error{"busy"};
                return draft{i.text};
              })
              .publishes<draft>()
              .retry({.attempts_max = 2, .backoff_initial = 0ns}));
  traced_run run{hub, "retried"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void nested(orchestrator& hub) {
  hub.add(agent{"writer"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  traced_run outer{hub, "outer", {.tags = {{"team", "search"}}, .session = "s-1", .user = "ada"}};
  hub.publish(idea{"a"});
  hub.run_until_idle();
  {
    traced_run inner{hub, "inner"};
    hub.publish(idea{"b"});
    inner.run_until_idle();
  }
  hub.publish(idea{"c"});
  hub.run_until_idle();
}

void without_traced_run(orchestrator& hub) {
  hub.add(agent{"writer"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  hub.publish(idea{"a"});
  hub.run_until_idle();
  hub.publish(draft{"b"});
  hub.run_until_idle();
}

void body_throws_scoped(orchestrator& hub) {
  hub.add(agent{"writer"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  try {
    traced_run run{hub, "left_early"};
    hub.publish(idea{"a"});
    throw std::runtime_error{"nobody sees this text"};
  } catch (std::runtime_error const&) {
  }
  hub.run_until_idle();
}

void body_throws_in_call(orchestrator& hub) {
  try {
    traced_run::call(hub, "risky", [](traced_run& run) {
      run.set_attribute("file.path", "a.csv");
      throw std::runtime_error{"no such file"};
    });
  } catch (std::runtime_error const&) {
  }
  (void)traced_run::call(hub, "fine", [&] { return hub.run_until_idle().ok(); });
}

void handler_spans(orchestrator& hub) {
  hub.add(agent{"writer"}
              .on<idea>([&hub](idea const& i, context& ctx) {
                ctx.publish(draft{"by the context"});
                skein::span parse{"parse", {.type = span_type::parser}};
                parse.set_inputs(i.text).set_outputs(i.text.size());
                hub.publish(page{"by the hub"});
                in_span("look up", [](skein::span& s) { s.set_attribute("rows", 3); });
                try {
                  in_span("fetch", [] { throw std::out_of_range{"page 7"}; });
                } catch (std::out_of_range const&) {
                }
                parse.end();
                return draft{"returned"};
              })
              .publishes<draft, page>());
  traced_run run{hub, "handler_spans"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void failure_handled(orchestrator& hub) {
  hub.add(agent{"bad"}
              .on<idea>([](idea const&) {
                in_span("deep", [] { throw std::runtime_error{"no such pizza"}; });
              })
              .retry({.attempts_max = 2, .backoff_initial = 0ns}));
  hub.add(agent{"janitor"}.on<failure>([](failure const& f) { return page{f.agent + ": " + f.what}; }).publishes<page>());
  traced_run run{hub, "failure_handled"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void join(orchestrator& hub) {
  hub.add(agent{"drafter"}.on<idea>([](idea const& i) { return draft{i.text}; }).publishes<draft>());
  hub.add(agent{"editor"}
              .on(when<idea, draft>().join_by(&idea::text, &draft::text), [](idea const& i, draft const& d) { return page{i.text + d.text}; })
              .publishes<page>());
  traced_run run{hub, "join"};
  hub.publish(idea{"a"});
  hub.run_until_idle();
}

void batch(orchestrator& hub) {
  hub.add(agent{"binder"}.on(when<page>().batch(2, 1h), [](std::span<page const> pages) { return draft{std::to_string(pages.size())}; }).publishes<draft>());
  traced_run run{hub, "batch"};
  hub.publish_all(std::vector{page{"1"}, page{"2"}, page{"3"}});
  hub.run_until_idle();
}

}  // namespace

std::vector<scenario> const& scenarios() {
  static std::vector<scenario> const all{{"hello", hello},
                                         {"chain", chain},
                                         {"fan_out", fan_out},
                                         {"failing", failing},
                                         {"retried", retried},
                                         {"nested", nested},
                                         {"without_traced_run", without_traced_run},
                                         {"body_throws_scoped", body_throws_scoped},
                                         {"body_throws_in_call", body_throws_in_call},
                                         {"handler_spans", handler_spans},
                                         {"failure_handled", failure_handled},
                                         {"join", join},
                                         {"batch", batch}};
  return all;
}

}  // namespace skein::golden
