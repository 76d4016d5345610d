// Components of the hub: what each hook sees and does, and what becomes of what it throws.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"
#include "support/manual_hub.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

using namespace std::chrono_literals;

namespace {

using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::in_memory;
using skein::testing::manual_hub;
using skein::testing::text_thrown_by;

struct memo {
  std::string text;
  bool secret = false;
  SKEIN_ARTIFACT("components.memo", 1, text, secret)
};
struct copy {
  std::string text;
  SKEIN_ARTIFACT("components.copy", 1, text)
};

struct editor : skein::hub_component {
  void on_artifact_published(skein::published_artifact& one) override {
    if (auto const* m = one.value<memo>()) {
      if (m->secret) return one.block("it is marked as secret");
      one.replace(memo{m->text + ", edited", false});
      one.tag("edited");
      one.tag("edited");
    }
    if (auto const* c = one.value<copy>(); c && c->text.find("secret") != std::string::npos) one.block("it tells a secret");
  }
  std::string_view name() const override { return "editor"; }
};

/// Does in each hook what the test says.
struct puppet : skein::hub_component {
  explicit puppet(std::string name, int priority = 0) : name_(std::move(name)), priority_(priority) {}
  void on_artifact_published(skein::published_artifact& one) override {
    if (published) published(one);
  }
  void on_before_schedule(skein::scheduled const& what) override {
    if (before) before(what);
  }
  void on_agent_scheduled(skein::scheduled const& what) override {
    if (after) after(what);
  }
  void on_idle() override {
    if (idle) idle();
  }
  void on_shutdown() override {
    if (shutdown) shutdown();
  }
  int priority() const override { return priority_; }
  std::string_view name() const override { return name_; }

  std::function<void(skein::published_artifact&)> published;
  std::function<void(skein::scheduled const&)> before, after;
  std::function<void()> idle, shutdown;

 private:
  std::string name_;
  int priority_;
};

skein::agent copier() {
  return skein::agent{"copier"}.on<memo>([](memo const& m) { return std::vector{copy{"one " + m.text}, copy{"secret " + m.text}, copy{"two " + m.text}}; }).publishes<copy>();
}

skein::agent reader(std::vector<std::string>& read) {
  return skein::agent{"reader"}.on<copy>([&read](copy const& c) { read.push_back(c.text); });
}

TEST(a_hub_component, replaces_the_value_and_tags_it_before_anybody_sees_it) {
  manual_hub m;
  m.hub.with(editor{});
  std::vector<std::string> read;
  m.hub.add(skein::agent{"archive"}.on(skein::when<memo>().tagged("edited").where([](memo const& one) { return one.text.ends_with("edited"); }),
                                       [&](memo const& one) { read.push_back(one.text); }));
  m.hub.publish(memo{"hello"});
  m.hub.run_until_idle();
  EXPECT_EQ(read, std::vector<std::string>{"hello, edited"});
  EXPECT_EQ(m.hub.artifacts<memo>().at(0).meta().tags, std::vector<std::string>{"edited"});
}

TEST(a_hub_component, blocks_what_the_program_publishes) {
  manual_hub m;
  m.hub.with(editor{});
  m.hub.add(copier());
  EXPECT_EQ(code_thrown_by([&] { m.hub.publish(memo{"x", true}); }), skein::errc::blocked);
  EXPECT_NE(text_thrown_by([&] { m.hub.publish(memo{"x", true}); }).find("it is marked as secret"), std::string::npos);
  EXPECT_EQ(code_thrown_by([&] { m.hub.publish_all(std::vector{memo{"a"}, memo{"x", true}, memo{"b"}}); }), skein::errc::blocked) << "all or none";
  EXPECT_EQ(code_thrown_by([&] { m.hub.publish_async(memo{"x", true}).get(); }), skein::errc::blocked);
  EXPECT_EQ(code_thrown_by([&] { (void)m.hub.invoke<copy>("copier", memo{"x", true}); }), skein::errc::blocked);
  EXPECT_TRUE(m.hub.artifacts<memo>().empty());
  EXPECT_TRUE(m.hub.run_until_idle().activations.empty());
  auto const span = m.traces.spans().find("publish components.memo").front();
  EXPECT_EQ(*skein::find_attribute(span.attributes, "skein.blocked.reason"), skein::attribute_value{"it is marked as secret"});
  for (auto const& run : m.traces.runs()) EXPECT_NE(run.status, skein::run_status::running) << run.name;
}

TEST(a_hub_component, blocks_what_handlers_publish_and_lets_the_rest_pass) {
  for (unsigned threads : {0u, 2u}) {
    for (auto link : {skein::local_link::direct, skein::local_link::inproc}) {
      auto options = in_memory(threads);
      options.local_link = link;
      skein::orchestrator hub{options};
      hub.with(editor{});
      std::vector<std::string> read;
      hub.add(copier());
      hub.add(reader(read));
      hub.publish(memo{"m"});
      auto const report = hub.run_until_idle();
      EXPECT_TRUE(report.ok());
      EXPECT_EQ(read, (std::vector<std::string>{"one m, edited", "two m, edited"}));
      ASSERT_EQ(report.notices.size(), 1u);
      EXPECT_EQ(report.notices[0].kind, "artifact_blocked");
      EXPECT_EQ(report.notices[0].agent, "copier");
    }
  }
}

TEST(a_hub_component, leaves_each_artifact_its_id_when_another_one_is_blocked) {
  std::vector<skein::artifact_id> with, without;
  manual_hub m;
  m.hub.add(copier());
  auto const inspector = std::make_shared<puppet>("inspector");
  std::vector<std::string> seen;
  inspector->published = [&](skein::published_artifact& one) {
    if (one.type() != "components.copy") return;
    seen.push_back(one.meta().id.to_string());
    EXPECT_EQ(one.meta().produced_by, "copier");
    EXPECT_EQ(one.meta().correlation, m.hub.artifacts<memo>().at(0).meta().correlation);
    EXPECT_EQ(one.value<memo>(), nullptr);
  };
  m.hub.with(inspector);
  m.hub.with(editor{});
  m.hub.publish(memo{"m"});
  m.hub.run_until_idle();
  auto const copies = m.hub.artifacts<copy>();
  ASSERT_EQ(seen.size(), 3u);
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[0].id().to_string(), seen[0]);
  EXPECT_EQ(copies[1].id().to_string(), seen[2]);
}

