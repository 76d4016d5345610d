// `skein bus serve` and `skein bus exporter`: how a hub starts, what it refuses, how it ends, what it tells its supervisor and its monitoring.
#include "agents/support/notify_socket.hpp"
#include "support/command_fixture.hpp"
#include "support/http_client.hpp"

#include <unistd.h>

namespace {

using namespace skein::testing;

class bus_serve : public command_fixture {
 protected:
  /// A hub that listens, without traces.
  child serve(std::vector<std::string> more = {}, std::vector<std::string> environment = {}) {
    std::vector<std::string> all{"bus", "serve", "--ledger", "ledger.db", "--traces", "none", "--listen", "ipc://hub.sock"};
    all.insert(all.end(), more.begin(), more.end());
    child hub = start(all, std::move(environment));
    EXPECT_EQ(hub.line(), "ipc://hub.sock") << content_of(folder / "err");
    return hub;
  }
};

TEST_F(bus_serve, says_where_it_listens_and_ends_well_when_it_is_told_to) {
  auto hub = serve();
  EXPECT_TRUE(std::filesystem::exists(folder / "hub.sock"));
  EXPECT_EQ(stop(hub), 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "ledger.db.sock"));
}

TEST_F(bus_serve, keeps_everything_in_its_usual_folder_when_told_nothing) {
  child hub = start({"bus", "serve"});
  EXPECT_EQ(hub.line(), "ipc://.skein/hub.sock");
  EXPECT_EQ(skein_command("bus status").code, 0);
  EXPECT_EQ(stop(hub), 0);
  EXPECT_TRUE(std::filesystem::exists(folder / ".skein/ledger.db"));
}

TEST_F(bus_serve, warns_who_runs_it_as_root) {
  auto hub = serve();
  EXPECT_EQ(stop(hub), 0);
  EXPECT_EQ(content_of(folder / "err").find("running as root") != std::string::npos, ::geteuid() == 0) << content_of(folder / "err");
}

TEST_F(bus_serve, refuses_tcp_off_loopback_without_keys) {
  auto const refused = skein_command("bus serve --ledger memory: --traces none --listen tcp://0.0.0.0:0");
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_NE(refused.err.find("keys"), std::string::npos) << refused.err;
}

TEST_F(bus_serve, refuses_keys_that_cannot_be_right) {
  ASSERT_EQ(skein_command("bus keygen keys").code, 0);
  auto const refusal = [&](std::string const& keys) {
    auto const refused = skein_command("bus serve --ledger memory: --traces none --listen tcp://127.0.0.1:* " + keys);
    EXPECT_EQ(refused.code, 2) << keys;
    return refused.err;
  };
  EXPECT_NE(refusal("--key keys/hub.key_secret").find("go together"), std::string::npos);
  EXPECT_NE(refusal("--key keys/none --allowed keys/allowed").find("keys/none"), std::string::npos);
  EXPECT_NE(refusal("--key keys/hub.key_secret --allowed nowhere").find("nowhere"), std::string::npos);
  ASSERT_EQ(shell("chmod 640 keys/hub.key_secret").code, 0);
  EXPECT_NE(refusal("--key keys/hub.key_secret --allowed keys/allowed").find("chmod 600"), std::string::npos);
}

TEST_F(bus_serve, takes_keys_and_reads_them_again_when_asked) {
  ASSERT_EQ(skein_command("bus keygen keys").code, 0);
  child hub = start({"bus", "serve", "--ledger", "ledger.db", "--traces", "none", "--listen", "tcp://127.0.0.1:*", "--key", "keys/hub.key_secret", "--allowed", "keys/allowed"});
  EXPECT_TRUE(hub.line().starts_with("tcp://127.0.0.1:"));
  EXPECT_EQ(skein_command("bus reload-keys --ledger ledger.db").out, "the folder of allowed keys is read again\n");
  EXPECT_EQ(stop(hub), 0);
}

