#include "control_requests.hpp"

#include "backup_ledger.hpp"

#include <skein/agents/check_agent.hpp>
#include <skein/registry/json.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>


namespace skein {

namespace {

using nlohmann::json;

/// Deeper nesting is refused: writing it out again would recurse as deep.
constexpr int depth_max = 64;

json parse_object(std::string_view text) {
  auto const bounded = [](int depth, json::parse_event_t, json&) {
    if (depth > depth_max) throw error{errc::invalid_argument, "the request is nested deeper than " + std::to_string(depth_max) + " levels"};
    return true;
  };
  auto made = json::parse(text, bounded, false);
  if (!made.is_object()) throw error{errc::invalid_argument, "a request is one JSON object on one line"};
  return made;
}

template <class T>
std::optional<T> optional_member(json const& in, char const* key) {
  auto const found = in.find(key);
  if (found == in.end() || found->is_null()) return std::nullopt;
  try {
    return found->template get<T>();
  } catch (json::exception const&) {
    throw error{errc::invalid_argument, std::string{"\""} + key + "\" has a value of another kind", found->dump(-1, ' ', true)};
  }
}

template <class T>
T member(json const& in, char const* key) {
  auto found = optional_member<T>(in, key);
  if (!found) throw error{errc::invalid_argument, std::string{"the request needs \""} + key + "\""};
  return std::move(*found);
}

std::int64_t ns(timestamp time) { return time.time_since_epoch().count(); }

// --- looking -----------------------------------------------------------------------------------------------------------------------

json counters_json(bus::board_counters const& c, std::uint64_t blocked_outside) {
  return {{"artifacts", c.artifacts}, {"artifacts_kept", c.artifacts_kept}, {"artifacts_evicted", c.artifacts_evicted},
          {"open", c.open}, {"ready", c.ready}, {"leased", c.leased}, {"retry", c.retry}, {"blocked", c.blocked},
          {"done", c.done}, {"dead", c.dead}, {"mismatched", c.mismatched}, {"losses", c.losses}, {"stale", c.stale}, {"runs_open", c.runs_open},
          {"delayed", c.delayed}, {"groups_open", c.groups_open}, {"groups_expired", c.groups_expired}, {"batches_flushed", c.batches_flushed},
          {"embargoed", c.embargoed}, {"cancelled", c.cancelled}, {"predicates_threw", c.predicates_threw}, {"deadlines_exceeded", c.deadlines_exceeded},
          {"breakers_opened", c.breakers_opened}, {"over_limit", c.over_limit}, {"ticks", c.ticks}, {"ticks_skipped", c.ticks_skipped},
          {"artifacts_blocked", c.artifacts_blocked + blocked_outside}};
}

json network_json(bus::network_counters const& c) {
  return {{"received", c.received}, {"sent", c.sent}, {"received_bytes", c.received_bytes}, {"sent_bytes", c.sent_bytes},
          {"bad_messages", c.bad_messages}, {"auth_refused", c.auth_refused}, {"ignored", c.ignored}, {"undeliverable", c.undeliverable}, {"peers", c.peers}};
}

json spans_json(recorder_counters const& c) {
  return {{"recorded", c.recorded}, {"written", c.written}, {"dropped", c.dropped}, {"lost", c.lost}};
}

json status(control_target const& hub) {
  auto const uptime = std::chrono::duration<double>(hub.time.now() - hub.started_at).count();
  return {{"version", SKEIN_VERSION},
          {"pid", ::getpid()},
          {"uptime_s", uptime},
          {"ledger", hub.ledger},
          {"endpoints", hub.network ? hub.network->endpoints() : std::vector<std::string>{}},
          {"counters", counters_json(hub.board.counters(), hub.blocked_outside)},
          {"network", hub.network ? network_json(hub.network->counters()) : json{}},
          {"spans", spans_json(hub.spans.counters())},
          {"hosts", hub.board.hosts().size()}};
}

json hosts(control_target const& hub) {
  json all = json::array();
  for (auto const& host : hub.board.hosts()) {
    all.push_back({{"name", host.name}, {"principal", host.principal}, {"instance", host.instance}, {"local", host.local}, {"draining", host.draining},
                   {"agents", host.agents}, {"leases", host.leases}, {"heard", ns(host.heard)}});
  }
  return all;
}

json agents(control_target const& hub) {
  json all = json::array();
  for (auto const& agent : hub.board.agents()) {
    all.push_back({{"name", agent.name}, {"subscriptions", agent.subscriptions}, {"hosts", agent.hosts}, {"ready", agent.ready},
                   {"leased", agent.leased}, {"retry", agent.retry}, {"blocked", agent.blocked}, {"dead", agent.dead},
                   {"paused", agent.paused}, {"breaker", agent.breaker}});
  }
  return all;
}

json dead(control_target const& hub) {
  json all = json::array();
  for (auto const& one : hub.board.dead()) {
    all.push_back({{"id", one.id.to_string()}, {"agent", one.agent}, {"error_type", one.error_type}, {"what", one.what}, {"run", one.run.to_string()},
                   {"attempt", one.attempt}, {"input_type", one.input_type}, {"input", one.input.to_string()}, {"died_at", ns(one.died_at)}});
  }
  return all;
}

// --- acting ------------------------------------------------------------------------------------------------------------------------

/// Those that "id" or "agent" names, or with "all": true every one.
std::vector<activation_id> chosen_dead(control_target const& hub, json const& request) {
  if (auto const id = optional_member<std::string>(request, "id")) return {activation_id::parse(*id).value()};
  auto const agent = optional_member<std::string>(request, "agent");
  if (!agent && !optional_member<bool>(request, "all").value_or(false)) {
    throw error{errc::invalid_argument, "the request needs \"id\", \"agent\" or \"all\": true"};
  }
  std::vector<activation_id> all;
  for (auto const& one : hub.board.dead()) {
    if (!agent || one.agent == *agent) all.push_back(one.id);
  }
  return all;
}

json dead_requeue(control_target const& hub, json const& request) {
  auto const all = chosen_dead(hub, request);
  for (auto const& id : all) hub.board.requeue(id).value();
  return {{"count", all.size()}};
}

json dead_drop(control_target const& hub, json const& request) {
  auto const all = chosen_dead(hub, request);
  for (auto const& id : all) hub.board.drop_dead(id).value();
  return {{"count", all.size()}};
}

json drain(control_target const& hub, json const& request) {
  hub.board.drain(optional_member<std::string>(request, "host").value_or("")).value();
  return json::object();
}

json forget(control_target const& hub, json const& request) {
  return {{"count", hub.board.forget_agent(member<std::string>(request, "agent")).value()}};
}

/// "target" is the name of an agent, or the id of a run.
template <class Input>
Input aimed(control_target const& hub, json const& request) {
  auto const target = member<std::string>(request, "target");
  Input what;
  if (hub.board.knows_agent(target)) {
    what.agent = target;
  } else if (auto const run = run_id::parse(target)) {
    what.run = *run;
  } else {
    throw error{errc::not_found, "there is no agent of this name, and it is no run's id", target};
  }
  return what;
}

json pause(control_target const& hub, json const& request, bool paused) {
  auto what = aimed<bus::input::pause>(hub, request);
  what.paused = paused;
  hub.board.pause(std::move(what)).value();
  return json::object();
}

json cancel(control_target const& hub, json const& request) { return {{"count", hub.board.cancel_work(aimed<bus::input::cancel_work>(hub, request)).value()}}; }

json reload_keys(control_target const& hub) {
  if (!hub.network) throw error{errc::misuse, "this hub does not listen: it has no keys"};
  hub.network->reload_keys();
  return json::object();
}

json backup(control_target const& hub, json const& request) {
  if (hub.ledger_file.empty()) throw error{errc::misuse, "the ledger of this hub is memory: there is nothing to back up"};
  return {{"bytes", backup_ledger(hub.ledger_file, member<std::string>(request, "path")).value()}};
}

/// By the type's own rules where this process knows the type. Otherwise generically: JSON integers, floats, strings, booleans, null, arrays and objects
/// become the same in msgpack.
payload payload_of(control_target const& hub, std::string const& type, json const& value) {
  if (auto const* known = hub.types.find(type)) return payload_from_json(*known, value.dump()).value();
  if (!value.is_object()) throw error{errc::bad_payload, "a payload is a JSON object: field names and values", type};
  bytes packed;
  for (auto const byte : json::to_msgpack(value)) packed.push_back(std::byte{byte});
  return payload{std::move(packed)};
}

json report_json(run_report const& report) {
  json failures = json::array(), blocked = json::array(), stranded = json::array();
  for (auto const& f : report.failures) {
    failures.push_back({{"agent", f.agent}, {"error_type", f.error_type}, {"what", f.what}, {"attempt", f.attempt}, {"id", f.id.to_string()}});
  }
  for (auto const& b : report.blocked) blocked.push_back({{"agent", b.agent}, {"reason", b.reason}, {"count", b.count}});
  for (auto const& s : report.stranded) stranded.push_back({{"agent", s.agent}, {"missing", s.missing}, {"count", s.count}});
  return {{"reason", report.reason}, {"activations", report.activations.size()}, {"failures", std::move(failures)}, {"blocked", std::move(blocked)},
          {"stranded", std::move(stranded)}};
}

json publish(control_target const& hub, json const& request, std::function<bool()> const& abandoned) {
  control_publish what;
  what.type = member<std::string>(request, "type");
  if (!agents::is_name(what.type)) throw error{errc::invalid_argument, "the name of a type is 1 to 255 printable ASCII characters without spaces", what.type};
  auto const* known = hub.types.find(what.type);
  what.version = optional_member<std::uint32_t>(request, "version").value_or(known ? known->version : 1);
  what.payload = payload_of(hub, what.type, member<json>(request, "payload"));
  what.options.tags = optional_member<std::vector<std::string>>(request, "tags").value_or(std::vector<std::string>{});
  what.options.correlation_id = optional_member<std::string>(request, "correlation").value_or("");
  what.options.idempotency_key = optional_member<std::string>(request, "idempotency_key").value_or("");
  what.wait = optional_member<bool>(request, "wait").value_or(false);
  if (auto const seconds = optional_member<double>(request, "timeout_s")) {
    if (!(*seconds >= 0 && *seconds <= 1e9)) throw error{errc::invalid_argument, "\"timeout_s\" must be 0 to 1e9 seconds"};
    what.timeout = std::chrono::nanoseconds{static_cast<std::int64_t>(*seconds * 1e9)};
  }
  auto const published = hub.publish(std::move(what), abandoned);
  json made{{"id", published.id.to_string()}};
  if (published.report) {
    made["run"] = published.run.to_string();
    made["report"] = report_json(*published.report);
  }
  return made;
}

json act(control_target const& hub, json const& request, std::function<bool()> const& abandoned) {
  auto const name = member<std::string>(request, "request");
  if (name == "status") return status(hub);
  if (name == "hosts") return hosts(hub);
  if (name == "agents") return agents(hub);
  if (name == "dead") return dead(hub);
  if (name == "dead_requeue") return dead_requeue(hub, request);
  if (name == "dead_drop") return dead_drop(hub, request);
  if (name == "drain") return drain(hub, request);
  if (name == "forget") return forget(hub, request);
  if (name == "pause") return pause(hub, request, true);
  if (name == "resume") return pause(hub, request, false);
  if (name == "cancel") return cancel(hub, request);
  if (name == "publish") return publish(hub, request, abandoned);
  if (name == "backup") return backup(hub, request);
  if (name == "reload_keys") return reload_keys(hub);
  throw error{errc::invalid_argument, "there is no request of this name", name};
}

std::string refusal(errc code, std::string const& message, std::string const& where) {
  json const made{{"ok", false}, {"error", {{"code", to_string(code)}, {"message", message}, {"where", where}}}};
  return made.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string answer_control_request(control_target const& hub, std::string_view request, std::function<bool()> const& abandoned) {
  try {
    json const made{{"ok", true}, {"result", act(hub, parse_object(request), abandoned)}};
    return made.dump(-1, ' ', false, json::error_handler_t::replace);
  } catch (error const& e) {
    return refusal(e.code(), e.message(), e.where());
  } catch (std::exception const& e) {
    return refusal(errc::invalid_argument, e.what(), {});
  }
}

}  // namespace skein
