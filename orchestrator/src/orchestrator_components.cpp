// What components, the log and watchers hear of what the bus tells.
#include "orchestrator_state.hpp"

namespace skein {

void orchestrator::state::noticed(bus::notice const& what) { notices_.say(what, clock_.now()); }

void orchestrator::state::progressed(bus::progress&& what) { watchers_.tell(what); }

void orchestrator::state::inspect(bus::done& result) {
  if (result.children.empty() || !components_.any(detail::hub_hook::artifact_published)) return;
  auto const work = bus_->find_work(result.activation);
  if (!work) return;   // the result will be refused
  auto const& newest = *work->newest;
  auto const run = scope_of(newest);
  for (std::size_t i = 0; i < result.children.size(); ++i) {
    auto& child = result.children[i];
    bus::artifact_data seen;
    seen.id = derive_artifact_id(result.activation.id, i);
    seen.type = child.type;
    seen.version = child.version;
    seen.payload = child.payload;
    seen.produced_by = work->agent;
    seen.run = newest.run;
    seen.correlation = child.correlation.empty() ? newest.correlation : child.correlation;
    seen.cause = result.activation.id;
    seen.tags = std::move(child.tags);
    seen.visible_to = child.visible_to;
    seen.context = child.context.valid() ? child.context : span_context{newest.context.trace, derive_publish_span_id(seen.id), newest.context.flags};
    seen.headers = child.headers;
    seen.routed = newest.routed;
    published_artifact shown{seen, *this};
    if (auto const fault = components_.artifact_published(shown, run, seen.context)) {
      // What an attempt publishes comes onto the board as a whole or not at all.
      result.outcome = bus::outcome::failed;
      result.error_type = fault->thrown.type;
      result.what = "component " + fault->component + " failed on " + seen.type + ": " + fault->thrown.message;
      return result.children.clear();
    }
    child.version = seen.version;
    child.payload = std::move(seen.payload);
    child.tags = std::move(seen.tags);
    child.blocked = shown.is_blocked();
  }
}

}  // namespace skein
