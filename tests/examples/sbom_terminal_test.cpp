// The program with a person in front of it: progress and Ctrl-C. One package has a file so large that it is never done before the signal.
#include "support/fixture_root.hpp"
#include "support/program.hpp"

#include <skein/tracing/trace_store.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace {

using namespace sbom::testing;

constexpr std::uint64_t endless_bytes = std::uint64_t{1} << 40;

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

class sbom_terminal : public ::testing::Test {
 protected:
  void add_endless_package() {
    root.sparse_file("usr/endless", endless_bytes);
    root.package("zz-endless", std::string{hello_md5} + "  usr/endless\n");
  }
  outcome interrupt(std::string_view cue, std::string const& threads, int signal = SIGINT, std::string const& workers = "0") {
    return run_sbom_on_terminal(root.work(), {"--root", root.path(), "--all", "--threads", threads, "--workers", workers}, cue,
                                [=](pid_t child) { ::kill(child, signal); });
  }
  [[nodiscard]] skein::trace_store traces() const { return skein::trace_store{root.work() + "/.skein/traces.db"}; }
  [[nodiscard]] std::string one(std::string const& sql) const {
    auto const store = traces();
    for (auto const& row : store.sql(sql)) return row[0].text();
    return "no row";
  }

  fixture_root root;
};

TEST_F(sbom_terminal, is_told_how_far_it_is) {
  root.package("alpha", "");
  add_endless_package();
  auto const done = interrupt("\rsbom: 1 of 2 packages, 0 files hashed", "4");
  EXPECT_TRUE(contains(done.out, "\r\033[K")) << "the line is taken away: " << done.out;
}

TEST_F(sbom_terminal, ends_cleanly_on_ctrl_c) {
  root.package("alpha", "");
  root.package("beta", "");
  add_endless_package();
  auto const done = interrupt("sbom: 2 of 3 packages", "4");
  EXPECT_EQ(done.code, 130);
  EXPECT_TRUE(contains(done.out, "PARTIAL, interrupted after 2 of 3 packages\r\n")) << done.out;
  EXPECT_TRUE(contains(done.out, "sbom: interrupted after 2 of 3 packages; sbom.spdx.json was not written\r\n")) << done.out;
  for (auto const& entry : std::filesystem::directory_iterator{root.work()}) EXPECT_EQ(entry.path().filename(), ".skein");
}

TEST_F(sbom_terminal, leaves_a_truthful_trace_on_ctrl_c) {
  root.package("alpha", "");
  add_endless_package();
  ASSERT_EQ(interrupt("sbom: 1 of 2 packages", "4").code, 130);
  auto const runs = traces().runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].status, skein::run_status::cancelled);
  EXPECT_TRUE(contains(runs[0].attributes, "\"packages\":2")) << runs[0].attributes;
  EXPECT_TRUE(contains(runs[0].attributes, "\"packages.done\":1")) << runs[0].attributes;
  EXPECT_EQ(one("SELECT status_message FROM spans WHERE parent_id IS NULL"),
            "interrupted after 1 of 2 packages; sbom.spdx.json was not written");
  EXPECT_EQ(one("SELECT status_message FROM spans WHERE type = 'agent' AND status_code = 'error'"), "interrupted before it was done");
  EXPECT_EQ(one("SELECT attributes ->> '$.\"sbom.package\"' FROM spans WHERE type = 'agent' AND status_code = 'error'"), "zz-endless");
  EXPECT_EQ(one("SELECT count(*) FROM spans WHERE status_code IN ('running', 'interrupted')"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM spans WHERE name = 'publish sbom.component'"), "1");
}

TEST_F(sbom_terminal, ends_cleanly_when_one_thread_does_everything) {
  add_endless_package();
  auto const done = interrupt("sbom: 0 of 1 packages", "0", SIGTERM);
  EXPECT_EQ(done.code, 130);
  EXPECT_TRUE(contains(done.out, "PARTIAL, interrupted after 0 of 1 package\r\n")) << done.out;
  EXPECT_EQ(traces().runs().at(0).status, skein::run_status::cancelled);
}

TEST_F(sbom_terminal, ends_cleanly_when_workers_do_it) {
  root.package("alpha", "");
  root.package("beta", "");
  add_endless_package();
  auto const done = interrupt("sbom: 2 of 3 packages", "2", SIGINT, "2");
  EXPECT_EQ(done.code, 130);
  EXPECT_TRUE(contains(done.out, "sbom: interrupted after 2 of 3 packages; sbom.spdx.json was not written\r\n")) << done.out;
  EXPECT_FALSE(contains(done.out, "file_hasher-")) << "no worker has anything to say: " << done.out;
  EXPECT_EQ(traces().runs().at(0).status, skein::run_status::cancelled);
  EXPECT_EQ(one("SELECT count(*) FROM spans WHERE status_code = 'running'"), "0");
  for (auto const& entry : std::filesystem::directory_iterator{root.work()}) EXPECT_EQ(entry.path().filename(), ".skein");
}

TEST_F(sbom_terminal, keeps_an_earlier_document_on_ctrl_c) {
  add_endless_package();
  ASSERT_EQ(run_sbom(root.work(), {"--root", root.path()}).code, 0);
  auto const before = std::filesystem::last_write_time(root.work() + "/sbom.spdx.json");
  ASSERT_EQ(interrupt("sbom: 0 of 1 packages", "2").code, 130);
  EXPECT_EQ(std::filesystem::last_write_time(root.work() + "/sbom.spdx.json"), before);
}

TEST_F(sbom_terminal, is_needed_for_progress) {
  add_known_packages(root);
  EXPECT_EQ(run_sbom(root.work(), {"--root", root.path()}).err, "");
}

}  // namespace
