#include <skein/agents/context.hpp>

#include "activation_frame.hpp"

#include <skein/agents/invoke_span.hpp>

#include <algorithm>

namespace skein {

namespace agents {

bus::artifact_data const& activation_frame::newest() const noexcept { return newest_of(work.inputs); }

artifact_id publish_in(activation_frame& frame, artifact_type const& type, payload value, publish_options options) {
  auto const& declared = frame.agent.publishes;
  if (std::find(declared.begin(), declared.end(), type.name) == declared.end()) {
    error undeclared{errc::undeclared_output, "agent " + frame.agent.name + " published " + std::string{type.name} +
                                                  " without declaring it; add .publishes<" + cpp_name(*type.cpp_type) + ">()"};
    if (!frame.undeclared) frame.undeclared = undeclared;
    throw undeclared;
  }
  if (!options.idempotency_key.empty()) {
    throw error{errc::invalid_argument, "agent " + frame.agent.name + " published with an idempotency_key; inside a handler there is no need: an activation publishes once, however often it is tried"};
  }
  frame.around.check(value).value();
  artifact_id const id = derive_artifact_id(frame.work.activation.id, frame.children.size());
  bus::child child;
  child.type = std::string{type.name};
  child.version = type.version;
  child.payload = std::move(value);
  child.correlation = std::move(options.correlation_id);
  child.tags = std::move(options.tags);
  child.visible_to = options.visibility.get();
  child.context = {frame.run->trace, derive_publish_span_id(id), frame.run->flags};
  child.headers = frame.newest().headers;
  // The innermost span of this thread made it: the handler's own, or one that the handler opened.
  auto const inner = current_span().context();
  frame.marks.push_back({frame.around.time().now(), inner.trace == frame.run->trace && inner.valid() ? inner.span : frame.span.context().span});
  frame.children.push_back(std::move(child));
  return id;
}

}  // namespace agents

artifact_id context::publish(artifact_type const& type, payload value, publish_options options) {
  return agents::publish_in(frame_, type, std::move(value), std::move(options));
}

span_ref context::span() const { return span_ref{frame_.span.as_ambient()}; }
std::uint32_t context::attempt() const noexcept { return frame_.work.activation.attempt; }
std::string context::idempotency_key() const { return frame_.work.activation.id.to_string(); }
bool context::cancelled() const noexcept { 
  return frame_.stopping.load(std::memory_order_relaxed) || frame_.cancelled.load(std::memory_order_relaxed);
}
run_id context::run() const noexcept { return frame_.newest().run; }
std::string const& context::correlation_id() const noexcept { return frame_.newest().correlation; }
std::string const& context::agent() const noexcept { return frame_.agent.name; }
std::vector<bus::artifact_ptr> const& context::inputs() const noexcept { return frame_.work.inputs; }

std::vector<bus::artifact_ptr> context::query(std::string_view type, artifact_filter const& filter) const {
  auto const hidden = [&](auto const& one) {
    auto const* const only = one->visible_to ? &one->visible_to->agents : nullptr;
    return only && !only->empty() && std::find(only->begin(), only->end(), frame_.agent.name) == only->end();
  };
  auto asked = filter;
  std::vector<bus::artifact_ptr> found;
  // Only this side knows who asks: as long as there may be more, more is asked for until there are enough that the agent may see.
  for (;; asked.limit *= 8) {
    found = frame_.around.query(type, asked);
    bool const all = filter.limit == 0 || found.size() < asked.limit;
    std::erase_if(found, hidden);
    if (all || found.size() >= filter.limit) break;
  }
  if (filter.limit > 0 && found.size() > filter.limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(filter.limit));
  return found;
}

}  // namespace skein
