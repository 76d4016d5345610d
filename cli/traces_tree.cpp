// skein traces tree ID
#include "traces.hpp"

#include <skein/tracing/folded_tree.hpp>
#include <skein/tracing/json_value.hpp>
#include <skein/tracing/trace_store.hpp>

#include <sstream>
#include <vector>

namespace skein::cli {
namespace {

struct tree_options : traces_options {
  std::string id;
  bool fold = false;
};

void append_text(std::string& out, std::string_view key, std::string_view value) {
  out += ',';
  json::append(out, key);
  out += ':';
  json::append(out, value);
}

std::string ns_text(timestamp time) { return std::to_string(time.time_since_epoch().count()); }

void append_events(std::string& out, std::vector<span_event> const& events) {
  out += ",\"events\":[";
  for (std::size_t i = 0; i < events.size(); ++i) {
    out += std::string{i == 0 ? "" : ","} + "{\"time\":" + ns_text(events[i].time);
    append_text(out, "name", events[i].name);
    out += ",\"attributes\":" + to_json(events[i].attributes) + '}';
  }
  out += ']';
}

void append_links(std::string& out, std::vector<span_link> const& links) {
  out += ",\"links\":[";
  for (std::size_t i = 0; i < links.size(); ++i) {
    out += std::string{i == 0 ? "" : ","} + "{\"trace_id\":\"" + links[i].target.trace.to_string() + '"';
    append_text(out, "span_id", links[i].target.span.to_string());
    out += ",\"attributes\":" + to_json(links[i].attributes) + '}';
  }
  out += ']';
}

// Everything of a span but its children; the object stays open.
std::string opening_of(span_tree const& node) {
  auto const& span = node.record;
  bool const ended = span.end != timestamp{};
  std::string out = "{\"trace_id\":\"" + span.context.trace.to_string() + "\",\"span_id\":\"" + span.context.span.to_string() + '"';
  out += ",\"parent_id\":" + (span.parent.empty() ? "null" : '"' + span.parent.to_string() + '"');
  append_text(out, "run_id", span.run.to_string());
  append_text(out, "name", node.name);
  append_text(out, "label", node.label);
  append_text(out, "kind", to_string(span.kind));
  append_text(out, "type", to_string(span.type));
  append_text(out, "status_code", to_string(span.status));
  append_text(out, "status_message", span.status_message);
  out += ",\"start_time\":" + ns_text(span.start) + ",\"end_time\":" + (ended ? ns_text(span.end) : "null");
  append_text(out, "service", span.service);
  append_text(out, "scope", span.scope);
  out += ",\"attributes\":" + to_json(span.attributes);
  append_text(out, "inputs", span.inputs);
  append_text(out, "outputs", span.outputs);
  append_events(out, span.events);
  append_links(out, span.links);
  return out + ",\"children\":[";
}

// Without recursion: a tree may be deeper than the stack.
void print_json(span_tree const& root, output& out) {
  struct step {
    span_tree const* node;
    std::size_t next_child = 0;
  };
  std::vector<step> path{{&root}};
  out.write(opening_of(root));
  while (!path.empty()) {
    auto& [node, next] = path.back();
    if (next == node->children.size()) {
      out.write("]}");
      path.pop_back();
      continue;
    }
    auto const& child = node->children[next];
    out.write((next == 0 ? "\n" : ",\n") + opening_of(child));
    ++next;
    path.push_back({&child});
  }
  out.write("\n");
}

void print_tree(tree_options const& options, output& out) {
  trace_store const store{options.path};
  auto const tree = store.tree(store.find_run(options.id));
  if (options.json) return print_json(tree, out);
  std::ostringstream drawn;
  if (options.fold) {
    drawn << fold(tree) << '\n';
  } else {
    drawn << tree << '\n';
  }
  out.write(drawn.str());
}

}  // namespace

void add_traces_tree(CLI::App& traces, output& out) {
  auto const options = std::make_shared<tree_options>();
  auto& command = *traces.add_subcommand("tree", "The spans of a run as a tree");
  add_traces_options(command, *options);
  command.add_option("id", options->id, "Any unique part of the run's id or trace id")->type_name("ID")->required();
  command.add_flag("--fold", options->fold, "One line for siblings that are alike: how many, their total time, the longest")->excludes("--json");
  command.callback([options, &out] { print_tree(*options, out); });
}

}  // namespace skein::cli
