#include <skein/agents/publish_span.hpp>

#include <string>

namespace skein::agents {

span_start publish_span(std::string_view type, artifact_id const& artifact, span_context const& parent, timestamp at) {
  span_start start;
  start.name = "publish ";
  start.name += type;
  start.kind = span_kind::producer;
  start.type = span_type::publish;
  start.parent = parent;
  start.id = derive_publish_span_id(artifact);
  start.scope = "skein";
  start.at = at;
  start.attrs = {{"messaging.system", "zeromq"},
                 {"messaging.operation.type", "send"},
                 {"messaging.destination.name", type},
                 {"messaging.message.id", artifact.to_string()}};
  return start;
}

span_outline publish_outline(std::string_view type) { return {publish_span(type, {}, {}), {"messaging.message.id"}}; }

}  // namespace skein::agents
