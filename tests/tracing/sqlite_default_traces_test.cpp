#include <skein/tracing/default_traces.hpp>

#include "support/temporary_folder.hpp"
#include "support/trace_samples.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <string>

namespace {

using namespace skein;
using skein::testing::temporary_folder;

TEST(default_traces, go_to_the_default_file_when_it_is_free) {
  temporary_folder const folder;
  auto const opened = open_default_traces({.path = folder / "traces.db"});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->path, folder / "traces.db");
}

TEST(default_traces, go_to_a_file_of_the_process_when_the_default_is_taken) {
  temporary_folder const folder;
  auto const pid = std::to_string(::getpid());
  ::testing::internal::CaptureStderr();
  auto const first = open_default_traces({.path = folder / "traces.db"});
  auto const second = open_default_traces({.path = folder / "traces.db"});
  auto const third = open_default_traces({.path = folder / "traces.db"});
  auto const said = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(second->path, folder / ("traces-" + pid + ".db"));
  EXPECT_EQ(third->path, folder / ("traces-" + pid + "-2.db"));
  EXPECT_EQ(second->sink->path(), second->path);
  EXPECT_TRUE(third->sink->write(skein::testing::sample_workflow(1, "w")).ok());
  EXPECT_NE(said.find("traces-" + pid + ".db"), std::string::npos) << said;
}

TEST(default_traces, only_a_locked_file_is_avoided) {
  temporary_folder const folder;
  std::ofstream{folder / "traces.db"} << std::string(5'000, 'x');
  EXPECT_EQ(open_default_traces({.path = folder / "traces.db"}).error().code(), errc::corrupt);
}

}  // namespace