TEST_F(bus_serve, refuses_addresses_that_are_none) {
  EXPECT_EQ(skein_command("bus serve --ledger memory: --traces none --listen udp://x").code, 2);
  EXPECT_EQ(skein_command("bus serve --ledger memory: --traces none --listen ipc://hub.sock --http nowhere").code, 2);
  EXPECT_EQ(skein_command("bus serve --ledger memory: --traces none --listen tcp://127.0.0.1:* --http 0").code, 2) << "nothing to ask for metrics";
}

TEST_F(bus_serve, refuses_a_ledger_that_another_hub_owns_and_says_whose_it_is) {
  auto hub = serve();
  auto const refused = skein_command("bus serve --ledger ledger.db --traces none --listen ipc://other.sock");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find(std::to_string(hub.pid())), std::string::npos) << refused.err;
  EXPECT_EQ(stop(hub), 0);
}

TEST_F(bus_serve, tells_its_supervisor_that_it_is_ready_alive_and_stopping) {
  notify_socket const systemd{folder / "notify"};
  auto hub = serve({}, {"NOTIFY_SOCKET=" + systemd.name, "WATCHDOG_USEC=20000"});
  EXPECT_EQ(systemd.next(0), "READY=1\nSTATUS=serving on ipc://hub.sock");
  EXPECT_EQ(systemd.next(0), "WATCHDOG=1");
  hub.signal(SIGTERM);
  std::string said;
  do said = systemd.next(0);
  while (said == "WATCHDOG=1");
  EXPECT_EQ(said, "STOPPING=1\nSTATUS=stopping");
  EXPECT_EQ(hub.wait(), 0);
}

TEST_F(bus_serve, serves_health_and_metrics) {
  auto hub = serve({"--http", "0"});
  auto const http = hub.line();
  ASSERT_TRUE(http.starts_with("http://127.0.0.1:")) << http;
  EXPECT_EQ(http_status(http_get(http, "/healthz")), 200);
  EXPECT_EQ(http_status(http_get(http, "/readyz")), 200);
  auto const metrics = http_get(http, "/metrics");
  EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(metrics.find("\nskein_network_peers 0\n"), std::string::npos) << metrics;
  EXPECT_EQ(http_status(http_get(http, "/")), 404);
  EXPECT_EQ(stop(hub), 0);
}

TEST_F(bus_serve, exporter_serves_a_hub_beside_it_and_says_when_that_has_gone) {
  auto hub = serve();
  child exporter = start({"bus", "exporter", "--http", "0", "--ledger", "ledger.db"});
  auto const http = exporter.line();
  EXPECT_EQ(http_status(http_get(http, "/readyz")), 200);
  EXPECT_EQ(stop(hub), 0);
  auto const answer = http_get(http, "/readyz");
  EXPECT_EQ(http_status(answer), 503);
  EXPECT_NE(answer.find("no hub runs on it"), std::string::npos) << answer;
  EXPECT_EQ(http_status(http_get(http, "/healthz")), 200);
  EXPECT_EQ(stop(exporter), 0);
}

TEST_F(bus_serve, keygen_makes_keys_once_and_keeps_secrets_to_their_owner) {
  auto const made = skein_command("bus keygen keys --worker critic");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(lines_in(made.out), 4u) << made.out;
  auto const mode = [&](std::string const& file) { return std::filesystem::status(folder / file).permissions(); };
  EXPECT_EQ(mode("keys/hub.key_secret"), std::filesystem::perms{0600});
  EXPECT_EQ(mode("keys/critic.key_secret"), std::filesystem::perms{0600});
  EXPECT_TRUE(std::filesystem::exists(folder / "keys/hub.key"));
  auto const allowed = content_of(folder / "keys/allowed/critic.key");
  auto const again = skein_command("bus keygen keys --worker critic --worker python");
  EXPECT_EQ(lines_in(again.out), 2u) << again.out;
  EXPECT_EQ(content_of(folder / "keys/allowed/critic.key"), allowed);
  EXPECT_EQ(skein_command("bus keygen keys").out, "all keys are there already\n");
  EXPECT_EQ(skein_command("bus keygen keys --worker ../x").code, 2);
}

}  // namespace
