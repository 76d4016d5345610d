// Disks that fail under a running hub: traces never disturb the program, a ledger says so and recovers.
#include "support/captured_log.hpp"
#include "support/hub_options.hpp"

#include "agents/support/tasks.hpp"
#include "bus/support/fault_vfs.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>

namespace {

using skein::bus::testing::disk_fault;
using skein::bus::testing::fault_vfs;
using skein::testing::answer;
using skein::testing::captured_log;
using skein::testing::code_thrown_by;
using skein::testing::durable;
using skein::testing::task;
using skein::testing::temporary_folder;

constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();

/// What every connection uses that is opened while this lives.
class faulty_disk {
 public:
  faulty_disk() { ::sqlite3_vfs_register(::sqlite3_vfs_find(vfs.name()), 1); }
  faulty_disk(faulty_disk const&) = delete;
  faulty_disk& operator=(faulty_disk const&) = delete;
  ~faulty_disk() { ::sqlite3_vfs_register(real_, 1); }

  fault_vfs vfs;

 private:
  sqlite3_vfs* real_ = ::sqlite3_vfs_find("unix");
};

/// A program that traces to `path`; what it wrote to stdout.
std::string run_program(std::string const& path) {
  ::testing::internal::CaptureStdout();
  {
    skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + path, .worker_threads = 2}};
    hub.add(skein::agent{"worker"}.on<task>([](task const& t) { return answer{t.number}; }).publishes<answer>());
    for (int i = 0; i < 3; ++i) {
      skein::traced_run run{hub, "work"};
      hub.publish(task{i});
      std::cout << hub.run_until_idle() << '\n';
    }
    std::cout << hub.artifacts<answer>().size() << '\n';
  }
  return ::testing::internal::GetCapturedStdout();
}
constexpr char const* output = "idle: 1 activation done, 0 failed\nidle: 1 activation done, 0 failed\nidle: 1 activation done, 0 failed\n3\n";

TEST(traces, that_cannot_be_created_cost_one_warning) {
  temporary_folder const folder;
  std::ofstream{folder / "file"} << "x";
  captured_log const log;
  EXPECT_EQ(run_program(folder / "file" + "/traces.db"), output);
  EXPECT_EQ(log.lines(), 1u) << log.text();
  EXPECT_NE(log.text().find(folder / "file"), std::string::npos) << log.text();
}

TEST(traces, on_a_full_disk_cost_one_warning) {
  temporary_folder const folder;
  faulty_disk disk;
  disk.vfs.refuse(disk_fault::disk_full, for_ever);
  captured_log const log;
  EXPECT_EQ(run_program(folder / "traces.db"), output);
  EXPECT_EQ(log.lines(), 1u) << log.text();
}

TEST(traces, whose_folder_disappears_do_not_stop_the_program) {
  temporary_folder const folder;
  std::filesystem::create_directory(folder / "t");
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "t/traces.db", .worker_threads = 0}};
  int handled = 0;
  hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
  hub.publish(task{1});
  hub.run_until_idle();
  EXPECT_TRUE(hub.flush());
  std::filesystem::remove_all(folder / "t");
  hub.publish(task{2});
  EXPECT_TRUE(hub.run_until_idle().ok());
  (void)hub.flush();
  EXPECT_EQ(handled, 2);
}

TEST(traces, that_fail_in_the_middle_say_so_and_the_program_goes_on) {
  temporary_folder const folder;
  faulty_disk disk;
  captured_log const log;
  skein::orchestrator hub{{.ledger = "memory:", .traces = "sqlite:" + folder / "traces.db", .worker_threads = 0}};
  hub.publish(task{1});
  EXPECT_TRUE(hub.flush());
  disk.vfs.refuse(disk_fault::disk_full, for_ever);
  hub.publish(task{2});
  EXPECT_FALSE(hub.flush());
  EXPECT_TRUE(hub.run_until_idle().ok());
  EXPECT_FALSE(hub.flush());
  EXPECT_EQ(log.lines(), 1u) << log.text();
}

