#include <skein/tracing/owner_lock.hpp>

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

namespace {

using skein::errc;
using skein::owner_lock;
using skein::testing::temporary_folder;

// Another process that holds the lock of a file until it is killed.
class holder {
 public:
  explicit holder(std::string const& path) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      auto const lock = owner_lock::acquire(path, "ipc://control");
      char const answer = lock.ok() ? 'y' : 'n';
      if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char answer = 'n';
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~holder() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(owner_lock, is_held_until_destroyed) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  {
    auto const lock = owner_lock::acquire(path);
    ASSERT_TRUE(lock.ok()) << lock.error().what();
    EXPECT_TRUE(lock->held());
  }
  EXPECT_TRUE(owner_lock::acquire(path).ok());
}

TEST(owner_lock, a_second_one_in_the_same_process_is_refused_naming_it) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  auto const lock = owner_lock::acquire(path);
  ASSERT_TRUE(lock.ok());
  auto const second = owner_lock::acquire(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), errc::locked);
  EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string::npos) << second.error().what();
  EXPECT_EQ(second.error().where(), path);
}

TEST(owner_lock, another_process_is_named_and_its_death_frees_the_lock) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  holder other{path};
  auto const refused = owner_lock::acquire(path);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), errc::locked);
  EXPECT_NE(refused.error().message().find(std::to_string(other.pid())), std::string::npos) << refused.error().what();
  other.kill();
  EXPECT_TRUE(owner_lock::acquire(path).ok());
}

TEST(owner_lock, tells_the_owner_with_its_boot_and_socket) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  holder const other{path};
  auto const owner = owner_lock::owner_of(path);
  ASSERT_TRUE(owner.ok()) << owner.error().what();
  EXPECT_EQ(owner->pid, other.pid());
  EXPECT_EQ(owner->boot_id.size(), 36U);
  EXPECT_EQ(owner->control_socket, "ipc://control");
}

TEST(owner_lock, nobody_owns_a_file_that_was_never_locked_or_was_freed) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  EXPECT_EQ(owner_lock::owner_of(path).error().code(), errc::not_found);
  static_cast<void>(owner_lock::acquire(path));
  EXPECT_EQ(owner_lock::owner_of(path).error().code(), errc::not_found);
}

TEST(owner_lock, moves) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  auto first = owner_lock::acquire(path);
  ASSERT_TRUE(first.ok());
  owner_lock second = std::move(first).value();
  EXPECT_TRUE(second.held());
  EXPECT_EQ(owner_lock::acquire(path).error().code(), errc::locked);
  second = owner_lock{};
  EXPECT_TRUE(owner_lock::acquire(path).ok());
}

TEST(owner_lock, makes_the_folders_above_the_file) {
  temporary_folder const folder;
  auto const lock = owner_lock::acquire(folder / "a/b/traces.db");
  EXPECT_TRUE(lock.ok());
  EXPECT_TRUE(std::filesystem::exists(folder / "a/b/traces.db.lock"));
}

TEST(owner_lock, a_folder_that_cannot_be_made_is_an_error_with_its_reason) {
  temporary_folder const folder;
  static_cast<void>(owner_lock::acquire(folder / "file"));
  auto const lock = owner_lock::acquire(folder / "file.lock/traces.db");
  ASSERT_FALSE(lock.ok());
  EXPECT_EQ(lock.error().code(), errc::io_failed);
  EXPECT_NE(lock.error().message().find("folder"), std::string::npos) << lock.error().what();
}

TEST(owner_lock, a_longer_text_of_an_earlier_owner_does_not_show_through) {
  temporary_folder const folder;
  auto const path = folder / "traces.db";
  static_cast<void>(owner_lock::acquire(path, std::string(1000, 'x')));
  auto const lock = owner_lock::acquire(path, "ipc://short");
  EXPECT_EQ(owner_lock::owner_of(path)->control_socket, "ipc://short");
}

}  // namespace
