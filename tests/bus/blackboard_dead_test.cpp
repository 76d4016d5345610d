// Dead activations: listed, opened again, forgotten.
#include "support/board_fixture.hpp"

namespace skein::bus::testing {
namespace {

/// A board on which one activation of the run died.
struct with_dead {
  explicit with_dead(blackboard_limits limits = {.lease = 10s, .grace = 5s}) : b(limits) {
    b.local_hello({cook()});
    run = b.open_run("dinner");
    input = b.publish({.type = "idea", .run = run});
    b.fails(b.local, b.delivered(b.local));
  }
  activation_id dead() const { return b.board.dead().at(0).id; }
  void requeue(activation_id const& which) { b.step(input::requeue{5, which}); }

  board_fixture b;
  run_id run;
  artifact_id input;
};

TEST(blackboard_dead, lists_what_died_with_why_and_of_what) {
  with_dead t;
  auto const all = t.b.board.dead();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].agent, "cook");
  EXPECT_EQ(all[0].error_type, "std::runtime_error");
  EXPECT_EQ(all[0].what, "it burnt");
  EXPECT_EQ(all[0].run, t.run);
  EXPECT_EQ(all[0].attempt, 1u);
  EXPECT_EQ(all[0].input_type, "idea");
  EXPECT_EQ(all[0].input, t.input);
  EXPECT_EQ(all[0].died_at, t.b.now);
  ASSERT_EQ(t.b.board.agents().size(), 1u);
  EXPECT_EQ(t.b.board.agents()[0].dead, 1u);
  EXPECT_EQ(t.b.board.agents()[0].hosts, std::vector<std::string>{"host1"});
}

TEST(blackboard_dead, opens_it_again_with_its_next_attempt_and_no_failures) {
  with_dead t;
  t.requeue(t.dead());
  EXPECT_EQ(std::get<reply::settled>(t.b.replies.back()).to, 5u);
  auto const again = t.b.delivered(t.b.local);
  EXPECT_EQ(again.activation.attempt, 2u);
  EXPECT_EQ(t.b.only_open().failures, 0u);
  EXPECT_TRUE(t.b.board.dead().empty());
  t.b.done(t.b.local, again);
  t.b.release(t.run);
  ASSERT_EQ(t.b.ended.size(), 1u);
  EXPECT_EQ(t.b.ended[0].run.status, run_status::completed);
}

TEST(blackboard_dead, opens_the_run_again_when_it_had_ended_and_keeps_its_name) {
  with_dead t;
  t.b.release(t.run);
  ASSERT_EQ(t.b.ended.size(), 1u);
  EXPECT_EQ(t.b.ended[0].run.status, run_status::failed);
  auto const started = t.b.ended[0].run.started_at;
  t.b.later(1s);
  t.requeue(t.dead());
  EXPECT_EQ(t.b.run_of(t.run).status, run_status::running);
  EXPECT_EQ(t.b.run_of(t.run).name, "dinner");
  EXPECT_FALSE(t.b.idle(t.b.wait(t.run)));
  t.b.done(t.b.local, t.b.delivered(t.b.local));
  ASSERT_EQ(t.b.ended.size(), 2u);
  EXPECT_EQ(t.b.ended[1].run.status, run_status::completed);
  EXPECT_EQ(t.b.ended[1].run.name, "dinner");
  EXPECT_EQ(t.b.ended[1].run.started_at, started);
}

TEST(blackboard_dead, may_die_again_and_tells_of_each_death) {
  with_dead t;
  t.requeue(t.dead());
  t.b.fails(t.b.local, t.b.delivered(t.b.local));
  ASSERT_EQ(t.b.board.dead().size(), 1u);
  EXPECT_EQ(t.b.board.dead()[0].attempt, 2u);
  EXPECT_EQ(t.b.published("skein.failure").size(), 2u);
}

TEST(blackboard_dead, is_there_after_a_restart_and_can_be_opened_again) {
  with_dead t;
  t.b.release(t.run);
  t.b.crash();
  t.b.local_hello({cook()});
  t.requeue(t.dead());
  EXPECT_EQ(t.b.run_of(t.run).name, "dinner");
  t.b.done(t.b.local, t.b.delivered(t.b.local));
  EXPECT_EQ(t.b.run_of(t.run).status, run_status::completed);
  EXPECT_EQ(t.b.run_of(t.run).name, "dinner");
}

TEST(blackboard_dead, does_not_make_a_run_interrupted_whose_body_had_ended) {
  with_dead t;
  t.b.release(t.run);
  t.requeue(t.dead());
  (void)t.b.delivered(t.b.local);
  t.b.crash();
  t.b.local_hello({cook()});
  t.b.done(t.b.local, t.b.delivered(t.b.local));
  EXPECT_EQ(t.b.run_of(t.run).status, run_status::completed);
}

TEST(blackboard_dead, is_forgotten_for_good_when_it_is_dropped) {
  with_dead t;
  auto const which = t.dead();
  t.b.step(input::drop_dead{5, which});
  EXPECT_TRUE(std::holds_alternative<reply::settled>(t.b.replies.back()));
  EXPECT_TRUE(t.b.board.dead().empty());
  t.requeue(which);
  EXPECT_EQ(std::get<reply::refused>(t.b.replies.back()).why.code(), errc::not_found);
  t.b.crash();
  EXPECT_TRUE(t.b.board.dead().empty());
  EXPECT_EQ(t.b.ledger.activations().begin()->second.state, activation_state::dropped);
}

TEST(blackboard_dead, is_not_found_when_it_is_alive_or_unknown) {
  with_dead t;
  for (auto const& which : {activation_id{{9}}, t.dead()}) t.b.step(input::drop_dead{5, which});
  EXPECT_TRUE(std::holds_alternative<reply::settled>(t.b.replies.back()));
  t.b.publish("idea");
  t.requeue(t.b.only_open().id);
  EXPECT_EQ(std::get<reply::refused>(t.b.replies.back()).why.code(), errc::not_found);
}

TEST(blackboard_dead, leaves_by_age_past_the_limit) {
  with_dead t{{.dead_kept_max = 2}};
  auto const first = t.dead();
  for (int i = 0; i < 2; ++i) {
    t.b.publish("idea");
    t.b.fails(t.b.local, t.b.delivered(t.b.local));
  }
  EXPECT_EQ(t.b.board.dead().size(), 2u);
  t.requeue(first);
  EXPECT_EQ(std::get<reply::refused>(t.b.replies.back()).why.code(), errc::not_found);
}

}  // namespace
}  // namespace skein::bus::testing