TEST(a_hub_component, is_a_child_span_of_the_publish_that_it_sees) {
  manual_hub m;
  m.hub.with(editor{});
  m.hub.add(copier());
  m.hub.publish(memo{"m"});
  m.hub.run_until_idle();
  auto const hooks = m.traces.spans().find("editor on_artifact_published");
  ASSERT_EQ(hooks.size(), 4u);
  EXPECT_EQ(hooks[0].parent, m.traces.spans().find("publish components.memo").front().context.span);
  auto const copies = m.traces.spans().find("publish components.copy");
  std::size_t blocked = 0;
  for (auto const& hook : hooks) {
    if (!skein::find_attribute(hook.attributes, "skein.blocked")) continue;
    ++blocked;
    EXPECT_EQ(hook.parent, copies[1].context.span);
  }
  EXPECT_EQ(blocked, 1u);
  EXPECT_TRUE(m.traces.spans().find("editor on_idle").empty()) << "it does not override it";
}

TEST(a_hub_component, is_not_shown_what_the_board_itself_publishes) {
  manual_hub m;
  auto const inspector = std::make_shared<puppet>("inspector");
  std::vector<std::string> types;
  inspector->published = [&](skein::published_artifact& one) { types.push_back(one.type()); };
  m.hub.with(inspector);
  m.hub.add(skein::agent{"bad"}.on<memo>([](memo const&) { throw std::runtime_error{"no"}; }));
  m.hub.publish(memo{"m"});
  m.hub.run_until_idle();
  EXPECT_EQ(types, std::vector<std::string>{"components.memo"});
  EXPECT_EQ(m.hub.artifacts<skein::failure>().size(), 1u);
}

TEST(hub_components, take_part_by_priority_and_a_blocked_artifact_goes_no_further) {
  manual_hub m;
  std::string order;
  auto const make = [&](std::string const& name, int priority, bool blocks) {
    auto made = std::make_shared<puppet>(name, priority);
    made->published = [&order, name, blocks](skein::published_artifact& one) {
      order += name;
      if (blocks) one.block("enough");
    };
    m.hub.with(made);
  };
  make("c", 5, true);
  make("d", 9, false);
  make("a", -1, false);
  make("b", 5 - 5, false);
  EXPECT_EQ(code_thrown_by([&] { m.hub.publish(memo{"m"}); }), skein::errc::blocked);
  EXPECT_EQ(order, "abc");
}

TEST(hub_components, see_what_is_scheduled_before_and_after_it_leaves) {
  manual_hub m;
  std::vector<std::string> told;
  auto const watcher = std::make_shared<puppet>("watcher");
  watcher->before = [&](skein::scheduled const& what) {
    told.push_back("before " + std::string{what.agent} + ' ' + std::to_string(what.activation.attempt) + ' ' + what.inputs.front()->type);
    EXPECT_TRUE(what.local);
  };
  watcher->after = [&](skein::scheduled const& what) { told.push_back("after " + std::string{what.agent}); };
  m.hub.with(watcher);
  m.hub.add(skein::agent{"worker"}.on<memo>([&](memo const&) { told.push_back("handler"); }));
  m.hub.publish(memo{"m"});
  m.hub.run_until_idle();
  EXPECT_EQ(told, (std::vector<std::string>{"before worker 1 components.memo", "after worker", "handler"}));
  EXPECT_EQ(m.traces.spans().find("watcher on_before_schedule").front().parent, m.traces.spans().find("publish components.memo").front().context.span);
}

