#include <skein/bus/ledger.hpp>

#include "support/board_model.hpp"
#include "support/ledger_script.hpp"

#include <gtest/gtest.h>

namespace skein::bus {
namespace {

using namespace testing;

TEST(memory_ledger, accepts_everything_and_keeps_nothing) {
  auto const ledger = make_memory_ledger();
  ledger_script script{1};
  auto const changes = script.next_commit();
  EXPECT_TRUE(ledger->commit(changes));
  EXPECT_EQ(difference(ledger->load().value(), board_state{}), "");
  EXPECT_FALSE(ledger->durable());
  EXPECT_EQ(ledger->describe(), "memory:");
  EXPECT_EQ(ledger->counters().commits, 1u);
}

TEST(memory_store_ledger, gives_the_next_hub_what_the_last_one_committed) {
  auto const store = std::make_shared<memory_store>();
  ledger_script script{1};
  board_model expected;
  {
    memory_store_ledger first{store};
    for (auto const& changes : {script.next_commit(), script.next_commit()}) {
      ASSERT_TRUE(first.commit(changes));
      for (auto const& one : changes) expected.apply(one);
    }
  }
  memory_store_ledger second{store};
  EXPECT_EQ(difference(second.load().value(), expected.state()), "");
}

TEST(memory_store_ledger, changes_nothing_when_a_commit_is_made_to_fail) {
  auto const store = std::make_shared<memory_store>();
  memory_store_ledger ledger{store};
  ledger_script script{1};
  store->before_commit = [](auto) { return error{errc::ledger_failed, "the disk is full"}; };
  auto const refused = ledger.commit(script.next_commit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::ledger_failed);
  EXPECT_EQ(difference(ledger.load().value(), board_state{}), "");
  EXPECT_EQ(ledger.counters().failed_commits, 1u);
}

TEST(board_model, refuses_what_no_board_may_write) {
  board_model model;
  EXPECT_THROW(model.apply(activation_update{.no = 7}), std::logic_error);
  model.apply(subscription_row{1, "a", 0, 0});
  EXPECT_THROW(model.apply(subscription_row{1, "b", 0, 0}), std::logic_error);
}

}  // namespace
}  // namespace skein::bus
