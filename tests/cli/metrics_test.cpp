// The numbers of a hub as Prometheus reads them.
#include <metrics.hpp>

#include "support/command_fixture.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace {

using nlohmann::json;
using skein::cli::prometheus_text;

json full_status() {
  json counters;
  for (char const* name : {"artifacts", "artifacts_kept", "artifacts_evicted", "open", "ready", "leased", "retry", "blocked", "done", "dead", "mismatched", "losses", "stale", "runs_open", "delayed", "groups_open", "groups_expired",
                           "batches_flushed", "embargoed", "cancelled", "predicates_threw", "deadlines_exceeded", "breakers_opened", "over_limit", "ticks",
                           "ticks_skipped", "artifacts_blocked"}) counters[name] = 7;
  json network;
  for (char const* name : {"received", "sent", "received_bytes", "sent_bytes", "bad_messages", "auth_refused", "ignored", "undeliverable", "peers"}) network[name] = 8;
  return {{"version", "1.2.3"}, {"uptime_s", 1.5}, {"hosts", 2}, {"counters", counters}, {"network", network},
          {"spans", {{"recorded", 4}, {"written", 3}, {"dropped", 1}, {"lost", 0}}}};
}

json agents_named(std::string const& name) {
  return json::array({{{"name", name}, {"hosts", {"one", "two"}}, {"ready", 1}, {"leased", 2}, {"retry", 3}, {"blocked", 4}, {"dead", 5}, {"paused", true},
                       {"breaker", "half_open"}}});
}

/// What is wrong with it as text exposition format 0.0.4; empty: nothing. `names`: gets the metrics.
std::string fault_of(std::string const& text, std::set<std::string>& names) {
  static std::regex const help{R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+)"}, type{R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge))"},
      sample{R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\n"])*")*\})? [-+0-9.e]+)re"};
  std::set<std::string> samples;
  std::string group, announced;
  std::istringstream lines{text};
  if (!text.ends_with('\n')) return "the last line does not end";
  for (std::string line; std::getline(lines, line);) {
    std::smatch m;
    if (std::regex_match(line, m, help)) {
      announced = m[1];
      if (!names.insert(announced).second) return "twice: " + line;
    } else if (std::regex_match(line, m, type)) {
      group = m[1];
      if (group != announced) return "a type without help: " + line;
      if (group.ends_with("_total") != (m[2] == "counter")) return "counters, and only they, end in _total: " + line;
    } else if (std::regex_match(line, m, sample)) {
      if (m[1] != group) return "outside its group: " + line;
      if (!samples.insert(m[1].str() + m[2].str()).second) return "twice: " + line;
    } else {
      return "no line of the format: " + line;
    }
  }
  return {};
}

TEST(metrics, are_in_the_format_that_prometheus_reads) {
  std::set<std::string> names;
  EXPECT_EQ(fault_of(prometheus_text(full_status(), agents_named("critic")), names), "");
  EXPECT_EQ(names.size(), 47u);
}

TEST(metrics, have_the_values_of_the_hub) {
  auto const text = prometheus_text(full_status(), agents_named("critic"));
  for (char const* line : {"skein_info{version=\"1.2.3\"} 1\n", "skein_uptime_seconds 1.5\n", "skein_activations_done_total 7\n", "skein_spans_written_total 3\n",
                           "skein_agent_activations{agent=\"critic\",state=\"blocked\"} 4\n", "skein_agent_hosts{agent=\"critic\"} 2\n", "skein_agent_paused{agent=\"critic\"} 1\n",
                           "skein_agent_breaker_open{agent=\"critic\"} 0.5\n", "skein_groups_open 7\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(metrics, escape_what_stands_in_labels) {
  std::set<std::string> names;
  auto const text = prometheus_text(full_status(), agents_named("a\"b\\c\nd"));
  EXPECT_EQ(fault_of(text, names), "");
  EXPECT_NE(text.find(R"(skein_agent_hosts{agent="a\"b\\c\nd"} 2)"), std::string::npos) << text;
}

TEST(metrics, leave_out_what_a_hub_does_not_have) {
  auto status = full_status();
  status["network"] = nullptr;
  std::set<std::string> names;
  auto const text = prometheus_text(status, json::array());
  EXPECT_EQ(fault_of(text, names), "");
  EXPECT_EQ(text.find("skein_network"), std::string::npos);
}

TEST(metrics, all_stand_in_the_manual) {
  std::set<std::string> names;
  ASSERT_EQ(fault_of(prometheus_text(full_status(), agents_named("critic")), names), "");
  auto const manual = skein::testing::content_of(SKEIN_SOURCE_DIR "/docs/operations.md");
  for (auto const& name : names) EXPECT_NE(manual.find("`" + name), std::string::npos) << name;
  std::regex const mentioned{R"(skein_[a-z_]+[a-z])"};
  for (std::sregex_iterator at{manual.begin(), manual.end(), mentioned}, end; at != end; ++at) EXPECT_TRUE(names.contains(at->str())) << at->str() << " is no metric";
}

TEST(hub_pages, say_why_the_hub_is_not_ready_and_that_they_live_themselves) {
  skein::testing::temporary_folder const folder;
  auto const pages = skein::cli::hub_pages(folder / "ledger.db");
  EXPECT_EQ(pages("/healthz").status, 200u);
  EXPECT_EQ(pages("/readyz").status, 503u);
  EXPECT_NE(pages("/readyz").body.find("ledger.db"), std::string::npos);
  EXPECT_EQ(pages("/metrics").status, 503u);
  EXPECT_EQ(pages("/").status, 404u);
}

}  // namespace
