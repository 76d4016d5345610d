#include <skein/agents/command_engine.hpp>

#include "activation_frame.hpp"
#include "child_process.hpp"

#include <skein/agents/start_process.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/span.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace skein {
namespace agents {
namespace {

using json = nlohmann::json;

constexpr std::chrono::hours timeout_max{24 * 365};   // steady clocks count further

/// JSON text; what is no UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }
std::string to_utf8_text(std::string_view text) { return json::parse(json_string(text)).get<std::string>(); }

void append_artifacts(std::string& to, engine_request const& request, std::vector<bus::artifact_ptr> const& all) {
  to += '[';
  for (auto const& each : all) {
    if (to.back() != '[') to += ',';
    to += "{\"type\":" + json_string(each->type) + ",\"version\":" + std::to_string(each->version) + ",\"id\":" + json_string(each->id.to_string()) +
          ",\"value\":" + request.json(*each) + '}';
  }
  to += ']';
}

std::string input_json(engine_request const& request, context const& ctx) {
  std::string text = "{\"agent\":" + json_string(ctx.agent()) + ",\"attempt\":" + std::to_string(ctx.attempt()) +
                     ",\"idempotency_key\":" + json_string(ctx.idempotency_key()) + ",\"run\":" + json_string(ctx.run().empty() ? "" : ctx.run().to_string()) +
                     ",\"correlation\":" + json_string(ctx.correlation_id()) + ",\"inputs\":";
  append_artifacts(text, request, request.inputs());
  text += ",\"context\":";
  append_artifacts(text, request, request.context());
  text += ",\"output_schemas\":{";
  for (auto const* type : request.setup().outputs) {
    if (text.back() != '{') text += ',';
    text += json_string(type->name) + ':' + type->json_schema();
  }
  return text + "}}\n";
}

/// NAME=value: this process's with the engine's on top.
std::vector<std::string> environment_of(std::map<std::string, std::string> const& more) {
  std::vector<std::string> all;
  for (auto const& [name, value] : more) all.push_back(name + '=' + value);
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    std::string_view const entry{*each};
    if (!more.contains(std::string{entry.substr(0, entry.find('='))})) all.emplace_back(entry);
  }
  return all;
}

std::string path_of(std::vector<std::string> const& environment) {
  for (auto const& each : environment) {
    if (each.starts_with("PATH=")) return each.substr(5);
  }
  return std::string{agents::usual_path};
}

/// What went wrong in an attempt's program, with its name before and its own words after.
struct command_report {
  std::string program;
  std::string errors;

  [[noreturn]] void fail(std::string_view type, std::string const& what) const {
    auto text = "program " + program + " " + what;
    if (!errors.empty()) text += "; it wrote to standard error: " + errors;
    throw attempt_failure{type, text};
  }
  [[noreturn]] void fail_output(std::string const& what) const { fail("skein.command_output", "must print a JSON list of {\"type\", \"value\"}, but " + what); }

  void check_end(child_result const& ran, command_options const& options) const {
    switch (ran.end) {
      case child_end::exited:
        if (ran.code != 0) fail("skein.command_failed", "ended with exit code " + std::to_string(ran.code));
        return;
      case child_end::signalled:
        return fail("skein.command_failed", "died of signal " + std::to_string(ran.code) + " (" + ::strsignal(ran.code) + ")");
      case child_end::timed_out:
        return fail("skein.command_timeout", "was killed: it ran longer than its timeout of " + elapsed{options.timeout}.to_string());
      case child_end::stopped:
        return fail("skein.command_cancelled", "was killed: the attempt was given up (cancelled, past its deadline, or its host stops)");
      case child_end::too_much_output:
        return fail("skein.command_output", "was killed: it printed more than output_bytes_max, " + std::to_string(options.output_bytes_max) + " bytes");
    }
  }

