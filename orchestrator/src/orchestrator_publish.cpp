// Publishing and invoking from outside the board.
#include "orchestrator_state.hpp"

#include <skein/agents/payload_limit.hpp>
#include <skein/agents/publish_span.hpp>
#include <skein/bus/spare_artifacts.hpp>
#include <skein/tracing/span.hpp>
#include <skein/tracing/span_start.hpp>

namespace skein {

namespace {

bool is_recorded(run_scope const& run) noexcept { return run.recording && run.recorder; }

}  // namespace

void orchestrator::state::register_type(artifact_type const& type) { types_.add(type).value(); }

result<void> orchestrator::state::check(payload const& value) const {
  // What stays in this process needs no bytes.
  return bus_->durable() || network_ ? agents::check_payload(value, options_.payload_bytes_max) : result<void>{};
}

orchestrator::state::place orchestrator::state::place_here(timestamp at) {
  auto const& here = current_ambient();
  span_context const parent = current_span().context();
  if (owns(here)) return {here.run, false, false, parent, here.run->id.to_string(), at};
  return {make_scope(recorder_->new_run_id(at), parent), true, true, parent, {}, at};
}

void orchestrator::state::begin_publish(artifact_type const& type) {
  begin();
  // Without a C++ type it is known by its name only.
  if (type.cpp_type) register_type(type);
}

std::shared_ptr<bus::artifact_data> orchestrator::state::make_artifact(artifact_type const& type, payload&& value, publish_options const& options, bool routed,
                                                                       place const& where) {
  check(value).value();
  run_scope const& run = *where.run;
  auto artifact = bus::make_artifact();
  artifact->id = artifact_id{recorder_->new_run_id(where.at).bytes()};
  artifact->type = type.name;
  artifact->version = type.version;
  artifact->payload = std::move(value);
  static std::string const external{bus::external_producer};   // copying a text takes less than copying what is yet to be one
  artifact->produced_by = external;
  artifact->run = run.id;
  artifact->correlation = options.correlation_id.empty() ? where.correlation : options.correlation_id;
  if (!options.tags.empty()) artifact->tags = options.tags;
  if (!options.visibility.empty()) artifact->visible_to = options.visibility.get(where.at);
  artifact->context = {run.trace, derive_publish_span_id(artifact->id), run.flags};
  if (!run.tracestate.empty() || !run.baggage.empty()) {
    artifact->headers = std::make_shared<trace_headers const>(trace_headers{run.tracestate, run.baggage});
  }
  artifact->routed = routed;
  return artifact;
}

bool orchestrator::state::is_silent(place const& where) {
  return !where.own_run && !is_recorded(*where.run) && !components_.any(detail::hub_hook::artifact_published);
}

orchestrator::state::outgoing_publish orchestrator::state::tell_of(artifact_type const& type, bus::artifact_data& artifact, place const& where) {
  outgoing_publish sent;
  sent.own_run = where.own_run;
  sent.run = where.run;
  if (sent.own_run) {
    sent.run->root = artifact.context.span;
    runs_.add(sent.run);
    if (sent.run->recording) sent.run->begin("publish " + artifact.type, clock_.now());
  }
  if (is_recorded(*sent.run)) sent.span = start_publish_span(type, artifact, where, sent.run);
  if (components_.any(detail::hub_hook::artifact_published)) show_to_components(sent, artifact);
  return sent;
}

span_handle orchestrator::state::start_publish_span(artifact_type const& type, bus::artifact_data const& artifact, place const& where,
                                                    std::shared_ptr<run_scope> run) {
  // Names that anybody may send are not kept.
  if (!type.cpp_type) return start_span(std::move(run), agents::publish_span(artifact.type, artifact.id, where.parent));
  return start_span(std::move(run), templates_.of(type.name), {.id = artifact.context.span, .parent = where.parent.span},
                    [&](span_beginning& with) { agents::fill_publish_span(with, artifact.id); });
}

void orchestrator::state::show_to_components(outgoing_publish& sent, bus::artifact_data& artifact) {
  published_artifact shown{artifact, *this};
  auto const fault = components_.artifact_published(shown, sent.run, artifact.context);
  if (!fault && !shown.is_blocked()) return;
  auto const why = fault ? error{errc::handler_failed, "component " + fault->component + " failed on " + artifact.type + ": " + fault->thrown.type + ": " + fault->thrown.message}
                         : error{errc::blocked, "a component of the hub blocked " + artifact.type + ": " + shown.reason()};
  if (!fault) {
    ++blocked_here_;
    sent.span.set_attribute("skein.blocked", true).set_attribute("skein.blocked.reason", shown.reason());
  }
  settle(sent, why);
  throw why;
}

void orchestrator::state::settle(outgoing_publish& sent, result<bus::reply::published> const& how) {
  if (!sent.own_run && !sent.span.recording()) return;
  bool const nothing_happened = !how || how->duplicate;
  if (!how) sent.span.record_exception(how.error());
  if (how && how->duplicate) sent.span.set_attribute("skein.duplicate", true);
  sent.span.end();
  if (!sent.own_run || !nothing_happened) return;
  // The board never heard of this run, so nobody else will end it.
  if (sent.run->recording) sent.run->end(how ? run_status::completed : run_status::failed, clock_.now());
  runs_.remove(sent.run->id);
}

void orchestrator::state::settle_all(std::vector<outgoing_publish>& sent, error const& why) {
  for (auto& one : sent) settle(one, why);
}

artifact_id orchestrator::state::publish(artifact_type const& type, payload value, publish_options options) {
  if (auto* frame = host_->current_frame()) return agents::publish_in(*frame, type, std::move(value), &options);
  auto const now = clock_.now(), deadline = now + options.timeout;
  begin_publish(type);
  auto const where = place_here(now);
  bus::input::publish input;
  input.artifact = make_artifact(type, std::move(value), options, true, where);
  input.idempotency_key = std::move(options.idempotency_key);
  if (is_silent(where)) return bus_->publish(std::move(input), deadline).value().id;
  auto sent = tell_of(type, *input.artifact, where);
  auto const published = bus_->publish(std::move(input), deadline);
  settle(sent, published);
  return published.value().id;
}

std::vector<artifact_id> orchestrator::state::publish_all(artifact_type const& type, std::vector<payload> values, publish_options const& options) {
  std::vector<artifact_id> ids;
  ids.reserve(values.size());
  if (auto* frame = host_->current_frame()) {
    for (auto& value : values) {
      publish_options taken = options;
      ids.push_back(agents::publish_in(*frame, type, std::move(value), &taken));
    }
    return ids;
  }
  if (!options.idempotency_key.empty() && !values.empty()) {
    if (values.size() == 1) return {publish(type, std::move(values.front()), options)};
    throw error{errc::invalid_argument, "publish_all was given one idempotency_key for several artifacts; publish them one by one, each with its own"};
  }
  auto const now = clock_.now(), deadline = now + options.timeout;
  begin_publish(type);
  std::vector<std::shared_ptr<bus::artifact_data>> artifacts;
  artifacts.reserve(values.size());
  std::vector<outgoing_publish> sent;
  auto where = place_here(now);
  bool const silent = is_silent(where);
  try {
    for (auto& value : values) {
      // Outside any run each is one of its own.
      if (where.own_run && !artifacts.empty()) where = place_here(now);
      artifacts.push_back(make_artifact(type, std::move(value), options, true, where));
      ids.push_back(artifacts.back()->id);
      if (!silent) sent.push_back(tell_of(type, *artifacts.back(), where));
    }
  } catch (error const& e) {
    settle_all(sent, e);
    throw;
  }
  auto const published = bus_->publish_all(std::move(artifacts), deadline);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    settle(sent[i], published ? result<bus::reply::published>{bus::reply::published{0, ids[i], false}} : result<bus::reply::published>{published.error()});
  }
  published.value();
  return ids;
}

