// Hosts in other processes: who they are, what is awaited while they are away, what is told of lost leases, how they are asked to leave.
#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

// ---- who may say hello ----

TEST(blackboard_remote, refuses_a_name_that_another_principals_host_holds) {
  board_fixture b;
  b.hello(2, {cook()}, {.name = "kitchen", .principal = "alice"});
  b.hello(3, {cook()}, {.instance = 9, .name = "kitchen", .principal = "mallory"});
  ASSERT_NE(b.last<refused>(3), nullptr);
  EXPECT_EQ(b.last<refused>(3)->code, errc::locked);
  EXPECT_NE(b.last<refused>(3)->what.find("alice"), std::string::npos);
  b.publish("idea");
  EXPECT_EQ(b.deliveries(2).size(), 1u);
  EXPECT_TRUE(b.deliveries(3).empty());
}

TEST(blackboard_remote, lets_the_same_principal_come_back_on_another_connection) {
  board_fixture b;
  b.hello(2, {cook()}, {.name = "kitchen", .principal = "alice"});
  b.hello(3, {cook()}, {.instance = 2, .name = "kitchen", .principal = "alice"});
  EXPECT_EQ(b.last<refused>(3), nullptr);
  ASSERT_EQ(b.board.hosts().size(), 1u);
  EXPECT_EQ(b.board.hosts()[0].principal, "alice");
  EXPECT_EQ(b.board.hosts()[0].agents, std::vector<std::string>{"cook"});
}

TEST(blackboard_remote, refuses_the_name_of_the_hubs_own_host) {
  board_fixture b;
  b.local_hello({cook()});
  b.hello(2, {cook()}, {.instance = 9, .name = "host1"});
  ASSERT_NE(b.last<refused>(2), nullptr);
  EXPECT_EQ(b.last<refused>(2)->code, errc::locked);
}

TEST(blackboard_remote, refuses_hosts_past_its_limit_and_takes_known_ones_again) {
  board_fixture b{{.hosts_max = 1}};
  b.hello(2, {cook()});
  b.hello(3, {cook()});
  ASSERT_NE(b.last<refused>(3), nullptr);
  EXPECT_EQ(b.last<refused>(3)->code, errc::limit_reached);
  b.hello(4, {cook()}, {.instance = 2, .name = "host2"});
  EXPECT_EQ(b.last<refused>(4), nullptr);
}

TEST(blackboard_remote, refuses_code_of_another_process_in_joins_and_batches) {
  subscription_descriptor const join{.types = {"idea", "pizza"}, .grouping = grouping::join};
  subscription_descriptor const all{.types = {"idea", "pizza"}, .grouping = grouping::all, .has_predicate = true};
  subscription_descriptor const batch{.types = {"idea"}, .has_predicate = true, .batch_max = 2};
  for (auto const& one : {join, all, batch}) {
    board_fixture b;
    b.hello(2, {agent_descriptor{.name = "cook", .subscriptions = {one}}});
    ASSERT_NE(b.last<refused>(2), nullptr);
    EXPECT_EQ(b.last<refused>(2)->code, errc::invalid_argument);
    EXPECT_EQ(b.last<refused>(2)->what, "agent \"cook\": a lambda predicate or key in a join or batch cannot run in another process; use skein::field");
  }
  auto keyed = join;
  keyed.keys = {"id", "order"};
  subscription_descriptor const single{.ordinal = 1, .types = {"idea"}, .has_predicate = true};
  board_fixture b;
  b.hello(2, {agent_descriptor{.name = "cook", .subscriptions = {keyed, single}}});
  EXPECT_EQ(b.last<refused>(2), nullptr);
}

TEST(blackboard_remote, refuses_subscriptions_past_its_limit) {
  board_fixture b{{.subscriptions_max = 1}};
  b.hello(2, {cook()});
  b.hello(3, {agent("critic").on("pizza")});
  ASSERT_NE(b.last<refused>(3), nullptr);
  EXPECT_EQ(b.last<refused>(3)->code, errc::limit_reached);
  b.hello(4, {cook()});
  EXPECT_EQ(b.last<refused>(4), nullptr);
}

