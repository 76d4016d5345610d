// skein traces sql QUERY
#include "text_table.hpp"
#include "traces.hpp"

#include <skein/tracing/json_value.hpp>
#include <skein/tracing/trace_store.hpp>

#include <string>
#include <vector>

namespace skein::cli {
namespace {

struct sql_options : traces_options {
  std::string query;
};

void append_json(std::string& out, sql_value const& value) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_integer()) {
    json::append(out, value.integer());
  } else if (value.is_real()) {
    json::append(out, value.real());
  } else {
    json::append(out, std::string_view{value.text()});
  }
}

void print_json(sql_rows rows, output& out) {
  auto const names = rows.names();
  std::string line = "[";
  for (bool first = true; auto const& row : rows) {
    line += first ? "\n{" : ",\n{";
    first = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i > 0) line += ',';
      json::append(line, std::string_view{names[i]});
      line += ':';
      append_json(line, row[i]);
    }
    out.write(line += '}');
    line.clear();
  }
  out.write(line + "\n]\n");
}

void print_table(sql_rows rows, output& out) {
  auto const names = rows.names();
  text_table table{out, names};
  for (auto const& row : rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < names.size(); ++i) cells.push_back(row[i].is_null() ? "" : row[i].text());
    table.add(std::move(cells));
  }
  table.finish();
}

void print_rows(sql_options const& options, output& out) {
  trace_store const store{options.path};
  if (options.json) {
    print_json(store.sql(options.query), out);
  } else {
    print_table(store.sql(options.query), out);
  }
}

}  // namespace

void add_traces_sql(CLI::App& traces, output& out) {
  auto const options = std::make_shared<sql_options>();
  auto& command = *traces.add_subcommand("sql", "The rows of a SELECT over the views runs, spans, events, links, workflows, …");
  add_traces_options(command, *options);
  command.add_option("query", options->query, "One SELECT statement")->type_name("QUERY")->required();
  command.callback([options, &out] { print_rows(*options, out); });
}

}  // namespace skein::cli
