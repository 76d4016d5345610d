#include <skein/agents/service_manager.hpp>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace skein::agents {

namespace {

std::optional<std::int64_t> number_in(char const* variable) {
  char const* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::string_view const digits{text};
  std::int64_t value = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed != std::errc{} || end != digits.data() + digits.size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

service_manager service_manager::from_environment() {
  char const* const socket = std::getenv("NOTIFY_SOCKET");
  auto watchdog = number_in("WATCHDOG_USEC");
  auto const whom = number_in("WATCHDOG_PID");
  if (whom && *whom != ::getpid()) watchdog.reset();   // The variables were meant for the process that started this one.
  return service_manager{socket ? socket : "", watchdog ? std::optional{std::chrono::microseconds{*watchdog}} : std::nullopt};
}

void service_manager::ready(std::string_view status) const noexcept { say("READY=1", status); }
void service_manager::stopping(std::string_view status) const noexcept { say("STOPPING=1", status); }
void service_manager::status(std::string_view text) const noexcept { say({}, text); }
void service_manager::alive() const noexcept { say("WATCHDOG=1", {}); }

std::optional<std::chrono::nanoseconds> service_manager::watchdog_interval() const noexcept {
  if (socket_.empty() || !watchdog_) return std::nullopt;
  return *watchdog_ / 2;
}

void service_manager::say(std::string_view state, std::string_view status) const noexcept {
  sockaddr_un to{};
  if (socket_.empty() || socket_.size() >= sizeof to.sun_path) return;
  try {
    std::string text{state};
    if (!status.empty()) {
      if (!text.empty()) text += '\n';
      text += "STATUS=";
      std::replace_copy(status.begin(), status.end(), std::back_inserter(text), '\n', ' ');
    }
    to.sun_family = AF_UNIX;
    std::copy(socket_.begin(), socket_.end(), to.sun_path);
    if (socket_.front() == '@') to.sun_path[0] = '\0';
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    int const fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    timeval const patience{1, 0};
    (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&to), length);
    (void)::close(fd);
  } catch (...) {   // Out of memory: the manager waits for the next word.
  }
}

}  // namespace skein::agents
