#include <skein/agents/context.hpp>

#include "activation_frame.hpp"

#include <algorithm>

namespace skein {

namespace agents {

namespace {

/// How many artifacts a handler is shown when it does not say.
constexpr std::size_t shown_max = 1000;

output_rule const& rule_of(activation_frame& frame, artifact_type const& type) {
  auto const& rules = frame.definition.output_rules();
  for (auto const& one : rules) {
    if (one.type == &type) return one;
  }
  auto const declared = std::find_if(rules.begin(), rules.end(), [&](auto const& one) { return one.type->name == type.name; });
  if (declared != rules.end()) return *declared;
  error undeclared{errc::undeclared_output, "agent " + frame.agent().name + " published " + std::string{type.name} +
                                                " without declaring it; add .publishes<" + cpp_name(*type.cpp_type) + ">()"};
  if (!frame.made.refused) frame.made.refused = std::make_exception_ptr(undeclared);
  throw undeclared;
}

void count_dropped(activation_frame& frame, artifact_type const& type) {
  auto& all = frame.made.dropped;
  auto const known = std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.first == &type; });
  if (known != all.end()) {
    ++known->second;
  } else {
    all.emplace_back(&type, 1);
  }
}

[[noreturn]] void refuse_invalid(activation_frame& frame, artifact_type const& type) {
  attempt_failure invalid{"skein.invalid_output", "agent " + frame.agent().name + " published a " + std::string{type.name} + " that its validate() says no to"};
  if (!frame.made.refused) frame.made.refused = std::make_exception_ptr(invalid);
  throw invalid;
}

/// Whether every component lets it pass; what fails the attempt is thrown.
bool passes_checks(activation_frame& frame, artifact_type const& type, payload const& value) {
  for (auto const& check : frame.checks) {
    if (check.allows(type, value)) continue;
    if (check.drop) return false;
    attempt_failure refused{"skein.output_guard", "agent " + frame.agent().name + " made a " + std::string{type.name} + " that is not allowed: " + check.why};
    if (!frame.made.refused) frame.made.refused = std::make_exception_ptr(refused);
    throw refused;
  }
  return true;
}

/// What components may do only as long as the handler has not been called.
void need_before_handler(activation_frame const& frame, char const* call) {
  if (!frame.begun && !frame.closed) return;
  throw error{errc::misuse, std::string{call} + " of agent " + frame.agent().name + " came after its handler was called; call it in on_pre_consume or on_pre_evaluate"};
}

void add_tags(std::vector<std::string>& to, std::vector<std::string> const& more) {
  for (auto const& tag : more) {
    if (std::find(to.begin(), to.end(), tag) == to.end()) to.push_back(tag);
  }
}

/// The id of the span that publishes: the innermost of this thread, the handler's own or one that the handler opened.
span_id publisher_of(activation_frame const& frame) {
  if (current_ambient().span.get() == frame.state) return frame.span.context().span;
  auto const inner = current_span().context();
  return inner.trace == frame.scope.trace && inner.valid() ? inner.span : frame.span.context().span;
}

void check_options(activation_frame const& frame, publish_options const& options) {
  if (options.idempotency_key.empty()) return;
  throw error{errc::invalid_argument, "agent " + frame.agent().name + " published with an idempotency_key; inside a handler there is no need: an activation publishes once, however often it is tried"};
}

/// Whether the rules of the agent and its components let it through; what fails the attempt is thrown.
bool is_let_through(activation_frame& frame, output_rule const& rule, artifact_type const& type, payload const& value) {
  if (rule.keeps && !rule.keeps(value)) return false;
  if (rule.valid && !rule.valid(value)) refuse_invalid(frame, type);
  return passes_checks(frame, type, value);
}

}  // namespace

