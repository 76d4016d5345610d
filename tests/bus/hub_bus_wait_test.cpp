// Waits, cancels and looks at the board through the shell, with a ledger that can fail.
#include <skein/bus/hub_bus.hpp>
#include <skein/tracing/manual_clock.hpp>

#include "support/board_fixture.hpp"

#include <gtest/gtest.h>

namespace skein::bus::testing {
namespace {

class silent_port final : public hub_port {
 public:
  void send(std::vector<outgoing>&&) override {}
  void announced(announcement const&) override {}
  void ended(run_ended const& run) override { ends.push_back(run.run); }
  std::vector<attempt_ref> held() override { return {}; }
  bool wake() override { return false; }

  std::vector<run_row> ends;
};

struct bus_fixture {
  bus_fixture() : bus(std::move(hub_bus::open(std::make_unique<memory_store_ledger>(store), time, port, {}).value())) {}

  result<reply::published> publish(std::string type, run_id run = {}, timestamp hidden_until = {}) {
    auto made = std::make_shared<artifact_data>();
    made->id = artifact_id{ids.uuid_v7(1)};
    made->run = run.empty() ? run_id{ids.uuid_v7(1)} : run;
    made->type = std::move(type);
    made->produced_by = std::string{external_producer};
    if (hidden_until != timestamp{}) made->visible_to = std::make_shared<visibility>(visibility{{}, {}, {}, hidden_until});
    return bus->publish({.artifact = made}, time.now());
  }
  std::shared_ptr<hub_bus::pending> until(std::string type) {
    board_condition condition;
    condition.what = board_condition::kind::count;
    condition.type = std::move(type);
    return bus->begin_wait(condition);
  }
  bool holds(hub_bus::pending& wait) { return std::get<reply::met>(bus->take(wait).value()).holds; }
  /// The next commit fails.
  void fail_once() {
    store->before_commit = [this](auto const&) {
      store->before_commit = nullptr;
      return std::optional{error{errc::io_failed, "the disk is full"}};
    };
  }

  skein::testing::manual_clock time;
  silent_port port;
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  id_generator ids{1};
  std::unique_ptr<hub_bus> bus;
};

TEST(hub_bus_wait, for_a_condition_ends_when_it_holds) {
  bus_fixture f;
  auto const wait = f.until("pizza");
  EXPECT_FALSE(f.bus->ready(*wait));
  ASSERT_TRUE(f.publish("pizza"));
  ASSERT_TRUE(f.bus->ready(*wait));
  EXPECT_TRUE(f.holds(*wait));
}

TEST(hub_bus_wait, for_a_condition_can_be_ended_early) {
  bus_fixture f;
  auto const wait = f.until("pizza");
  f.bus->cancel(*wait);
  ASSERT_TRUE(f.bus->ready(*wait));
  EXPECT_FALSE(f.holds(*wait));
  f.bus->cancel(*wait);
}

TEST(hub_bus_wait, for_a_condition_ends_with_the_ledger) {
  bus_fixture f;
  auto const wait = f.until("pizza");
  f.bus->attend();  // its own step is written
  f.fail_once();
  EXPECT_FALSE(f.publish("pizza"));
  ASSERT_TRUE(f.bus->ready(*wait));
  auto const answer = f.bus->take(*wait);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), errc::ledger_failed);
  auto const again = f.until("pizza");
  EXPECT_FALSE(f.bus->ready(*again)) << "what was not written does not count";
  ASSERT_TRUE(f.publish("pizza"));
  EXPECT_TRUE(f.holds(*again));
}

TEST(hub_bus_wait, hides_artifacts_from_queries_until_their_time) {
  bus_fixture f;
  auto const until = f.time.now() + std::chrono::seconds{10};
  ASSERT_TRUE(f.publish("pizza", {}, until));
  ASSERT_TRUE(f.publish("pizza"));
  EXPECT_EQ(f.bus->artifacts("pizza").size(), 1u);
  EXPECT_EQ(f.bus->artifacts({}).size(), 1u);
  f.time.advance_to(until);
  EXPECT_EQ(f.bus->artifacts("pizza").size(), 2u);
}

TEST(hub_bus_wait, refuses_what_is_published_into_a_cancelled_run_also_after_a_failed_commit) {
  bus_fixture f;
  run_id const run{f.ids.uuid_v7(1)};
  ASSERT_TRUE(f.bus->open_run({run, "cooking", {trace_of(run), f.ids.span(), 1}}));
  ASSERT_TRUE(f.bus->cancel_work({0, {}, run}));
  EXPECT_EQ(f.publish("idea", run).error().code(), errc::cancelled);
  f.fail_once();
  EXPECT_EQ(f.publish("idea").error().code(), errc::ledger_failed);
  EXPECT_EQ(f.publish("idea", run).error().code(), errc::cancelled);
  f.bus->release_run(run, false);
  ASSERT_EQ(f.port.ends.size(), 1u);
  EXPECT_EQ(f.port.ends[0].status, run_status::cancelled);
}

TEST(hub_bus_wait, tells_who_cannot_be_paused_or_cancelled) {
  bus_fixture f;
  EXPECT_EQ(f.bus->pause({0, "nobody", {}, true}).error().code(), errc::not_found);
  EXPECT_EQ(f.bus->cancel_work({0, "nobody", {}}).error().code(), errc::not_found);
  input::invoke in;
  in.only = 7;
  auto const wait = f.bus->begin_invoke(std::move(in), f.time.now());
  ASSERT_TRUE(wait);
  ASSERT_TRUE(f.bus->ready(**wait));
  EXPECT_EQ(f.bus->take(**wait).error().code(), errc::not_found);
}

}  // namespace
}  // namespace skein::bus::testing