// ---- expected back ----

TEST(blackboard_remote, awaits_the_work_of_a_vanished_host_until_the_grace_is_over) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const who = b.wait();
  b.step(input::disconnected{2});
  EXPECT_FALSE(b.idle(who));
  EXPECT_EQ(b.board.counters().blocked, 0u);
  EXPECT_EQ(b.board.next_timer(), b.now + 5s);
  b.later(4s);
  EXPECT_FALSE(b.idle(who));
  b.later(1s);
  ASSERT_TRUE(b.idle(who));
  ASSERT_EQ(b.report(who).blocked.size(), 1u);
  EXPECT_EQ(b.report(who).blocked[0].agent, "cook");
}

TEST(blackboard_remote, gives_the_awaited_work_to_the_host_that_comes_back) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  (void)b.delivered(2);
  auto const who = b.wait();
  b.step(input::disconnected{2});
  b.later(4s);
  b.hello(3, {cook()}, {.instance = 2, .name = "host2"});
  auto const given = b.delivered(3);
  b.later(2s);
  b.beat(3, {given.activation});
  EXPECT_FALSE(b.idle(who));
  b.done(3, given);
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_remote, leaves_a_host_its_leases_for_the_grace_when_only_its_connection_is_lost) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.step(input::disconnected{2, false});
  EXPECT_EQ(b.board.counters().leased, 1u);
  b.publish("idea");
  EXPECT_TRUE(b.deliveries(2).empty()) << "no new work on a connection that is lost";
  b.hello(3, {cook()}, {.held = {given.activation}, .name = "host2"});
  EXPECT_EQ(b.deliveries(3).size(), 1u);
  b.done(3, given);
  EXPECT_EQ(b.board.counters().losses, 0u);
  EXPECT_EQ(b.board.counters().done, 1u);
}

TEST(blackboard_remote, takes_the_leases_of_a_lost_connection_when_the_grace_is_over) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const who = b.wait();
  b.step(input::disconnected{2, false});
  b.later(4s);
  EXPECT_FALSE(b.idle(who));
  EXPECT_EQ(b.board.counters().losses, 0u);
  b.later(1s);
  EXPECT_EQ(b.board.counters().losses, 1u);
  EXPECT_TRUE(b.idle(who)) << "it was awaited for the whole grace";
}

TEST(blackboard_remote, awaits_nobody_who_said_goodbye) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const who = b.wait();
  b.step(input::goodbye{2, 1});
  EXPECT_TRUE(b.idle(who));
}

TEST(blackboard_remote, waits_for_the_last_host_that_vanished_only) {
  board_fixture b;
  b.hello(2, {cook()});
  b.hello(3, {cook()});
  b.step(input::disconnected{2});
  b.step(input::goodbye{3, 1});
  b.publish("idea");
  EXPECT_TRUE(b.idle(b.wait()));
}

TEST(blackboard_remote, routes_to_absent_agents_after_a_restart_and_awaits_them_for_the_grace) {
  board_fixture b;
  b.hello(2, {cook()});
  b.crash();
  b.publish("idea");
  EXPECT_EQ(b.only_open().state, activation_state::ready);
  auto const who = b.wait();
  EXPECT_FALSE(b.idle(who));
  EXPECT_TRUE(b.board.knows_agent("cook"));
  b.later(5s);
  EXPECT_TRUE(b.idle(who));
  b.hello(3, {cook()}, {.instance = 2, .name = "host2"});
  EXPECT_EQ(b.deliveries(3).size(), 1u);
}

TEST(blackboard_remote, keeps_the_retry_policy_of_absent_agents) {
  board_fixture b;
  b.hello(2, {agent("cook").on("idea").retry({.losses_max = 1})});
  b.publish("idea");
  b.crash();
  b.later(5s);
  EXPECT_EQ(b.board.counters().dead, 1u);
}

