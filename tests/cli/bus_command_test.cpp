// The commands that talk to a running hub, and what they say when there is none.
#include "agents/support/notify_socket.hpp"
#include "support/command_fixture.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace {

using namespace skein::testing;
using nlohmann::json;

/// A hub, and one worker that serves the agent `runner`.
class bus_command : public command_fixture {
 protected:
  void SetUp() override {
    hub = start({"bus", "serve", "--ledger", "ledger.db", "--traces", "none", "--listen", "ipc://hub.sock"});
    ASSERT_EQ(hub.line(), "ipc://hub.sock") << content_of(folder / "err");
    notify_socket const welcomed{folder / "notify"};
    worker = child{{TEST_WORKER, "--connect", "ipc://" + folder / "hub.sock", "--name", "one", "--log", "error"}, {.environment = {"NOTIFY_SOCKET=" + welcomed.name}}};
    ASSERT_TRUE(welcomed.next(0).starts_with("READY=1"));
  }

  outcome ask(std::string const& command) { return skein_command(command + " --ledger ledger.db"); }
  json ask_json(std::string const& command) { return json::parse(ask(command + " --json").out); }
  static std::string errand(std::string const& how, std::string const& path = "") {
    return "publish tests.errand --json '" + json{{"number", 1}, {"how", how}, {"path", path}}.dump() + "'";
  }
  /// Activations that died.
  json some_dead(int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(ask(errand("fail") + " --wait").code, 1);
    return ask_json("bus dead list");
  }
  void let_the_worker_leave() {
    EXPECT_EQ(ask("bus drain one").code, 0);
    EXPECT_EQ(worker.wait(), 0);
  }

  child hub, worker;
};

TEST_F(bus_command, status_shows_counters_and_endpoints) {
  EXPECT_EQ(ask(errand("") + " --wait").code, 0);
  auto const shown = ask("bus status");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("endpoints           ipc://hub.sock\n"), std::string::npos) << shown.out;
  EXPECT_EQ(ask_json("bus status")["counters"]["done"], 1);
}

TEST_F(bus_command, agents_and_hosts_show_who_serves_what) {
  auto const agents = ask("bus agents").out;
  EXPECT_TRUE(agents.starts_with("AGENT")) << agents;
  EXPECT_NE(agents.find("runner"), std::string::npos) << agents;
  auto const hosts = ask_json("bus hosts");
  ASSERT_EQ(hosts.size(), 1u);
  EXPECT_EQ(hosts[0]["name"], "one");
  EXPECT_EQ(hosts[0]["agents"], json::array({"runner"}));
  EXPECT_NE(ask("bus hosts").out.find("serving"), std::string::npos);
}

TEST_F(bus_command, publish_prints_the_id_and_with_wait_what_became_of_it) {
  EXPECT_EQ(ask(errand("")).out.size(), 37u) << "an id and a newline";
  auto const waited = ask(errand("") + " --wait");
  EXPECT_EQ(waited.code, 0) << waited.out << waited.err;
  EXPECT_NE(waited.out.find(": idle, 1 activation(s)\n"), std::string::npos) << waited.out;
  EXPECT_EQ(json::parse(ask(errand("") + " --wait --print-json").out)["report"]["reason"], "idle");
}

TEST_F(bus_command, publish_with_wait_is_error_1_when_a_handler_failed) {
  auto const waited = ask(errand("fail") + " --wait");
  EXPECT_EQ(waited.code, 1);
  EXPECT_NE(waited.out.find("failed: runner: std::runtime_error: as asked\n"), std::string::npos) << waited.out;
  EXPECT_EQ(ask(errand("fail") + " --wait --print-json").code, 1);
}

TEST_F(bus_command, publish_with_wait_is_error_1_when_the_time_is_over) {
  ::mkfifo((folder / "stuck.go").c_str(), 0600);
  auto const waited = ask(errand("wait", folder / "stuck") + " --wait --timeout 1ms");
  EXPECT_EQ(waited.code, 1);
  EXPECT_NE(waited.out.find(": timeout, "), std::string::npos) << waited.out;
  worker.kill();
}

TEST_F(bus_command, publish_with_wait_is_error_1_when_nobody_serves_the_agent) {
  let_the_worker_leave();
  auto const waited = ask(errand("") + " --wait");
  EXPECT_EQ(waited.code, 1);
  EXPECT_NE(waited.out.find("blocked: runner: "), std::string::npos) << waited.out;
}

