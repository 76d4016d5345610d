#include "traces.hpp"

namespace skein::cli {

void add_traces_options(CLI::App& command, traces_options& options) {
  command.add_option("--traces", options.path, "The traces file")->type_name("PATH")->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
}

void add_traces(CLI::App& root, output& out) {
  auto& traces = *root.add_subcommand("traces", "Look at recorded runs, also while programs write them");
  traces.require_subcommand(1);
  add_traces_list(traces, out);
  add_traces_tree(traces, out);
  add_traces_sql(traces, out);
}

}  // namespace skein::cli
