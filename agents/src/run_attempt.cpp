// One attempt from delivery to DONE, with its spans.
#include "activation_frame.hpp"
#include "component_hooks.hpp"

#include <skein/agents/invoke_span.hpp>
#include <skein/agents/publish_span.hpp>
#include <skein/tracing/current.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/exception_text.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skein::agents {

namespace {

void record_publishes(activation_frame& frame, timestamp ended) {
  if (!frame.recording) return;
  for (std::size_t i = 0; i < frame.made.children.size(); ++i) {
    auto const& child = frame.made.children[i];
    auto const& mark = frame.made.marks[i];
    // Whatever is published has a rule.
    record_span(frame.scope, *frame.spans.publish(child.type), {.id = child.context.span, .parent = mark.parent, .start = mark.at}, ended, {},
                [&](span_beginning& with) { fill_publish_span(with, mark.artifact); });
  }
}

/// Says how many outputs the rules have dropped, on the span that made them.
void record_dropped(published& made, span_handle& on) {
  for (auto const& [type, count] : made.dropped) {
    on.add_event("skein.output_dropped", {{"skein.output.type", type->name}, {"skein.output.count", count}});
  }
  made.dropped.clear();
}

void check_fan_out(activation_frame const& frame) {
  for (auto const& rule : frame.definition.output_rules()) {
    if (!rule.is_counted()) continue;
    auto const& children = frame.made.children;
    auto const count = std::count_if(children.begin(), children.end(), [&](auto const& one) { return one.type == rule.type->name; });
    if (static_cast<std::uint64_t>(count) >= rule.count_min && static_cast<std::uint64_t>(count) <= rule.count_max) continue;
    auto const allowed = rule.count_min == rule.count_max ? std::to_string(rule.count_min) : std::to_string(rule.count_min) + " to " + std::to_string(rule.count_max);
    throw attempt_failure{"skein.fan_out", "agent " + frame.agent().name + " published " + std::to_string(count) + " " + std::string{rule.type->name} +
                                               " in one activation; its fan_out() says " + allowed};
  }
}

void check_deadline(activation_frame const& frame) {
  if (!frame.is_late()) return;
  throw attempt_failure{"skein.deadline_exceeded", "the attempt took longer than the deadline of " + elapsed{frame.work.deadline}.to_string() +
                                                       "; handlers see ctx.cancelled() from then on"};
}

/// Calls the handler, and holds what it published against the rules.
void call_handler(activation_frame& frame, context& ctx) {
  frame.definition.reactions()[frame.work.ordinal].handler(ctx);
  if (frame.made.refused) std::rethrow_exception(frame.made.refused);
}

/// One candidate of best_of: what it is worth. Throws what it throws.
double run_candidate(activation_frame& frame, context& ctx, span_handle& span) {
  ambient_scope const inside{span.as_ambient()};
  call_handler(frame, ctx);
  check_fan_out(frame);
  double const score = frame.definition.score()(ctx.outputs());
  span.set_attribute("skein.candidate.score", score);
  // What is not a number is worse than any.
  return std::isnan(score) ? -std::numeric_limits<double>::infinity() : score;
}

/// Runs the candidates one after the other and leaves in the frame what the best one has published.
void run_candidates(activation_frame& frame, context& ctx) {
  published const before = frame.made;   // what components have published already
  published best;
  double best_score = 0;
  std::uint32_t best_number = 0;
  std::exception_ptr last;
  for (std::uint32_t number = 1; number <= frame.definition.candidates(); ++number) {
    // One is enough when nobody waits for a better one.
    if (best_number > 0 && ctx.cancelled()) break;
    frame.made = before;
    span_start start;
    start.name = "candidate " + std::to_string(number);
    start.parent = frame.span.context();
    start.scope = "skein";
    auto span = start_span(frame.inside().run, std::move(start));
    try {
      double const score = run_candidate(frame, ctx, span);
      record_dropped(frame.made, span);
      if (best_number > 0 && !(score > best_score)) continue;
      best = std::move(frame.made);
      best_score = score;
      best_number = number;
    } catch (...) {
      last = std::current_exception();
      span.record_exception(last);
      record_dropped(frame.made, span);
    }
  }
  frame.made = std::move(best);
  if (best_number == 0) std::rethrow_exception(last);
  frame.span.set_attribute("skein.best_of.candidate", best_number);
}

/// Everything that may fail the attempt, in order.
void evaluate(activation_frame& frame, context& ctx) {
  check_deadline(frame);
  bool const has_components = !frame.definition.components().empty();
  if (has_components) {
    call_hooks(frame, ctx, component_hook::pre_consume);
    call_hooks(frame, ctx, component_hook::pre_evaluate);
  }
  if (frame.skipped) {
    frame.made = {};   // what components have published, too
    return;
  }
  frame.begun = true;
  frame.definition.score() ? run_candidates(frame, ctx) : call_handler(frame, ctx);
  if (has_components) {
    call_hooks(frame, ctx, component_hook::post_evaluate);
    if (frame.made.refused) std::rethrow_exception(frame.made.refused);
  }
  check_fan_out(frame);
  check_deadline(frame);
}

/// Fills in how a failed attempt ended, and gives the exception to its span.
void record_failure(activation_frame& frame, bus::done& result, std::exception_ptr thrown) {
  auto const text = describe_exception(thrown);
  result.outcome = bus::outcome::failed;
  result.error_type = text.type;
  result.what = text.message;
  try {
    std::rethrow_exception(thrown);
  } catch (permanent_error const&) {
    result.outcome = bus::outcome::permanent;
  } catch (retry_later const& asked) {
    result.retry_after = std::max(asked.after(), std::chrono::nanoseconds{0});
  } catch (attempt_failure const& rule) {
    result.error_type = std::string{rule.type()};
  } catch (error const& e) {
    // A type that is not declared, bytes that are not the type, a value that has no room: none becomes right by trying again.
    if (e.code() == errc::undeclared_output || e.code() == errc::bad_payload || e.code() == errc::too_large) result.outcome = bus::outcome::permanent;
  } catch (...) {
  }
  frame.span.record_exception(thrown);
  if (result.error_type != text.type) frame.span.set_attribute("error.type", result.error_type);
}

/// Runs the attempt inside its span, which is current. Returns when it ended.
timestamp run_inside(activation_frame& frame, bus::done& result, timestamp begun) {
  context ctx{frame};
  std::exception_ptr thrown;
  try {
    evaluate(frame, ctx);
  } catch (...) {
    thrown = std::current_exception();
  }
  // Whatever else went wrong, its time had passed: the hub has come to the same end, or will.
  if (thrown && frame.is_late()) {
    try {
      check_deadline(frame);
    } catch (...) {
      frame.span.record_exception(thrown);
      thrown = std::current_exception();
    }
  }
  frame.closed = true;
  if (!frame.made.dropped.empty()) record_dropped(frame.made, frame.span);
  auto const evaluated = frame.around.time().now();
  result.duration_ns = (evaluated - begun).count();
  if (!thrown && frame.definition.components().empty()) return evaluated;
  if (thrown) {
    record_failure(frame, result, thrown);
    tell_error(frame, ctx, result);
  } else {
    tell_published(frame, ctx);
  }
  // The span encloses what components were told in, and the event of the failure.
  return frame.around.time().now();
}

}  // namespace

