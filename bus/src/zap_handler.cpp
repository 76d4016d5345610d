#include "zap_handler.hpp"

#include <array>
#include <utility>

namespace skein::bus {

namespace {

constexpr std::size_t key_bytes = 32, key_chars = 40;

std::string z85(zmq::message_t const& raw) {
  std::array<char, key_chars + 1> text{};
  if (raw.size() != key_bytes || ::zmq_z85_encode(text.data(), raw.data<std::uint8_t>(), key_bytes) == nullptr) return {};
  return text.data();
}

}  // namespace

peer_identity peer_identity::parse(std::string_view user_id) {
  if (user_id.size() <= key_chars) return {};
  return {std::string{user_id.substr(0, key_chars)}, std::string{user_id.substr(key_chars + 1)}};
}

struct zap_handler::request {
  enum part : std::size_t { version, id, domain, address, routing_id, mechanism, credentials, count };
  std::array<zmq::message_t, count> parts;
  std::size_t received = 0;
  [[nodiscard]] std::string_view operator[](part which) const { return parts[which].to_string_view(); }
};

zap_handler::zap_handler(zmq::context_t& context, allow_list& allowed, refusal_log& log)
    : socket_(context, zmq::socket_type::rep), allowed_(allowed), log_(log) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
}

bool zap_handler::receive(request& into) {
  into.received = 0;
  zmq::message_t part;
  do {
    if (!socket_.recv(part, zmq::recv_flags::dontwait)) return false;
    bool const more = part.more();
    if (into.received < request::count) into.parts[into.received] = std::move(part);
    ++into.received;
    if (!more) return true;
  } while (true);
}

void zap_handler::answer(request const& to, char const* status, char const* text, std::string const& user_id) {
  auto const part = [&](std::string_view value, zmq::send_flags flags) {
    (void)socket_.send(zmq::buffer(value), flags | zmq::send_flags::dontwait);
  };
  part("1.0", zmq::send_flags::sndmore);
  part(to[request::id], zmq::send_flags::sndmore);
  part(status, zmq::send_flags::sndmore);
  part(text, zmq::send_flags::sndmore);
  part(user_id, zmq::send_flags::sndmore);
  part("", zmq::send_flags::none);
}

bool zap_handler::turn(std::uint64_t& refused) {
  bool moved = false;
  request asked;
  while (receive(asked)) {
    moved = true;
    std::string const key =
        asked.received == request::count && asked[request::mechanism] == "CURVE" ? z85(asked.parts[request::credentials]) : std::string{};
    auto const* name = key.empty() ? nullptr : allowed_.name_of(key);
    if (name != nullptr) {
      answer(asked, "200", "OK", key + ' ' + *name);
      continue;
    }
    ++refused;
    log_.warn("peers without an allowed key",
              std::string{asked[request::address]} + " was refused: its key " +
                  (key.empty() ? "is missing" : key + " is not among those allowed"),
              refusal_log::clock::now());
    answer(asked, "400", "this key is not allowed", "");
  }
  return moved;
}

}  // namespace skein::bus
