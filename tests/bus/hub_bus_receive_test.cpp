// What the shell does with messages of hosts in other processes, around the core: spans first, one commit for many, refusals.
#include <skein/bus/hub_bus.hpp>
#include <skein/tracing/manual_clock.hpp>

#include "support/board_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace skein::bus::testing {
namespace {

/// Notes everything that it is told, in order.
class noting_port final : public hub_port {
 public:
  void send(std::vector<outgoing>&& messages) override {
    for (auto& one : messages) {
      told.push_back("send");
      sent.push_back(std::move(one));
    }
  }
  void announced(announcement const&) override { told.push_back("announced"); }
  void ended(run_ended const&) override { told.push_back("ended"); }
  void lost(lost_attempt const& what) override { told.push_back("lost " + what.host); }
  void untraced(untraced_attempt const& what) override { told.push_back("untraced " + what.agent); }
  void recorded(remote_record&& what) override {
    told.push_back("recorded " + what.host);
    records.push_back(std::move(what));
  }
  void asked(host_key from, query&& what) override {
    told.push_back("asked " + std::to_string(from) + ' ' + what.type + (what.agent.empty() ? "" : " for " + what.agent));
  }
  void progressed(progress&& what) override {
    told.push_back("progress " + what.agent + ' ' + what.run.to_string() + ' ' + std::to_string(what.number) + ' ' + what.text);
  }
  std::vector<attempt_ref> held() override { return {}; }
  bool wake() override { return ++wakes, has_thread; }

  template <class Message>
  [[nodiscard]] std::vector<Message> all(host_key to) const {
    std::vector<Message> found;
    for (auto const& one : sent) {
      if (auto const* m = std::get_if<Message>(&one.message); m && one.to == to) found.push_back(*m);
    }
    return found;
  }

  std::vector<std::string> told;
  std::vector<outgoing> sent;
  std::vector<remote_record> records;
  int wakes = 0;
  bool has_thread = false;
};

struct hub {
  explicit hub(bool durable = false) {
    std::unique_ptr<ledger> made;
    if (durable) made = std::make_unique<memory_store_ledger>(store);
    else made = make_memory_ledger();
    bus = std::move(hub_bus::open(std::move(made), time, port, {}).value());
  }
  void hello(host_key from, std::string name, std::string_view principal = {}) {
    bus::hello m;
    m.host = std::move(name);
    m.instance = 1;
    m.credit = 10;
    m.agents = {agent("cook").on("idea")};
    receive(from, std::move(m), principal);
  }
  void receive(host_key from, message&& one, std::string_view principal = {}) { bus->receive(from, {&one, 1}, principal); }
  void publish() {
    auto made = std::make_shared<artifact_data>();
    made->id = artifact_id{{++published}};
    made->run = run_id{{published}};
    made->type = "idea";
    made->produced_by = "external";
    made->context = {trace_id{{published}}, span_id{{published}}, span_context::sampled};
    ASSERT_TRUE(bus->publish({.artifact = made}, time.now() + 1s));
  }
  attempt_ref delivered(host_key to) const {
    auto const all = port.all<deliver>(to);
    return all.empty() ? attempt_ref{} : all.back().deliveries.back().activation;
  }
  static bus::done done_of(attempt_ref const& which, bool traced = true) {
    bus::done m;
    m.activation = which;
    if (traced) m.spans = {span_record{.context = {trace_id{{1}}, derive_invoke_span_id(which.id, which.attempt), 1}}};
    m.sent_at = timestamp{5s};
    return m;
  }
  [[nodiscard]] std::size_t position(std::string const& what) const {
    return static_cast<std::size_t>(std::find(port.told.begin(), port.told.end(), what) - port.told.begin());
  }

