// skein traces list
#include "text_table.hpp"
#include "time_argument.hpp"
#include "traces.hpp"

#include <skein/tracing/json_value.hpp>
#include <skein/tracing/trace_store.hpp>

#include <map>

namespace skein::cli {
namespace {

struct list_options : traces_options {
  std::string name, status, since;
  std::size_t limit = 20;
};

std::map<std::string, run_status> statuses() {
  std::map<std::string, run_status> all;
  for (auto const status : {run_status::running, run_status::completed, run_status::failed, run_status::cancelled, run_status::interrupted}) {
    all.emplace(to_string(status), status);
  }
  return all;
}

run_filter filter_of(list_options const& options) {
  run_filter filter{.name = options.name, .limit = options.limit};
  if (!options.status.empty()) filter.status = statuses().at(options.status);
  if (!options.since.empty()) filter.since = parse_moment(options.since, system_clock().now());
  return filter;
}

std::string json_of(run_info const& run) {
  std::string out = "{";
  auto const key = [&out](std::string_view name) {
    if (out.size() > 1) out += ',';
    json::append(out, name);
    out += ':';
  };
  auto const text = [&](std::string_view name, std::string_view value) { key(name), json::append(out, value); };
  auto const number = [&](std::string_view name, auto value) { key(name), json::append(out, value); };
  bool const ended = run.end != timestamp{};
  text("run_id", run.id.to_string());
  text("trace_id", run.trace.to_string());
  text("name", run.name);
  text("status", to_string(run.status));
  number("start_time", std::int64_t{run.start.time_since_epoch().count()});
  key("end_time"), out += ended ? std::to_string(run.end.time_since_epoch().count()) : "null";
  key("duration_ms");
  if (ended) {
    json::append(out, static_cast<double>(run.duration.count()) / 1e6);
  } else {
    out += "null";
  }
  number("spans", run.spans);
  number("failures", run.failures);
  key("attributes"), out += run.attributes;
  key("tags"), out += run.tags;
  text("session", run.session);
  text("user", run.user);
  text("request_preview", run.request_preview);
  text("response_preview", run.response_preview);
  return out + '}';
}

void print_json(std::vector<run_info> const& runs, output& out) {
  out.write("[");
  for (std::size_t i = 0; i < runs.size(); ++i) out.write((i == 0 ? "\n" : ",\n") + json_of(runs[i]));
  out.write("\n]\n");
}

void print_table(std::vector<run_info> const& runs, output& out) {
  text_table table{out, {"RUN", "STARTED (UTC)", "NAME", "STATUS", "DURATION", "SPANS", "FAILURES"}};
  for (auto const& run : runs) {
    table.add({run.id.to_string(), moment_text(run.start), run.name, std::string{to_string(run.status)},
               run.end == timestamp{} ? "" : run.duration.to_string(), std::to_string(run.spans), std::to_string(run.failures)});
  }
  table.finish();
}

void list(list_options const& options, output& out) {
  auto const runs = trace_store{options.path}.runs(filter_of(options));
  if (options.json) {
    print_json(runs, out);
  } else {
    print_table(runs, out);
  }
}

std::string check_moment(std::string const& text) {
  if (parse_moment(text, system_clock().now())) return {};
  return "'" + text + "' is no moment; write 30s, 15m, 2h, 7d (ago) or 2026-11-21T10:30 (UTC)";
}

}  // namespace

void add_traces_list(CLI::App& traces, output& out) {
  auto const options = std::make_shared<list_options>();
  auto& command = *traces.add_subcommand("list", "Runs, the newest first");
  add_traces_options(command, *options);
  command.add_option("--name", options->name, "Only runs of this name");
  command.add_option("--status", options->status, "Only runs of this status")->check(CLI::IsMember{statuses()});
  command.add_option("--since", options->since, "Only runs that started since: 30s, 15m, 2h, 7d ago, or 2026-11-21T10:30 (UTC)")
      ->check(CLI::Validator{check_moment, "MOMENT"});
  command.add_option("--limit", options->limit, "At most so many; 0 = all")->check(CLI::NonNegativeNumber)->capture_default_str();
  command.callback([options, &out] { list(*options, out); });
}

}  // namespace skein::cli
