#include "questions.hpp"

#include <skein/tracing/elapsed.hpp>

#include <utility>

namespace skein::agents {

result<std::vector<bus::artifact_ptr>> questions::ask(bus::host_link& link, bus::query what, std::chrono::nanoseconds timeout) {
  std::unique_lock held{mutex_};
  if (stopped_) return error{errc::cancelled, "the worker is stopping and asks the hub nothing more"};
  auto const number = what.number = ++last_;
  waiting_.emplace(number, std::nullopt);
  held.unlock();
  auto const type = what.type;
  link.ask(std::move(what));
  held.lock();
  (void)changed_.wait_for(held, timeout, [&] { return stopped_ || waiting_.at(number).has_value(); });
  auto answer = std::move(waiting_.extract(number).mapped());
  bool const stopped = stopped_;
  held.unlock();
  if (answer) {
    if (!answer->error.empty()) return error{errc::io_failed, "the hub cannot tell its artifacts of " + type + ": " + answer->error};
    return std::move(answer->artifacts);
  }
  link.forget_question(number);
  if (stopped) return error{errc::cancelled, "the worker is stopping and waits for no answers"};
  return error{errc::timeout, "the hub has not told its artifacts of " + type + " within " + elapsed{timeout}.to_string() + "; is it reachable?"};
}

void questions::answered(bus::query_result&& answer) {
  std::lock_guard const held{mutex_};
  auto const asked = waiting_.find(answer.number);
  if (asked == waiting_.end()) return;   // an answer again, or too late
  asked->second = std::move(answer);
  changed_.notify_all();
}

void questions::stop() {
  std::lock_guard const held{mutex_};
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace skein::agents