  skein::testing::manual_clock time;
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  noting_port port;
  std::unique_ptr<hub_bus> bus;
  std::uint8_t published = 0;
};

TEST(hub_bus_receive, takes_questions_in_the_name_of_agents_that_the_host_offers) {
  hub h;
  h.hello(2, "kitchen");
  query asked{.number = 1, .type = "pizza", .agent = "cook"};
  h.receive(2, query{asked});
  EXPECT_EQ(h.port.told.back(), "asked 2 pizza for cook");
  asked.agent = "boss";
  h.receive(2, query{asked});
  EXPECT_EQ(h.port.told.back(), "asked 2 pizza");
}

TEST(hub_bus_receive, knows_the_rules_of_every_agent_that_was_offered) {
  hub h;
  bus::hello m{.host = "kitchen", .instance = 1, .credit = 1};
  m.agents = {agent("cook").on("idea")};
  m.agents[0].rules.labels = {"gpu"};
  h.receive(2, std::move(m));
  EXPECT_EQ(h.bus->rules_of("cook").labels, std::vector<std::string>{"gpu"});
  EXPECT_EQ(h.bus->rules_of("nobody"), agent_rules{});
}

TEST(hub_bus_receive, hands_on_progress_of_work_that_it_knows_in_its_own_words) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  auto const given = h.delivered(2);
  h.receive(2, progress{given, "somebody else", {}, 4, "40 %"});
  EXPECT_EQ(h.port.told.back(), "progress cook " + run_id{{1}}.to_string() + " 4 40 %");
  auto unknown = given;
  ++unknown.attempt;
  h.receive(2, progress{unknown, "cook", {}, 5, "of another attempt"});
  h.receive(9, progress{given, "cook", {}, 5, "from a host that is not known"});
  h.receive(2, hub::done_of(given));
  h.receive(2, progress{given, "cook", {}, 5, "after its end"});
  EXPECT_EQ(std::ranges::count_if(h.port.told, [](auto const& one) { return one.starts_with("progress"); }), 1);
}

TEST(hub_bus_receive, hands_the_spans_of_a_result_on_before_its_run_ends_and_once) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  auto const given = h.delivered(2);
  h.receive(2, hub::done_of(given));
  h.receive(2, hub::done_of(given));
  ASSERT_EQ(h.port.records.size(), 1u);
  EXPECT_EQ(h.port.records[0].host, "kitchen");
  EXPECT_EQ(h.port.records[0].from, 2u);
  EXPECT_EQ(h.port.records[0].spans.size(), 1u);
  EXPECT_EQ(h.port.records[0].sent_at, timestamp{5s});
  EXPECT_EQ(h.port.records[0].received_at, h.time.now());
  EXPECT_LT(h.position("recorded kitchen"), h.position("ended"));
  EXPECT_EQ(h.port.all<done_ok>(2).size(), 2u);
  EXPECT_EQ(h.position("untraced cook"), h.port.told.size());
}

TEST(hub_bus_receive, takes_results_that_came_together_in_one_step_after_the_spans_of_all) {
  hub h;
  h.hello(2, "kitchen");
  for (int i = 0; i < 12; ++i) h.publish();
  std::vector<attempt_ref> given;
  for (auto const& one : h.port.all<deliver>(2)) given.push_back(one.deliveries.front().activation);
  ASSERT_EQ(given.size(), 10u);   // its credit
  auto const number = h.port.all<deliver>(2).back().number;
  h.port.told.clear();
  h.port.sent.clear();
  std::vector<message> together{hub::done_of(given[0]), hub::done_of(given[1]), hub::done_of(given[0])};
  h.bus->receive(2, together);
  EXPECT_EQ(h.port.told, (std::vector<std::string>{"recorded kitchen", "recorded kitchen", "send", "send", "send", "send", "ended", "ended"}));
  EXPECT_EQ(h.port.all<done_ok>(2).size(), 3u);
  auto const next = h.port.all<deliver>(2);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].deliveries.size(), 2u);
  EXPECT_EQ(next[0].number, number + 2);
}

