// Engines make outputs instead of handlers: when they are called, what they are shown, what becomes of what they make.
#include "support/one_agent.hpp"

#include <skein/agents/engine.hpp>

#include <gmock/gmock.h>

namespace {

using namespace skein;
using namespace skein::testing;
using bus::outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct order {
  std::string customer;
  int cents = 0;
  SKEIN_ARTIFACT("engine.order", 1, customer, cents)
};
struct hint {
  std::string text;
  SKEIN_ARTIFACT("engine.hint", 1, text)
};
struct invoice {
  std::string customer;
  int cents = 0;
  friend bool operator==(invoice const&, invoice const&) = default;
  SKEIN_ARTIFACT("engine.invoice", 1, customer, cents)
};

/// Notes what it is asked, and answers what the test says.
struct recording : engine {
  void on_initialize(engine_setup const& setup) override {
    ++initialized;
    if (initialized <= broken_initializations) throw std::runtime_error{"no model"};
    for (auto const* each : setup.inputs) types += std::string{each->name} + ' ';
    types += "->";
    for (auto const* each : setup.outputs) types += ' ' + std::string{each->name};
  }
  bool should_use_context(engine_request const&) override { return use_context; }
  std::vector<engine_output> evaluate(engine_request const& request, context&) override {
    inputs.clear();
    for (auto const& each : request.inputs()) inputs.push_back(request.json(*each));
    earlier.clear();
    for (auto const& each : request.context()) earlier.push_back(request.json(*each));
    return answer;
  }
  std::string_view name() const override { return "recording"; }

  int initialized = 0, broken_initializations = 0;
  bool use_context = true;
  std::string types;
  std::vector<std::string> inputs, earlier;
  std::vector<engine_output> answer;
};

agent biller(std::shared_ptr<recording> const& maker) { return agent{"biller"}.consumes(when<order>()).engine(maker).publishes<invoice>(); }

TEST(an_engine, makes_the_outputs_in_its_order) {
  auto const maker = std::make_shared<recording>();
  maker->answer = {engine_output::of(invoice{"ada", 1}), {"engine.invoice", R"({"customer": "bob", "cents": 2})"}};
  one_agent it{biller(maker)};
  auto const result = it.run(order{"ada", 7});
  EXPECT_EQ(result.outcome, outcome::ok) << result.what;
  EXPECT_THAT(values_of<invoice>(result), ElementsAre(invoice{"ada", 1}, invoice{"bob", 2}));
  EXPECT_THAT(maker->inputs, ElementsAre(R"({"customer":"ada","cents":7})"));
}

TEST(an_engine, has_a_span_for_each_call_and_is_initialized_once) {
  auto const maker = std::make_shared<recording>();
  one_agent it{biller(maker)};
  (void)it.run(order{});
  EXPECT_THAT(it.spans_inside(), ElementsAre("recording on_initialize", "recording should_use_context", "recording fetch_context", "recording evaluate"));
  maker->use_context = false;
  (void)it.run(order{});
  EXPECT_THAT(it.spans_inside(), ElementsAre("recording should_use_context", "recording evaluate"));
  EXPECT_EQ(maker->initialized, 1);
  EXPECT_EQ(maker->types, "engine.order -> engine.invoice");
}

TEST(an_engine, is_initialized_again_after_it_could_not_be) {
  auto const maker = std::make_shared<recording>();
  maker->broken_initializations = 1;
  one_agent it{biller(maker)};
  auto const failed = it.run(order{});
  EXPECT_EQ(failed.outcome, outcome::failed);
  EXPECT_EQ(failed.what, "no model");
  EXPECT_EQ(it.run(order{}).outcome, outcome::ok);
  EXPECT_EQ(maker->initialized, 2);
}

TEST(an_engine, is_shown_earlier_artifacts_of_its_types_and_correlation_oldest_first) {
  auto const maker = std::make_shared<recording>();
  one_agent it{biller(maker)};
  it.hub.board = {it.hub.make(order{"one", 1}, "c"), it.hub.make(order{"other", 1}, "d"), it.hub.make(hint{"x"}, "c"), it.hub.make(order{"two", 2}, "c")};
  auto const input = it.hub.make(order{"three", 3}, "c");
  it.hub.board.push_back(input);
  (void)it.run_group({input});
  EXPECT_THAT(maker->earlier, ElementsAre(R"({"customer":"one","cents":1})", R"({"customer":"two","cents":2})"));
}

TEST(an_engine, is_shown_no_more_context_than_its_bound) {
  auto const maker = std::make_shared<recording>();
  one_agent it{biller(maker)};
  for (int i = 0; i < 150; ++i) it.hub.board.push_back(it.hub.make(order{"x", i}, "c"));
  (void)it.run_group({it.hub.make(order{}, "c")});
  ASSERT_EQ(maker->earlier.size(), engine_context_max);
  EXPECT_EQ(maker->earlier.back(), R"({"customer":"x","cents":149})");
}

TEST(an_engine, takes_groups_and_stands_beside_handlers) {
  auto const maker = std::make_shared<recording>();
  maker->answer = {engine_output::of(invoice{"both", 0})};
  one_agent it{agent{"mixed"}
                   .on<hint>([](hint const& h) { return invoice{h.text, 1}; })
                   .consumes(when<order, hint>())
                   .consumes(when<order>().batch(2))
                   .engine(maker)
                   .publishes<invoice>()};
  EXPECT_THAT(values_of<invoice>(it.run_group({it.hub.make(hint{"h"})}, 0)), ElementsAre(invoice{"h", 1}));
  EXPECT_THAT(values_of<invoice>(it.run_group({it.hub.make(order{"o", 1}), it.hub.make(hint{"h"})}, 1)), ElementsAre(invoice{"both", 0}));
  EXPECT_THAT(maker->inputs, ElementsAre(R"({"customer":"o","cents":1})", R"({"text":"h"})"));
  (void)it.run_group({it.hub.make(order{"o", 1}), it.hub.make(order{"p", 2})}, 2);
  EXPECT_THAT(maker->inputs, ElementsAre(R"({"customer":"o","cents":1})", R"({"customer":"p","cents":2})"));
  EXPECT_EQ(maker->types, "engine.order engine.hint -> engine.invoice");
}

TEST(an_engine, may_be_given_by_value) {
  struct plain : engine {
    std::vector<engine_output> evaluate(engine_request const&, context&) override { return {engine_output::of(invoice{"v", 1})}; }
  };
  one_agent it{agent{"a"}.consumes(when<order>()).engine(plain{}).publishes<invoice>()};
  EXPECT_THAT(values_of<invoice>(it.run(order{})), ElementsAre(invoice{"v", 1}));
}

TEST(an_engine, fails_the_attempt_with_a_type_that_is_not_declared) {
  auto const maker = std::make_shared<recording>();
  maker->answer = {{"engine.bill", "{}"}};
  one_agent it{biller(maker)};
  auto const result = it.run(order{});
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.error_type, "skein.engine_output");
  EXPECT_EQ(result.what, R"(engine recording of agent biller made an output of type "engine.bill": the agent publishes engine.invoice)");
  EXPECT_TRUE(result.children.empty());
}

