#include <skein/tracing/propagation.hpp>

#include <skein/tracing/run_scope.hpp>
#include <skein/tracing/span.hpp>

#include "header_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace skein {
namespace {

bool same_name(std::string_view name, std::string_view lower_case) noexcept {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(), [&](char a, char b) { return lower(a) == b; });
}

/// Headers that stand several times are one list (Trace Context §3.3.1.1).
std::string joined(std::vector<std::string> const& parts) {
  std::string out;
  for (auto const& part : parts) {
    if (!out.empty()) out += ',';
    out += part;
  }
  return out;
}

}  // namespace

trace_context::trace_context(span_context const& remote, std::string tracestate, std::string baggage)
    : context_(remote), tracestate_(std::move(tracestate)), baggage_(std::move(baggage)) {
  stand_in();
}

/// Lets a remote context be current: a run of nobody's, which records nothing.
void trace_context::stand_in() {
  if (!context_.valid()) return;
  auto const elsewhere = std::make_shared<run_scope>();
  elsewhere->trace = context_.trace;
  elsewhere->root = context_.span;
  elsewhere->flags = context_.flags;
  elsewhere->recording = false;
  elsewhere->tracestate = tracestate_;
  elsewhere->baggage = baggage_;
  local_.run = elsewhere;
}

trace_context trace_context::from_environment() {
  headers found;
  for (char const* const name : {"TRACEPARENT", "TRACESTATE", "BAGGAGE"}) {
    if (char const* const value = std::getenv(name)) found.take(name, value);
  }
  return from(found);
}

trace_context trace_context::current() {
  trace_context here;
  here.local_ = current_ambient();
  here.context_ = current_span().context();
  if (here.local_.run) {
    here.tracestate_ = here.local_.run->tracestate;
    here.baggage_ = here.local_.run->baggage;
  }
  return here;
}

void trace_context::headers::take(std::string_view name, std::string_view value) {
  if (same_name(name, "traceparent")) traceparent.emplace_back(trim(value));
  if (same_name(name, "tracestate")) tracestate.emplace_back(value);
  if (same_name(name, "baggage")) baggage.emplace_back(value);
}

trace_context trace_context::from(headers const& found) {
  trace_context out;
  if (auto entries = joined(found.baggage); parse_baggage(entries)) out.baggage_ = std::move(entries);
  if (found.traceparent.size() != 1) return out;
  auto const parent = parse_traceparent(found.traceparent.front());
  if (!parent) return out;
  out.context_ = *parent;
  if (auto state = parse_tracestate(joined(found.tracestate))) out.tracestate_ = *std::move(state);
  out.stand_in();
  return out;
}

std::vector<std::pair<std::string, std::string>> trace_context::to_headers() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (valid()) {
    out.emplace_back("traceparent", to_traceparent(context_));
    if (!tracestate_.empty()) out.emplace_back("tracestate", tracestate_);
  }
  if (!baggage_.empty()) out.emplace_back("baggage", baggage_);
  return out;
}

}  // namespace skein