TEST(hub_bus_receive, takes_what_comes_between_results_in_its_order) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  auto const given = h.delivered(2);
  h.port.told.clear();
  std::vector<message> together{progress{given, "cook", {}, 1, "nearly"}, hub::done_of(given), progress{given, "cook", {}, 2, "too late"}, goodbye{1}};
  h.bus->receive(2, together);
  EXPECT_EQ(h.port.told, (std::vector<std::string>{"progress cook " + run_id{{1}}.to_string() + " 1 nearly", "recorded kitchen", "send", "ended"}));
  EXPECT_TRUE(h.bus->hosts().empty());
}

TEST(hub_bus_receive, hands_on_what_a_stale_result_tells) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  auto given = h.delivered(2);
  given.attempt = 9;
  h.receive(2, hub::done_of(given));
  EXPECT_EQ(h.port.records.size(), 1u);
  EXPECT_EQ(h.port.all<stale>(2).size(), 1u);
}

TEST(hub_bus_receive, keeps_the_spans_of_an_unknown_host_for_its_repetition) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  auto const given = h.delivered(2);
  h.receive(3, hub::done_of(given));
  EXPECT_TRUE(h.port.records.empty());
  EXPECT_EQ(h.port.all<hello_again>(3).size(), 1u);
  h.receive(2, hub::done_of(given));
  EXPECT_EQ(h.port.records.size(), 1u);
}

TEST(hub_bus_receive, asks_for_the_span_of_a_worker_that_sent_none_before_the_run_ends) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  h.receive(2, hub::done_of(h.delivered(2), false));
  EXPECT_LT(h.position("untraced cook"), h.position("ended"));
  EXPECT_TRUE(h.port.records.empty());
}

TEST(hub_bus_receive, takes_a_nack_for_a_failure) {
  hub h;
  h.hello(2, "kitchen");
  h.publish();
  nack m;
  m.activation = h.delivered(2);
  m.fatal = true;
  m.error_type = "ValueError";
  m.runs.emplace_back().run = run_id{{1}};
  h.receive(2, std::move(m));
  ASSERT_EQ(h.bus->dead().size(), 1u);
  EXPECT_EQ(h.bus->dead()[0].error_type, "ValueError");
  ASSERT_EQ(h.port.records.size(), 1u);
  EXPECT_EQ(h.port.records[0].runs.size(), 1u);
}

TEST(hub_bus_receive, hands_on_the_spans_of_every_beat) {
  hub h;
  h.hello(2, "kitchen");
  for (int i = 0; i < 2; ++i) {
    beat m;
    m.instance = 1;
    m.spans = {span_record{}};
    h.receive(2, std::move(m));
  }
  EXPECT_EQ(h.port.records.size(), 2u);
}

TEST(hub_bus_receive, passes_questions_on_from_hosts_that_it_knows) {
  hub h;
  h.receive(2, query{1, "pizza", {}, {}, {}, {}, 0, false});
  EXPECT_EQ(h.port.all<hello_again>(2).size(), 1u);
  h.hello(2, "kitchen");
  h.receive(2, query{1, "pizza", {}, {}, {}, {}, 0, false});
  EXPECT_EQ(h.port.told.back(), "asked 2 pizza");
}

TEST(hub_bus_receive, refuses_a_worker_that_calls_itself_local) {
  hub h;
  h.hello(2, "local");
  ASSERT_EQ(h.port.all<refused>(2).size(), 1u);
  EXPECT_EQ(h.port.all<refused>(2)[0].code, errc::locked);
  EXPECT_TRUE(h.bus->hosts().empty());
}

TEST(hub_bus_receive, passes_on_who_the_link_says_a_host_is) {
  hub h;
  h.hello(2, "kitchen", "alice");
  h.hello(3, "kitchen", "mallory");
  ASSERT_EQ(h.bus->hosts().size(), 1u);
  EXPECT_EQ(h.bus->hosts()[0].principal, "alice");
  EXPECT_EQ(h.port.all<refused>(3).size(), 1u);
}

