#include "control_server.hpp"

#include <skein/bus/quiet_thread.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skein {

struct control_server::connection {
  explicit connection(line_socket with) : socket(std::move(with)) {}
  line_socket socket;
  std::atomic<bool> finished = false;
  std::thread thread;
};

result<std::unique_ptr<control_server>> control_server::open(std::string path, std::size_t request_bytes_max, handler answer) {
  auto socket = listen_unix(path);
  if (!socket) return socket.error();
  return std::unique_ptr<control_server>{new control_server{std::move(path), request_bytes_max, std::move(answer), std::move(*socket)}};
}

control_server::control_server(std::string path, std::size_t request_bytes_max, handler answer, unique_fd socket)
    : path_(std::move(path)), request_bytes_max_(request_bytes_max), answer_(std::move(answer)), socket_(std::move(socket)) {
  thread_ = quiet_thread("skein-control", [this] { accept_until_stopped(); });
}

control_server::~control_server() { stop(); }

void control_server::refuse() {
  stopping_ = true;
  wake_.wake();
}

void control_server::stop() {
  if (!thread_.joinable()) return;
  refuse();
  thread_.join();
  for (auto& one : connections_) one.socket.shut_down();
  for (auto& one : connections_) one.thread.join();
  connections_.clear();
  socket_.reset();
  ::unlink(path_.c_str());
}

void control_server::accept_until_stopped() {
  pollfd events[2] = {{wake_.fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
  while (!stopping_) {
    (void)::poll(events, 2, -1);
    wake_.clear();
    join_finished();
    if (!stopping_ && events[1].revents != 0) accept_one();
  }
}

void control_server::accept_one() {
  unique_fd peer{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!peer) return;
  // The socket's mode keeps others out; root may always.
  ucred who{};
  socklen_t size = sizeof who;
  bool const known = ::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
  if (!known || (who.uid != ::geteuid() && who.uid != 0)) return;
  if (connections_.size() >= connections_max) {
    constexpr std::string_view busy = R"({"ok":false,"error":{"code":"busy","message":"the hub serves too many commands at this moment; try again"}})" "\n";
    (void)!::send(peer.get(), busy.data(), busy.size(), MSG_NOSIGNAL);
    return;
  }
  auto& made = connections_.emplace_back(line_socket{std::move(peer), request_bytes_max_});
  try {
    made.thread = quiet_thread("skein-control", [this, &made] { serve(made); });
  } catch (std::system_error const&) {
    connections_.pop_back();
  }
}

void control_server::serve(connection& with) {
  auto const abandoned = [&] { return stopping_ || with.socket.hung_up(); };
  auto const patience = [] { return std::chrono::steady_clock::now() + idle_max; };
  while (!stopping_) {
    auto const request = with.socket.read_line(patience());
    if (!request) {
      if (request.error().code() == errc::too_large) (void)with.socket.write_line(R"({"ok":false,"error":{"code":"too_large","message":"the request is too long"}})", patience());
      break;
    }
    if (!with.socket.write_line(answer_(*request, abandoned), patience())) break;
  }
  with.socket.shut_down();
  with.finished = true;
  wake_.wake();
}

void control_server::join_finished() {
  connections_.remove_if([](connection& one) {
    if (!one.finished) return false;
    one.thread.join();
    return true;
  });
}

}  // namespace skein
