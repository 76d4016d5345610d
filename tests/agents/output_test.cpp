// Each rule of skein::output, for what is returned and for what is published through the context.
#include "support/one_agent.hpp"
#include "support/tasks.hpp"

namespace {

using namespace std::chrono_literals;
using skein::context;
using skein::output;
using skein::bus::outcome;
using skein::testing::one_agent;
using skein::testing::task;
using skein::testing::values_of;

struct idea {
  int score = 0;
  SKEIN_ARTIFACT("output.idea", 1, score)
  friend bool operator==(idea const&, idea const&) = default;
};
struct remark {
  int number = 0;
  SKEIN_ARTIFACT("output.remark", 1, number)
};

/// Publishes ideas of score 0 to n - 1, the first through the context.
skein::agent counting(output<idea> const& rules) {
  return skein::agent{"counting"}
      .on<task>([](task const& t, context& ctx) {
        std::vector<idea> rest;
        for (int i = 0; i < t.number; ++i) {
          if (i == 0) {
            ctx.publish(idea{i});
          } else {
            rest.push_back({i});
          }
        }
        return rest;
      })
      .publishes(rules);
}

TEST(output_where, drops_what_it_says_no_to_and_records_how_many) {
  one_agent it{counting(output<idea>().where([](idea const& i) { return i.score > 0; }).where([](idea const& i) { return i.score != 2; }))};
  auto const result = it.run(task{4});
  EXPECT_EQ(result.outcome, outcome::ok);
  EXPECT_EQ(values_of<idea>(result), (std::vector{idea{1}, idea{3}}));
  EXPECT_EQ(it.hub.spans().find("publish output.idea").size(), 2u);
  auto const attempt = it.hub.spans().find("invoke_agent counting").front();
  ASSERT_EQ(attempt.events.size(), 1u);
  EXPECT_EQ(attempt.events[0].name, "skein.output_dropped");
  EXPECT_EQ(attempt.events[0].attributes.at(0).key, "skein.output.type");
  EXPECT_EQ(attempt.events[0].attributes.at(0).value, skein::attribute_value{"output.idea"});
  EXPECT_EQ(attempt.events[0].attributes.at(1).key, "skein.output.count");
  EXPECT_EQ(attempt.events[0].attributes.at(1).value, skein::attribute_value{2});
}

TEST(output_where, gives_no_id_to_what_it_drops) {
  bool dropped = false, kept = false;
  one_agent it{skein::agent{"a"}
                   .on<task>([&](task const&, context& ctx) {
                     dropped = ctx.publish(idea{0}).empty();
                     kept = !ctx.publish(idea{1}).empty();
                   })
                   .publishes(output<idea>().where([](idea const& i) { return i.score > 0; }))};
  it.run(task{});
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(kept);
}

TEST(output_validate, fails_the_attempt_which_may_be_tried_again) {
  one_agent it{counting(output<idea>().validate([](idea const& i) { return i.score < 2; }))};
  EXPECT_EQ(it.run(task{2}).outcome, outcome::ok);
  auto const failed = it.run(task{3});
  EXPECT_EQ(failed.outcome, outcome::failed);
  EXPECT_EQ(failed.error_type, "skein.invalid_output");
  EXPECT_NE(failed.what.find("output.idea"), std::string::npos);
  EXPECT_TRUE(failed.children.empty());
  auto const attempt = it.hub.spans().find("invoke_agent counting").back();
  EXPECT_EQ(attempt.status, skein::status_code::error);
}

TEST(output_validate, fails_the_attempt_even_if_the_handler_does_not_care) {
  one_agent it{skein::agent{"a"}
                   .on<task>([](task const&, context& ctx) {
                     try {
                       ctx.publish(idea{-1});
                     } catch (...) {
                     }
                   })
                   .publishes(output<idea>().validate([](idea const& i) { return i.score >= 0; }))};
  EXPECT_EQ(it.run(task{}).error_type, "skein.invalid_output");
}

TEST(output_fan_out, is_an_exact_count_of_what_is_kept) {
  one_agent it{counting(output<idea>().where([](idea const& i) { return i.score > 0; }).fan_out(2))};
  EXPECT_EQ(it.run(task{3}).outcome, outcome::ok);
  for (int wrong : {0, 2, 4}) {
    auto const failed = it.run(task{wrong});
    EXPECT_EQ(failed.outcome, outcome::failed) << wrong;
    EXPECT_EQ(failed.error_type, "skein.fan_out") << wrong;
    EXPECT_TRUE(failed.children.empty());
  }
}

TEST(output_fan_out, is_a_range) {
  one_agent it{counting(output<idea>().fan_out(1, 2))};
  EXPECT_EQ(it.run(task{0}).error_type, "skein.fan_out");
  EXPECT_EQ(it.run(task{1}).outcome, outcome::ok);
  EXPECT_EQ(it.run(task{2}).outcome, outcome::ok);
  auto const failed = it.run(task{3});
  EXPECT_NE(failed.what.find("published 3 output.idea"), std::string::npos) << failed.what;
  EXPECT_NE(failed.what.find("1 to 2"), std::string::npos) << failed.what;
}

TEST(output_visible_to, says_who_sees_it_unless_the_publish_does) {
  one_agent it{skein::agent{"a"}
                   .on<task>([](task const&, context& ctx) {
                     ctx.publish(idea{1});
                     ctx.publish(idea{2}, {.visibility = skein::visible_to_agents{{"c"}}});
                     ctx.publish(remark{});
                   })
                   .publishes(output<idea>().visible_to("a", "b"), output<remark>().visible_to(skein::visible_to_labels{{"x"}} && skein::visible_after{10ms}))};
  auto const made = it.run(task{}).children;
  ASSERT_EQ(made.size(), 3u);
  EXPECT_EQ(made[0].visible_to->agents, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made[1].visible_to->agents, std::vector<std::string>{"c"});
  EXPECT_EQ(made[2].visible_to->labels, std::vector<std::string>{"x"});
  EXPECT_EQ(made[2].visible_to->not_before, it.hub.manual.now() + 10ms);
}

TEST(output_tagged, adds_tags_to_those_of_the_publish) {
  one_agent it{skein::agent{"a"}
                   .on<task>([](task const&, context& ctx) { ctx.publish(idea{}, {.tags = {"mine", "done"}}); })
                   .publishes(output<idea>().tagged("done", "eu"))};
  EXPECT_EQ(it.run(task{}).children.at(0).tags, (std::vector<std::string>{"mine", "done", "eu"}));
}

TEST(outputs, keep_the_order_of_publication) {
  one_agent it{counting(output<idea>())};
  EXPECT_EQ(values_of<idea>(it.run(task{4})), (std::vector{idea{0}, idea{1}, idea{2}, idea{3}}));
}

TEST(outputs, are_seen_by_type) {
  std::vector<skein::bus::child> made(2);
  made[0].type = "output.remark";
  made[1].type = "output.idea";
  made[1].payload = skein::make_payload(idea{4});
  skein::outputs const all{made};
  EXPECT_EQ(all.size(), 2u);
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(all.types(), (std::vector<std::string>{"output.remark", "output.idea"}));
  ASSERT_EQ(all.get<idea>().size(), 1u);
  EXPECT_EQ(all.get<idea>().front()->score, 4);
  EXPECT_TRUE(all.get<task>().empty());
}

TEST(a_visibility, is_made_of_parts) {
  auto const now = skein::timestamp{1h};
  EXPECT_EQ(skein::visibility_choice{}.get(now), nullptr);
  EXPECT_EQ(skein::visibility_choice{skein::visible_to_everyone{}}.get(now), nullptr);
  EXPECT_EQ(skein::visibility_choice{skein::visible_to_tenant{"acme"}}.get(now)->tenant, "acme");
  EXPECT_EQ(skein::visibility_choice{skein::visible_after{10ms}}.get(now)->not_before, now + 10ms);
  EXPECT_EQ(skein::visibility_choice{skein::visible_after{-10ms}}.get(now), nullptr);
  EXPECT_EQ(skein::visibility_choice{skein::visible_after{std::chrono::nanoseconds::max()}}.get(now)->not_before, skein::timestamp::max());
  auto const all = (skein::visible_to_tenant{"acme"} && skein::visible_to_labels{{"x"}} && skein::visible_to_labels{{"y"}} && skein::visible_to_agents{{"a"}}).get(now);
  EXPECT_EQ(*all, (skein::visibility{{"a"}, {"x", "y"}, "acme", {}}));
  EXPECT_THROW((void)(skein::visible_to_agents{{"a"}} && skein::visible_to_agents{{"b"}}), skein::error);
  EXPECT_THROW((void)(skein::visible_to_tenant{"a"} && skein::visible_to_tenant{"b"}), skein::error);
}

}  // namespace