TEST(blackboard_remote, forgets_across_restarts_what_a_worker_offers_no_more) {
  board_fixture b;
  b.hello(2, {agent("cook").on("idea")});
  b.hello(2, {agent("cook").on("pizza")});
  b.crash();
  b.publish("idea");
  EXPECT_TRUE(b.board.open_activations().empty());
  b.publish("pizza");
  EXPECT_EQ(b.board.open_activations().size(), 1u);
}

TEST(blackboard_remote, does_not_keep_agents_of_the_hubs_own_process) {
  board_fixture b;
  b.local_hello({cook()});
  b.crash();
  b.publish("idea");
  EXPECT_TRUE(b.board.open_activations().empty());
}

TEST(blackboard_remote, gives_a_quiet_host_no_new_work_until_it_is_heard_again) {
  board_fixture b;
  b.hello(2, {cook()});
  b.later(3s);
  b.publish("idea");
  EXPECT_TRUE(b.deliveries(2).empty());
  b.beat(2, {});
  EXPECT_EQ(b.deliveries(2).size(), 1u);
}

// ---- lost attempts ----

TEST(blackboard_remote, tells_of_an_attempt_that_was_lost_with_its_host) {
  board_fixture b;
  b.hello(2, {cook()});
  auto const id = b.publish("idea");
  auto const given = b.delivered(2);
  auto const leased_at = b.now;
  b.later(1s);
  b.step(input::disconnected{2});
  ASSERT_EQ(b.lost.size(), 1u);
  auto const& one = b.lost[0];
  EXPECT_EQ(one.activation, given.activation);
  EXPECT_EQ(one.agent, "cook");
  EXPECT_EQ(one.host, "host2");
  EXPECT_EQ(one.why, "its host disconnected");
  EXPECT_EQ(one.leased_at, leased_at);
  EXPECT_EQ(one.at, b.now);
  ASSERT_EQ(one.inputs.size(), 1u);
  EXPECT_EQ(one.inputs[0]->id, id);
}

TEST(blackboard_remote, remembers_across_a_restart_when_a_lease_began) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const leased_at = b.now;
  b.later(1s);
  b.crash();
  b.later(5s);
  ASSERT_EQ(b.lost.size(), 1u);
  EXPECT_EQ(b.lost[0].leased_at, leased_at);
  EXPECT_EQ(b.lost[0].host, "host2");
}

TEST(blackboard_remote, tells_of_no_loss_when_a_host_gives_back_what_it_has) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  b.step(input::goodbye{2, 1});
  EXPECT_TRUE(b.lost.empty());
}

// ---- what a host is told ----

TEST(blackboard_remote, cancels_what_a_beat_lists_and_the_host_does_not_owe) {
  board_fixture b;
  b.hello(2, {cook()}, {.credit = 1});
  b.publish("idea");
  auto const given = b.delivered(2);
  b.beat(2, {given.activation});
  EXPECT_EQ(b.last<cancel>(2), nullptr);
  b.hello(3, {cook()});
  b.step(input::disconnected{2});
  ASSERT_EQ(b.deliveries(3).size(), 1u);
  b.hello(2, {cook()}, {.credit = 1});
  b.beat(2, {given.activation});
  EXPECT_TRUE(b.answered<cancel>(2, given));
}

TEST(blackboard_remote, asks_a_host_to_leave_and_gives_it_no_more_work) {
  board_fixture b;
  b.hello(2, {cook()});
  b.hello(3, {agent("critic").on("pizza")});
  b.step(input::drain{7, "host2"});
  EXPECT_NE(b.last<drain>(2), nullptr);
  EXPECT_EQ(b.last<drain>(3), nullptr);
  EXPECT_EQ(std::get<reply::settled>(b.replies.back()).to, 7u);
  b.publish("idea");
  EXPECT_TRUE(b.deliveries(2).empty());
  b.messages.clear();
  b.beat(2, {});
  EXPECT_NE(b.last<drain>(2), nullptr);
  EXPECT_TRUE(b.board.hosts()[0].draining);
}

