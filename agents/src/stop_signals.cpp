#include <skein/agents/stop_signals.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>

namespace skein::agents {

namespace {

constexpr std::array<int, 2> watched{SIGTERM, SIGINT};

/// A signal handler reaches nothing but globals, so this is the one that there is.
struct {
  std::atomic<int> fd = -1;             // an eventfd, opened once and kept: a thread may be inside the handler when it is taken away
  std::atomic<int> first = 0;           // the first signal
  std::atomic<bool> installed = false;
} constinit on_stop;
static_assert(std::atomic<int>::is_always_lock_free, "signal handlers use it");

void poke(int fd) noexcept {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(fd, &one, sizeof one);
}

extern "C" void skein_stop_signal_came(int number) {
  int const kept = errno;
  int none = 0;
  if (!on_stop.first.compare_exchange_strong(none, number)) ::_exit(128 + number);
  poke(on_stop.fd.load());
  errno = kept;
}

class installed_signals final : public stop_signals {
 public:
  explicit installed_signals(int fd) noexcept : fd_(fd) {
    struct sigaction action {};
    action.sa_handler = skein_stop_signal_came;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < watched.size(); ++i) {
      ::sigaction(watched[i], nullptr, &before_[i]);
      // Whoever started the process in the background has decided that a terminal's SIGINT is not for it.
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(watched[i], &action, nullptr);
    }
  }
  installed_signals(installed_signals const&) = delete;
  installed_signals& operator=(installed_signals const&) = delete;
  ~installed_signals() override {
    for (std::size_t i = 0; i < watched.size(); ++i) ::sigaction(watched[i], &before_[i], nullptr);
    on_stop.installed = false;
  }

  int received() const noexcept override { return on_stop.first.load(); }
  int fd() const noexcept override { return fd_; }
  void wake() noexcept override { poke(fd_); }

  void wait(std::optional<std::chrono::steady_clock::time_point> until) override {
    using namespace std::chrono;
    int timeout = -1;
    if (until) {
      // Rounded up: a wait that ends just before its time would be followed by another one.
      auto const left = ceil<milliseconds>(*until - steady_clock::now()).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
    }
    pollfd waited{fd_, POLLIN, 0};
    if (::poll(&waited, 1, timeout) <= 0) return;
    std::uint64_t count = 0;
    [[maybe_unused]] auto const read = ::read(fd_, &count, sizeof count);
  }

 private:
  int const fd_;
  std::array<struct sigaction, watched.size()> before_{};
};

/// GCC 12's ThreadSanitizer makes a thread's place for delayed signals in the first call that blocks, and loses a signal that comes
/// meanwhile (its SigCtx; later releases use a compare-and-swap there). So such a call is made before any signal is expected.
void prepare_sanitizer() noexcept {
#if defined(__SANITIZE_THREAD__)
  ::poll(nullptr, 0, 0);
#endif
}

}  // namespace

result<std::unique_ptr<stop_signals>> stop_signals::install() {
  if (on_stop.installed.exchange(true)) {
    return error{errc::misuse, "SIGTERM and SIGINT are watched already: one serve(), or one hub with stop_on_signals, per process at a time"};
  }
  if (on_stop.fd < 0) on_stop.fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (on_stop.fd < 0) {
    on_stop.installed = false;
    return error{errc::io_failed, std::string{"cannot make an eventfd for signals: "} + std::strerror(errno)};
  }
  on_stop.first = 0;
  prepare_sanitizer();
  return std::unique_ptr<stop_signals>{std::make_unique<installed_signals>(on_stop.fd)};
}

}  // namespace skein::agents
