#include "hub_components.hpp"

#include <skein/agents/local_host.hpp>
#include <skein/tracing/current.hpp>
#include <skein/tracing/log.hpp>
#include <skein/tracing/span_start.hpp>

#include <algorithm>
#include <ranges>

namespace skein {

namespace {

/// A hook while it runs: its span is current.
class hook_span {
 public:
  hook_span(std::string const& component, std::string_view hook, std::shared_ptr<run_scope> const& run, span_context const& parent) {
    if (!run) return;
    span_start start;
    start.name = component;
    start.name += ' ';
    start.name += hook;
    start.parent = parent;
    start.scope = "skein";
    span = start_span(run, std::move(start));
    previous_ = exchange_current(span.as_ambient());
    entered_ = true;
  }
  hook_span(hook_span const&) = delete;
  hook_span& operator=(hook_span const&) = delete;
  ~hook_span() {
    if (entered_) (void)exchange_current(std::move(previous_));
  }

  span_handle span;

 private:
  ambient previous_;
  bool entered_ = false;
};

}  // namespace

void published_artifact::tag(std::string word) {
  if (std::ranges::find(meta_.tags, word) == meta_.tags.end()) meta_.tags.push_back(std::move(word));
}

void published_artifact::block(std::string reason) {
  if (blocked_) return;
  blocked_ = true;
  reason_ = std::move(reason);
}

void published_artifact::replace(artifact_type const& type, payload value) {
  if (type.name != meta_.type) {
    throw error{errc::misuse, "a component replaced " + meta_.type + " by " + std::string{type.name} + "; a value can only be replaced by one of its own type"};
  }
  around_.check(value).value();
  meta_.version = type.version;
  meta_.payload = std::move(value);
}

hub_components::hub_components() {
  lists_.push_back(std::make_unique<list const>());
  list_ = lists_.back().get();
}

void hub_components::add(detail::installed_hub_component one) {
  std::lock_guard const held{adding_};
  auto next = std::make_unique<list>(all());
  auto const behind = std::ranges::upper_bound(*next, one.priority, {}, &detail::installed_hub_component::priority);
  auto const hooks = one.hooks;
  next->insert(behind, std::move(one));
  lists_.push_back(std::move(next));
  list_.store(lists_.back().get(), std::memory_order_release);
  hooks_.fetch_or(hooks, std::memory_order_release);
}

std::optional<hub_components::fault> hub_components::artifact_published(published_artifact& one, std::shared_ptr<run_scope> const& run,
                                                                        span_context const& parent) const {
  for (auto const& component : all()) {
    if (!component.has(detail::hub_hook::artifact_published)) continue;
    hook_span here{component.name, "on_artifact_published", run, parent};
    try {
      component.code->on_artifact_published(one);
    } catch (...) {
      here.span.record_exception(std::current_exception());
      return fault{component.name, describe_exception(std::current_exception())};
    }
    if (!one.is_blocked()) continue;
    here.span.set_attribute("skein.blocked", true).set_attribute("skein.blocked.reason", one.reason());
    log_info("component " + component.name + " blocked " + one.type() + ' ' + one.meta().id.to_string() + ": " + one.reason());
    break;
  }
  return std::nullopt;
}

template <class Call>
void hub_components::each(detail::hub_hook hook, std::string_view name, std::shared_ptr<run_scope> const& run, span_context const& parent,
                          Call const& call) const noexcept {
  for (auto const& component : all()) {
    if (!component.has(hook)) continue;
    try {
      hook_span here{component.name, name, run, parent};
      try {
        call(*component.code);
      } catch (...) {
        here.span.record_exception(std::current_exception());
        throw;
      }
    } catch (...) {
      auto const text = describe_exception(std::current_exception());
      log_warn("component " + component.name + " threw from " + std::string{name} + ": " + text.type + ": " + text.message);
    }
  }
}

void hub_components::before_schedule(scheduled const& what, std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept {
  each(detail::hub_hook::before_schedule, "on_before_schedule", run, parent, [&](hub_component& one) { one.on_before_schedule(what); });
}

void hub_components::agent_scheduled(scheduled const& what, std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept {
  each(detail::hub_hook::agent_scheduled, "on_agent_scheduled", run, parent, [&](hub_component& one) { one.on_agent_scheduled(what); });
}

void hub_components::idle(std::shared_ptr<run_scope> const& run, span_context const& parent) const noexcept {
  each(detail::hub_hook::idle, "on_idle", run, parent, [](hub_component& one) { one.on_idle(); });
}

void hub_components::shutdown() const noexcept {
  each(detail::hub_hook::shutdown, "on_shutdown", {}, {}, [](hub_component& one) { one.on_shutdown(); });
}

}  // namespace skein