TEST_F(bus_command, publish_reads_the_payload_from_a_file_or_from_standard_input) {
  std::string const payload = R"({"number": 7, "how": "", "path": ""})";
  std::ofstream{folder / "payload.json"} << payload;
  EXPECT_EQ(ask("publish tests.errand --json @payload.json --wait").code, 0);
  EXPECT_EQ(shell("echo '" + payload + "' | \"$SKEIN\" publish tests.errand --json - --wait --ledger ledger.db").code, 0);
  EXPECT_EQ(ask("publish tests.errand --json @missing.json").code, 1);
}

TEST_F(bus_command, publish_refuses_what_is_no_payload) {
  auto const broken = ask("publish tests.errand --json '{\"number\": }'");
  EXPECT_EQ(broken.code, 2);
  EXPECT_NE(broken.err.find("--json"), std::string::npos) << broken.err;
  EXPECT_EQ(broken.err.find("exception"), std::string::npos) << broken.err;
  EXPECT_EQ(ask("publish tests.errand --json 7").code, 1);
  EXPECT_EQ(ask("publish 'no name' --json '{}'").code, 1);
}

TEST_F(bus_command, publishes_once_under_a_key) {
  EXPECT_EQ(ask(errand("") + " --idempotency-key k").out, ask(errand("") + " --idempotency-key k").out);
}

TEST_F(bus_command, dead_list_shows_what_failed_for_good) {
  ASSERT_EQ(some_dead(2).size(), 2u);
  auto const listed = ask("bus dead list --agent runner");
  EXPECT_EQ(lines_in(listed.out), 3u) << listed.out;
  EXPECT_NE(listed.out.find("as asked"), std::string::npos);
  EXPECT_EQ(lines_in(ask("bus dead list --agent other").out), 1u);
}

TEST_F(bus_command, dead_requeue_opens_them_again) {
  auto const dead = some_dead(2);
  let_the_worker_leave();
  EXPECT_EQ(ask("bus dead requeue " + dead[0]["id"].get<std::string>()).out, "1 activation(s) are open again\n");
  EXPECT_EQ(ask("bus dead requeue --all").out, "1 activation(s) are open again\n");
  EXPECT_EQ(ask_json("bus dead list"), json::array());
  EXPECT_EQ(ask_json("bus status")["counters"]["open"], 2);
}

TEST_F(bus_command, dead_drop_forgets_them) {
  auto const dead = some_dead(2);
  EXPECT_EQ(ask("bus dead drop " + dead[0]["id"].get<std::string>()).out, "1 activation(s) dropped\n");
  EXPECT_EQ(ask("bus dead drop " + dead[0]["id"].get<std::string>()).code, 1) << "it is gone";
  EXPECT_EQ(ask("bus dead drop --agent runner --json").out, "{\"count\":1}\n");
  EXPECT_EQ(ask("bus dead drop").code, 2) << "which ones?";
  EXPECT_EQ(ask("bus dead drop --all x").code, 2) << "all or one?";
}

TEST_F(bus_command, drain_lets_workers_finish_and_leave) {
  EXPECT_EQ(ask("bus drain").out, "all workers were told to leave\n");
  EXPECT_EQ(worker.wait(), 0);
  auto const nobody = ask("bus drain two");
  EXPECT_EQ(nobody.code, 1);
  EXPECT_NE(nobody.err.find("two"), std::string::npos) << nobody.err;
}

TEST_F(bus_command, pause_and_resume_an_agent) {
  EXPECT_EQ(ask("bus pause runner").out, "runner is paused\n");
  EXPECT_EQ(ask(errand("")).code, 0);
  EXPECT_NE(ask("bus agents").out.find("paused"), std::string::npos);
  EXPECT_EQ(ask_json("bus status")["counters"]["blocked"], 1);
  EXPECT_EQ(ask("bus resume runner").out, "runner goes on\n");
  EXPECT_EQ(ask(errand("") + " --wait").code, 0);
  EXPECT_EQ(ask_json("bus agents")[0]["paused"], false);
  auto const nobody = ask("bus pause nobody");
  EXPECT_EQ(nobody.code, 1);
  EXPECT_NE(nobody.err.find("nobody"), std::string::npos) << nobody.err;
}

