#include <skein/agents/publish_span.hpp>

#include <string>

namespace skein::agents {

namespace {

constexpr std::string_view message_id = "messaging.message.id";

std::string name_of(std::string_view type) { return "publish " + std::string{type}; }

attributes common(std::string_view type) {
  return {{"messaging.system", "zeromq"}, {"messaging.operation.type", "send"}, {"messaging.destination.name", type}};
}

}  // namespace

span_start publish_span(std::string_view type, artifact_id const& artifact, span_context const& parent, timestamp at) {
  span_start start;
  start.name = name_of(type);
  start.kind = span_kind::producer;
  start.type = span_type::publish;
  start.parent = parent;
  start.id = derive_publish_span_id(artifact);
  start.scope = "skein";
  start.at = at;
  start.attrs = common(type);
  start.attrs.push_back({std::string{message_id}, artifact.to_string()});
  return start;
}

span_template publish_template(std::string_view type) {
  return {name_of(type), span_kind::producer, span_type::publish, "skein", common(type), {{message_id, artifact_id{}}}};
}

void fill_publish_span(span_beginning& with, artifact_id const& artifact) { with.own(0, artifact); }

}  // namespace skein::agents
