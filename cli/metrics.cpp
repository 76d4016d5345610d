#include "metrics.hpp"

#include "hub_client.hpp"

#include <array>
#include <chrono>

namespace skein::cli {
namespace {

using nlohmann::json;

struct metric {
  char const* name;
  char const* type;
  char const* help;
  char const* group;    // member of the status; empty: the status itself
  char const* member;
};

constexpr std::array metrics{
    metric{"skein_uptime_seconds", "gauge", "Since the hub was started.", "", "uptime_s"},
    metric{"skein_hosts", "gauge", "Hosts that are connected, the hub's own process included where it has agents.", "", "hosts"},
    metric{"skein_artifacts_published_total", "counter", "Artifacts that came onto the board.", "counters", "artifacts"},
    metric{"skein_artifacts_evicted_total", "counter", "Artifacts that left memory at its limit; the ledger has them.", "counters", "artifacts_evicted"},
    metric{"skein_artifacts_kept", "gauge", "Artifacts in memory for queries.", "counters", "artifacts_kept"},
    metric{"skein_activations_open", "gauge", "Work that is not closed.", "counters", "open"},
    metric{"skein_activations_ready", "gauge", "Open work that waits for a host.", "counters", "ready"},
    metric{"skein_activations_leased", "gauge", "Open work that a host holds.", "counters", "leased"},
    metric{"skein_activations_retry", "gauge", "Open work that waits for its next attempt.", "counters", "retry"},
    metric{"skein_activations_blocked", "gauge", "Open work that no host serves, or that is paused.", "counters", "blocked"},
    metric{"skein_activations_delayed", "gauge", "Open work that waits for a breaker or a rate limit.", "counters", "delayed"},
    metric{"skein_activations_done_total", "counter", "Activations that were handled.", "counters", "done"},
    metric{"skein_activations_dead_total", "counter", "Activations that failed for good.", "counters", "dead"},
    metric{"skein_activations_mismatched_total", "counter", "Activations whose host's predicate said no.", "counters", "mismatched"},
    metric{"skein_activations_cancelled_total", "counter", "Activations that somebody cancelled.", "counters", "cancelled"},
    metric{"skein_activations_over_limit_total", "counter", "Activations that activations_max_per_workflow did not allow.", "counters", "over_limit"},
    metric{"skein_artifacts_embargoed", "gauge", "Artifacts that are hidden until a time.", "counters", "embargoed"},
    metric{"skein_artifacts_blocked_total", "counter", "Artifacts that a component kept off the board.", "counters", "artifacts_blocked"},
    metric{"skein_groups_open", "gauge", "Joins and batches that wait for more artifacts.", "counters", "groups_open"},
    metric{"skein_groups_expired_total", "counter", "Joins and batches that ended incomplete.", "counters", "groups_expired"},
    metric{"skein_batches_flushed_total", "counter", "Batches that started early because everything else was idle.", "counters", "batches_flushed"},
    metric{"skein_predicates_threw_total", "counter", "Predicates and keys that threw.", "counters", "predicates_threw"},
    metric{"skein_deadlines_exceeded_total", "counter", "Attempts that ran too long.", "counters", "deadlines_exceeded"},
    metric{"skein_breakers_opened_total", "counter", "Agents that were left alone because they kept failing.", "counters", "breakers_opened"},
    metric{"skein_ticks_total", "counter", "Ticks of timers.", "counters", "ticks"},
    metric{"skein_ticks_skipped_total", "counter", "Ticks whose predecessor was still open.", "counters", "ticks_skipped"},
    metric{"skein_leases_lost_total", "counter", "Leases that ended with their host or by expiry.", "counters", "losses"},
    metric{"skein_results_stale_total", "counter", "Results that came after another attempt had taken over.", "counters", "stale"},
    metric{"skein_runs_open", "gauge", "Runs that are not complete.", "counters", "runs_open"},
    metric{"skein_spans_recorded_total", "counter", "Spans that ended.", "spans", "recorded"},
    metric{"skein_spans_written_total", "counter", "Spans that are in the store.", "spans", "written"},
    metric{"skein_spans_dropped_total", "counter", "Spans dropped at the bound of their queue.", "spans", "dropped"},
    metric{"skein_spans_lost_total", "counter", "Spans lost to a store that could not be written.", "spans", "lost"},
    metric{"skein_network_received_messages_total", "counter", "Messages from hosts.", "network", "received"},
    metric{"skein_network_sent_messages_total", "counter", "Messages to hosts.", "network", "sent"},
    metric{"skein_network_received_bytes_total", "counter", "Bytes from hosts.", "network", "received_bytes"},
    metric{"skein_network_sent_bytes_total", "counter", "Bytes to hosts.", "network", "sent_bytes"},
    metric{"skein_network_bad_messages_total", "counter", "Frames that broke the wire format.", "network", "bad_messages"},
    metric{"skein_network_auth_refused_total", "counter", "Handshakes with a key that is not allowed.", "network", "auth_refused"},
    metric{"skein_network_ignored_total", "counter", "Frames over a rate, or from refused peers.", "network", "ignored"},
    metric{"skein_network_undeliverable_total", "counter", "Messages whose host had gone or did not read.", "network", "undeliverable"},
    metric{"skein_network_peers", "gauge", "Connections known.", "network", "peers"},
};

void head(std::string& out, char const* name, char const* type, char const* help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

/// A label's value, escaped as the format asks.
std::string label(std::string const& text) {
  std::string out;
  for (char const c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string{"\\n"} : std::string{c};
  }
  return out;
}

}  // namespace

std::string prometheus_text(json const& status, json const& agents) {
  std::string out;
  head(out, "skein_info", "gauge", "Always 1; its labels say what runs.");
  out += "skein_info{version=\"" + label(text_of(status, "version")) + "\"} 1\n";
  for (auto const& one : metrics) {
    auto const* from = &status;
    if (one.group[0] != '\0') {
      auto const group = status.find(one.group);
      if (group == status.end()) continue;
      from = &*group;
    }
    auto const value = from->find(one.member);   // a hub that does not listen has no network
    if (value == from->end()) continue;
    head(out, one.name, one.type, one.help);
    out.append(one.name).append(" ").append(value->dump()).append("\n");
  }
  head(out, "skein_agent_activations", "gauge", "Activations of an agent by state.");
  for (auto const& agent : agents) {
    for (char const* const state : {"ready", "leased", "retry", "blocked", "dead"}) {
      out += "skein_agent_activations{agent=\"" + label(text_of(agent, "name")) + "\",state=\"" + state + "\"} " + text_of(agent, state) + '\n';
    }
  }
  head(out, "skein_agent_hosts", "gauge", "Hosts that serve an agent.");
  for (auto const& agent : agents) {
    auto const hosts = agent.value("hosts", json::array());
    out += "skein_agent_hosts{agent=\"" + label(text_of(agent, "name")) + "\"} " + std::to_string(hosts.size()) + '\n';
  }
  head(out, "skein_agent_paused", "gauge", "1 while somebody has paused the agent.");
  for (auto const& agent : agents) out += "skein_agent_paused{agent=\"" + label(text_of(agent, "name")) + "\"} " + (agent.value("paused", false) ? "1" : "0") + '\n';
  head(out, "skein_agent_breaker_open", "gauge", "1 while the breaker of the agent is open, 0.5 while it is half open.");
  for (auto const& agent : agents) {
    auto const breaker = agent.value("breaker", std::string{});
    out += "skein_agent_breaker_open{agent=\"" + label(text_of(agent, "name")) + "\"} " + (breaker == "open" ? "1" : breaker == "half_open" ? "0.5" : "0") + '\n';
  }
  return out;
}

http_server::pages hub_pages(std::string hub) {
  return [hub = std::move(hub)](std::string_view path) -> http_page {
    if (path == "/healthz") return {.body = "ok\n"};
    if (path != "/readyz" && path != "/metrics") return {404, "text/plain; charset=utf-8", "there are /healthz, /readyz and /metrics\n"};
    try {
      constexpr std::chrono::seconds patience{5};
      auto const status = ask_hub(hub, {{"request", "status"}}, patience);
      if (path == "/readyz") return {.body = "ok\n"};
      return {200, "text/plain; version=0.0.4; charset=utf-8", prometheus_text(status, ask_hub(hub, {{"request", "agents"}}, patience))};
    } catch (std::exception const& e) {
      return {503, "text/plain; charset=utf-8", std::string{e.what()} + '\n'};
    }
  };
}

}  // namespace skein::cli
