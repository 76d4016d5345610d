// The hub and hosts in other processes: their messages, spans and questions, waiting for them, and commands.
#include "orchestrator_state.hpp"

#include "open_stores.hpp"

#include <skein/orchestrator/traced_run.hpp>
#include <skein/tracing/log.hpp>

#include <algorithm>

namespace skein {

void orchestrator::state::open_network() {
  questions_ = std::make_unique<question_thread>();
  network_ = bus::network_link::open({.endpoints = options_.listen, .keys = options_.keys, .limits = options_.network,
                                      .gone =
                                          [this](bus::host_key from, bool certain) {
                                            network_gate_.wait(gate::waiting);
                                            if (network_gate_ == gate::open) bus_->disconnected(from, certain);
                                          }},
                                     [this](bus::host_key from, std::span<bus::message> all, std::string_view principal) {
                                       network_gate_.wait(gate::waiting);
                                       if (network_gate_ == gate::open) from_network(from, all, principal);
                                     })
                 .value();
}

void orchestrator::state::set_gate(gate to) noexcept {
  network_gate_ = to;
  network_gate_.notify_all();
}

void orchestrator::state::from_network(bus::host_key from, std::span<bus::message> all, std::string_view principal) {
  bool const news = std::ranges::any_of(all, [](auto const& one) { return std::holds_alternative<bus::hello>(one); });
  bus_->receive(from, all, principal);
  if (news) hosts_changed();
}

// --- spans -------------------------------------------------------------------------------------------------------------------------

void orchestrator::state::recorded(bus::remote_record&& what) {
  auto const runs = std::move(what.runs);
  what.spans = remote_spans_.take(std::move(what));
  auto const& spans = what.spans;
  if (!options_.tracing) return;
  std::shared_ptr<run_scope> known;   // of the span before: most are of one run
  for (auto const span : spans.views()) {
    if (!known || known->id != span.run()) known = runs_.find(span.run());
    if (known ? known->recording : records(span.run(), span.context())) recorder_->record(span);
  }
  for (auto const& change : runs) {
    // Of a run that has ended, the hub has said its last word.
    auto const scope = runs_.find(change.run);
    if (!scope || !scope->recording) continue;
    for (auto const& one : change.attributes) scope->set_attribute(one.key, one.value);
    for (auto const& one : change.tags) scope->set_tag(one.key, one.value);
    if (!change.session.empty()) scope->set_session(change.session);
    if (!change.user.empty()) scope->set_user(change.user);
    if (!change.request_preview.empty()) scope->set_request_preview(change.request_preview);
    if (!change.response_preview.empty()) scope->set_response_preview(change.response_preview);
  }
}

bool orchestrator::state::records(run_id const& run, span_context const& context) const {
  if (!options_.tracing) return false;
  auto const scope = runs_.find(run);
  return scope ? scope->recording : context.is_sampled() && !left_no_trace(run);
}

/// Of a run that ended in an earlier process the traces file may have nothing: what it recorded last was lost with it. What a worker says of such a
/// run once more would be without its cause.
bool orchestrator::state::left_no_trace(run_id const& run) const {
  std::int64_t ms = 0;   // since the epoch: the leading 48 bits of a UUIDv7 (RFC 9562 §5.7)
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | run.bytes()[i];
  if (traces_path_.empty() || timestamp{std::chrono::milliseconds{ms + 1}} > started_at_) return false;
  try {
    for (auto const& row : trace_store{traces_path_}.sql("SELECT count(*) FROM runs WHERE run_id = '" + run.to_string() + '\'')) return row[0].integer() == 0;
  } catch (error const&) {
    // A file that cannot be read has said so.
  }
  return false;
}

void orchestrator::state::lost(bus::lost_attempt const& what) {
  if (what.inputs.empty()) return;
  auto attempt = interrupted_attempt(what);
  auto below = remote_spans_.interrupt(what.host, attempt.context.span, what.at);
  if (!records(attempt.run, attempt.context) || remote_spans_.has(attempt.context.span)) return;
  remote_spans_.fit(attempt);
  recorder_->record(std::move(attempt));
  recorder_->record(std::move(below));
}

void orchestrator::state::untraced(bus::untraced_attempt const& what) {
  if (what.inputs.empty()) return;
  auto attempt = reported_attempt(what);
  if (!records(attempt.run, attempt.context) || remote_spans_.has(attempt.context.span)) return;
  remote_spans_.fit(attempt);
  recorder_->record(std::move(attempt));
}

// --- questions ---------------------------------------------------------------------------------------------------------------------

void orchestrator::state::asked(bus::host_key from, bus::query&& what) {
  if (!questions_) return;
  questions_->ask([this, from, what = std::move(what)] { network_->send(from, answer(what)); });
}

bus::query_result orchestrator::state::answer(bus::query const& what) {
  /// Around a payload in the frame: ids, names and context of an artifact, generously.
  constexpr std::size_t around_payload = 1'024;
  bus::query_result made;
  made.number = what.number;
  try {
    artifact_filter const filter{what.produced_by, what.tagged, what.correlation, what.run, 0, what.all_sessions};
    auto found = query(what.type, filter);
    std::erase_if(found, [&, rules = bus_->rules_of(what.agent), now = clock_.now()](auto const& one) {
      return bus::is_embargoed(*one, now) || !bus::may_see(*one, what.agent, rules);
    });
    std::size_t const wanted = what.limit > 0 ? what.limit : found.size();
    // The newest are kept; half a frame leaves room for what is estimated here.
    std::size_t room = options_.network.frame_bytes_max / 2, kept = 0;
    for (; kept < std::min(wanted, found.size()); ++kept) {
      auto const& one = *found[found.size() - 1 - kept];
      auto const encoded = one.payload.encoded();
      std::size_t size = around_payload + (encoded ? encoded->size() : 0) + one.type.size() + one.correlation.size();
      for (auto const& tag : one.tags) size += tag.size();
      if (size > room) break;
      room -= size;
    }
    made.truncated = kept < found.size();
    made.artifacts.assign(found.end() - static_cast<std::ptrdiff_t>(kept), found.end());
  } catch (error const& e) {
    made.error = e.what();
  }
  return made;
}

// --- hosts -------------------------------------------------------------------------------------------------------------------------

std::vector<std::string> orchestrator::state::endpoints() const { return network_ ? network_->endpoints() : std::vector<std::string>{}; }

void orchestrator::state::hosts_changed() {
  {
    std::lock_guard const held{hosts_mutex_};
    ++hosts_changes_;
  }
  hosts_changed_.notify_all();
}

void orchestrator::state::worker_ended(worker_status const& how) {
  if (!how.given_up) return;
  std::lock_guard const held{hosts_mutex_};
  given_up_ += "; worker " + how.name + " was given up (" + how.last_exit + ")";
}

std::vector<std::string> orchestrator::state::missing(std::vector<std::string> const& agents) {
  auto wanted = agents;
  for (auto const& agent : bus_->agents()) {
    if (!agent.hosts.empty()) std::erase(wanted, agent.name);
  }
  return wanted;
}

void orchestrator::state::wait_for_agents(std::vector<std::string> const& agents, std::chrono::nanoseconds timeout) {
  refuse_inside_handler("wait_for_agents");
  begin();
  auto const deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::uint64_t seen = 0;
    {
      std::lock_guard const held{hosts_mutex_};
      seen = hosts_changes_;
    }
    auto const left = missing(agents);
    if (left.empty()) return;
    std::string names;
    for (auto const& name : left) names += (names.empty() ? "" : ", ") + name;
    if (stopped_) throw error{errc::cancelled, "a signal asked this process to end while nobody served " + names};
    std::unique_lock held{hosts_mutex_};
    if (!hosts_changed_.wait_until(held, deadline, [&] { return hosts_changes_ != seen || stopped_; })) {
      throw error{errc::timeout, "nobody serves " + names + "; start a worker that does, or see why it does not connect" + given_up_};
    }
  }
}

