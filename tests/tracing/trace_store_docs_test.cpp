// Every query and every column that docs/trace-schema.md shows.
#include <skein/tracing/sqlite_sink.hpp>
#include <skein/tracing/trace_store.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace skein;
using skein::testing::sample_workflow;

std::string document() {
  std::ifstream file{SKEIN_SOURCE_DIR "/docs/trace-schema.md"};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct documented_query {
  std::string title, sql;  // The title is the line before the fence.
};

std::vector<documented_query> queries() {
  std::vector<documented_query> all;
  std::istringstream text{document()};
  std::string line, before;
  bool inside = false;
  while (std::getline(text, line)) {
    if (line == "```sql") {
      inside = true;
      all.push_back({before, {}});
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      all.back().sql += line + '\n';
    }
    before = line;
  }
  return all;
}

// The columns of each view as its section lists them: `| a, b | …`.
std::map<std::string, std::string> documented_columns() {
  std::map<std::string, std::string> views;
  std::istringstream text{document()};
  std::string line, view;
  while (std::getline(text, line)) {
    if (line.starts_with("## ")) view = line.substr(3);
    if (view.find(' ') != std::string::npos) continue;   // A view is one word; other sections have tables too.
    if (!line.starts_with("| ") || line.starts_with("| column")) continue;
    auto& columns = views[view];
    columns += (columns.empty() ? "" : ", ") + line.substr(2, line.find(" |") - 2);
  }
  return views;
}

class trace_store_docs : public ::testing::Test {
 protected:
  trace_store_docs() {
    auto const sink = open_sqlite_sink({.path = path}).value();
    sink->write(sample_workflow(1, "pizza_workflow")).value();
    sink->write(sample_workflow(2, "soup_workflow")).value();
    sink->write(sample_workflow(3, "pizza_workflow")).value();
    auto open = skein::testing::running(skein::testing::sample(skein::testing::sample_run(4), 1, 0, "at work", 0));
    sink->write({.spans = {open}, .runs = {skein::testing::sample_record(open.run, "running", -1)}}).value();
    store.emplace(path);
  }

  std::vector<std::string> lines(std::string const& query) const {
    std::vector<std::string> all;
    for (auto const& row : store->sql(query)) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "|") + (row[i].is_null() ? "NULL" : row[i].text());
      all.push_back(line);
    }
    return all;
  }

  // The rows of the documented query whose title begins so.
  std::vector<std::string> lines_of(std::string const& title) const {
    for (auto const& query : queries()) {
      if (query.title.starts_with(title)) return lines(query.sql);
    }
    ADD_FAILURE() << "docs/trace-schema.md has no query titled " << title;
    return {};
  }

  skein::testing::temporary_folder folder;
  std::string path = folder / "traces.db";
  std::optional<trace_store> store;
};

using rows = std::vector<std::string>;

TEST_F(trace_store_docs, every_query_runs_and_finds_something) {
  auto const all = queries();
  EXPECT_GE(all.size(), 10U);
  for (auto const& query : all) EXPECT_FALSE(lines(query.sql).empty()) << query.title;
}

TEST_F(trace_store_docs, every_view_has_the_documented_columns_in_order) {
  auto const documented = documented_columns();
  EXPECT_EQ(documented.size(), 8U);
  for (auto const& [view, columns] : documented) {
    std::string found;
    for (auto const& name : store->sql("SELECT * FROM " + view).names()) found += (found.empty() ? "" : ", ") + name;
    EXPECT_EQ(found, columns) << view;
  }
}

TEST_F(trace_store_docs, workflows_are_listed_with_span_count_and_duration) {
  EXPECT_EQ(lines("SELECT workflow_name, span_count, duration_ms FROM workflows ORDER BY trace_id"),
            (rows{"pizza_workflow|5|10.0", "soup_workflow|5|20.0", "pizza_workflow|5|30.0"}));
}

TEST_F(trace_store_docs, slowest_workflows_come_first_by_average) {
  EXPECT_EQ(lines_of("The slowest workflows"), (rows{"pizza_workflow|20.0|2", "soup_workflow|20.0|1"}));
}

TEST_F(trace_store_docs, agents_that_fail_are_listed_with_their_share) {
  EXPECT_EQ(lines_of("Agents that fail"), rows{"critic|3|6|50.0"});
}

TEST_F(trace_store_docs, spans_of_a_run_come_with_their_parents) {
  EXPECT_EQ(lines_of("The spans of a run"),
            (rows{"pizza_workflow|NULL|INTERNAL|unset|10.0", "publish pizza.idea_1|pizza_workflow|PRODUCER|unset|1.0",
                  "publish pizza.idea_2|pizza_workflow|PRODUCER|unset|1.0", "invoke_agent critic|publish pizza.idea|CONSUMER|unset|1.0",
                  "invoke_agent critic|publish pizza.idea|CONSUMER|error|1.0"}));
}

TEST_F(trace_store_docs, exceptions_come_with_type_and_message) {
  EXPECT_EQ(lines_of("Exceptions").front(), "invoke_agent critic|std::runtime_error|no such pizza");
}

TEST_F(trace_store_docs, agent_stats_rank_durations_of_ended_attempts) {
  auto const sink = open_sqlite_sink({.path = path}).value();
  trace_batch batch;
  for (std::uint64_t n = 1; n <= 20; ++n) {
    auto span = sample_workflow(9, "w").spans[1];
    span.context.span = skein::testing::sample_span(n);
    span.end = span.start + std::chrono::milliseconds{n};
    span.attributes = {{"gen_ai.operation.name", "invoke_agent"}, {"gen_ai.agent.name", "baker"}};
    batch.spans.push_back(n == 20 ? skein::testing::running(span) : span);
  }
  sink->write(batch).value();
  EXPECT_EQ(lines("SELECT * FROM agent_stats WHERE agent = 'baker'"), rows{"baker|20|0|10.0|19.0|19.0"});
}

}  // namespace
