// Commands to a running hub over its control socket.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"

#include <skein/orchestrator/control_client.hpp>
#include <skein/tracing/owner_lock.hpp>
#include <skein/tracing/sqlite.hpp>

#include <gtest/gtest.h>

#include "unix_socket.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <atomic>
#include <latch>
#include <thread>

using namespace std::chrono_literals;

namespace {

using nlohmann::json;
using skein::testing::answer;
using skein::testing::durable;
using skein::testing::in_memory;
using skein::testing::temporary_folder;

/// Of a version that nobody would assume.
struct job {
  int number = 0;
  SKEIN_ARTIFACT("control.task", 2, number)
};

skein::agent doubler() {
  return skein::agent{"doubler"}
      .on<job>([](job const& t) {
        if (t.number < 0) throw std::runtime_error{"negative"};
        return answer{2 * t.number};
      })
      .publishes<answer>();
}

/// A hub with a ledger, and a client of it.
struct commanded {
  explicit commanded(unsigned threads = 2) : hub(durable(folder, threads)), client(skein::control_client::connect(folder / "ledger.db").value()) {
    hub.add(doubler());
  }
  json ask(json const& request) { return json::parse(client.request(request.dump()).value()); }
  skein::error refusal(json const& request) { return client.request(request.dump()).error(); }

