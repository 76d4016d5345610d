// From a user's callable to what a host runs: arguments are decoded, returned artifacts are published.
#pragma once

#include <skein/agents/context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
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
    ctx.publish(std::move(value));
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

/// The handler of a subscription to single artifacts of T: called with (T const&), (T const&, context&) or artifact<T> instead of T.
template <artifact_value T, class F>
[[nodiscard]] handler make_handler(F call) {
  // std::function copies its target; what the user captured is shared by the copies.
  auto const shared = std::make_shared<F>(std::move(call));
  return [shared](context& ctx) {
    auto input = artifact<T>::of(ctx.inputs().front());
    if (!input) throw input.error();
    F& f = *shared;
    if constexpr (std::is_invocable_v<F&, T const&, context&>) {
      call_and_publish<std::invoke_result_t<F&, T const&, context&>>(ctx, [&]() -> decltype(auto) { return f(**input, ctx); });
    } else if constexpr (std::is_invocable_v<F&, T const&>) {
      call_and_publish<std::invoke_result_t<F&, T const&>>(ctx, [&]() -> decltype(auto) { return f(**input); });
    } else if constexpr (std::is_invocable_v<F&, artifact<T> const&, context&>) {
      call_and_publish<std::invoke_result_t<F&, artifact<T> const&, context&>>(ctx, [&]() -> decltype(auto) { return f(*input, ctx); });
    } else if constexpr (std::is_invocable_v<F&, artifact<T> const&>) {
      call_and_publish<std::invoke_result_t<F&, artifact<T> const&>>(ctx, [&]() -> decltype(auto) { return f(*input); });
    } else {
      static_assert(never<F>, "a handler of T takes (T const&), (T const&, skein::context&), or skein::artifact<T> const& instead of T const&");
    }
  };
}

}  // namespace skein::agents