TEST_F(bus_command, cancel_ends_the_open_work_of_an_agent_or_a_run) {
  EXPECT_EQ(ask("bus pause runner").code, 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(errand("")).code, 0);
  EXPECT_EQ(ask("bus cancel runner").out, "runner: 2 activation(s) cancelled\n");
  EXPECT_EQ(ask_json("bus status")["counters"]["open"], 0);
  EXPECT_EQ(ask_json("bus status")["counters"]["cancelled"], 2);
  EXPECT_EQ(ask("bus cancel 0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee").code, 1) << "there is no such run";
}

TEST_F(bus_command, forget_drops_the_work_of_an_agent_that_nobody_serves) {
  auto const served = ask("bus forget runner");
  EXPECT_EQ(served.code, 1);
  EXPECT_NE(served.err.find("one"), std::string::npos) << served.err;
  let_the_worker_leave();
  EXPECT_EQ(ask(errand("") + " --wait").code, 1);
  EXPECT_EQ(ask("bus forget runner").out, "runner is forgotten; 1 activation(s) dropped\n");
  EXPECT_EQ(ask_json("bus status")["counters"]["open"], 0);
  EXPECT_EQ(ask(errand("") + " --wait").code, 0) << "nobody is waited for";
  EXPECT_EQ(ask("bus forget nobody").code, 1);
}

TEST_F(bus_command, backup_can_be_put_in_place_of_the_ledger) {
  EXPECT_EQ(ask(errand("") + " --wait").code, 0);
  auto const copied = ask("bus backup copy.db");
  EXPECT_EQ(copied.code, 0) << copied.err;
  EXPECT_TRUE(copied.out.starts_with("copy.db: ")) << copied.out;
  EXPECT_EQ(ask("bus backup copy.db").code, 1) << "it is there";
  EXPECT_EQ(ask(errand("") + " --idempotency-key later").code, 0);
  EXPECT_EQ(stop(hub), 0);
  ASSERT_EQ(shell("mv copy.db ledger.db && rm -f ledger.db-wal ledger.db-shm").code, 0);
  hub = start({"bus", "serve", "--ledger", "ledger.db", "--traces", "none", "--listen", "ipc://hub.sock"});
  EXPECT_EQ(hub.line(), "ipc://hub.sock") << content_of(folder / "err");
  EXPECT_EQ(ask(errand("") + " --wait").code, 0) << "the worker is back";
}

TEST_F(bus_command, finds_the_hub_by_its_control_socket_too) { EXPECT_EQ(skein_command("bus status --ledger ledger.db.sock").code, 0); }

using without_hub = command_fixture;

TEST_F(without_hub, every_command_is_error_1_and_says_what_to_do) {
  for (auto const* command : {"bus status", "bus agents", "bus hosts", "bus dead list", "bus dead requeue --all", "bus dead drop --all", "bus drain", "bus forget x", "bus pause x", "bus resume x", "bus cancel x",
                              "bus backup x", "bus reload-keys", "publish a.b --json '{}'"}) {
    auto const refused = skein_command(command);
    EXPECT_EQ(refused.code, 1) << command;
    EXPECT_EQ(refused.out, "") << command;
    EXPECT_NE(refused.err.find(".skein/ledger.db: no hub runs on it; start one, or name another ledger"), std::string::npos) << command << refused.err;
  }
}

TEST_F(without_hub, wrong_usage_is_error_2) {
  for (auto const* command : {"bus", "bus dead", "bus nonsense", "bus forget", "bus pause", "bus cancel", "bus backup", "bus keygen", "bus serve --lease fast", "publish", "publish a.b", "launch",
                              "bus dead requeue", "bus dead drop --nonsense", "publish a.b --json '{}' --timeout soon"}) {
    auto const refused = skein_command(command);
    EXPECT_EQ(refused.code, 2) << command;
    EXPECT_NE(refused.err, "") << command;
    EXPECT_EQ(refused.err.find("Option Group"), std::string::npos) << refused.err;
    EXPECT_EQ(refused.out, "") << command;
  }
}

TEST_F(without_hub, help_is_everywhere) {
  for (auto const* command : {"bus", "bus serve", "bus exporter", "bus status", "bus agents", "bus hosts", "bus dead", "bus dead list", "bus dead requeue", "bus dead drop",
                              "bus drain", "bus forget", "bus backup", "bus reload-keys", "bus keygen", "launch", "publish"}) {
    auto const helped = skein_command(std::string{command} + " --help");
    EXPECT_EQ(helped.code, 0) << command;
    EXPECT_NE(helped.out.find("Usage: skein " + std::string{command}), std::string::npos) << helped.out;
  }
}

}  // namespace