span_handle activation_frame::start_invoke_span(timestamp at) const {
  auto const& attempt = work.activation;
  if (auto const* const like = spans.invoke(newest.type)) {
    span_known const known{.id = derive_invoke_span_id(attempt.id, attempt.attempt), .parent = newest.context.span, .start = at};
    return start_span(run, *like, known, [&](span_beginning& with) { fill_invoke_span(with, attempt, agent().description, newest, work.inputs); });
  }
  auto start = invoke_span(attempt, agent().name, agent().description, work.inputs);
  start.at = at;
  return start_span(run, std::move(start));
}

void run_attempt(attempt_setting const& setting, queued_attempt const& work, activation_frame*& current, bus::done& result) noexcept {
  try {
    auto const begun = setting.around.time().now();
    activation_frame frame{setting, work, begun};
    frame.made.children.swap(result.children);
    timestamp ended;
    {
      ambient here = frame.inside();
      frame.state = here.span.get();
      ambient_scope const inside{std::move(here)};
      current = &frame;
      ended = run_inside(frame, result, begun);
      current = nullptr;
    }
    if (result.outcome == bus::outcome::ok) {
      record_publishes(frame, ended);
      result.children.swap(frame.made.children);
    }
    frame.span.end_at(ended);
    result.sent_at = ended;
  } catch (std::exception const& e) {  // out of memory around the handler, say
    current = nullptr;
    result.outcome = bus::outcome::failed;
    result.children.clear();
    result.error_type = "skein.host";
    result.what = e.what();
  } catch (...) {
    current = nullptr;
    result.outcome = bus::outcome::failed;
    result.children.clear();
    result.error_type = "skein.host";
  }
}

}  // namespace skein::agents
