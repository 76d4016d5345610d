// Spans as users write them:
//
//   skein::span parse{"parse", {.type = skein::span_type::parser}};   // a child of the current span; ends with the scope
//   parse.set_inputs(text).set_attribute("tokens", 12);
//
// Outside a run all of this does nothing. Setters may be called from any thread until the span ends; afterwards they are ignored.
#pragma once

#include <skein/tracing/current.hpp>
#include <skein/tracing/json_value.hpp>
#include <skein/tracing/span_record.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace skein {

/// How what a span stands for went.
struct status {
  status_code code = status_code::unset;   ///< unset, ok or error; the other two are for stores.
  std::string message = {};                ///< Only for errors.
  /// It went well, and somebody says so.
  [[nodiscard]] static status ok() { return {status_code::ok, {}}; }
  /// It failed; the message says how, for people.
  [[nodiscard]] static status error(std::string message) { return {status_code::error, std::move(message)}; }
};

/// What is known of a span when it starts. Attributes given here are in its `running` row, whatever happens later.
struct span_options {
  span_type type = span_type::unknown;    ///< What it stands for.
  span_kind kind = span_kind::internal;   ///< Which side of a call it is.
  skein::attributes attributes = {};      ///< To begin with; more may be set later.
  std::vector<span_link> links = {};      ///< To spans that it has to do with beside its parent.
};

namespace detail {

/// Hands a value of an attribute to the setter for its kind, without a copy where there is one.
template <class To, std::convertible_to<attribute_value> Value>
void put_value(To& to, std::string_view key, Value&& value) {
  using plain = std::remove_cvref_t<Value>;
  if constexpr (std::same_as<plain, bool>) {
    to.put_boolean(key, value);
  } else if constexpr (std::integral<plain>) {
    to.put_integer(key, static_cast<std::int64_t>(value));
  } else if constexpr (std::floating_point<plain>) {
    to.put_real(key, static_cast<double>(value));
  } else if constexpr (std::convertible_to<Value, std::string_view>) {
    to.put_text(key, value);
  } else {
    to.put_attribute(key, attribute_value(std::forward<Value>(value)));
  }
}

/// What the setters of every kind of span work on.
class span_target {
 public:
  /// The identity of the span; that of the run's root where the run is not recorded; empty outside any run.
  [[nodiscard]] span_context context() const noexcept;
  /// Whether anything that is set will be seen.
  [[nodiscard]] bool recording() const noexcept { return target_.span != nullptr; }

 protected:
  span_target() = default;
  explicit span_target(ambient target) noexcept : target_(std::move(target)) {}
  ~span_target() = default;
  template <class To, std::convertible_to<attribute_value> Value>
  friend void put_value(To& to, std::string_view key, Value&& value);
  [[nodiscard]] span_target const& setters() const noexcept { return *this; }
  span_target(span_target const&) = default;
  span_target(span_target&&) noexcept = default;
  span_target& operator=(span_target const&) = default;
  span_target& operator=(span_target&&) noexcept = default;

  void put_attribute(std::string_view key, attribute_value const& value) const;
  void put_text(std::string_view key, std::string_view value) const;
  void put_integer(std::string_view key, std::int64_t value) const;
  void put_real(std::string_view key, double value) const;
  void put_boolean(std::string_view key, bool value) const;
  void put_id(std::string_view key, id_text form, std::string_view digits) const;
  void put_inputs(std::string&& json) const;
  void put_outputs(std::string&& json) const;
  void put_event(std::string_view name, attributes&& all) const;
  void put_link(span_context const& to, attributes&& all) const;
  void put_status(skein::status&& status) const;
  void put_exception(std::exception_ptr exception) const;
  void put_exception(std::exception const& exception) const;
  void put_name(std::string_view name) const;

  ambient target_;
  span_context unrecorded_;   ///< The identity of a span that is not recorded.
};

}  // namespace detail

/// The setters that every kind of span has; each returns the span, so that they chain.
template <class Self>
class span_setters : public detail::span_target {
 public:
  /// Sets or replaces. Nothing is made of the value when nobody records it.
  template <std::convertible_to<attribute_value> Value>
  Self& set_attribute(std::string_view key, Value&& value) {
    if (recording()) detail::put_value(setters(), key, std::forward<Value>(value));
    return self();
  }
  /// The same for an id, which becomes text only where it is read.
  template <class Tag, std::size_t N, id_text Text>
  Self& set_attribute(std::string_view key, basic_id<Tag, N, Text> const& id) {
    if (recording()) put_id(key, Text, {reinterpret_cast<char const*>(id.bytes().data()), N});
    return self();
  }
  /// What went in, shown as JSON (json_value.hpp says of which types); nothing is rendered when nobody records it.
  template <class T>
  Self& set_inputs(T const& value) {
    if (recording()) put_inputs(json::text_of(value));
    return self();
  }
  /// What came out.
  template <class T>
  Self& set_outputs(T const& value) {
    if (recording()) put_outputs(json::text_of(value));
    return self();
  }
  /// Something that happened at this moment.
  Self& add_event(std::string_view name, attributes all = {}) { return put_event(name, std::move(all)), self(); }
  /// A span that this one has to do with beside its parent.
  Self& add_link(span_context const& to, attributes all = {}) { return put_link(to, std::move(all)), self(); }
  /// Replaces status and message.
  Self& set_status(skein::status status) { return put_status(std::move(status)), self(); }
  /// Event `exception` with type and message, status error, attribute error.type. An exception that a span inside this one has
  /// recorded adds no second event.
  Self& record_exception(std::exception_ptr exception) { return put_exception(std::move(exception)), self(); }
  /// The same for an exception that is at hand as an object.
  Self& record_exception(std::exception const& exception) { return put_exception(exception), self(); }
  /// Replaces the name that it was started with.
  Self& update_name(std::string_view name) { return put_name(name), self(); }