std::future<artifact_id> orchestrator::state::publish_async(artifact_type const& type, payload value, publish_options options) {
  auto const promise = std::make_shared<std::promise<artifact_id>>();
  if (auto* frame = host_->current_frame()) {
    promise->set_value(agents::publish_in(*frame, type, std::move(value), &options));
    return promise->get_future();
  }
  begin_publish(type);
  auto const where = place_here(clock_.now());
  bus::input::publish input;
  input.artifact = make_artifact(type, std::move(value), options, true, where);
  input.idempotency_key = std::move(options.idempotency_key);
  auto const sent = std::make_shared<outgoing_publish>(tell_of(type, *input.artifact, where));
  bus_->publish_async(std::move(input), [this, promise, sent](result<bus::reply::published> const& how) {
    settle(*sent, how);
    how ? promise->set_value(how->id) : promise->set_exception(std::make_exception_ptr(how.error()));
  });
  return promise->get_future();
}

void orchestrator::state::require_agent(std::string_view agent) {
  if (bus_->knows_agent(agent)) return;
  throw error{errc::not_found, "there is no agent named " + std::string{agent} + " on this hub; add it, or start a worker that serves it"};
}

std::vector<bus::artifact_ptr> orchestrator::state::invoke(std::string_view agent, artifact_type const& type, payload value,
                                                           std::chrono::nanoseconds timeout, invoke_options options) {
  refuse_inside_handler("invoke");
  require_agent(agent);
  auto const subscription = bus_->find_subscription(agent, type.name);
  if (subscription == 0) throw error{errc::invalid_argument, "agent " + std::string{agent} + " takes no " + std::string{type.name} + "; give it a handler with .on<…>"};
  auto const now = clock_.now(), deadline = now + timeout;
  begin_publish(type);
  auto const where = place_here(now);
  bus::input::publish input;
  input.artifact = make_artifact(type, std::move(value), {}, options.publish, where);
  input.only = subscription;
  artifact_id const id = input.artifact->id;
  auto sent = tell_of(type, *input.artifact, where);
  auto wait = bus_->begin_invoke(std::move(input), deadline);
  settle(sent, wait ? result<bus::reply::published>{bus::reply::published{0, id, false}} : result<bus::reply::published>{wait.error()});
  return await_invoked(agent, *wait.value(), deadline, id);
}

