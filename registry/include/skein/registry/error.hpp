// Errors of every layer: a code to branch on, a sentence to show, and where it happened.
// Layers below the edge return result<T>; the edge (orchestrator, traced_run, serve) throws skein::error.
#pragma once

#include <cassert>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace skein {

/// What went wrong, as something a program can branch on. The text of an error says which thing and the way out.
enum class errc : int {
  invalid_argument = 1,  ///< A value that the caller passed cannot be right; the message names it. Fix the call.
  misuse,                ///< The call is not allowed here (run_until_idle inside a handler, say). Fix the program.
  busy,                  ///< The board is full and stayed full for the publish timeout. Slow down or raise the limit.
  timeout,               ///< A wait ended before what it waited for. Nothing was lost; wait again if it matters.
  locked,                ///< Another hub owns the file; the message names its pid. Stop it or use another file.
  cancelled,             ///< The run or activation was cancelled before it finished.
  ledger_failed,         ///< The ledger could not commit; nothing of the call took effect. Repair the disk, call again.
  io_failed,             ///< A file or socket refused an operation; the message carries the system's reason.
  corrupt,               ///< A file or database holds bytes that cannot be what was written there.
  bad_payload,           ///< Payload bytes do not decode as the type; the message names type and field.
  bad_message,           ///< Bytes from a peer are not a message of the wire format.
  bad_context,           ///< A traceparent, tracestate or baggage header breaks the W3C grammar or its limits.
  unsupported_version,   ///< Written by a newer skein than this one reads. Upgrade this side.
  type_conflict,         ///< Two C++ types claim one wire name and differ; the message names both.
  not_found,             ///< No such run, agent, type or artifact.
  ambiguous,             ///< An abbreviated id fits several; give more of it.
  too_large,             ///< A payload or message is over its limit; the message names the limit.
  undeclared_output,     ///< A handler published a type that its agent does not declare; add .publishes<T>().
  handler_failed,        ///< The handler of an invoked agent failed; the message carries its exception.
  stale,                 ///< The attempt was superseded; its result was refused.
  limit_reached,         ///< A bound in the options stopped it; the message names the bound.
  blocked,               ///< A component of the hub keeps the artifact off the board; the message has its reason. Nothing was published.
};

/// The name of a code as it stands in logs and JSON, `ledger_failed` for example. Never fails.
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// An error as a value and as an exception: code, what (one sentence with the way out), where (file, id, endpoint; may be empty).
/// Cheap to copy, copying never throws. Thread-safe to read.
class error : public std::exception {
 public:
  /// `what` is a sentence with the way out, `where` the thing it happened to.
  error(errc code, std::string what, std::string where = {});

  /// What to branch on.
  [[nodiscard]] errc code() const noexcept { return state_->code; }
  /// The sentence without the place.
  [[nodiscard]] std::string const& message() const noexcept { return state_->message; }
  /// The thing it happened to: a path, an id, an endpoint. Empty when the message says it all.
  [[nodiscard]] std::string const& where() const noexcept { return state_->where; }
  /// `where: message (code)`, or without `where: ` when that is empty.
  [[nodiscard]] char const* what() const noexcept override { return state_->text.c_str(); }

 private:
  struct state {
    errc code;
    std::string message, where, text;
  };
  std::shared_ptr<state const> state_;
};

/// A value or an error; the return type of whatever a peer, a file, bytes or time can make fail.
template <class T>
class [[nodiscard]] result {
 public:
  /// T.
  using value_type = T;

  /// Success.
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: `return value;` must work
  /// Failure.
  result(skein::error failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT: so must `return error`

  /// Whether there is a value.
  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  /// The same.
  explicit operator bool() const noexcept { return ok(); }

  /// The value; throws the error when there is none.
  [[nodiscard]] T& value() & { return check(), std::get<0>(state_); }
  [[nodiscard]] T const& value() const& { return check(), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return check(), std::get<0>(std::move(state_)); }
  /// The value, or `other` when there is none.
  [[nodiscard]] T value_or(T other) && { return ok() ? std::get<0>(std::move(state_)) : std::move(other); }

  /// The value; calling these without one is a bug (asserted).
  [[nodiscard]] T& operator*() & noexcept { return assert(ok()), *std::get_if<0>(&state_); }
  [[nodiscard]] T const& operator*() const& noexcept { return assert(ok()), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return assert(ok()), std::move(*std::get_if<0>(&state_)); }
  /// A member of the value; calling these without one is a bug (asserted).
  [[nodiscard]] T* operator->() noexcept { return assert(ok()), std::get_if<0>(&state_); }
  [[nodiscard]] T const* operator->() const noexcept { return assert(ok()), std::get_if<0>(&state_); }

  /// The error; calling it on a value is a bug (asserted).
  [[nodiscard]] skein::error const& error() const noexcept { return assert(!ok()), *std::get_if<1>(&state_); }

 private:
  void check() const {
    if (!ok()) throw *std::get_if<1>(&state_);
  }
  std::variant<T, skein::error> state_;
};

/// Success or an error.
template <>
class [[nodiscard]] result<void> {
 public:
  /// void.
  using value_type = void;

  result() = default;
  /// Failure.
  result(skein::error failure) : failure_(std::move(failure)) {}  // NOLINT: `return error` must work

  /// Whether it succeeded.
  [[nodiscard]] bool ok() const noexcept { return !failure_; }
  /// The same.
  explicit operator bool() const noexcept { return ok(); }
  /// Throws the error, if there is one.
  void value() const {
    if (failure_) throw *failure_;
  }
  /// The error; calling it on success is a bug (asserted).
  [[nodiscard]] skein::error const& error() const noexcept { return assert(failure_), *failure_; }

 private:
  std::optional<skein::error> failure_;
};

}  // namespace skein
