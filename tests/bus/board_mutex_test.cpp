// The lock of the bus, and who waits with it.
#include "board_mutex.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace skein::bus::testing {
namespace {

using board_lock = std::unique_lock<board_mutex>;

/// A thread that waits until `over` is set under the lock.
std::thread waiter(board_mutex& mutex, bool const& over) {
  return std::thread{[&] {
    board_lock held{mutex};
    mutex.wait_for_answers([&](auto& answers, auto& given) { answers.wait(given, [&] { return over; }); });
    EXPECT_TRUE(held.owns_lock());
  }};
}

TEST(board_mutex, wakes_those_who_wait_when_it_is_unlocked) {
  board_mutex mutex;
  bool over = false;
  auto waits = waiter(mutex, over);
  {
    board_lock const held{mutex};
    over = true;
    mutex.notify_when_free();
  }
  waits.join();
}

TEST(board_mutex, wakes_those_who_wait_when_it_is_given_up_for_another_condition) {
  board_mutex mutex;
  bool over = false, seen = false;
  std::condition_variable other;
  auto waits = waiter(mutex, over);
  std::thread answers{[&] {
    waits.join();
    board_lock const held{mutex};
    seen = true;
    other.notify_all();
  }};
  {
    board_lock held{mutex};
    over = true;
    mutex.notify_when_free();
    mutex.given_up([&](auto& given) { other.wait(given, [&] { return seen; }); });
    EXPECT_TRUE(held.owns_lock());
  }
  answers.join();
}

}  // namespace
}  // namespace skein::bus::testing
