#include "watcher.hpp"

#include "summary.hpp"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

namespace sbom {
namespace {

constexpr timespec between_lines{0, 100'000'000};

/// Ends the watching thread; blocked, and sent to that thread only.
constexpr int end_of_watch = SIGUSR1;

bool is_ignored(int signal) {
  struct sigaction present {};
  return ::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

void write_to_terminal(std::string_view text) {
  // A terminal that is gone is no reason to stop.
  while (!text.empty()) {
    auto const count = ::write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

watcher::watcher(std::stop_source stop, progress const& seen, bool draw) : stop_(std::move(stop)), seen_(seen), draw_(draw) {
  ::sigemptyset(&awaited_);
  ::sigaddset(&awaited_, end_of_watch);
  for (int const signal : {SIGINT, SIGTERM}) {
    if (!is_ignored(signal)) ::sigaddset(&awaited_, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &awaited_, &before_);
  thread_ = std::thread{[this] { watch(); }};
}

watcher::~watcher() {
  ::pthread_kill(thread_.native_handle(), end_of_watch);
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void watcher::watch() {
  for (;;) {
    int const signal = draw_ ? ::sigtimedwait(&awaited_, nullptr, &between_lines) : ::sigwaitinfo(&awaited_, nullptr);
    if (signal == end_of_watch) break;
    if (signal > 0 && !stop_.request_stop()) std::_Exit(130);
    if (draw_) draw_line();
  }
  if (draw_) write_to_terminal("\r\033[K");
}

void watcher::draw_line() const {
  std::string line = "\rsbom: " + std::to_string(seen_.packages) + " of " + std::to_string(seen_.packages_all) + " packages, " +
                     std::to_string(seen_.files) + " files hashed, " + bytes_text(seen_.bytes);
  if (stop_.stop_requested()) line += ", stopping";
  write_to_terminal(line + "\033[K");
}

}  // namespace sbom
