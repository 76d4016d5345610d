#include "supervisor.hpp"

#include <skein/bus/quiet_thread.hpp>

#include <skein/tracing/log.hpp>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace skein {

namespace {

constexpr std::chrono::seconds restarts_window{60};
/// Read at once from one worker, so that one that prints without end does not keep the others waiting.
constexpr int reads_max = 16;

/// To stderr, whole; what it cannot take is lost.
void print(std::string_view lines) noexcept {
  while (!lines.empty()) {
    auto const written = ::write(STDERR_FILENO, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string describe_exit(int status) {
  if (WIFEXITED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
  char const* const name = ::sigdescr_np(WTERMSIG(status));
  return "signal " + std::to_string(WTERMSIG(status)) + " (" + (name ? name : "unknown") + ")";
}

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

}  // namespace

struct supervisor::worker {
  worker(group& of, std::string called) : owner(of), name(std::move(called)), lines(name) {}

  group& owner;
  std::string name;
  spawn_request request;
  int pid = 0;                            // 0: not running
  unique_fd process, output;
  line_prefixer lines;
  unsigned restarts = 0;
  std::deque<time_point> recent;          // restarts within the last minute
  std::optional<time_point> start_at, kill_at;
  bool given_up = false;
  std::string last_exit;
};

struct supervisor::group {
  launch_options options;
  std::vector<std::shared_ptr<worker>> workers;
  bool stopping = false;
  std::optional<result<void>> started;
};

supervisor::supervisor(ended tell) : tell_(std::move(tell)) {
  thread_ = quiet_thread("skein-workers", [this] { run(); });
}

supervisor::~supervisor() { stop(); }

result<std::shared_ptr<supervisor::group>> supervisor::start(launch_options const& options, std::vector<std::string> environment) {
  auto const program = find_program(options.command.front());
  if (!program) return program.error();
  auto const made = std::make_shared<group>();
  made->options = options;
  auto const base = options.name.empty() ? std::filesystem::path{options.command.front()}.filename().string() : options.name;
  for (unsigned i = 1; i <= options.replicas; ++i) {
    auto one = std::make_shared<worker>(*made, base + "-" + std::to_string(i));
    one->request = {*program, options.command, environment, options.working_directory, options.output, {}};
    one->request.environment.push_back("SKEIN_NAME=" + one->name);
    if (options.output == worker_output::file) one->request.output_file = (std::filesystem::path{options.output_folder} / (one->name + ".log")).string();
    made->workers.push_back(std::move(one));
  }
  lock held{mutex_};
  if (stopping_ || letting_end_) return error{errc::misuse, "the hub is ending and starts no more workers", base};
  for (auto const& present : groups_) {
    for (auto const& one : present->workers) {
      bool const taken = std::any_of(made->workers.begin(), made->workers.end(), [&](auto const& other) { return other->name == one->name; });
      if (taken) return error{errc::misuse, "workers of this name have been launched and not been stopped; give .name", one->name};
    }
  }
  groups_.push_back(made);
  starting_.push_back(made);
  wake_.wake();
  changed_.wait(held, [&] { return made->started.has_value(); });
  if (!*made->started) {
    std::erase(groups_, made);
    return made->started->error();
  }
  return made;
}

std::vector<worker_status> supervisor::workers(group const& of) const {
  lock const held{mutex_};
  std::vector<worker_status> all;
  for (auto const& one : of.workers) all.push_back(status_of(*one));
  return all;
}

worker_status supervisor::status_of(worker const& one) { return {one.name, one.pid, one.restarts, one.given_up, one.last_exit}; }

void supervisor::stop(group& which) {
  lock held{mutex_};
  which.stopping = true;
  wake_.wake();
  changed_.wait(held, [&] { return running(&which) == 0; });
  std::erase_if(groups_, [&](auto const& one) { return one.get() == &which; });
}

void supervisor::let_end() {
  lock const held{mutex_};
  letting_end_ = true;
  for (auto const& of : groups_) {
    for (auto const& one : of->workers) one->start_at.reset();
  }
}

void supervisor::stop() {
  {
    lock const held{mutex_};
    stopping_ = true;
    for (auto const& of : groups_) of->stopping = true;
  }
  wake_.wake();
  if (thread_.joinable()) thread_.join();
}

// --- the thread --------------------------------------------------------------------------------------------------------------------

void supervisor::run() {
  lock held{mutex_};
  for (;;) {
    auto const now = std::chrono::steady_clock::now();
    for (; !starting_.empty(); starting_.pop_front()) starting_.front()->started = start_first(*starting_.front());
    for (auto const& one : due(now)) start_again(*one, now);
    end_stopping(now);
    changed_.notify_all();
    tell_ended(held);
    if (stopping_ && running(nullptr) == 0 && starting_.empty()) return;

    std::vector<pollfd> fds{{wake_.fd(), POLLIN, 0}};
    std::vector<std::shared_ptr<worker>> watched;
    for (auto const& of : groups_) {
      for (auto const& one : of->workers) {
        if (one->pid == 0) continue;
        fds.push_back({one->process.get(), POLLIN, 0});
        fds.push_back({one->output.get(), POLLIN, 0});   // -1 is passed over
        watched.push_back(one);
      }
    }
    auto const next = next_due();
    int timeout = -1;
    if (next) timeout = static_cast<int>(std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(*next - now).count(), 0, 60'000));
    held.unlock();
    (void)::poll(fds.data(), fds.size(), timeout);
    wake_.clear();
    held.lock();
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (fds[2 + 2 * i].revents != 0) read_output(*watched[i]);
      if (fds[1 + 2 * i].revents != 0) reap(*watched[i], std::chrono::steady_clock::now());
    }
  }
}

result<void> supervisor::start_first(group& of) {
  for (auto const& one : of.workers) {
    auto made = spawn(one->request);
    if (!made) {
      // All or none: those that run already had no time to take work.
      for (auto const& other : of.workers) {
        if (other->pid == 0) continue;
        ::kill(-other->pid, SIGKILL);
        ::waitpid(other->pid, nullptr, 0);
        other->pid = 0;
      }
      return made.error();
    }
    one->pid = made->pid;
    one->process = std::move(made->process);
    one->output = std::move(made->output);
  }
  return {};
}

std::vector<std::shared_ptr<supervisor::worker>> supervisor::due(time_point now) {
  std::vector<std::shared_ptr<worker>> all;
  for (auto const& of : groups_) {
    for (auto const& one : of->workers) {
      if (one->start_at && *one->start_at <= now) all.push_back(one);
    }
  }
  return all;
}

void supervisor::start_again(worker& one, time_point now) {
  one.start_at.reset();
  one.recent.push_back(now);
  ++one.restarts;
  auto made = spawn(one.request);
  if (!made) {
    one.last_exit = made.error().message();
    return after_exit(one, true, now);
  }
  one.pid = made->pid;
  one.process = std::move(made->process);
  one.output = std::move(made->output);
}

void supervisor::read_output(worker& one) {
  char buffer[16 * 1024];
  for (int i = 0; i < reads_max; ++i) {
    auto const got = ::read(one.output.get(), buffer, sizeof buffer);
    if (got > 0) {
      print(one.lines.take({buffer, static_cast<std::size_t>(got)}));
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    return one.output.reset();
  }
}

void supervisor::reap(worker& one, time_point now) {
  int status = 0;
  // A program that ignores SIGCHLD has the kernel forget how its children ended.
  bool const known = ::waitpid(one.pid, &status, 0) == one.pid;
  one.pid = 0;
  one.process.reset();
  one.kill_at.reset();
  if (one.output) read_output(one);
  one.output.reset();
  print(one.lines.rest());
  one.last_exit = known ? describe_exit(status) : "unknown (SIGCHLD is ignored)";
  after_exit(one, !known || !WIFEXITED(status) || WEXITSTATUS(status) != 0, now);
}

void supervisor::after_exit(worker& one, bool failed, time_point now) {
  auto const& options = one.owner.options;
  bool const wanted = options.restart == restart::always || (options.restart == restart::on_failure && failed);
  if (one.owner.stopping || stopping_ || letting_end_ || !wanted) return gone_.push_back(status_of(one));
  while (!one.recent.empty() && now - one.recent.front() > restarts_window) one.recent.pop_front();
  if (options.restarts_max > 0 && one.recent.size() >= options.restarts_max) {
    one.given_up = true;
    log_warn("worker " + one.name + " was given up after " + std::to_string(one.recent.size()) + " restarts within a minute (" + one.last_exit +
             "); see what it prints, then launch it again");
    return gone_.push_back(status_of(one));
  }
  auto wait = options.backoff_initial;
  for (std::size_t i = 0; i < one.recent.size() && wait < options.backoff_max; ++i) wait *= 2;
  wait = std::min(wait, options.backoff_max);
  one.start_at = now + wait;
  log_warn("worker " + one.name + " has ended (" + one.last_exit + "); it is started again in " + milliseconds(wait));
}

void supervisor::end_stopping(time_point now) {
  for (auto const& of : groups_) {
    if (!of->stopping) continue;
    for (auto const& one : of->workers) {
      one->start_at.reset();
      if (one->pid == 0) continue;
      if (!one->kill_at) {
        ::kill(one->pid, SIGTERM);
        one->kill_at = now + of->options.grace;
      } else if (*one->kill_at <= now) {
        log_warn("worker " + one->name + " has not ended within its grace of " + milliseconds(of->options.grace) + " and is killed");
        ::kill(-one->pid, SIGKILL);
        one->kill_at = time_point::max();
      }
    }
  }
}

std::optional<supervisor::time_point> supervisor::next_due() const {
  std::optional<time_point> next;
  auto const earlier = [&next](std::optional<time_point> const& at) {
    if (at && *at != time_point::max() && (!next || *at < *next)) next = at;
  };
  for (auto const& of : groups_) {
    for (auto const& one : of->workers) {
      earlier(one->start_at);
      earlier(one->kill_at);
    }
  }
  return next;
}

/// Processes that run, of one group or of all.
std::size_t supervisor::running(group const* only) const {
  std::size_t count = 0;
  for (auto const& of : groups_) {
    if (only && of.get() != only) continue;
    count += static_cast<std::size_t>(std::count_if(of->workers.begin(), of->workers.end(), [](auto const& one) { return one->pid != 0; }));
  }
  return count;
}

void supervisor::tell_ended(lock& held) {
  if (gone_.empty()) return;
  auto const all = std::exchange(gone_, {});
  held.unlock();
  for (auto const& one : all) tell_(one);
  held.lock();
}

}  // namespace skein