 protected:
  using span_target::span_target;

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }
};

/// A child of the thread's current span, itself current until it ends: with its scope, or by end(). Left by an exception it ends with
/// status error; type and message are known where the code was wrapped (in_span). A local variable only.
class span : public span_setters<span> {
 public:
  /// Starts it, on this thread.
  [[nodiscard]] explicit span(std::string_view name) {
    if (auto* const run = find_run()) start(*run, name, {});
  }
  /// The same with more that is known of it.
  [[nodiscard]] explicit span(std::string_view name, span_options options) {
    if (auto* const run = find_run()) start(*run, name, std::move(options));
  }
  span(span const&) = delete;
  span& operator=(span const&) = delete;
  ~span() {
    if (target_.span) leave_scope();
  }

  /// Ends it early, on the thread that made it; what was current before is current again. Again is allowed and does nothing.
  void end() noexcept;

 private:
  friend struct current_slot;   // The thread's current span, of which the innermost guards are part; private to tracing.
  [[nodiscard]] run_scope* find_run() noexcept;   // The current one, where it is recorded.
  void start(run_scope& run, std::string_view name, span_options&& options);
  void leave() noexcept;
  void leave_scope() noexcept;

  span* outer_ = nullptr;    // The guard around this one, while `linked_`.
  ambient previous_;         // What was current before, once this was current and no longer linked.
  int exceptions_ = 0;
  bool current_ = false;
  bool linked_ = false;      // One of the thread's innermost guards, which borrow their run from what is current around them.
  bool owns_run_ = false;
};

/// The thread's current span, from wherever the code is. Keeps the span's data, not the span, alive: it ends without this.
class span_ref : public span_setters<span_ref> {
 public:
  /// Refers to nothing: every setter is ignored.
  span_ref() = default;
  /// For schedulers that keep what was current.
  explicit span_ref(ambient to) noexcept : span_setters(std::move(to)) {}
};
/// The thread's current span; outside any it refers to nothing. Never blocks.
[[nodiscard]] span_ref current_span();

/// A span whose start and end are in different places, never current by itself. Movable; one that was not ended ends with its handle.
class span_handle : public span_setters<span_handle> {
 public:
  /// No span: every call is ignored.
  span_handle() = default;
  span_handle(span_handle&&) noexcept = default;
  span_handle& operator=(span_handle&& other) noexcept;
  ~span_handle();

  /// Ends it; again does nothing.
  void end() noexcept;
  /// Sets the status, then ends it.
  void end(skein::status status) noexcept;
  /// Ends it at a time of the caller's. Not before its start.
  void end_at(timestamp when) noexcept;
  /// Ends it and gives back what was recorded, instead of handing it to the recorder. Empty when there is nothing to give.
  [[nodiscard]] span_record finish();
  /// What makes it current: `ambient_scope scope{handle.as_ambient()};`.
  [[nodiscard]] ambient as_ambient() const noexcept { return target_; }

 private:
  friend struct span_access;
  explicit span_handle(ambient target) noexcept : span_setters(std::move(target)) {}
};

/// What is known of the current run as a whole; ignored outside any. Chains.
class trace_ref {
 public:
  trace_ref() = default;
  /// Null is no run.
  explicit trace_ref(std::shared_ptr<run_scope> run) noexcept : run_(std::move(run)) {}

  /// Sets or replaces a tag: what a run is found by.
  trace_ref& set_tag(std::string_view key, attribute_value value);
  /// Sets or replaces an attribute of the run's row.
  trace_ref& set_attribute(std::string_view key, attribute_value value);
  /// What was asked, in a few words, for lists of runs.
  trace_ref& set_request_preview(std::string_view text);
  /// What came out, in a few words, for lists of runs.
  trace_ref& set_response_preview(std::string_view text);

 private:
  std::shared_ptr<run_scope> run_;
};
/// The run that this thread is in; outside any it refers to nothing. Never blocks.
[[nodiscard]] trace_ref current_trace();

/// Runs `body(span&)` or `body()` in a span of that name and returns what it returns. What it throws is recorded, with type and message,
/// and thrown on.
template <class Body>
auto in_span(std::string_view name, Body&& body, span_options options = {}) {
  span here{name, std::move(options)};
  try {
    if constexpr (std::invocable<Body, span&>) {
      return std::forward<Body>(body)(here);
    } else {
      static_assert(std::invocable<Body>, "in_span calls its body with a skein::span&, or with nothing");
      return std::forward<Body>(body)();
    }
  } catch (...) {
    here.record_exception(std::current_exception());
    throw;
  }
}

}  // namespace skein