  engine_output output_of(json const& one) const {
    if (!one.is_object()) fail_output("one element is " + std::string{one.type_name()});
    for (auto const& [name, value] : one.items()) {
      if (name != "type" && name != "value") fail_output("one element has a member " + json_string(name));
    }
    auto const type = one.find("type"), value = one.find("value");
    if (type == one.end() || !type->is_string() || value == one.end()) fail_output("one element lacks type (a string) or value");
    return {type->get<std::string>(), value->dump(), {}};
  }

  std::vector<engine_output> outputs_of(std::string const& printed) const {
    if (printed.find_first_not_of(" \t\r\n") == std::string::npos) fail_output("it printed nothing; [] makes no output");
    json all;
    try {
      all = json::parse(printed);
    } catch (json::parse_error const& e) {
      fail_output("what it printed is no JSON (at byte " + std::to_string(e.byte) + "): " + to_utf8_text(printed.substr(0, 200)));
    }
    std::vector<engine_output> made;
    if (!all.is_array()) return {output_of(all)};
    for (json const& each : all) made.push_back(output_of(each));
    return made;
  }
};

void describe(child_result const& ran, command_report const& report) {
  auto here = current_span();
  here.set_attribute("process.pid", std::int64_t{ran.pid});
  if (ran.end == child_end::exited) here.set_attribute("process.exit.code", std::int64_t{ran.code});
  if (!report.errors.empty()) here.add_event("skein.command.stderr", {{"skein.command.stderr", report.errors}});
}

error refused(std::string const& what) { return error{errc::invalid_argument, "command_engine: " + what}; }

}  // namespace
}  // namespace agents

command_engine::command_engine(command_options options) : options_(std::move(options)) {
  using agents::refused;
  if (options_.command.empty() || options_.command.front().empty()) throw refused("there is no program; give .command = {\"program\", \"argument\", …}");
  if (options_.timeout.count() <= 0) throw refused("the timeout must be above 0; it is what ends a program that hangs");
  if (options_.output_bytes_max == 0) throw refused("output_bytes_max must be above 0, or the program can print nothing");
  for (auto const& [name, value] : options_.environment) {
    if (name.empty() || (name + value).find('\0') != std::string::npos || name.find('=') != std::string::npos) throw refused("\"" + name + "\" is no name, or its value none, for an environment");
  }
  options_.timeout = std::min<std::chrono::nanoseconds>(options_.timeout, agents::timeout_max);
  name_ = std::filesystem::path{options_.command.front()}.filename().string();
}

std::vector<bus::artifact_ptr> command_engine::fetch_context(engine_request const& request, context& ctx) {
  auto found = engine::fetch_context(request, ctx);
  if (found.size() > options_.context_max) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(options_.context_max));
  return found;
}

std::vector<engine_output> command_engine::evaluate(engine_request const& request, context& ctx) {
  agents::child_request what;
  what.arguments = options_.command;
  what.environment = agents::environment_of(options_.environment);
  what.working_directory = options_.working_directory;
  what.memory_bytes_max = options_.memory_bytes_max;
  what.cpu_seconds_max = options_.cpu_seconds_max;
  what.timeout = options_.timeout;
  what.output_bytes_max = options_.output_bytes_max;
  what.error_bytes_max = options_.error_bytes_max;
  agents::command_report report{options_.command.front(), {}};

  auto const file = agents::program_file(options_.command.front(), agents::path_of(what.environment));
  if (!file) report.fail("skein.command_failed", "could not be started: " + file.error().message());
  what.program = *file;
  auto const ran = agents::run_child(what, agents::input_json(request, ctx), [&] { return ctx.cancelled(); });
  if (!ran) report.fail("skein.command_failed", "could not be run: " + ran.error().message());
  report.errors = agents::to_utf8_text(ran->errors);
  agents::describe(*ran, report);
  report.check_end(*ran, options_);
  return report.outputs_of(ran->output);
}

}  // namespace skein
