#include <skein/orchestrator/orchestrator.hpp>

#include "orchestrator_state.hpp"

namespace skein {

orchestrator::orchestrator(orchestrator_options options) : state_(std::make_unique<state>(std::move(options))) { state_->listen_for_commands(*this); }
orchestrator::~orchestrator() = default;

void orchestrator::add(agent const& what) { state_->add(what); }
void orchestrator::install(detail::installed_hub_component component) { state_->install(std::move(component)); }

artifact_id orchestrator::publish_payload(artifact_type const& type, payload value, publish_options options) {
  return state_->publish(type, std::move(value), std::move(options));
}

std::vector<artifact_id> orchestrator::publish_payloads(artifact_type const& type, std::vector<payload> values, publish_options const& options) {
  return state_->publish_all(type, std::move(values), options);
}

std::future<artifact_id> orchestrator::publish_payload_async(artifact_type const& type, payload value, publish_options options) {
  return state_->publish_async(type, std::move(value), std::move(options));
}

run_report orchestrator::run_until_idle(std::optional<std::chrono::nanoseconds> timeout) { return state_->wait_idle(std::nullopt, timeout); }
bool orchestrator::run_until(until const& condition, std::optional<std::chrono::nanoseconds> timeout) { return state_->run_until(condition, timeout); }
bool orchestrator::cancel(run_id const& run) { return state_->cancel_run(run); }
std::uint64_t orchestrator::cancel(std::string_view agent) { return state_->cancel_agent(agent); }
void orchestrator::pause(std::string_view agent) { state_->pause_agent(agent, true); }
void orchestrator::pause(run_id const& run) { state_->pause_run(run, true); }
void orchestrator::resume(std::string_view agent) { state_->pause_agent(agent, false); }
void orchestrator::resume(run_id const& run) { state_->pause_run(run, false); }
watching orchestrator::watch(std::function<void(progress const&)> watcher) { return state_->watch(std::move(watcher)); }
void orchestrator::run_pending() { state_->run_pending(); }

std::vector<bus::artifact_ptr> orchestrator::find_artifacts(std::string_view type, artifact_filter const& filter) const {
  return state_->query(type, filter);
}

std::vector<bus::artifact_ptr> orchestrator::invoke_payload(std::string_view agent, artifact_type const& type, payload value,
                                                            std::chrono::nanoseconds timeout, invoke_options options) {
  return state_->invoke(agent, type, std::move(value), timeout, options);
}

std::vector<bus::artifact_ptr> orchestrator::invoke_group(std::string_view agent, std::vector<typed_payload> inputs, std::chrono::nanoseconds timeout,
                                                          invoke_options options) {
  return state_->invoke(agent, std::move(inputs), timeout, options);
}

launched orchestrator::launch(launch_options options) { return state_->launch(options); }
void orchestrator::wait_for_agents(std::vector<std::string> const& agents, std::chrono::nanoseconds timeout) { state_->wait_for_agents(agents, timeout); }
std::vector<std::string> orchestrator::endpoints() const { return state_->endpoints(); }

bool orchestrator::flush(std::chrono::nanoseconds timeout) { return state_->flush(timeout); }
skein::tracer orchestrator::tracer() const { return state_->tracer(); }
trace_store orchestrator::traces() const { return trace_store{state_->traces_path()}; }

}  // namespace skein
