// The one implementation of local_host: queues by agent, and threads that take from them.
// local_host.cpp is what others ask of it, host_threads.cpp what its threads do.
#pragma once

#include "host_thread.hpp"
#include "waiting_lines.hpp"

#include <skein/agents/local_host.hpp>
#include <skein/registry/recent_names.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace skein::agents {

inline void dispose(queued_attempt* one) noexcept { delete one; }

/// Thread-safe, as local_host says.
class thread_host final : public local_host {
 public:
  explicit thread_host(host_environment& around) : around_(around) {}
  ~thread_host() override;
  result<void> add(agent const& what) override;
  std::vector<agent_descriptor> offered() const override;
  std::vector<predicate> predicates() const override;
  void enqueue(std::vector<bus::delivery>&& work) override;
  std::vector<bus::attempt_ref> held() const override;
  std::vector<bus::attempt_ref> running() const override;
  void cancel(bus::attempt_ref const& which) override;
  void cancel_all() override;
  void drain() override;
  void start(unsigned threads) override;
  bool run_ready(std::function<bool()> const& enough) override;
  activation_frame* current_frame() const override;
  void stop() override;

 private:
  // Under the host's lock.
  void admit(std::vector<bus::delivery>& work);
  hosted_agent* find(std::string const& name);
  queued_attempt& fresh();
  void recycle(thread_slot& slot);
  std::size_t peers_to_wake();
  hosted_agent* next_owner(thread_slot& slot);
  queued_attempt* take_one(thread_slot& slot);
  bool take(thread_slot& slot);
  void recall(thread_slot& slot);
  void leave_owner(thread_slot& slot);

  // Without it, unless it is given.
  void give_back(std::vector<bus::delivery> const& unstarted);
  void give_back(attempt_list& unstarted);
  void notify(std::size_t threads);
  void begin(thread_slot& slot, queued_attempt const& job) const noexcept;
  bool wanted(hosted_agent const& owner, queued_attempt const& job) const noexcept;
  static void log_threw(hosted_agent const& owner, queued_attempt const& job) noexcept;
  void run(thread_slot& slot, queued_attempt& job, execution& here);
  bool complete(thread_slot& slot);
  queued_attempt* next_of_batch(thread_slot& slot, bool& is_last);
  void finish_batch(thread_slot& slot);
  bool work_off(thread_slot& slot, execution& here);
  void serve();
  void see_to_commits(std::unique_lock<std::mutex>& held);
  void sleep(std::unique_lock<std::mutex>& held);

  host_environment& around_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::unordered_map<std::string, std::unique_ptr<hosted_agent>> by_name_;
  recent_names<hosted_agent> found_;
  std::vector<hosted_agent*> agents_;
  waiting_lines lines_;
  attempt_list spare_;
  std::vector<thread_slot*> slots_;
  std::vector<std::thread> threads_;
  std::size_t const cores_ = std::max(2u, std::thread::hardware_concurrency());
  std::size_t seeking_ = 0;    // threads that will look for work before they sleep
  std::size_t attending_ = 0;  // those of them that see to commits first
  std::size_t sleeping_ = 0;   // and have not been woken
  std::size_t wakeups_ = 0;    // woken, and not awake yet; they are seeking
  std::int32_t lowest_taken_ = std::numeric_limits<std::int32_t>::max();   // priority of all work so far
  std::atomic<std::uint64_t> interrupts_ = 0;   // changed under mutex_
  bool draining_ = false;      // guarded by mutex_
  std::atomic<bool> cancelling_ = false;        // changed under mutex_
  std::atomic<bool> stopping_ = false;
  bool terminated_ = false;    // of the thread that stops the host
};

}  // namespace skein::agents
