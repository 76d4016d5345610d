// From a user's callable to what a host runs: arguments are decoded, returned artifacts are published.
#pragma once

#include <skein/agents/context.hpp>

#include <functional>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace skein::agents {

/// Runs one attempt: reads the inputs, calls the user, hands what it returned to the context. Throws what the user throws.
using handler = std::function<void(context&)>;

/// False for every type: makes a static_assert fail only where its template is used.
template <class>
inline constexpr bool never = false;

/// Publishes what a handler returned: an artifact, or an optional, vector, variant or tuple of what may be returned.
struct publish_returned {
  context& ctx;   ///< The activation that publishes.

  /// An artifact is published.
  template <artifact_value T>
  void operator()(T&& value) const requires(!std::is_lvalue_reference_v<T>) {
    ctx.publish(type_of<T>(), make_payload(std::move(value)));
  }
  /// The empty alternative of a variant publishes nothing.
  void operator()(std::monostate) const {}
  /// Publishes the value, if there is one.
  template <class T>
  void operator()(std::optional<T>&& value) const {
    if (value) (*this)(std::move(*value));
  }
  /// Publishes each, in order.
  template <class T>
  void operator()(std::vector<T>&& values) const {
    for (auto& value : values) (*this)(std::move(value));
  }
  /// Publishes the alternative that is held.
  template <class... T>
  void operator()(std::variant<T...>&& value) const {
    std::visit([this](auto&& one) { (*this)(std::move(one)); }, std::move(value));
  }
  /// Publishes each, in order.
  template <class... T>
  void operator()(std::tuple<T...>&& values) const {
    std::apply([this](auto&&... one) { ((*this)(std::move(one)), ...); }, std::move(values));
  }
  /// Whatever else a handler returns does not compile; the message lists what it may return.
  template <class T>
  void operator()(T&&) const requires(!artifact_value<std::remove_cvref_t<T>>) {
    static_assert(never<T>, "a handler returns nothing, an artifact (SKEIN_ARTIFACT), or an optional, vector, variant or tuple of artifacts");
  }
};

/// Calls, and publishes what comes back; a `Result` of void publishes nothing.
template <class Result, class Call>
void call_and_publish(context& ctx, Call&& call) {
  if constexpr (std::is_void_v<Result>) {
    call();
  } else {
    publish_returned{ctx}(Result{call()});
  }
}

/// The inputs of an attempt, decoded one by one. errc::bad_payload, thrown.
template <artifact_value T>
[[nodiscard]] artifact<T> input_of(bus::artifact_ptr const& data) {
  return artifact<T>::of(data).value();
}

/// Calls with the arguments, and with the context where the callable takes it.
template <class F, class... Arguments>
void call_with(F& f, context& ctx, Arguments const&... arguments) {
  if constexpr (std::is_invocable_v<F&, Arguments const&..., context&>) {
    call_and_publish<std::invoke_result_t<F&, Arguments const&..., context&>>(ctx, [&]() -> decltype(auto) { return std::invoke(f, arguments..., ctx); });
  } else {
    call_and_publish<std::invoke_result_t<F&, Arguments const&...>>(ctx, [&]() -> decltype(auto) { return std::invoke(f, arguments...); });
  }
}

/// Whether F takes the arguments, with the context after them or without.
template <class F, class... Arguments>
concept takes_these = std::is_invocable_v<F&, Arguments const&..., context&> || std::is_invocable_v<F&, Arguments const&...>;

/// Calls a handler of single artifacts, or of groups, with what it takes: values, or artifacts.
template <class F, artifact_value... T, std::size_t... I>
void call_with_group(F& f, context& ctx, std::index_sequence<I...>) {
  auto const& inputs = ctx.inputs();
  if constexpr (takes_these<F, T...>) {
    // The activation keeps its inputs, and with them the values, as long as it lasts.
    call_with<F, T...>(f, ctx, value_in<T>(inputs.at(I)->payload)...);
  } else if constexpr (takes_these<F, artifact<T>...>) {
    call_with<F, artifact<T>...>(f, ctx, input_of<T>(inputs.at(I))...);
  } else {
    static_assert(never<F>, "a handler takes, for each type of the subscription in order, (T const&) or (skein::artifact<T> const&), then skein::context& if it "
                            "wants that; the handler of a batch takes a span: see make_batch_handler");
  }
}

