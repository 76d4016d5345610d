// What a traces file meets in the world: full disks, folders without permission, users who delete it.
#include <skein/tracing/sqlite_sink.hpp>

#include "support/failing_vfs.hpp"
#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"
#include "support/unprivileged.hpp"

#include <skein/tracing/trace_store.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace skein;
namespace files = std::filesystem;
using skein::testing::sample_workflow;
using skein::testing::set_disk_full;
using skein::testing::temporary_folder;

std::size_t runs_in(std::string const& path) { return trace_store{path}.runs().size(); }

TEST(sqlite_sink_faults, a_full_disk_is_an_error_that_stores_nothing_and_passes) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  auto const sink = open_sqlite_sink({.path = path, .vfs = skein::testing::failing_vfs()}).value();
  ASSERT_TRUE(sink->write(sample_workflow(1, "before")).ok());
  set_disk_full(true);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto const failed = sink->write(sample_workflow(2, "meanwhile"));
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code(), errc::io_failed);
  }
  set_disk_full(false);
  EXPECT_EQ(runs_in(path), 1U);
  ASSERT_TRUE(sink->write(sample_workflow(3, "after")).ok());
  trace_store const store{path};
  EXPECT_EQ(store.runs().size(), 2U);
  EXPECT_EQ(store.spans(skein::testing::sample_run(3)).size(), 5U);
}

TEST(sqlite_sink_faults, a_disk_that_is_full_from_the_start_is_an_error) {
  temporary_folder const folder;
  set_disk_full(true);
  auto const opened = open_sqlite_sink({.path = folder / "traces.db", .vfs = skein::testing::failing_vfs()});
  set_disk_full(false);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), errc::io_failed);
}

TEST(sqlite_sink_faults, a_deleted_file_is_made_again) {
  temporary_folder const folder;
  auto const path = folder / "skein/traces.db";
  auto const sink = open_sqlite_sink({.path = path}).value();
  ASSERT_TRUE(sink->write(sample_workflow(1, "before")).ok());
  files::remove_all(folder / "skein");
  ASSERT_TRUE(sink->write(sample_workflow(2, "after")).ok());
  EXPECT_EQ(runs_in(path), 1U);
  EXPECT_EQ(open_sqlite_sink({.path = path}).error().code(), errc::locked);
}

TEST(sqlite_sink_faults, a_file_that_cannot_be_made_again_is_an_error_until_it_can) {
  temporary_folder const folder;
  auto const path = folder / "skein/traces.db";
  auto const sink = open_sqlite_sink({.path = path}).value();
  files::remove_all(folder / "skein");
  std::ofstream{folder / "skein"} << "in the way";
  auto const failed = sink->write(sample_workflow(1, "w"));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), errc::io_failed);
  files::remove(folder / "skein");
  EXPECT_TRUE(sink->write(sample_workflow(1, "w")).ok());
  EXPECT_EQ(runs_in(path), 1U);
}

TEST(sqlite_sink_faults, a_file_replaced_by_something_else_is_refused) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  auto const sink = open_sqlite_sink({.path = path}).value();
  files::remove(path);
  files::remove(path + "-wal");
  files::remove(path + "-shm");
  std::ofstream{path} << std::string(5'000, 'x');
  EXPECT_EQ(sink->write(sample_workflow(1, "w")).error().code(), errc::corrupt);
  EXPECT_EQ(files::file_size(path), 5'000U);
}

TEST(sqlite_sink_faults, a_folder_without_write_permission_is_an_error_with_its_reason) {
  temporary_folder const folder;
  files::permissions(folder.path(), files::perms{0555});
  skein::testing::unprivileged const ordinary_user;
  auto const opened = open_sqlite_sink({.path = folder / "traces.db"});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), errc::io_failed);
  EXPECT_NE(opened.error().message().find("writable"), std::string::npos) << opened.error().what();
}

TEST(sqlite_sink_faults, a_file_that_is_no_database_is_corrupt_and_left_alone) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  std::ofstream{path} << std::string(5'000, 'x');
  EXPECT_EQ(open_sqlite_sink({.path = path}).error().code(), errc::corrupt);
  EXPECT_EQ(files::file_size(path), 5'000U);
}

}  // namespace