std::vector<bus::artifact_ptr> orchestrator::state::invoke(std::string_view agent, std::vector<typed_payload> group, std::chrono::nanoseconds timeout,
                                                           invoke_options options) {
  refuse_inside_handler("invoke");
  require_agent(agent);
  std::vector<std::string> types;
  std::string listed;
  for (auto const& one : group) {
    types.emplace_back(one.type->name);
    listed += (listed.empty() ? "" : ", ") + types.back();
  }
  if (group.empty()) throw error{errc::invalid_argument, "agent " + std::string{agent} + " was invoked with nothing; give it at least one artifact"};
  auto const subscription = bus_->find_subscription(agent, types);
  if (subscription == 0) {
    throw error{errc::invalid_argument, "agent " + std::string{agent} + " takes no group of " + listed + "; give it a handler with .on<…> of these types, in this order"};
  }
  auto const now = clock_.now(), deadline = now + timeout;
  // Outside any run the first one is the root of what the whole group causes.
  std::vector<outgoing_publish> sent;
  bus::input::invoke input;
  input.only = subscription;
  auto where = place_here(now);
  try {
    for (auto& one : group) {
      begin_publish(*one.type);
      input.artifacts.push_back(make_artifact(*one.type, std::move(one.value), {}, options.publish, where));
      sent.push_back(tell_of(*one.type, *input.artifacts.back(), where));
      if (where.own_run) where = {where.run, false, where.outside, where.run->context(), {}, now};
    }
  } catch (error const& e) {
    settle_all(sent, e);
    throw;
  }
  artifact_id const id = input.artifacts.back()->id;
  auto wait = bus_->begin_invoke(std::move(input), deadline);
  for (auto& one : sent) settle(one, wait ? result<bus::reply::published>{bus::reply::published{0, id, false}} : result<bus::reply::published>{wait.error()});
  return await_invoked(agent, *wait.value(), deadline, id);
}

std::vector<bus::artifact_ptr> orchestrator::state::await_invoked(std::string_view agent, bus::hub_bus::pending& wait, std::optional<timestamp> deadline,
                                                                  artifact_id const& id) {
  pump(wait, deadline, {});
  auto answer = bus_->take(wait).value();
  std::string const who = "agent " + std::string{agent};
  if (auto* closed = std::get_if<bus::reply::input_closed>(&answer)) {
    if (closed->state == bus::activation_state::done) return std::move(closed->children);
    if (closed->state == bus::activation_state::cancelled) throw error{errc::cancelled, "the work of " + who + " was cancelled", id.to_string()};
    throw error{errc::handler_failed, who + " failed: " + closed->error_type + ": " + closed->what, id.to_string()};
  }
  if (stopped_) throw error{errc::cancelled, who + " has not answered before a signal asked this process to end", id.to_string()};
  throw error{errc::timeout, who + " has not answered in time; its work goes on", id.to_string()};
}

}  // namespace skein
