#include "two_networks.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace skein::testing {
namespace {

/// Runs `prepare` in a process of its own, which then runs `go_on` until it is killed. `prepare` returns 0 or an errno, told by the second.
std::pair<::pid_t, int> start_keeper(std::function<int()> const& prepare, std::function<void()> const& go_on) {
  int told[2];
  if (::pipe2(told, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  ::pid_t const pid = ::fork();
  if (pid == 0) {
    int const failure = prepare();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)!::write(told[1], &failure, sizeof failure);
    if (failure == 0) go_on();
    ::_exit(1);
  }
  int failure = EIO;
  ::close(told[1]);
  if (::read(told[0], &failure, sizeof failure) != sizeof failure) failure = EIO;
  ::close(told[0]);
  return {pid, failure};
}

void end_keeper(::pid_t pid) {
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

void sleep_for_ever() {
  for (;;) ::pause();
}

bool write_file(char const* path, std::string const& text) {
  std::ofstream file{path};
  file << text << std::flush;
  return file.good();
}

int new_network() { return ::unshare(CLONE_NEWNET) == 0 ? 0 : errno; }

int new_users_and_network() {
  auto const user = std::to_string(::getuid()), group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return errno;
  bool const mapped = write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", "0 " + user + " 1") &&
                      write_file("/proc/self/gid_map", "0 " + group + " 1");
  return mapped ? 0 : EPERM;
}

network_namespace keep(int failure, ::pid_t pid, bool own_users) {
  if (failure == 0) return {pid, own_users};
  end_keeper(pid);
  throw std::runtime_error{std::string{"no network namespace can be made ("} + std::strerror(failure) +
                           "): run this test as root, or let users make namespaces (sysctl kernel.unprivileged_userns_clone=1)"};
}

network_namespace first_network() {
  auto [pid, failure] = start_keeper(new_network, sleep_for_ever);
  if (failure == 0) return {pid, false};
  end_keeper(pid);
  std::tie(pid, failure) = start_keeper(new_users_and_network, sleep_for_ever);
  return keep(failure, pid, true);
}

network_namespace network_beside(network_namespace const& first) {
  auto const [pid, failure] = start_keeper([&] { return !first.own_users || enter(first) ? new_network() : errno; }, sleep_for_ever);
  return keep(failure, pid, first.own_users);
}

}  // namespace

two_networks::two_networks() : near_(first_network()) {
  try {
    make();
  } catch (...) {
    end_keeper(far_.keeper);
    end_keeper(near_.keeper);
    throw;
  }
}

two_networks::~two_networks() {
  end_keeper(far_.keeper);
  end_keeper(near_.keeper);
}

void two_networks::make() {
  far_ = network_beside(near_);
  ip(near_, "link add wire type veth peer name wire netns " + std::to_string(far_.keeper));
  ip(near_, std::string{"addr add "} + near_address + "/24 dev wire");
  ip(far_, "addr add 10.77.0.2/24 dev wire");
  for (auto const& one : {near_, far_}) {
    ip(one, "link set lo up");
    ip(one, "link set wire up");
  }
}

void two_networks::cut() const { ip(near_, "link set wire down"); }
void two_networks::mend() const { ip(near_, "link set wire up"); }

void two_networks::ip(network_namespace const& where, std::string const& arguments) const {
  std::istringstream words{arguments};
  std::vector<std::string> command{"ip"};
  command.insert(command.end(), std::istream_iterator<std::string>{words}, {});
  if (run(command, {.network = where}).code != 0) throw std::runtime_error{"`ip " + arguments + "` failed; install iproute2"};
}

wire_recorder::wire_recorder(two_networks const& networks, std::string file) : file_(std::move(file)) {
  int packets = -1, out = -1;
  auto const open = [&]() -> int {
    out = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || !enter(networks.near())) return errno;
    packets = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    return packets < 0 ? errno : 0;
  };
  auto const record = [&] {
    std::array<char, 1u << 16> packet;
    for (::ssize_t size = 0; (size = ::recv(packets, packet.data(), packet.size(), 0)) >= 0 || errno == ENETDOWN;) {
      if (size > 0) (void)!::write(out, packet.data(), static_cast<std::size_t>(size));
    }
  };
  auto const [pid, failure] = start_keeper(open, record);
  pid_ = pid;
  if (failure == 0) return;
  end_keeper(pid_);
  throw std::runtime_error{std::string{"packets can't be recorded: "} + std::strerror(failure)};
}

wire_recorder::~wire_recorder() { end_keeper(pid_); }

std::string wire_recorder::recorded() const {
  std::ifstream in{file_, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace skein::testing