artifact_id publish_in(activation_frame& frame, artifact_type const& type, payload&& value, publish_options* options) {
  if (frame.closed) {
    throw error{errc::misuse, "a component of agent " + frame.agent().name + " published when all was decided; publish in on_post_evaluate at the latest"};
  }
  auto const& rule = rule_of(frame, type);
  if (options) check_options(frame, *options);
  if (!is_let_through(frame, rule, type, value)) {
    count_dropped(frame, *rule.type);
    return {};
  }
  frame.around.check(value).value();
  artifact_id const id = derive_artifact_id(frame.work.activation.id, frame.made.children.size());
  auto const& visibility = options && !options->visibility.empty() ? options->visibility : rule.visibility;
  auto const now = frame.recording || visibility.is_timed() ? frame.around.time().now() : timestamp{};
  if (frame.recording) {
    frame.made.marks.resize(frame.made.children.size());   // as many as there are, whatever memory ran out for
    frame.made.marks.push_back({now, publisher_of(frame), id});
  }
  // With a first member: without any, all of it would be filled with zeros first.
  bus::child& child = frame.made.children.emplace_back(std::string{type.name});
  child.version = type.version;
  child.payload = std::move(value);
  if (options) {
    child.correlation = std::move(options->correlation_id);
    child.tags = std::move(options->tags);
  }
  add_tags(child.tags, rule.tags);
  if (!visibility.empty()) child.visible_to = visibility.get(now);
  child.context = {frame.scope.trace, derive_publish_span_id(id), frame.scope.flags};
  child.headers = frame.newest.headers;
  child.id = id;
  return id;
}

}  // namespace agents

artifact_id context::publish(artifact_type const& type, payload value) { return agents::publish_in(frame_, type, std::move(value), nullptr); }
artifact_id context::publish(artifact_type const& type, payload value, publish_options options) {
  return agents::publish_in(frame_, type, std::move(value), &options);
}

span_ref context::span() const { return span_ref{frame_.inside()}; }
std::uint32_t context::attempt() const noexcept { return frame_.work.activation.attempt; }
std::string context::idempotency_key() const { return frame_.work.activation.id.to_string(); }
bool context::cancelled() const noexcept {
  return frame_.stopping.load(std::memory_order_relaxed) || frame_.cancelled.load(std::memory_order_relaxed) || frame_.is_late();
}
std::optional<timestamp> context::deadline() const noexcept { return frame_.work.due == timestamp{} ? std::nullopt : std::optional{frame_.work.due}; }
run_id context::run() const noexcept { return frame_.newest.run; }
std::string const& context::correlation_id() const noexcept { return frame_.newest.correlation; }
std::string const& context::agent() const noexcept { return frame_.agent().name; }
std::vector<bus::artifact_ptr> const& context::inputs() const noexcept { return frame_.work.inputs; }
skein::outputs context::outputs() const noexcept { return skein::outputs{frame_.made.children}; }

std::vector<artifact_type const*> context::output_types() const {
  std::vector<artifact_type const*> types;
  for (auto const& one : frame_.definition.output_rules()) types.push_back(one.type);
  return types;
}

void context::skip(std::string_view reason) {
  agents::need_before_handler(frame_, "skip()");
  frame_.skipped = true;
  frame_.span.add_event("skein.skipped", {{"skein.skipped.reason", std::string{reason}}});
}

void context::guard_outputs(std::function<bool(artifact_type const&, payload const&)> allows, std::string why, bool drop) {
  agents::need_before_handler(frame_, "guard_outputs()");
  frame_.checks.push_back({std::move(allows), std::move(why), drop});
}

void context::stream(std::string_view text) {
  frame_.around.stream({frame_.work.activation, frame_.agent().name, run(), ++frame_.streamed, std::string{text}});
}

std::vector<bus::artifact_ptr> context::artifacts(std::string_view type, artifact_filter const& filter) const {
  auto asked = filter;
  bool const own_pool = !filter.any_correlation && filter.correlation_id.empty() && filter.run.empty();
  if (own_pool) asked.correlation_id = correlation_id();
  std::size_t const wanted = filter.limit > 0 ? filter.limit : agents::shown_max;
  asked.limit = wanted;
  auto const hidden = [&](auto const& one) {
    // An empty correlation is a pool of its own; in a filter it would mean any.
    if (own_pool && one->correlation != asked.correlation_id) return true;
    return !bus::may_see(*one, frame_.agent().name, frame_.agent().rules);
  };
  std::vector<bus::artifact_ptr> found;
  // Only this side knows all of what is asked: as long as there may be more, more is asked for until there are enough that the agent may see.
  for (;; asked.limit *= 8) {
    found = frame_.around.query_as(frame_.agent().name, type, asked);
    bool const all = found.size() < asked.limit;
    std::erase_if(found, hidden);
    if (all || found.size() >= wanted) break;
  }
  std::reverse(found.begin(), found.end());
  if (found.size() > wanted) found.resize(wanted);
  return found;
}

}  // namespace skein