void orchestrator::state::stop_waiting() {
  stopped_ = true;
  // Without threads a handler is what the wait is in.
  host_->cancel_all();
  if (std::lock_guard const held{launching_}; supervisor_) supervisor_->let_end();
  bus_->poke();
  hosts_changed();
}

// --- commands ----------------------------------------------------------------------------------------------------------------------

void orchestrator::state::listen_for_commands(orchestrator& face) {
  auto const path = control_socket_path(options_);
  if (path.empty()) return;
  control_target_.emplace(control_target{*bus_, network_.get(), *recorder_, types_, clock_, started_at_, options_.ledger, ledger_file(options_), blocked_here_,
                                         [this, &face](control_publish&& what, given_up const& abandoned) {
                                           return publish_for_command(face, std::move(what), abandoned);
                                         }});
  auto opened = control_server::open(path, std::max(options_.payload_bytes_max, std::size_t{1} << 20),
                                     [this](std::string_view request, given_up const& abandoned) {
                                       return answer_control_request(*control_target_, request, abandoned);
                                     });
  if (!opened) return log_warn(std::string{"this hub takes no commands: "} + opened.error().what());
  control_ = std::move(*opened);
}

control_published orchestrator::state::publish_for_command(orchestrator& face, control_publish&& what, given_up const& abandoned) {
  auto const* known = types_.find(what.type);
  artifact_type type;
  type.name = what.type;
  type.version = what.version;
  if (known && known->version == what.version) type = *known;
  if (!what.wait) return {publish(type, std::move(what.payload), std::move(what.options)), {}, {}};
  traced_run const run{face, "skein publish"};
  auto const id = publish(type, std::move(what.payload), std::move(what.options));
  return {id, run.id(), wait_idle(run.id(), what.timeout, abandoned)};
}

}  // namespace skein
