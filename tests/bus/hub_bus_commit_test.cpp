// Who writes the next group of steps: nothing may be left that everybody believes somebody else to be at.
#include <skein/bus/hub_bus.hpp>
#include <skein/tracing/manual_clock.hpp>

#include "support/board_fixture.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <utility>

namespace skein::bus::testing {
namespace {

/// Its thread, where it has one, is so quick that it has written everything before wake() returns.
class quick_port final : public hub_port {
 public:
  void send(std::vector<outgoing>&& messages) override {
    for (auto& one : messages) {
      if (auto* m = std::get_if<deliver>(&one.message)) std::move(m->deliveries.begin(), m->deliveries.end(), std::back_inserter(delivered));
    }
  }
  void announced(announcement const&) override {}
  void ended(run_ended const&) override {}
  std::vector<attempt_ref> held() override { return {}; }
  bool wake() override {
    ++wakes;
    if (bus) bus->attend();
    return true;
  }

  hub_bus* bus = nullptr;
  std::vector<delivery> delivered;
  int wakes = 0;
};

/// Says each result that it was given while a message of the board is under way.
class hasty_port final : public hub_port {
 public:
  void send(std::vector<outgoing>&& messages) override {
    for (auto& one : messages) {
      if (auto* m = std::get_if<deliver>(&one.message)) std::move(m->deliveries.begin(), m->deliveries.end(), std::back_inserter(delivered));
    }
    for (auto& one : std::exchange(results, {})) (void)bus->done(std::move(one));
  }
  void announced(announcement const&) override {}
  void ended(run_ended const&) override {}
  std::vector<attempt_ref> held() override { return {}; }
  bool wake() override { return false; }

  hub_bus* bus = nullptr;
  std::vector<delivery> delivered;
  std::vector<done> results;
};

/// Has something to do after every commit, and tells how many deliveries had left by then.
class untidy_ledger final : public ledger {
 public:
  untidy_ledger(std::shared_ptr<memory_store> store, quick_port const& port, std::vector<std::size_t>& left) : rows_(std::move(store)), port_(port), left_(left) {}

  result<void> commit(std::span<change const> changes) override {
    untidy_ = true;
    return rows_.commit(changes);
  }
  bool untidy() const noexcept override { return untidy_; }
  void tidy() noexcept override {
    untidy_ = false;
    left_.push_back(port_.delivered.size());
  }
  result<board_state> load() override { return rows_.load(); }
  result<run_history> history(run_id run) override { return rows_.history(run); }
  ledger_counters counters() const noexcept override { return rows_.counters(); }
  bool durable() const noexcept override { return true; }
  std::string describe() const override { return "untidy"; }

 private:
  memory_store_ledger rows_;
  quick_port const& port_;
  std::vector<std::size_t>& left_;
  bool untidy_ = false;
};

std::shared_ptr<artifact_data> idea_of_run(std::uint8_t number) {
  auto made = std::make_shared<artifact_data>();
  made->id = artifact_id{{number}};
  made->run = run_id{{number}};
  made->type = "idea";
  made->produced_by = "external";
  made->context = {trace_id{{number}}, span_id{{number}}, span_context::sampled};
  return made;
}

}  // namespace

TEST(hub_bus, steps_what_comes_while_a_thread_is_at_the_board_before_that_thread_leaves) {
  skein::testing::manual_clock time;
  hasty_port port;
  auto const bus = std::move(hub_bus::open(make_memory_ledger(), time, port, {.share_steps = true}).value());
  port.bus = bus.get();
  hello m;
  m.host = std::string{local_host_name};
  m.credit = 2;
  m.agents = {agent("cook").on("idea")};
  ASSERT_TRUE(bus->offer(std::move(m), [](blackboard const&) { return predicate_table{}; }));
  for (std::uint8_t i = 1; i <= 4; ++i) ASSERT_TRUE(bus->publish({.artifact = idea_of_run(i)}, time.now() + 1s));
  ASSERT_EQ(port.delivered.size(), 2u);

  port.results.push_back({.activation = port.delivered[1].activation});
  EXPECT_FALSE(bus->done({.activation = port.delivered[0].activation}));  // makes room for the third, whose delivery the other result meets

  EXPECT_EQ(port.delivered.size(), 4u);
  EXPECT_EQ(bus->counters().open, 2u);
  EXPECT_EQ(bus->counters().leased, 2u);
}

// The step that ends an attempt arms a timer, which gives up the lock; who is woken for it writes the step. Asking for a writer of nothing then
// seemed to have asked for one of the next step too, which stayed unwritten for ever.
TEST(hub_bus_commit, asks_for_a_writer_again_when_the_last_one_found_everything_written) {
  skein::testing::manual_clock time;
  quick_port port;
  auto const store = std::make_shared<memory_store>();
  auto const bus = std::move(hub_bus::open(std::make_unique<memory_store_ledger>(store), time, port, {}).value());
  hello m;
  m.host = std::string{local_host_name};
  m.credit = 10;
  m.agents = {agent("cook").on("idea").retry({.attempts_max = 3, .backoff_initial = 1s})};
  ASSERT_TRUE(bus->offer(std::move(m), [](blackboard const&) { return predicate_table{}; }));
  for (std::uint8_t i = 1; i <= 2; ++i) {
    ASSERT_TRUE(bus->publish({.artifact = idea_of_run(i)}, time.now() + 1s));
  }
  ASSERT_EQ(port.delivered.size(), 2u);

  port.bus = bus.get();
  (void)bus->done({.activation = port.delivered[0].activation, .outcome = outcome::failed});  // arms the timer of its retry
  int const before = port.wakes;
  (void)bus->done({.activation = port.delivered[1].activation});

  EXPECT_GT(port.wakes, before);
  EXPECT_EQ(store->model.activations().at(2).state, activation_state::done);
}

TEST(hub_bus_commit, lets_out_what_is_written_before_the_ledger_tidies) {
  skein::testing::manual_clock time;
  quick_port port;
  std::vector<std::size_t> left;
  auto const bus = std::move(hub_bus::open(std::make_unique<untidy_ledger>(std::make_shared<memory_store>(), port, left), time, port, {}).value());
  hello m;
  m.host = std::string{local_host_name};
  m.credit = 10;
  m.agents = {agent("cook").on("idea")};
  ASSERT_TRUE(bus->offer(std::move(m), [](blackboard const&) { return predicate_table{}; }));
  for (std::uint8_t i = 1; i <= 2; ++i) ASSERT_TRUE(bus->publish({.artifact = idea_of_run(i)}, time.now() + 1s));
  EXPECT_EQ(left, (std::vector<std::size_t>{0, 1, 2}));
}

}  // namespace skein::bus::testing