TEST(blackboard_remote, asks_all_but_the_hubs_own_host_to_leave) {
  board_fixture b;
  b.local_hello({cook()});
  b.hello(2, {cook()});
  b.hello(3, {cook()});
  b.step(input::drain{7, {}});
  EXPECT_EQ(b.last<drain>(1), nullptr);
  EXPECT_NE(b.last<drain>(2), nullptr);
  EXPECT_NE(b.last<drain>(3), nullptr);
  b.step(input::drain{8, "host9"});
  EXPECT_EQ(std::get<reply::refused>(b.replies.back()).why.code(), errc::not_found);
  b.step(input::drain{9, "host1"});
  EXPECT_EQ(std::get<reply::refused>(b.replies.back()).why.code(), errc::not_found);
}

TEST(blackboard_remote, retries_when_the_handler_asked_to_instead_of_its_policy) {
  board_fixture b;
  b.hello(2, {agent("cook").on("idea").retry({.attempts_max = 2})});
  b.publish("idea");
  auto const given = b.delivered(2);
  bus::done m;
  m.activation = given.activation;
  m.outcome = outcome::failed;
  m.retry_after = 3s;
  b.step(input::done{2, m, {}});
  EXPECT_EQ(b.only_open().not_before, b.now + 3s);
  EXPECT_EQ(b.only_open().failures, 1u);
}

// ---- workers that do not trace ----

TEST(blackboard_remote, derives_the_publish_span_of_a_child_that_has_no_context) {
  board_fixture b;
  b.hello(2, {cook()});
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id{{1}};
  made->run = run_id{{2}};
  made->type = "idea";
  made->context = {trace_id{{3}}, span_id{{4}}, span_context::sampled};
  b.step(input::publish{0, made, {}, {}, 0, false});
  auto const given = b.delivered(2);
  b.done(2, given, {child_of_type("pizza")});
  auto const pizza = b.published("pizza").at(0);
  EXPECT_EQ(pizza->context, (span_context{trace_id{{3}}, derive_publish_span_id(pizza->id), span_context::sampled}));
  ASSERT_EQ(b.announcements.size(), 1u);
  EXPECT_EQ(b.announcements[0].artifact->id, pizza->id);
  EXPECT_EQ(b.announcements[0].parent, derive_invoke_span_id(given.activation.id, 1));
}

TEST(blackboard_remote, asks_for_the_span_of_an_attempt_whose_host_sent_none) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  auto const given = b.delivered(2);
  auto const leased_at = b.now;
  b.later(1s);
  bus::done m;
  m.activation = given.activation;
  m.outcome = outcome::permanent;
  m.error_type = "ValueError";
  m.duration_ns = 9;
  b.step(input::done{2, m, {}, false});
  b.step(input::done{2, m, {}, false});
  ASSERT_EQ(b.untraced.size(), 1u);
  EXPECT_EQ(b.untraced[0].activation, given.activation);
  EXPECT_EQ(b.untraced[0].agent, "cook");
  EXPECT_EQ(b.untraced[0].host, "host2");
  EXPECT_EQ(b.untraced[0].error_type, "ValueError");
  EXPECT_EQ(b.untraced[0].duration_ns, 9);
  EXPECT_EQ(b.untraced[0].leased_at, leased_at);
  EXPECT_EQ(b.untraced[0].at, b.now);
}

TEST(blackboard_remote, asks_for_no_span_of_what_never_ran) {
  board_fixture b;
  b.hello(2, {cook()});
  b.publish("idea");
  bus::done m;
  m.activation = b.delivered(2).activation;
  m.outcome = outcome::mismatch;
  b.step(input::done{2, m, {}, false});
  EXPECT_TRUE(b.untraced.empty());
}

}  // namespace
}  // namespace skein::bus::testing
