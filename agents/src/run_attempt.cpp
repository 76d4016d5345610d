// One attempt from delivery to DONE, with its spans.
#include "activation_frame.hpp"

#include <skein/agents/invoke_span.hpp>
#include <skein/agents/publish_span.hpp>
#include <skein/tracing/current.hpp>
#include <skein/tracing/exception_text.hpp>

#include <algorithm>
#include <chrono>

namespace skein::agents {

namespace {

void record_publishes(activation_frame& frame, timestamp ended) {
  if (!frame.run->recording) return;
  for (std::size_t i = 0; i < frame.children.size(); ++i) {
    span_context const parent{frame.run->trace, frame.marks[i].parent, frame.run->flags};
    auto start = publish_span(frame.children[i].type, derive_artifact_id(frame.work.activation.id, i), parent, frame.marks[i].at);
    start_span(frame.run, std::move(start)).end_at(ended);
  }
}

/// Fills in how a failed attempt ended, and gives the exception to its span.
void record_failure(activation_frame& frame, bus::done& result, std::exception_ptr thrown) {
  auto const text = describe_exception(thrown);
  result.outcome = bus::outcome::failed;
  try {
    std::rethrow_exception(thrown);
  } catch (permanent_error const&) {
    result.outcome = bus::outcome::permanent;
  } catch (retry_later const& asked) {
    result.retry_after = std::max(asked.after(), std::chrono::nanoseconds{0});
  } catch (error const& e) {
    // A type that is not declared, bytes that are not the type, a value that has no room: none becomes right by trying again.
    if (e.code() == errc::undeclared_output || e.code() == errc::bad_payload || e.code() == errc::too_large) result.outcome = bus::outcome::permanent;
  } catch (...) {
  }
  result.error_type = text.type;
  result.what = text.message;
  frame.span.record_exception(thrown);
}

}  // namespace

bus::done run_attempt(host_environment& around, bus::delivery const& work, agent_descriptor const& descriptor, handler const& call,
                      std::atomic<bool> const& stopping, std::atomic<bool> const& cancelled, activation_frame*& current) noexcept {
  bus::done result;
  result.activation = work.activation;
  auto const begun = std::chrono::steady_clock::now();
  try {
    activation_frame frame{around, work, descriptor, nullptr, stopping, cancelled, {}, {}, {}, {}};
    bus::artifact_data const& newest = frame.newest();
    frame.run = around.scope_of(newest);
    frame.span = start_span(frame.run, invoke_span(work.activation, descriptor.name, descriptor.description, work.inputs));
    std::exception_ptr thrown;
    {
      ambient_scope const inside{frame.span.as_ambient()};
      current = &frame;
      try {
        context ctx{frame};
        call(ctx);
        if (frame.undeclared) throw *frame.undeclared;
      } catch (...) {
        thrown = std::current_exception();
      }
      current = nullptr;
    }
    result.duration_ns = std::chrono::nanoseconds{std::chrono::steady_clock::now() - begun}.count();
    auto const ended = around.time().now();
    if (thrown) {
      record_failure(frame, result, thrown);
    } else {
      record_publishes(frame, ended);
      result.children = std::move(frame.children);
    }
    frame.span.end_at(ended);
  } catch (std::exception const& e) {  // out of memory around the handler, say
    result.outcome = bus::outcome::failed;
    result.children.clear();
    result.error_type = "skein.host";
    result.what = e.what();
  } catch (...) {
    result.outcome = bus::outcome::failed;
    result.children.clear();
    result.error_type = "skein.host";
  }
  return result;
}

}  // namespace skein::agents
