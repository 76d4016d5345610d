// `skein traces …` as users run it: the real program, its output and its exit codes.
#include <skein/tracing/sqlite_sink.hpp>

#include "support/command_fixture.hpp"

#include <string>
#include <vector>

namespace {

using namespace skein;

using skein::testing::content_of;
using skein::testing::lines_in;

run_id run_no(std::uint8_t n) { return run_id{{0x01, 0x98, 0xc7, 0xf0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n}}; }

class traces_command : public skein::testing::command_fixture {
 protected:
  std::shared_ptr<sqlite_sink> open() { return open_sqlite_sink({.path = folder / ".skein/traces.db", .service = "pizza"}).value(); }

  // Two runs: `pizza_workflow`, completed, with three spans; `soup_workflow`, failed, with one.
  void record() { open()->write(two_runs()).value(); }

  static trace_batch two_runs() {
    timestamp const start{std::chrono::seconds{1'790'000'000}};
    std::vector<span_record> spans;
    auto const span = [&](std::uint8_t run, std::uint8_t id, std::uint8_t parent, std::string name) {
      span_record made;
      made.context = {trace_of(run_no(run)), span_id{{0, 0, 0, 0, 0, 0, run, id}}, span_context::sampled};
      if (parent != 0) made.parent = span_id{{0, 0, 0, 0, 0, 0, run, parent}};
      made.run = run_no(run);
      made.name = std::move(name);
      made.start = start + std::chrono::milliseconds{id};
      made.end = made.start + std::chrono::milliseconds{5};
      made.attributes = {{"skein.attempt", 1}};
      spans.push_back(made);
    };
    span(1, 1, 0, "pizza_workflow");
    span(1, 2, 1, "publish pizza.idea");
    span(1, 3, 1, "publish pizza.idea");
    span(2, 1, 0, "soup \033[31mred");
    spans[1].events = {{start, "cut", {{"pieces", 8}}}};
    spans[1].links = {{spans[0].context, {}}};
    run_record pizza{.run = run_no(1), .trace = trace_of(run_no(1)), .name = "pizza_workflow", .status = run_status::completed, .start = start};
    pizza.end = start + std::chrono::milliseconds{12};
    run_record soup{.run = run_no(2), .trace = trace_of(run_no(2)), .name = "soup_workflow", .status = run_status::failed, .start = start};
    soup.end = start + std::chrono::milliseconds{3};
    soup.failures = 1;
    return {.spans = spans, .runs = {pizza, soup}};
  }
};

TEST_F(traces_command, list_shows_runs_newest_first) {
  record();
  auto const listed = skein_command("traces list");
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_EQ(listed.out,
            "RUN                                   STARTED (UTC)        NAME            STATUS     DURATION  SPANS  FAILURES\n"
            "0198c7f0-0000-7000-8000-000000000002  2026-09-21 14:13:20  soup_workflow   failed     3.00 ms   1      1\n"
            "0198c7f0-0000-7000-8000-000000000001  2026-09-21 14:13:20  pizza_workflow  completed  12.0 ms   3      0\n");
  EXPECT_EQ(listed.err, "");
}

TEST_F(traces_command, list_filters) {
  record();
  EXPECT_EQ(lines_in(skein_command("traces list --name soup_workflow").out), 2U);
  EXPECT_EQ(lines_in(skein_command("traces list --status completed").out), 2U);
  EXPECT_EQ(lines_in(skein_command("traces list --limit 1").out), 2U);
  EXPECT_EQ(lines_in(skein_command("traces list --since 2026-09-21T14:13").out), 3U);
  EXPECT_EQ(lines_in(skein_command("traces list --since 2026-09-22").out), 1U);
}

TEST_F(traces_command, list_prints_json) {
  record();
  EXPECT_EQ(skein_command("traces list --json --name soup_workflow").out,
            "[\n{\"run_id\":\"0198c7f0-0000-7000-8000-000000000002\",\"trace_id\":\"0198c7f0000070008000000000000002\",\"name\":\"soup_workflow\","
            "\"status\":\"failed\",\"start_time\":1790000000000000000,\"end_time\":1790000000003000000,\"duration_ms\":3.0,\"spans\":1,"
            "\"failures\":1,\"attributes\":{},\"tags\":{},\"session\":\"\",\"user\":\"\",\"request_preview\":\"\",\"response_preview\":\"\"}\n]\n");
  EXPECT_EQ(skein_command("traces list --json --name none").out, "[\n]\n");
}

TEST_F(traces_command, tree_folds_siblings_that_are_alike) {
  record();
  auto const drawn = skein_command("traces tree 0001 --fold");
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_EQ(drawn.out,
            "pizza_workflow            INTERNAL           5.00 ms\n"
            "└─ publish pizza.idea ×2  INTERNAL  total    10.0 ms  max    5.00 ms\n");
  EXPECT_EQ(skein_command("traces tree 0001 --fold --json").code, 2);
}

TEST_F(traces_command, tree_draws_the_run_that_a_part_of_an_id_names) {
  record();
  auto const drawn = skein_command("traces tree 0001");
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_TRUE(drawn.out.starts_with("pizza_workflow")) << drawn.out;
  EXPECT_EQ(lines_in(drawn.out), 3U);
}

TEST_F(traces_command, tree_prints_json) {
  record();
  auto const printed = skein_command("traces tree 0001 --json");
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_NE(printed.out.find(R"("label":"publish pizza.idea_2")"), std::string::npos) << printed.out;
  EXPECT_NE(printed.out.find(R"("events":[{"time":1790000000000000000,"name":"cut","attributes":{"pieces":8}}])"), std::string::npos);
  ASSERT_EQ(shell("\"$SKEIN\" traces tree 0001 --json > tree.json").code, 0);
  auto const read = skein_command("traces sql \"SELECT count(*) FROM json_tree('$(cat tree.json)') WHERE key = 'span_id' AND path NOT LIKE '%links%'\"");
  EXPECT_EQ(read.out, "count(*)\n3\n") << read.err;
}

TEST_F(traces_command, sql_prints_a_table_and_json) {
  record();
  EXPECT_EQ(skein_command("traces sql 'SELECT name, count(*) AS n FROM spans GROUP BY name ORDER BY n DESC LIMIT 1'").out,
            "name                n\npublish pizza.idea  2\n");
  EXPECT_EQ(skein_command("traces sql --json \"SELECT 1 AS a, 2.5 AS b, NULL AS c, 'x\\\"y' AS d\"").out,
            "[\n{\"a\":1,\"b\":2.5,\"c\":null,\"d\":\"x\\\"y\"}\n]\n");
}

TEST_F(traces_command, control_characters_do_not_reach_the_terminal) {
  record();
  auto const printed = skein_command("traces sql \"SELECT name FROM spans WHERE name LIKE 'soup%'\"");
  EXPECT_EQ(printed.out, "name\nsoup \\x1b[31mred\n");
}

TEST_F(traces_command, reads_while_a_program_writes) {
  auto const sink = open();
  sink->write(two_runs()).value();
  EXPECT_EQ(lines_in(skein_command("traces list").out), 3U);
}

TEST_F(traces_command, another_file_is_chosen_by_option) {
  record();
  ASSERT_EQ(shell("mv .skein other").code, 0);
  EXPECT_EQ(lines_in(skein_command("traces list --traces other/traces.db").out), 3U);
}

TEST_F(traces_command, a_missing_file_is_error_1_with_its_name_and_the_way_out) {
  auto const failed = skein_command("traces list");
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.out, "");
  EXPECT_NE(failed.err.find(".skein/traces.db"), std::string::npos) << failed.err;
  EXPECT_NE(failed.err.find("pass another path"), std::string::npos) << failed.err;
}

TEST_F(traces_command, what_the_store_refuses_is_error_1) {
  record();
  EXPECT_EQ(skein_command("traces tree ffff").code, 1);
  auto const ambiguous = skein_command("traces tree 0198");
  EXPECT_EQ(ambiguous.code, 1);
  EXPECT_NE(ambiguous.err.find(run_no(1).to_string()), std::string::npos) << ambiguous.err;
  EXPECT_EQ(skein_command("traces sql 'DELETE FROM run_rows'").code, 1);
  EXPECT_EQ(skein_command("traces sql 'SELEC'").code, 1);
}

TEST_F(traces_command, wrong_usage_is_error_2) {
  for (auto const* arguments : {"", "traces", "nonsense", "traces tree", "traces list --limit x", "traces list --status odd",
                                "traces list --since yesterday", "traces list --nonsense"}) {
    auto const refused = skein_command(arguments);
    EXPECT_EQ(refused.code, 2) << arguments;
    EXPECT_NE(refused.err, "") << arguments;
    EXPECT_EQ(refused.out, "") << arguments;
  }
}

TEST_F(traces_command, help_is_everywhere_and_the_version_is_told) {
  for (auto const* arguments : {"--help", "traces --help", "traces list --help", "traces tree --help", "traces sql --help"}) {
    auto const helped = skein_command(arguments);
    EXPECT_EQ(helped.code, 0) << arguments;
    EXPECT_NE(helped.out.find("Usage:"), std::string::npos) << arguments;
  }
  auto const version = skein_command("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.starts_with("skein ")) << version.out;
}

TEST_F(traces_command, a_closed_pipe_is_the_end_and_no_error) {
  record();
  auto const endless = "\"$SKEIN\" traces sql 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n'";
  auto const cut = shell("{ " + std::string{endless} + "; echo $? > code.txt; } | head -n 2");
  EXPECT_EQ(cut.out, "i\n1\n");
  EXPECT_EQ(content_of(folder / "code.txt"), "0\n");
  EXPECT_EQ(cut.err, "");
}

TEST_F(traces_command, an_output_that_cannot_be_written_is_error_1) {
  record();
  auto const failed = shell("\"$SKEIN\" traces list > /dev/full");
  EXPECT_EQ(failed.code, 1);
  EXPECT_NE(failed.err.find("standard output"), std::string::npos) << failed.err;
}

}  // namespace