TEST(an_engine, fails_the_attempt_with_a_value_that_does_not_fit) {
  auto const maker = std::make_shared<recording>();
  one_agent it{biller(maker)};
  for (engine_output const& bad : {engine_output{"engine.invoice", R"({"cents": "many"})"}, engine_output{"engine.invoice", R"({"euros": 1})"},
                                   engine_output{"engine.invoice", "[1"}, engine_output{"engine.invoice", make_payload(order{"x", 1})},
                                   engine_output{"engine.invoice", payload{bytes{std::byte{0xc1}}}}}) {
    maker->answer = {engine_output::of(invoice{}), bad};
    auto const result = it.run(order{});
    EXPECT_EQ(result.error_type, "skein.engine_output");
    EXPECT_THAT(result.what, HasSubstr("engine.invoice"));
    EXPECT_TRUE(result.children.empty());
  }
}

TEST(an_engine, is_held_to_the_rules_of_its_agents_outputs) {
  auto const maker = std::make_shared<recording>();
  maker->answer = {engine_output::of(invoice{"a", 1}), engine_output::of(invoice{"b", -1}, {.tags = {"x"}}), engine_output::of(invoice{"c", 3}, {.tags = {"x"}})};
  one_agent it{agent{"a"}.consumes(when<order>()).engine(maker).publishes(output<invoice>().where([](invoice const& i) { return i.cents > 0; }).tagged("y"))};
  auto const result = it.run(order{});
  EXPECT_THAT(values_of<invoice>(result), ElementsAre(invoice{"a", 1}, invoice{"c", 3}));
  EXPECT_THAT(result.children.back().tags, ElementsAre("x", "y"));
}

TEST(an_engine, shows_what_it_throws_on_its_span) {
  struct throwing : engine {
    std::vector<engine_output> evaluate(engine_request const&, context&) override { throw std::runtime_error{"out of tokens"}; }
    std::string_view name() const override { return "throwing"; }
  };
  one_agent it{agent{"a"}.consumes(when<order>()).engine(throwing{}).publishes<invoice>()};
  auto const result = it.run(order{});
  EXPECT_EQ(result.outcome, outcome::failed);
  EXPECT_EQ(result.error_type, "std::runtime_error");
  EXPECT_EQ(it.hub.spans().find("throwing evaluate").front().status, status_code::error);
}

TEST(an_engine, that_is_none_is_refused) { EXPECT_THROW((void)agent{"a"}.consumes(when<order>()).engine(std::shared_ptr<engine>{}), error); }

}  // namespace
