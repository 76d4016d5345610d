#include <skein/tracing/sqlite.hpp>

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using skein::bytes_view;
using skein::errc;
using skein::sqlite::database;
using skein::sqlite::open_mode;
using skein::testing::temporary_folder;

database memory() { return database::open(":memory:", open_mode::read_write_create).value(); }

TEST(sqlite, values_come_back_as_they_were_bound) {
  auto file = memory();
  auto query = file.prepare("SELECT ?1, ?2, ?3, ?4, ?5").value();
  std::array<unsigned char, 3> const blob{1, 0, 255};
  query.bind(1, std::int64_t{-5}).bind(2, 2.5).bind(3, std::string_view{"a\0b", 3}).bind(4, std::as_bytes(std::span{blob})).bind_null(5);
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.columns(), 5);
  EXPECT_EQ(query.integer(0), -5);
  EXPECT_EQ(query.real(1), 2.5);
  EXPECT_EQ(query.text(2), (std::string_view{"a\0b", 3}));
  ASSERT_EQ(query.blob(3).size(), 3U);
  EXPECT_EQ(std::memcmp(query.blob(3).data(), blob.data(), 3), 0);
  EXPECT_TRUE(query.is_null(4));
  EXPECT_FALSE(query.step().value());
}

TEST(sqlite, empty_text_and_blob_are_not_null) {
  auto file = memory();
  auto query = file.prepare("SELECT ?1, ?2").value();
  query.bind(1, std::string_view{}).bind(2, bytes_view{});
  ASSERT_TRUE(query.step().value());
  EXPECT_FALSE(query.is_null(0));
  EXPECT_FALSE(query.is_null(1));
}

TEST(sqlite, a_statement_runs_again_after_its_end) {
  auto file = memory();
  ASSERT_TRUE(file.execute("CREATE TABLE t(a)").ok());
  auto insert = file.prepare("INSERT INTO t VALUES(?)", true).value();
  for (std::int64_t n = 1; n <= 3; ++n) ASSERT_TRUE(insert.bind(1, n).run().ok());
  EXPECT_EQ(file.integer("SELECT sum(a) FROM t").value(), 6);
  EXPECT_EQ(file.last_row(), 3);
  EXPECT_EQ(file.changes(), 1);
}

TEST(sqlite, a_wrong_parameter_shows_at_the_step) {
  auto file = memory();
  auto query = file.prepare("SELECT ?1").value();
  EXPECT_EQ(query.bind(2, std::int64_t{1}).step().error().code(), errc::invalid_argument);
}

TEST(sqlite, wrong_sql_is_an_error_with_the_text_of_sqlite) {
  auto file = memory();
  auto const failed = file.prepare("SELEC 1");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), errc::invalid_argument);
  EXPECT_NE(failed.error().message().find("syntax error"), std::string::npos);
  EXPECT_EQ(file.prepare(" -- nothing").error().code(), errc::invalid_argument);
}

TEST(sqlite, a_refused_row_is_an_error_and_the_statement_stays_usable) {
  auto file = memory();
  ASSERT_TRUE(file.execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)").ok());
  auto insert = file.prepare("INSERT INTO t VALUES(?)").value();
  auto const failed = insert.bind(1, std::int64_t{1}).run();
  EXPECT_EQ(failed.error().code(), errc::invalid_argument);
  EXPECT_NE(failed.error().message().find("[sqlite 2067]"), std::string::npos) << failed.error().what();  // SQLITE_CONSTRAINT_UNIQUE
  EXPECT_TRUE(insert.bind(1, std::int64_t{2}).run().ok());
}

TEST(sqlite, no_row_where_a_number_is_asked_for_is_corrupt) {
  auto file = memory();
  EXPECT_EQ(file.integer("SELECT 1 WHERE 0").error().code(), errc::corrupt);
}

TEST(sqlite, a_file_that_is_no_database_is_corrupt_when_opened) {
  temporary_folder const folder;
  auto const path = folder / "notes.txt";
  std::ofstream{path} << std::string(4096, 'x');
  for (auto const mode : {open_mode::read_only, open_mode::read_write_create, open_mode::immutable}) {
    auto const opened = database::open(path, mode);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), errc::corrupt);
    EXPECT_EQ(opened.error().where(), path);
  }
}

TEST(sqlite, a_missing_file_is_an_error_for_readers) {
  temporary_folder const folder;
  auto const opened = database::open(folder / "none.db", open_mode::read_only);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), errc::io_failed);
  EXPECT_FALSE(std::filesystem::exists(folder / "none.db"));
}

TEST(sqlite, an_immutable_file_may_have_any_name) {
  temporary_folder const folder;
  auto const path = folder / "50%41?mode=x#y.db";
  ASSERT_TRUE(database::open(path, open_mode::read_write_create)->execute("CREATE TABLE t(a); INSERT INTO t VALUES(7)").ok());
  auto file = database::open(path, open_mode::immutable).value();
  EXPECT_EQ(file.integer("SELECT a FROM t").value(), 7);
  EXPECT_EQ(file.execute("INSERT INTO t VALUES(8)").error().code(), errc::io_failed);
}

TEST(sqlite, a_file_at_its_size_limit_is_io_failed) {
  temporary_folder const folder;
  auto file = database::open(folder / "small.db", open_mode::read_write_create).value();
  ASSERT_TRUE(file.execute("CREATE TABLE t(a); PRAGMA max_page_count = 3").ok());
  auto const failed = file.execute("INSERT INTO t VALUES(zeroblob(100000))");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), errc::io_failed);
  EXPECT_NE(failed.error().message().find("free some space"), std::string::npos);
}

TEST(sqlite, a_write_through_a_reader_is_io_failed) {
  temporary_folder const folder;
  ASSERT_TRUE(database::open(folder / "t.db", open_mode::read_write_create)->execute("CREATE TABLE t(a)").ok());
  auto file = database::open(folder / "t.db", open_mode::read_only).value();
  EXPECT_EQ(file.execute("INSERT INTO t VALUES(1)").error().code(), errc::io_failed);
}

TEST(sqlite, moves) {
  auto first = memory();
  auto second = std::move(first);
  EXPECT_EQ(first.handle(), nullptr);  // NOLINT: what is left of it is promised
  auto query = second.prepare("SELECT 1").value();
  auto moved = std::move(query);
  EXPECT_TRUE(moved.step().value());
  EXPECT_EQ(query.step().error().code(), errc::misuse);  // NOLINT
  query = std::move(moved);
  moved = second.prepare("SELECT 2").value();
  EXPECT_TRUE(moved.step().value());
}

}  // namespace