TEST(hub_bus_receive, tells_of_losses_after_the_commit) {
  hub h{true};
  h.hello(2, "kitchen");
  h.publish();
  h.bus->disconnected(2);
  h.bus->attend();
  EXPECT_EQ(h.port.told.back(), "lost kitchen");
}

TEST(hub_bus_receive, leaves_the_commit_to_the_thread_that_it_woke) {
  hub h{true};
  h.port.has_thread = true;
  h.hello(2, "kitchen");
  auto const commits = h.store->counters.commits;
  EXPECT_TRUE(h.port.all<welcome>(2).empty());
  h.receive(3, hello{.host = "another", .instance = 1});
  h.bus->attend();
  EXPECT_EQ(h.store->counters.commits, commits + 1);
  EXPECT_EQ(h.port.all<welcome>(2).size(), 1u);
  EXPECT_EQ(h.port.all<welcome>(3).size(), 1u);
}

TEST(hub_bus_receive, commits_by_itself_where_nobody_else_can) {
  hub h{true};
  h.hello(2, "kitchen");
  EXPECT_EQ(h.port.all<welcome>(2).size(), 1u);
  h.publish();
  h.receive(2, hub::done_of(h.delivered(2)));
  EXPECT_EQ(h.port.all<done_ok>(2).size(), 1u);
}

TEST(hub_bus_receive, gets_over_a_ledger_that_was_broken_for_a_while) {
  hub h{true};
  h.hello(2, "kitchen");
  h.publish();
  auto const given = h.delivered(2);
  int failures = 2;
  h.store->before_commit = [&](std::span<change const>) -> std::optional<error> {
    if (failures-- > 0) return error{errc::ledger_failed, "the disk is full"};
    return std::nullopt;
  };
  // The first failure is got over at once, the second is not; from then on each message is a reason to try again.
  for (int i = 0; i < 8 && h.port.all<done_ok>(2).empty(); ++i) {
    h.hello(2, "kitchen");
    h.receive(2, hub::done_of(given));
  }
  EXPECT_EQ(h.port.all<done_ok>(2).size(), 1u);
  EXPECT_EQ(h.port.records.size(), 1u);
}

TEST(hub_bus_receive, lists_requeues_and_drops_the_dead) {
  hub h{true};
  h.hello(2, "kitchen");
  h.publish();
  h.publish();
  for (auto const& one : h.port.all<deliver>(2)) {
    for (auto const& given : one.deliveries) {
      auto m = hub::done_of(given.activation);
      m.outcome = outcome::permanent;
      h.receive(2, std::move(m));
    }
  }
  auto const dead = h.bus->dead();
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_TRUE(h.bus->requeue(dead[0].id));
  EXPECT_TRUE(h.bus->drop_dead(dead[1].id));
  EXPECT_TRUE(h.bus->dead().empty());
  auto const again = h.bus->requeue(dead[1].id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), errc::not_found);
  EXPECT_EQ(h.delivered(2).attempt, 2u);
  ASSERT_EQ(h.bus->agents().size(), 1u);
  EXPECT_EQ(h.bus->agents()[0].leased, 1u);
}

TEST(hub_bus_receive, forgets_agents_that_nobody_serves) {
  hub h{true};
  h.hello(2, "kitchen");
  auto const refused = h.bus->forget_agent("cook");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::misuse);
  h.receive(2, goodbye{1});
  h.publish();
  EXPECT_EQ(h.bus->forget_agent("cook").value(), 1u);
  EXPECT_EQ(h.bus->counters().open, 0u);
}

TEST(hub_bus_receive, asks_hosts_to_leave) {
  hub h{true};
  h.hello(2, "kitchen");
  EXPECT_TRUE(h.bus->drain("kitchen"));
  EXPECT_EQ(h.port.all<drain>(2).size(), 1u);
  EXPECT_EQ(h.bus->drain("cellar").error().code(), errc::not_found);
  EXPECT_TRUE(h.bus->drain(""));
}

}  // namespace
}  // namespace skein::bus::testing