  temporary_folder folder;
  skein::orchestrator hub;
  skein::control_client client;
};

TEST(control, tells_how_the_hub_is) {
  commanded here;
  here.hub.publish(job{1});
  here.hub.run_until_idle();
  auto const status = here.ask({{"request", "status"}});
  EXPECT_EQ(status["pid"], ::getpid());
  EXPECT_EQ(here.client.pid(), ::getpid());
  EXPECT_EQ(status["counters"]["done"], 1);
  EXPECT_EQ(status["counters"]["artifacts"], 2);
  EXPECT_TRUE(status["network"].is_null());
  EXPECT_FALSE(status["version"].get<std::string>().empty());
}

TEST(control, lists_hosts_and_agents) {
  commanded here;
  auto const hosts = here.ask({{"request", "hosts"}});
  ASSERT_EQ(hosts.size(), 1u);
  EXPECT_EQ(hosts[0]["name"], "local");
  auto const agents = here.ask({{"request", "agents"}});
  ASSERT_EQ(agents.size(), 1u);
  EXPECT_EQ(agents[0]["name"], "doubler");
  EXPECT_EQ(agents[0]["hosts"], json::array({"local"}));
}

TEST(control, publishes_and_waits_for_what_it_causes) {
  commanded here;
  auto const made = here.ask({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", 21}}}, {"wait", true}});
  EXPECT_EQ(made["report"]["reason"], "idle");
  EXPECT_EQ(made["report"]["activations"], 1);
  auto const answers = here.hub.artifacts<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]->number, 42);
}

TEST(control, tells_of_failures_of_what_it_published) {
  commanded here;
  auto const made = here.ask({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", -1}}}, {"wait", true}});
  ASSERT_EQ(made["report"]["failures"].size(), 1u);
  EXPECT_EQ(made["report"]["failures"][0]["what"], "negative");
}

TEST(control, publishes_types_that_this_program_has_no_name_for) {
  commanded here;
  (void)here.ask({{"request", "publish"}, {"type", "else.where"}, {"version", 3}, {"payload", {{"a", 1}, {"b", {1.5, "x", nullptr}}}}, {"tags", {"t"}}});
  auto file = skein::sqlite::database::open(here.folder / "ledger.db", skein::sqlite::open_mode::read_only).value();
  auto rows = file.prepare("SELECT version, payload FROM artifacts WHERE type = 'else.where'").value();
  ASSERT_TRUE(rows.step().value());
  EXPECT_EQ(rows.integer(0), 3);
  auto const bytes = rows.blob(1);
  EXPECT_EQ(json::from_msgpack(reinterpret_cast<char const*>(bytes.data()), reinterpret_cast<char const*>(bytes.data()) + bytes.size()),
            (json{{"a", 1}, {"b", {1.5, "x", nullptr}}}));
}

TEST(control, publishes_a_type_of_this_program_in_its_version) {
  commanded here;
  (void)here.ask({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", 1}}}, {"wait", true}});
  auto file = skein::sqlite::database::open(here.folder / "ledger.db", skein::sqlite::open_mode::read_only).value();
  auto rows = file.prepare("SELECT version FROM artifacts WHERE type = 'control.task'").value();
  ASSERT_TRUE(rows.step().value());
  EXPECT_EQ(rows.integer(0), 2);
}

TEST(control, refuses_a_payload_that_is_not_of_its_type) {
  commanded here;
  EXPECT_EQ(here.refusal({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"nubmer", 1}}}}).code(), skein::errc::bad_payload);
}

TEST(control, publishes_once_under_a_key) {
  commanded here;
  json const request{{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", 1}}}, {"idempotency_key", "k"}};
  auto const first = here.ask(request), again = here.ask(request);
  EXPECT_EQ(first["id"], again["id"]);
}

TEST(control, lists_requeues_and_drops_the_dead) {
  commanded here;
  here.hub.publish(job{-1});
  here.hub.publish(job{-2});
  here.hub.run_until_idle();
  auto const dead = here.ask({{"request", "dead"}});
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_EQ(dead[0]["agent"], "doubler");
  EXPECT_EQ(dead[0]["what"], "negative");
  EXPECT_EQ(dead[0]["input_type"], "control.task");
  EXPECT_EQ(here.ask({{"request", "dead_requeue"}, {"id", dead[0]["id"]}})["count"], 1);
  EXPECT_EQ(here.hub.run_until_idle().failures.size(), 1u) << "it has failed again";
  EXPECT_EQ(here.ask({{"request", "dead_drop"}, {"all", true}})["count"], 2);
  EXPECT_TRUE(here.ask({{"request", "dead"}}).empty());
  EXPECT_EQ(here.refusal({{"request", "dead_drop"}, {"id", dead[0]["id"]}}).code(), skein::errc::not_found);
}

TEST(control, forgets_an_agent_unless_somebody_serves_it) {
  commanded here;
  EXPECT_EQ(here.refusal({{"request", "forget"}, {"agent", "doubler"}}).code(), skein::errc::misuse);
  EXPECT_EQ(here.refusal({{"request", "forget"}, {"agent", "nobody"}}).code(), skein::errc::not_found);
}

TEST(control, backs_up_the_ledger_into_a_file_that_is_not_there) {
  commanded here;
  here.hub.publish(job{1});
  here.hub.run_until_idle();
  auto const copy = here.folder / "copy.db";
  EXPECT_GT(here.ask({{"request", "backup"}, {"path", copy}})["bytes"], 0);
  EXPECT_EQ(skein::sqlite::database::open(copy, skein::sqlite::open_mode::read_only).value().integer("SELECT count(*) FROM artifacts").value(), 2);
  struct stat info {};
  ASSERT_EQ(::stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  EXPECT_EQ(here.refusal({{"request", "backup"}, {"path", copy}}).code(), skein::errc::invalid_argument);
}

TEST(control, answers_what_makes_no_sense_with_an_error_and_goes_on) {
  commanded here;
  for (char const* request : {"", "{", "[]", "{}", R"({"request":"fly"})", R"({"request":7})", R"({"request":"drain","host":"nobody"})"}) {
    EXPECT_FALSE(here.client.request(request)) << request;
  }
  std::string const deep(100'000, '[');
  EXPECT_EQ(here.client.request(R"({"request":)" + deep).error().code(), skein::errc::invalid_argument);
  EXPECT_TRUE(here.ask({{"request", "status"}}).is_object());
}

TEST(control, closes_a_connection_whose_request_never_ends) {
  commanded here;
  std::string const endless(20u << 20, 'x');
  auto const answered = here.client.request(endless);
  EXPECT_FALSE(answered);
  EXPECT_TRUE(skein::control_client::connect(here.folder / "ledger.db").value().request(R"({"request":"status"})"));
}

TEST(control, serves_others_while_clients_stall_up_to_its_bound) {
  commanded here;
  std::vector<skein::unique_fd> stalling;
  for (int i = 0; i < 15; ++i) stalling.push_back(skein::connect_unix(here.folder / "ledger.db.sock").value());
  EXPECT_TRUE(here.ask({{"request", "status"}}).is_object());
  auto const one_too_many = skein::control_client::connect(here.folder / "ledger.db").value().request(R"({"request":"status"})");
  ASSERT_FALSE(one_too_many);
}

TEST(control, socket_is_for_its_user_only_and_goes_with_the_hub) {
  temporary_folder const folder;
  auto const path = folder / "ledger.db.sock";
  {
    skein::orchestrator const hub{durable(folder)};
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
    EXPECT_EQ(skein::owner_lock::owner_of(folder / "ledger.db").value().control_socket, path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  auto const nobody = skein::control_client::connect(folder / "ledger.db");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code(), skein::errc::not_found);
}

TEST(control, socket_may_lie_deeper_than_its_address_is_long) {
  temporary_folder const folder;
  auto const deep = folder / (std::string(60, 'd') + "/" + std::string(60, 'e') + "/ledger.db");
  skein::orchestrator hub{{.ledger = "sqlite:" + deep, .traces = "none", .worker_threads = 0}};
  EXPECT_TRUE(skein::control_client::connect(deep).value().request(R"({"request":"status"})"));
}

TEST(control, a_wait_ends_with_its_hub) {
  skein::testing::captured_log const log;
  temporary_folder const folder;
  std::latch started{1}, go{1};
  std::optional<skein::orchestrator> hub{durable(folder, 1)};
  hub->add(skein::agent{"slow"}.on<job>([&](job const&) {
    started.count_down();
    go.wait();
  }));
  auto client = skein::control_client::connect(folder / "ledger.db").value();
  std::thread waiting{[&] {
    auto const answered = client.request(R"({"request":"publish","type":"control.task","payload":{"number":1},"wait":true})", std::nullopt);
    if (answered) {
      EXPECT_EQ(json::parse(*answered)["report"]["reason"], "timeout");
    }
    go.count_down();
  }};
  started.wait();
  hub.reset();
  waiting.join();
}

TEST(control, without_threads_runs_no_handlers_on_threads_of_its_own) {
  commanded here{0};
  (void)here.ask({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", 1}}}});
  auto const timed_out = here.ask({{"request", "publish"}, {"type", "control.task"}, {"payload", {{"number", 1}}}, {"wait", true}, {"timeout_s", 0}});
  EXPECT_EQ(timed_out["report"]["reason"], "timeout");
  EXPECT_TRUE(here.hub.artifacts<answer>().empty());
  here.hub.run_until_idle();
  EXPECT_EQ(here.hub.artifacts<answer>().size(), 2u);
}

}  // namespace
