// The program with worker processes.
#include "support/fixture_root.hpp"
#include "support/open_file_watch.hpp"
#include "support/program.hpp"

#include <skein/tracing/trace_store.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace sbom::testing;

constexpr std::uint64_t endless_bytes = std::uint64_t{1} << 40;

class sbom_workers : public ::testing::Test {
 protected:
  outcome run(arguments more, std::function<void()> const& meanwhile = {}) {
    more.insert(more.begin(), {"--root", root.path()});
    return run_sbom(root.work(), more, "1700000000", meanwhile);
  }
  [[nodiscard]] std::string written() const {
    std::ifstream file{root.work() + "/sbom.spdx.json", std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  [[nodiscard]] std::string rows(std::string const& sql) const {
    skein::trace_store const store{root.work() + "/.skein/traces.db"};
    std::string all;
    for (auto const& row : store.sql(sql)) all += (all.empty() ? "" : " ") + row[0].text();
    return all;
  }
  void add_endless_package() {
    root.sparse_file("usr/endless", endless_bytes);
    root.package("zz-endless", std::string{hello_md5} + "  usr/endless\n");
  }

  fixture_root root;
};

TEST_F(sbom_workers, write_the_same_bytes_as_one_process) {
  add_known_packages(root);
  ASSERT_EQ(run({"--workers", "0"}).code, 0);
  auto const alone = written();
  for (auto const* workers : {"1", "3"}) {
    auto const done = run({"--workers", workers});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.err, "");
    EXPECT_EQ(written(), alone) << workers << " workers";
  }
  auto const everything = run({"--workers", "2", "--all", "--threads", "0"});
  EXPECT_EQ(everything.code, 0) << everything.err;
  auto const with_workers = written();
  ASSERT_EQ(run({"--all"}).code, 0);
  EXPECT_EQ(with_workers, written()) << "the sample travels";
}

TEST_F(sbom_workers, are_part_of_one_trace) {
  add_known_packages(root);
  ASSERT_EQ(run({"--workers", "2"}).code, 0);
  EXPECT_EQ(rows("SELECT count(*) FROM runs"), "1");
  EXPECT_EQ(rows("SELECT count(DISTINCT trace_id) FROM spans"), "1");
  EXPECT_EQ(rows("SELECT count(*) FROM spans AS child WHERE child.parent_id IS NOT NULL AND NOT EXISTS"
                 " (SELECT 1 FROM spans AS parent WHERE parent.span_id = child.parent_id)"),
            "0");
  EXPECT_EQ(rows("SELECT count(*) FROM spans WHERE parent_id IS NULL"), "1");
  // Each package was published here, hashed there, and what came of it was joined here.
  EXPECT_EQ(rows("SELECT count(*) FROM spans AS given"
                 " JOIN spans AS hashed ON hashed.parent_id = given.span_id AND hashed.name = 'invoke_agent file_hasher'"
                 " JOIN spans AS made ON made.parent_id = hashed.span_id AND made.name = 'publish dpkg.file_check'"
                 " JOIN spans AS joined ON joined.name = 'invoke_agent joiner' AND (joined.parent_id = made.span_id OR EXISTS"
                 "  (SELECT 1 FROM links WHERE links.span_id = joined.span_id AND links.linked_span_id = made.span_id))"
                 " WHERE hashed.service LIKE 'file_hasher-%' AND given.service NOT LIKE 'file_hasher-%' AND joined.service = given.service"
                 " AND hashed.attributes ->> '$.\"sbom.package\"' IS NOT NULL"),
            "5");
}

TEST_F(sbom_workers, that_are_killed_change_nothing) {
  add_known_packages(root);
  add_endless_package();
  open_file_watch watch{root / "usr/endless"};
  auto const done = run({"--all", "--workers", "2"}, [&] {
    auto const worker = watch.reader();
    // Whoever hashes it next finds what was recorded; the one that does so still has the endless file.
    root.file("usr/short", "hello\n");
    std::filesystem::rename(root / "usr/short", root / "usr/endless");
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
  });
  EXPECT_EQ(done.code, 0) << done.err;
  auto const with_loss = written();
  // The one that it was at, and those that it had been given besides.
  auto const interrupted = rows("SELECT count(*) FROM spans WHERE name = 'invoke_agent file_hasher' AND status_code = 'interrupted'");
  EXPECT_TRUE(interrupted >= "1" && interrupted <= "4") << interrupted;
  EXPECT_EQ(rows("SELECT count(*) FROM spans WHERE name = 'publish dpkg.file_check'"), "6");
  ASSERT_EQ(run({"--all"}).code, 0);
  EXPECT_EQ(with_loss, written());
}

TEST_F(sbom_workers, that_are_killed_are_started_again) {
  add_endless_package();
  open_file_watch watch{root / "usr/endless"};
  auto const done = run({"--all", "--workers", "1"}, [&] {
    auto const worker = watch.reader();
    root.file("usr/short", "hello\n");
    std::filesystem::rename(root / "usr/short", root / "usr/endless");
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
  });
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.err.find("worker file_hasher-1 has ended (signal 9 (Killed)); it is started again"), std::string::npos) << done.err;
}

TEST_F(sbom_workers, that_leave_their_work_undone_fail_the_inventory) {
  add_endless_package();
  open_file_watch watch{root / "usr/endless"};
  auto const done = run({"--all", "--workers", "1"}, [&] { ASSERT_EQ(::kill(watch.reader(), SIGTERM), 0); });
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("sbom: file_hasher left 1 package undone: "), std::string::npos) << done.err;
  EXPECT_FALSE(std::filesystem::exists(root.work() + "/sbom.spdx.json"));
}

TEST_F(sbom_workers, are_not_for_people) {
  auto const done = run({"--worker"});
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("SKEIN_CONNECT"), std::string::npos) << done.err;
}

}  // namespace
