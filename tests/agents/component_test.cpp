// When each hook of a component runs, and what becomes of what it throws: one test per cell of the table in docs/components.md.
#include "support/one_agent.hpp"
#include "support/tasks.hpp"

namespace {

using skein::context;
using skein::agents::component_hook;
using skein::agents::hooks_of;
using skein::bus::outcome;
using skein::testing::answer;
using skein::testing::one_agent;
using skein::testing::task;

/// Writes down what is called; throws from the hook that it is told.
struct probe : skein::agent_component {
  explicit probe(std::string which = {}) : throws(std::move(which)) {}
  void on_initialize() override { said("initialize"); }
  void on_pre_consume(context&) override { said("pre_consume"); }
  void on_pre_evaluate(context&) override { said("pre_evaluate"); }
  void on_post_evaluate(context& ctx) override { said("post_evaluate " + std::to_string(ctx.outputs().size())); }
  void on_post_publish(context&, skein::outputs const& made) override { said("post_publish " + std::to_string(made.size())); }
  void on_error(context&, skein::failure const& what) override {
    failed = what;
    said("error");
  }
  void on_terminate() override { said("terminate"); }
  std::string_view name() const override { return "probe"; }

  void said(std::string const& what) {
    all.push_back(what);
    if (what.substr(0, what.find(' ')) == throws) throw std::runtime_error{"no " + throws};
  }
  std::string const throws;
  std::vector<std::string> all;
  skein::failure failed;
};

/// An agent with a probe; its handler publishes one answer, or throws for a number below 0.
struct probed {
  explicit probed(std::string throws = {}) : with(std::make_shared<probe>(std::move(throws))) {}
  skein::agent make() const {
    return skein::agent{"worker"}
        .with(with)
        .on<task>([log = with](task const& t) {
          log->all.push_back("handler");
          if (t.number < 0) throw std::runtime_error{"no"};
          return answer{t.number};
        })
        .publishes<answer>();
  }
  std::shared_ptr<probe> const with;
};
using words = std::vector<std::string>;

TEST(a_component, is_called_around_the_handler) {
  probed const p;
  {
    one_agent it{p.make()};
    EXPECT_EQ(p.with->all, words{"initialize"});
    EXPECT_EQ(it.run(task{1}).outcome, outcome::ok);
    EXPECT_EQ(p.with->all, (words{"initialize", "pre_consume", "pre_evaluate", "handler", "post_evaluate 1", "post_publish 1"}));
    EXPECT_EQ(it.spans_inside(), (words{"probe on_pre_consume", "probe on_pre_evaluate", "probe on_post_evaluate", "probe on_post_publish", "publish test.answer"}));
  }
  EXPECT_EQ(p.with->all.back(), "terminate");
}

TEST(a_component, hears_of_a_failed_handler) {
  probed const p;
  one_agent it{p.make()};
  it.run(task{-1});
  EXPECT_EQ(p.with->all, (words{"initialize", "pre_consume", "pre_evaluate", "handler", "error"}));
  EXPECT_EQ(p.with->failed.agent, "worker");
  EXPECT_EQ(p.with->failed.error_type, "std::runtime_error");
  EXPECT_EQ(p.with->failed.what, "no");
  EXPECT_EQ(p.with->failed.input_type, "test.task");
  EXPECT_EQ(p.with->failed.attempts, 1u);
  EXPECT_FALSE(p.with->failed.activation.empty());
}

TEST(on_initialize, that_throws_refuses_the_agent) {
  skein::testing::fake_hub hub;
  auto const host = skein::agents::local_host::make(hub);
  auto const before = std::make_shared<probe>(), after = std::make_shared<probe>();
  auto const added = host->add(skein::agent{"worker"}.with(before).with(std::make_shared<probe>("initialize")).with(after).on<task>([](task const&) {}));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), skein::errc::misuse);
  EXPECT_EQ(added.error().where(), "worker");
  EXPECT_NE(added.error().message().find("probe"), std::string::npos);
  EXPECT_NE(added.error().message().find("no initialize"), std::string::npos);
  EXPECT_TRUE(host->offered().empty());
  EXPECT_EQ(before->all, (words{"initialize", "terminate"}));
  EXPECT_TRUE(after->all.empty());
}

/// Runs one task with a probe that throws from that hook.
std::pair<skein::bus::done, words> run_throwing(std::string const& hook, int number = 1) {
  probed const p{hook};
  one_agent it{p.make()};
  auto result = it.run(task{number});
  // The hook's own span says what it threw.
  auto const spans = it.hub.spans().find("probe on_" + hook);
  EXPECT_EQ(spans.size(), 1u);
  for (auto const& span : spans) EXPECT_EQ(span.status, skein::status_code::error);
  return {std::move(result), p.with->all};
}

TEST(on_pre_consume, that_throws_fails_the_attempt) {
  auto const [result, all] = run_throwing("pre_consume");
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.what, "no pre_consume");
  EXPECT_EQ(all, (words{"initialize", "pre_consume", "error"}));
}

