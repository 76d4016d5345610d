// Engines make an agent's outputs instead of a handler: a program, a model, a rule set. They see artifacts without their C++ types, and the schemas.
#pragma once

#include <skein/agents/agent.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skein {

/// How many artifacts engine::fetch_context gives at most unless it is overridden.
inline constexpr std::size_t engine_context_max = 100;

/// What an engine is told before its first activation.
struct engine_setup {
  std::string agent = {};                              ///< Whose outputs it makes.
  std::vector<artifact_type const*> inputs = {};       ///< What the subscription takes, each once (on_initialize: all of its subscriptions); json_schema() says what is in them.
  std::vector<artifact_type const*> outputs = {};      ///< What the agent publishes.
};

/// One activation as its engine sees it. Valid during the call that it was handed to.
class engine_request {
 public:
  /// For agents: `setup` and `inputs` must outlive this.
  engine_request(engine_setup const& setup, std::vector<bus::artifact_ptr> const& inputs) noexcept : setup_(setup), inputs_(inputs) {}

  /// The group, in declared order; of batches group after group.
  [[nodiscard]] std::vector<bus::artifact_ptr> const& inputs() const noexcept { return inputs_; }
  /// What fetch_context gave; empty before it was called.
  [[nodiscard]] std::vector<bus::artifact_ptr> const& context() const noexcept { return context_; }
  /// The agent and its types.
  [[nodiscard]] engine_setup const& setup() const noexcept { return setup_; }
  /// The type that is taken or published under this wire name; nullptr when there is none.
  [[nodiscard]] artifact_type const* type(std::string_view name) const noexcept;
  /// The value of an artifact as one line of JSON; decoded when it is asked for. errc::bad_payload, thrown.
  [[nodiscard]] std::string json(bus::artifact_data const& of) const;

  /// For agents.
  void set_context(std::vector<bus::artifact_ptr> found) noexcept { context_ = std::move(found); }

 private:
  engine_setup const& setup_;
  std::vector<bus::artifact_ptr> const& inputs_;
  std::vector<bus::artifact_ptr> context_;
};

/// One artifact that an engine made: its type's wire name, and its value as JSON text or as a payload. It is published like any other output of the
/// agent: by the rules of its output<T>. A type that the agent does not publish, or a value that does not fit its type, fails the attempt
/// (`skein.engine_output`), which is tried again within the retry policy.
struct engine_output {
  std::string type = {};                          ///< One that the agent publishes.
  std::variant<std::string, payload> value = {};  ///< JSON text, as the type's to_json prints it, or a payload of the type.
  publish_options options = {};                   ///< Tags, visibility and correlation.

  /// From a value.
  template <artifact_value T>
  [[nodiscard]] static engine_output of(T made, publish_options how = {}) {
    return {std::string{type_of<T>().name}, make_payload(std::move(made)), std::move(how)};
  }
};

/// Derive, and hand it to an agent: `.consumes(when<order>()).engine(e).publishes<invoice>()`. Each call is a child span of the attempt's
/// `invoke_agent`, named `<engine> <function>`; what one throws fails the attempt. There is one object for all copies of an agent: with max_concurrency
/// above 1 its functions run on several threads at once, on_initialize excepted.
class engine {
 public:
  virtual ~engine() = default;

  /// Called once, in the first attempt, before all else; again in the next one if it throws. Default: does nothing.
  virtual void on_initialize(engine_setup const&) {}
  /// Whether fetch_context is to be called. Default: yes.
  [[nodiscard]] virtual bool should_use_context(engine_request const&) { return true; }
  /// Earlier artifacts that help. Default: the newest engine_context_max of the types that the subscription takes, of the same correlation, without the inputs;
  /// oldest first.
  [[nodiscard]] virtual std::vector<bus::artifact_ptr> fetch_context(engine_request const&, context&);
  /// Makes the outputs, in the order in which they are published.
  [[nodiscard]] virtual std::vector<engine_output> evaluate(engine_request const&, context&) = 0;
  /// What its spans are called by; empty (the default) = its C++ type. Asked once, by agent::engine.
  [[nodiscard]] virtual std::string_view name() const { return {}; }
};

}  // namespace skein
