#include <skein/orchestrator/control_client.hpp>

#include "unix_socket.hpp"

#include <skein/tracing/owner_lock.hpp>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace skein {

namespace {

/// Lists of dead activations can be long.
constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

errc code_named(std::string const& name) {
  for (int code = 1; code <= static_cast<int>(errc::blocked); ++code) {
    if (to_string(static_cast<errc>(code)) == name) return static_cast<errc>(code);
  }
  return errc::bad_message;
}

bool is_socket(std::string const& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

std::string text_of(nlohmann::json const& object, char const* key) {
  auto const found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

struct control_client::state {
  line_socket socket;
  std::int64_t pid = 0;
};

control_client::control_client(std::unique_ptr<state> made) noexcept : state_(std::move(made)) {}
control_client::control_client(control_client&&) noexcept = default;
control_client& control_client::operator=(control_client&&) noexcept = default;
control_client::~control_client() = default;

result<control_client> control_client::connect(std::string const& ledger_or_socket) {
  auto path = ledger_or_socket;
  std::int64_t pid = 0;
  if (!is_socket(path)) {
    auto const owner = owner_lock::owner_of(path);
    if (!owner && owner.error().code() == errc::not_found) return error{errc::not_found, "no hub runs on it; start one, or name another ledger", path};
    if (!owner) return owner.error();
    pid = owner->pid;
    if (owner->control_socket.empty()) return error{errc::misuse, "process " + std::to_string(pid) + " that owns it has no control socket", path};
    path = owner->control_socket;
  }
  auto socket = connect_unix(path);
  if (!socket) return socket.error();
  return control_client{std::make_unique<state>(state{line_socket{std::move(*socket), answer_bytes_max}, pid})};
}

result<std::string> control_client::request(std::string_view json, std::optional<std::chrono::nanoseconds> timeout) {
  std::optional<line_socket::time_point> until;
  if (timeout) until = std::chrono::steady_clock::now() + *timeout;
  if (auto const sent = state_->socket.write_line(std::string{json}, until); !sent) return sent.error();
  auto const line = state_->socket.read_line(until);
  if (!line) return line.error();
  auto const answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object()) return error{errc::bad_message, "the hub's answer is not a JSON object"};
  if (auto const good = answer.find("ok"); good != answer.end() && *good == true) {
    auto const found = answer.find("result");
    return found == answer.end() ? std::string{"null"} : found->dump();
  }
  auto const why = answer.find("error");
  if (why == answer.end() || !why->is_object()) return error{errc::bad_message, "the hub's answer says neither result nor error"};
  return error{code_named(text_of(*why, "code")), text_of(*why, "message"), text_of(*why, "where")};
}

std::int64_t control_client::pid() const noexcept { return state_->pid; }

}  // namespace skein
