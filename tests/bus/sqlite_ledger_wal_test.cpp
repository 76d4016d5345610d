#include <skein/bus/ledger.hpp>
#include <skein/tracing/sqlite.hpp>

#include "support/ledger_folder.hpp"
#include "support/ledger_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

namespace skein::bus {
namespace {

using namespace testing;

TEST(sqlite_ledger, keeps_the_wal_short_while_one_reader_follows_another) {
  ledger_folder const folder;
  constexpr int checkpoint_pages = 8, commits = 150;
  auto const ledger = folder.open({.checkpoint_pages = checkpoint_pages});
  ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(1), ""})));
  std::atomic<bool> stop = false;
  std::thread readers{[&] {
    std::array<sqlite::database, 2> both;
    for (auto& one : both) one = sqlite::database::open(folder.file(), sqlite::open_mode::read_only).value();
    std::size_t turn = 0;
    EXPECT_TRUE(both[0].execute("BEGIN; SELECT count(*) FROM run"));
    for (; !stop; turn = 1 - turn) {
      EXPECT_TRUE(both[1 - turn].execute("BEGIN; SELECT count(*) FROM run"));
      EXPECT_TRUE(both[turn].execute("COMMIT"));
    }
  }};
  std::uintmax_t longest = 0;
  for (std::uint64_t seq = 2; seq < commits + 2; ++seq) {
    EXPECT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(seq, {}, 40'000), ""})));
    longest = std::max(longest, std::filesystem::file_size(folder.file() + "-wal"));
  }
  stop = true;
  readers.join();
  EXPECT_LT(longest, 80u * checkpoint_pages * 4096u);   // of some 1,600 pages
}

TEST(sqlite_ledger, leaves_the_checkpoint_to_tidy_until_the_wal_is_twice_as_long) {
  ledger_folder const folder;
  constexpr int checkpoint_pages = 20;
  auto const ledger = folder.open({.checkpoint_pages = checkpoint_pages});
  std::uint64_t seq = 0;
  auto const commit_until = [&](auto const& over) {
    while (!over()) ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(++seq, {}, 8'000), ""})));
  };
  auto const in_file = [&] { return std::filesystem::file_size(folder.file()); };
  auto const before = in_file();
  commit_until([&] { return ledger->untidy(); });
  EXPECT_EQ(in_file(), before);
  ledger->tidy();
  auto const tidied = in_file();
  EXPECT_GT(tidied, seq * 8'000);
  commit_until([&] { return ledger->untidy(); });
  EXPECT_EQ(in_file(), tidied);
  commit_until([&] { return in_file() > tidied; });
}

// A sync that has to write the file's size too takes several times as long.
TEST(sqlite_ledger, grows_the_wal_in_a_few_large_steps) {
  ledger_folder const folder;
  auto const ledger = folder.open();
  std::set<std::uintmax_t> sizes;
  constexpr std::uint64_t commits = 150;
  for (std::uint64_t seq = 1; seq <= commits; ++seq) {
    ASSERT_TRUE(ledger->commit(as_changes(artifact_row{make_artifact(seq, {}, 8'000), ""})));
    sizes.insert(std::filesystem::file_size(folder.file() + "-wal"));
  }
  EXPECT_GT(*sizes.rbegin(), commits * 8'000u);
  EXPECT_LT(sizes.size(), 8u);
}

}  // namespace
}  // namespace skein::bus