TEST(on_pre_evaluate, that_throws_fails_the_attempt) {
  auto const [result, all] = run_throwing("pre_evaluate");
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(all, (words{"initialize", "pre_consume", "pre_evaluate", "error"}));
}

TEST(on_post_evaluate, that_throws_fails_the_attempt) {
  auto const [result, all] = run_throwing("post_evaluate");
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_TRUE(result.children.empty());
  EXPECT_EQ(all, (words{"initialize", "pre_consume", "pre_evaluate", "handler", "post_evaluate 1", "error"}));
}

TEST(on_post_publish, that_throws_changes_nothing) {
  auto const [result, all] = run_throwing("post_publish");
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_EQ(result.children.size(), 1u);
  EXPECT_EQ(all.back(), "post_publish 1");
}

TEST(on_error, that_throws_changes_nothing) {
  auto const [result, all] = run_throwing("error", -1);
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.what, "no");
  EXPECT_EQ(all.back(), "error");
}

TEST(on_terminate, that_throws_changes_nothing) {
  auto const first = std::make_shared<probe>(), second = std::make_shared<probe>("terminate");
  { one_agent const it{skein::agent{"worker"}.with(first).with(second).on<task>([](task const&) {})}; }
  EXPECT_EQ(second->all, (words{"initialize", "terminate"}));
  EXPECT_EQ(first->all, (words{"initialize", "terminate"}));
}

struct named : skein::agent_component {
  named(words& log, std::string own, int order) : log_(&log), own_(std::move(own)), order_(order) {}
  void on_pre_evaluate(context&) override { log_->push_back(own_); }
  void on_terminate() override { log_->push_back("end of " + own_); }
  int priority() const override { return order_; }

 private:
  words* log_;
  std::string own_;
  int order_;
};

TEST(components, run_by_priority_and_end_in_reverse) {
  words log;
  {
    one_agent it{skein::agent{"worker"}.with(named{log, "b", 1}).with(named{log, "c", 1}).with(named{log, "a", -5}).on<task>([](task const&) {})};
    it.run(task{});
    EXPECT_EQ(log, (words{"a", "b", "c"}));
    it.host->stop();
    it.host->stop();
  }
  EXPECT_EQ(log, (words{"a", "b", "c", "end of c", "end of b", "end of a"}));
}

struct quota : skein::agent_component {
  void on_pre_evaluate(context& ctx) override { ctx.span().set_attribute("quota.left", --left); }
  void on_error(context&, skein::failure const&) override { ++left; }
  int left = 100;
};
struct special_quota : quota {
  void on_terminate() override {}
};
class secret : public skein::agent_component {
  void on_initialize() override {}
};

TEST(components, are_called_for_what_they_override_only) {
  constexpr auto bit = [](component_hook hook) { return static_cast<unsigned>(hook); };
  EXPECT_EQ(hooks_of<quota>(), bit(component_hook::pre_evaluate) | bit(component_hook::error));
  EXPECT_EQ(hooks_of<special_quota>(), bit(component_hook::pre_evaluate) | bit(component_hook::error) | bit(component_hook::terminate));
  EXPECT_EQ(hooks_of<secret>(), bit(component_hook::initialize));
  one_agent it{skein::agent{"worker"}.with(quota{}).on<task>([](task const&) {})};
  it.run(task{});
  ASSERT_EQ(it.spans_inside().size(), 1u);
  EXPECT_NE(it.spans_inside()[0].find("quota on_pre_evaluate"), std::string::npos) << "by the name of its type";
}

TEST(components, keep_their_state_from_attempt_to_attempt) {
  auto const mine = std::make_shared<quota>();
  one_agent it{skein::agent{"worker"}.with(mine).on<task>([](task const& t) {
    if (t.number < 0) throw std::runtime_error{"no"};
  })};
  it.run(task{});
  it.run(task{});
  it.run(task{-1});
  EXPECT_EQ(mine->left, 98);
  auto const attributes = it.hub.spans().find("invoke_agent worker")[1].attributes;
  EXPECT_TRUE(std::any_of(attributes.begin(), attributes.end(), [](auto const& a) { return a.key == "quota.left" && a.value == skein::attribute_value{98}; }));
}

struct publisher : skein::agent_component {
  explicit publisher(std::string where) : at(std::move(where)) {}
  void on_pre_evaluate(context& ctx) override { publish(ctx, "pre"); }
  void on_post_evaluate(context& ctx) override { publish(ctx, "post"); }
  void on_post_publish(context& ctx, skein::outputs const&) override { publish(ctx, "late"); }
  void publish(context& ctx, std::string const& here) {
    if (here == at) ctx.publish(answer{7});
  }
  std::string at;
};

TEST(components, may_publish_until_the_outputs_are_decided) {
  for (auto const& [where, count] : {std::pair{"pre", 2u}, {"post", 2u}, {"late", 1u}}) {
    one_agent it{skein::agent{"worker"}.with(publisher{where}).on<task>([](task const&) { return answer{1}; }).publishes<answer>()};
    auto const result = it.run(task{});
    EXPECT_EQ(result.outcome, outcome::ok) << where;
    EXPECT_EQ(result.children.size(), count) << where;
  }
}

}  // namespace
