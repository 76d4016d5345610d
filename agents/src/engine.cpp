// Engines at work: each call in a span, and what they make published by the agent's rules.
#include <skein/agents/engine.hpp>

#include "activation_frame.hpp"

#include <skein/registry/json.hpp>
#include <skein/tracing/span.hpp>

#include <algorithm>
#include <mutex>
#include <typeinfo>

namespace skein {
namespace agents {
namespace {

/// An engine in an agent; shared by the agent's copies.
class installed_engine {
 public:
  explicit installed_engine(std::shared_ptr<engine> code) : code_(std::move(code)), name_(code_->name()) {
    skein::engine const& object = *code_;
    if (name_.empty()) name_ = cpp_name(typeid(object));
  }

  /// One more subscription is its work; before any attempt.
  void add(std::vector<artifact_type const*> const& types) {
    for (auto const* each : types) {
      if (std::find(takes_.begin(), takes_.end(), each) == takes_.end()) takes_.push_back(each);
    }
  }

  void run(std::vector<artifact_type const*> const& takes, context& ctx) {
    engine_setup const setup{ctx.agent(), takes, ctx.output_types()};
    initialize({setup.agent, takes_, setup.outputs});
    engine_request request{setup, ctx.inputs()};
    if (in_span(name_ + " should_use_context", [&] { return code_->should_use_context(request); })) {
      request.set_context(in_span(name_ + " fetch_context", [&](span& here) {
        auto found = code_->fetch_context(request, ctx);
        here.set_attribute("skein.context.count", found.size());
        return found;
      }));
    }
    auto const made = evaluate(request, ctx);
    for (engine_output const& each : made) publish(each, request, ctx);
  }

 private:
  void initialize(engine_setup const& setup) {
    std::lock_guard const held{mutex_};
    if (initialized_) return;
    in_span(name_ + " on_initialize", [&] { code_->on_initialize(setup); });
    initialized_ = true;
  }

  /// in_span would call the errors of Skein's own engines by their C++ type.
  std::vector<engine_output> evaluate(engine_request const& request, context& ctx) {
    span here{name_ + " evaluate"};
    try {
      auto made = code_->evaluate(request, ctx);
      here.set_attribute("skein.output.count", made.size());
      return made;
    } catch (attempt_failure const& failed) {
      here.record_exception(std::current_exception()).set_attribute("error.type", std::string{failed.type()});
      throw;
    } catch (...) {
      here.record_exception(std::current_exception());
      throw;
    }
  }

  void publish(engine_output const& made, engine_request const& request, context& ctx) {
    auto const& types = request.setup().outputs;
    auto const type = std::find_if(types.begin(), types.end(), [&](artifact_type const* one) { return one->name == made.type; });
    if (type == types.end()) throw attempt_failure{"skein.engine_output", refusal(made, ctx) + "the agent publishes " + names(types)};
    auto value = payload_of(**type, made);
    if (!value) throw attempt_failure{"skein.engine_output", refusal(made, ctx) + value.error().message()};
    ctx.publish(**type, std::move(*value), made.options);
  }

  static result<payload> payload_of(artifact_type const& type, engine_output const& made) {
    if (auto const* json = std::get_if<std::string>(&made.value)) return payload_from_json(type, *json);
    auto const& value = std::get<payload>(made.value);
    auto const* native = value.native_type();
    if (native != nullptr && !native->same_as(type)) return error{errc::bad_payload, "its value is a " + std::string{native->name}};
    if (auto fits = value.as(type); !fits) return fits.error();
    return value;
  }

  std::string refusal(engine_output const& made, context const& ctx) const {
    return "engine " + name_ + " of agent " + ctx.agent() + " made an output of type \"" + made.type + "\": ";
  }
  static std::string names(std::vector<artifact_type const*> const& types) {
    std::string text;
    for (auto const* each : types) text += (text.empty() ? "" : ", ") + std::string{each->name};
    return text.empty() ? "nothing; add .publishes<T>()" : text;
  }

  std::shared_ptr<engine> code_;
  std::string name_;
  std::vector<artifact_type const*> takes_;
  std::mutex mutex_;
  bool initialized_ = false;
};

}  // namespace
}  // namespace agents

agent& agent::engine(std::shared_ptr<skein::engine> maker) {
  if (!maker) throw error{errc::invalid_argument, "agent " + descriptor_.name + ": engine() was given no engine; give it one, or a shared_ptr that is not null"};
  auto const installed = std::make_shared<agents::installed_engine>(std::move(maker));
  return react([installed](std::vector<artifact_type const*> const& group) -> agents::handler {
    std::vector<artifact_type const*> types;
    for (auto const* each : group) {
      if (std::find(types.begin(), types.end(), each) == types.end()) types.push_back(each);
    }
    installed->add(types);
    return [installed, types](context& ctx) { installed->run(types, ctx); };
  });
}

artifact_type const* engine_request::type(std::string_view name) const noexcept {
  for (auto const* all : {&setup_.inputs, &setup_.outputs}) {
    for (auto const* each : *all) {
      if (each->name == name) return each;
    }
  }
  return nullptr;
}

std::string engine_request::json(bus::artifact_data const& of) const {
  artifact_type const* known = type(of.type);
  if (known == nullptr) known = of.payload.native_type();
  if (known != nullptr) {
    if (auto value = of.payload.as(*known)) return known->to_json(value->get());
  }
  // Of another version than this program's, or of no type that it has.
  return msgpack_to_json(of.payload.encoded().value()).value();
}

std::vector<bus::artifact_ptr> engine::fetch_context(engine_request const& request, context& ctx) {
  auto const& inputs = request.inputs();
  std::vector<bus::artifact_ptr> all;
  for (auto const* type : request.setup().inputs) {
    auto found = ctx.artifacts(type->name, {.limit = engine_context_max + inputs.size()});
    std::erase_if(found, [&](auto const& one) { return std::any_of(inputs.begin(), inputs.end(), [&](auto const& input) { return input->id == one->id; }); });
    all.insert(all.end(), found.begin(), found.end());
  }
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a->seq < b->seq; });
  if (all.size() > engine_context_max) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(engine_context_max));
  return all;
}

}  // namespace skein
