#include <skein/tracing/span.hpp>

#include <skein/tracing/run_scope.hpp>

namespace skein {

trace_ref& trace_ref::set_tag(std::string_view key, attribute_value value) {
  if (run_) run_->set_tag(key, std::move(value));
  return *this;
}

trace_ref& trace_ref::set_attribute(std::string_view key, attribute_value value) {
  if (run_) run_->set_attribute(key, std::move(value));
  return *this;
}

trace_ref& trace_ref::set_request_preview(std::string_view text) {
  if (run_) run_->set_request_preview(text);
  return *this;
}

trace_ref& trace_ref::set_response_preview(std::string_view text) {
  if (run_) run_->set_response_preview(text);
  return *this;
}

trace_ref current_trace() { return trace_ref{current_ambient().run}; }

}  // namespace skein