TEST(hub_components, are_told_of_idle_and_of_the_end) {
  int idle = 0, ends = 0;
  {
    skein::orchestrator hub{in_memory()};
    auto const watcher = std::make_shared<puppet>("watcher");
    watcher->idle = [&] { ++idle; };
    watcher->shutdown = [&] { ++ends; };
    hub.with(watcher);
    hub.run_until_idle();
    EXPECT_EQ(idle, 1);
    skein::traced_run run{hub, "one"};
    run.run_until_idle();
    EXPECT_EQ(idle, 1) << "one run says nothing of the whole board";
  }
  EXPECT_EQ(ends, 1);
}

// --- what a throw does: docs/components.md, one test for each cell -------------------------------------------------------------------

TEST(a_hub_component_that_throws, from_on_artifact_published_fails_the_publish) {
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  broken->published = [](skein::published_artifact&) { throw std::runtime_error{"no opinion"}; };
  m.hub.with(broken);
  EXPECT_EQ(code_thrown_by([&] { m.hub.publish(memo{"m"}); }), skein::errc::handler_failed);
  EXPECT_NE(text_thrown_by([&] { m.hub.publish(memo{"m"}); }).find("component broken failed on components.memo: std::runtime_error: no opinion"), std::string::npos);
  EXPECT_TRUE(m.hub.artifacts<memo>().empty());
}

TEST(a_hub_component_that_throws, from_on_artifact_published_fails_the_attempt_that_published) {
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  int seen = 0;
  broken->published = [&](skein::published_artifact& one) {
    if (one.type() == "components.copy" && ++seen == 2) throw std::runtime_error{"no opinion"};
  };
  m.hub.with(broken);
  m.hub.add(copier().retry({.attempts_max = 2, .backoff_initial = 1s}));
  m.hub.publish(memo{"m"});
  m.hub.run_pending();
  EXPECT_TRUE(m.hub.artifacts<copy>().empty()) << "all or none";
  auto const report = m.hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << "the second attempt passes";
  EXPECT_EQ(m.attempts("copier"), 2u);
  EXPECT_EQ(m.hub.artifacts<copy>().size(), 3u);
}

TEST(a_hub_component_that_throws, from_replacing_by_another_type_fails_the_publish) {
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  broken->published = [](skein::published_artifact& one) { one.replace(copy{"not a memo"}); };
  m.hub.with(broken);
  EXPECT_NE(text_thrown_by([&] { m.hub.publish(memo{"m"}); }).find("its own type"), std::string::npos);
}

TEST(a_hub_component_that_throws, from_on_before_schedule_is_logged) {
  captured_log const log;
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  broken->before = [](skein::scheduled const&) { throw std::runtime_error{"first"}; };
  m.hub.with(broken);
  m.hub.add(copier());
  m.hub.publish(memo{"m"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_EQ(m.hub.artifacts<copy>().size(), 3u);
  EXPECT_NE(log.text().find("component broken threw from on_before_schedule: std::runtime_error: first"), std::string::npos);
}

TEST(a_hub_component_that_throws, from_on_agent_scheduled_is_logged) {
  captured_log const log;
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  broken->after = [](skein::scheduled const&) { throw std::runtime_error{"second"}; };
  m.hub.with(broken);
  m.hub.add(copier());
  m.hub.publish(memo{"m"});
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_NE(log.text().find("component broken threw from on_agent_scheduled: std::runtime_error: second"), std::string::npos);
}

TEST(a_hub_component_that_throws, from_on_idle_is_logged) {
  captured_log const log;
  manual_hub m;
  auto const broken = std::make_shared<puppet>("broken");
  broken->idle = [] { throw std::runtime_error{"third"}; };
  m.hub.with(broken);
  EXPECT_TRUE(m.hub.run_until_idle().ok());
  EXPECT_NE(log.text().find("component broken threw from on_idle: std::runtime_error: third"), std::string::npos);
}

TEST(a_hub_component_that_throws, from_on_shutdown_is_logged) {
  captured_log const log;
  {
    skein::orchestrator hub{in_memory()};
    auto const broken = std::make_shared<puppet>("broken");
    broken->shutdown = [] { throw std::runtime_error{"fourth"}; };
    hub.with(broken);
  }
  EXPECT_NE(log.text().find("component broken threw from on_shutdown: std::runtime_error: fourth"), std::string::npos);
}

}  // namespace