TEST(a_ledger_that_fails, refuses_the_publish_and_takes_it_again_once_it_works) {
  for (unsigned threads : {0u, 2u}) {
    temporary_folder const folder;
    faulty_disk disk;
    skein::orchestrator hub{durable(folder, threads)};
    std::atomic<int> handled = 0;
    hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
    hub.publish(task{1});
    EXPECT_TRUE(hub.run_until_idle().ok());

    disk.vfs.refuse(disk_fault::disk_full, for_ever);
    EXPECT_EQ(code_thrown_by([&] { hub.publish(task{2}); }), skein::errc::ledger_failed);
    EXPECT_EQ(code_thrown_by([&] { hub.publish(task{3}); }), skein::errc::ledger_failed);
    EXPECT_EQ(code_thrown_by([&] { hub.publish_async(task{4}).get(); }), skein::errc::ledger_failed);
    disk.vfs.heal();
    hub.publish(task{5});
    EXPECT_TRUE(hub.run_until_idle().ok());
    EXPECT_EQ(handled, 2) << "what was refused did not happen";
    EXPECT_EQ(hub.artifacts<task>().size(), 2u);
  }
}

TEST(a_ledger_that_fails, runs_the_handler_again_whose_end_it_lost) {
  temporary_folder const folder;
  faulty_disk disk;
  skein::orchestrator hub{durable(folder)};
  int handled = 0, seen = 0;
  hub.add(skein::agent{"worker"}
              .on<task>([&](task const& t) {
                if (++handled == 1) disk.vfs.refuse(disk_fault::write_error, for_ever);
                return answer{t.number};
              })
              .publishes<answer>());
  hub.add(skein::agent{"reader"}.on<answer>([&](answer const&) { ++seen; }));
  hub.publish(task{1});
  EXPECT_EQ(code_thrown_by([&] { hub.run_until_idle(); }), skein::errc::ledger_failed);
  EXPECT_EQ(seen, 0);
  disk.vfs.heal();
  auto const report = hub.run_until_idle();
  EXPECT_TRUE(report.ok()) << report;
  EXPECT_EQ(handled, 2);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(hub.artifacts<answer>().size(), 1u);
}

TEST(a_ledger_that_fails, once_is_got_over_without_the_program_noticing_more_than_one_error) {
  for (unsigned threads : {0u, 2u}) {
    temporary_folder const folder;
    faulty_disk disk;
    skein::orchestrator hub{durable(folder, threads)};
    std::atomic<int> handled = 0;
    hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
    disk.vfs.refuse(disk_fault::sync_error, 1);
    EXPECT_EQ(code_thrown_by([&] { hub.publish(task{1}); }), skein::errc::ledger_failed);
    hub.publish(task{2});
    EXPECT_TRUE(hub.run_until_idle().ok());
    EXPECT_EQ(handled, 1);
  }
}

TEST(a_ledger_that_fails, keeps_the_run_whose_body_goes_on) {
  temporary_folder const folder;
  faulty_disk disk;
  skein::testing::memory_traces traces;
  auto options = durable(folder);
  options.traces = "";
  options.sinks = {traces.sink()};
  {
    skein::orchestrator hub{options};
    int handled = 0;
    hub.add(skein::agent{"worker"}.on<task>([&](task const&) { ++handled; }));
    disk.vfs.refuse(disk_fault::disk_full, for_ever);
    skein::traced_run run{hub, "body"};
    EXPECT_EQ(code_thrown_by([&] { hub.publish(task{1}); }), skein::errc::ledger_failed);
    disk.vfs.heal();
    hub.publish(task{2});
    EXPECT_EQ(run.run_until_idle().activations.size(), 1u);
    EXPECT_EQ(handled, 1);
  }
  ASSERT_EQ(traces.runs().size(), 1u);
  EXPECT_EQ(traces.runs()[0].status, skein::run_status::completed);
}

}  // namespace
