// The trace that code is in, as something to carry: to another thread of this process, or through any map of strings (HTTP headers,
// message metadata) to another process.
//
//   std::thread worker{skein::trace_context::current().bind([] { skein::span inner{"in_thread"}; })};
//   skein::trace_context::current().inject(request.headers);
#pragma once

#include <skein/tracing/current.hpp>
#include <skein/tracing/trace_context.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace skein {

/// A value; cheap to copy when it came from this process. Thread-safe to read.
class trace_context {
 public:
  /// No trace.
  trace_context() = default;
  /// What is current on this thread.
  [[nodiscard]] static trace_context current();
  /// What came from elsewhere.
  trace_context(span_context const& remote, std::string tracestate, std::string baggage);
  /// What whoever started this process gave it, in the environment variables TRACEPARENT, TRACESTATE and BAGGAGE; read as by extract().
  /// Nothing uses it by itself: `skein::trace_context::from_environment().bind(…)` makes the runs in the callable part of that trace.
  [[nodiscard]] static trace_context from_environment();

  /// Reads `traceparent`, `tracestate` and `baggage` from a range of string pairs, whatever the case of their names. A traceparent that
  /// is missing, broken or there twice gives an invalid context; a broken tracestate or baggage is left out.
  template <class Carrier>
  [[nodiscard]] static trace_context extract(Carrier const& carrier) {
    headers found;
    for (auto const& [name, value] : carrier) found.take(name, value);
    return from(found);
  }

  /// Writes the headers that there are something to say in: into a map (replacing what is there) or a list of pairs (appending).
  template <class Carrier>
  void inject(Carrier& carrier) const {
    for (auto& [name, value] : to_headers()) {
      if constexpr (requires { carrier.insert_or_assign(name, value); }) {
        carrier.insert_or_assign(name, value);
      } else {
        carrier.insert(carrier.end(), typename Carrier::value_type{name, value});
      }
    }
  }

  /// A callable that does the same with this context current while it runs. A context that came from elsewhere has no run in this
  /// process: with it, spans are not recorded, and a run that starts in the callable hangs under the remote span, in its trace.
  template <class Callable>
  [[nodiscard]] auto bind(Callable&& callable) const {
    return [here = local_, call = std::forward<Callable>(callable)]<class... Args>(Args&&... args) mutable -> decltype(auto) {
      ambient_scope const scope{here};
      return std::invoke(call, std::forward<Args>(args)...);
    };
  }

  /// Whether there is a trace.
  [[nodiscard]] bool valid() const noexcept { return context_.valid(); }
  /// The span to be the parent of what follows.
  [[nodiscard]] span_context const& context() const noexcept { return context_; }
  /// Header texts, checked; empty = none.
  [[nodiscard]] std::string const& tracestate() const noexcept { return tracestate_; }
  /// A header's text, checked; empty = none.
  [[nodiscard]] std::string const& baggage() const noexcept { return baggage_; }
  /// What makes it current in this process.
  [[nodiscard]] ambient const& as_ambient() const noexcept { return local_; }

 private:
  struct headers {
    std::vector<std::string> traceparent, tracestate, baggage;
    void take(std::string_view name, std::string_view value);
  };
  [[nodiscard]] static trace_context from(headers const& found);
  void stand_in();
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> to_headers() const;

  ambient local_;
  span_context context_;
  std::string tracestate_, baggage_;
};

}  // namespace skein