/// The handler of a subscription to single artifacts, or to groups of one of each T: called with (T const&...) or (artifact<T> const&...), and the context
/// after them if it takes it.
template <artifact_value... T, class F>
[[nodiscard]] handler make_handler(F call) {
  // std::function copies its target; what the user captured is shared by the copies.
  auto const shared = std::make_shared<F>(std::move(call));
  return [shared](context& ctx) { call_with_group<F, T...>(*shared, ctx, std::index_sequence_for<T...>{}); };
}

/// One element of a batch: the value of a single artifact, or a tuple of a group's.
template <artifact_value... T>
struct batch_element {
  using type = std::tuple<T...>;            ///< Values.
  using shared = std::tuple<artifact<T>...>;   ///< Artifacts.
};
/// That of a batch of single artifacts.
template <artifact_value T>
struct batch_element<T> {
  using type = T;               ///< The value.
  using shared = artifact<T>;   ///< The artifact.
};

/// Decodes the group that begins at `first` into an element of values.
template <artifact_value... T, std::size_t... I>
[[nodiscard]] typename batch_element<T...>::type batch_values(bus::artifact_ptr const* first, std::index_sequence<I...>) {
  return {value_in<T>(first[I]->payload)...};
}
/// The same into an element of artifacts.
template <artifact_value... T, std::size_t... I>
[[nodiscard]] typename batch_element<T...>::shared batch_artifacts(bus::artifact_ptr const* first, std::index_sequence<I...>) {
  return {input_of<T>(first[I])...};
}

/// Calls a handler of batches with a span of values, or of artifacts.
template <class F, artifact_value... T>
void call_with_batch(F& f, context& ctx) {
  using values = std::span<typename batch_element<T...>::type const>;
  using artifacts = std::span<typename batch_element<T...>::shared const>;
  constexpr std::index_sequence_for<T...> positions;
  auto const& inputs = ctx.inputs();
  // A batch holds whole groups; the hub sees to that.
  auto const gather = [&](auto& to, auto const& read) {
    to.reserve(inputs.size() / sizeof...(T));
    for (std::size_t i = 0; i + sizeof...(T) <= inputs.size(); i += sizeof...(T)) to.push_back(read(&inputs[i]));
  };
  if constexpr (takes_these<F, values>) {
    static_assert((std::copy_constructible<T> && ...), "a batch of values is a copy of them; take std::span<skein::artifact<T> const> for types that cannot be copied");
    std::vector<typename batch_element<T...>::type> all;
    gather(all, [&](bus::artifact_ptr const* first) { return batch_values<T...>(first, positions); });
    call_with<F, values>(f, ctx, values{all});
  } else if constexpr (takes_these<F, artifacts>) {
    std::vector<typename batch_element<T...>::shared> all;
    gather(all, [&](bus::artifact_ptr const* first) { return batch_artifacts<T...>(first, positions); });
    call_with<F, artifacts>(f, ctx, artifacts{all});
  } else {
    static_assert(never<F>, "the handler of a batch takes a std::span<T const>, or std::span<std::tuple<A, B> const> for a batch of groups (or spans of "
                            "skein::artifact<T>), then skein::context& if it wants that");
  }
}

/// The handler of a subscription with batch(): called with a span of values or tuples, or of artifacts.
template <artifact_value... T, class F>
[[nodiscard]] handler make_batch_handler(F call) {
  auto const shared = std::make_shared<F>(std::move(call));
  return [shared](context& ctx) { call_with_batch<F, T...>(*shared, ctx); };
}

/// Whether F can only be meant for batches.
template <class F, class... T>
inline constexpr bool handles_batches = takes_these<F, std::span<typename batch_element<T...>::type const>> ||
                                        takes_these<F, std::span<typename batch_element<T...>::shared const>>;
/// Whether F can only be meant for single artifacts, or for groups.
template <class F, class... T>
inline constexpr bool handles_groups = takes_these<F, T...> || takes_these<F, artifact<T>...>;

}  // namespace skein::agents
