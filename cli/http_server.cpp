#include "http_server.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace skein::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t header_bytes_max = 8'192, discarded_bytes_max = 1 << 20;
constexpr std::chrono::seconds idle_max{10}, linger{2};
constexpr std::chrono::milliseconds accept_again{100};
/// Pages at once: one that waits for a hub keeps no other from being made.
constexpr unsigned makers_max = 4;

/// What is wrong with a request that could not be read; 0 = nobody is there to be told.
unsigned status_of(beast::error_code failed) {
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow) return 431;
  if (failed == http::error::body_limit || failed == http::error::unexpected_body) return 413;
  bool const no_request = failed == http::error::end_of_stream || failed == http::error::partial_message;
  return failed.category() == http::make_error_code(http::error::bad_method).category() && !no_request ? 400 : 0;
}

/// What connections share. They end with the makers and the context.
struct shared {
  http_server::pages make;
  std::size_t open = 0;   // connections; of the server's thread
  asio::io_context context{1};
  asio::thread_pool makers{makers_max};
};

/// One connection: request after request until it is closed, idle for too long, or sends what is no request.
class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(tcp::socket socket, shared& with) : stream_(std::move(socket)), shared_(with) { ++shared_.open; }
  connection(connection const&) = delete;
  connection& operator=(connection const&) = delete;
  ~connection() { --shared_.open; }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(0);
    stream_.expires_after(idle_max);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code failed, std::size_t) { self->have_read(failed); });
  }

 private:
  void have_read(beast::error_code failed) {
    if (failed) {
      if (auto const status = status_of(failed)) answer({status, "text/plain", std::string{http::obsolete_reason(http::int_to_status(status))} + '\n'}, false);
      return;
    }
    auto const& request = parser_->get();
    if (request.method() != http::verb::get && request.method() != http::verb::head) return answer({405, "text/plain", "GET or HEAD\n"}, false);
    auto const target = request.target();
    std::string path{target.data(), std::min(target.find('?'), target.size())};
    stream_.expires_never();
    // The reference travels along, so that connections end on the server's thread only.
    asio::post(shared_.makers, [self = shared_from_this(), path = std::move(path)]() mutable {
      auto page = self->shared_.make(path);
      auto& back = self->shared_.context;
      asio::post(back, [self = std::move(self), page = std::move(page)]() mutable { self->answer(std::move(page), self->parser_->get().keep_alive()); });
    });
  }

  void answer(http_page page, bool keep) {
    response_ = {};
    response_.result(page.status);
    response_.set(http::field::content_type, page.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (page.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep);
    response_.body() = std::move(page.body);
    auto const length = response_.body().size();
    if (parser_->is_header_done() && parser_->get().method() == http::verb::head) response_.body().clear();
    response_.content_length(length);
    stream_.expires_after(idle_max);
    http::async_write(stream_, response_, [self = shared_from_this(), keep](beast::error_code failed, std::size_t) {
      if (failed) return;
      keep ? self->read() : self->close();
    });
  }

  /// Closing with bytes unread would take the answer away from the peer.
  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(linger);
    discard();
  }
  void discard() {
    stream_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](beast::error_code failed, std::size_t size) {
      self->discarded_bytes_ += size;
      if (!failed && self->discarded_bytes_ < discarded_bytes_max) self->discard();
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * header_bytes_max};
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::array<char, 4'096> discarded_{};
  std::size_t discarded_bytes_ = 0;
  shared& shared_;
};

class beast_server final : public http_server {
 public:
  beast_server(tcp::endpoint const& at, pages make)
      : shared_{.make = std::move(make)}, acceptor_(shared_.context, at), again_(shared_.context) {
    accept();
    thread_ = std::thread{[this] { shared_.context.run(); }};
  }
  ~beast_server() override {
    shared_.context.stop();
    thread_.join();
    shared_.makers.stop();
    shared_.makers.join();
  }
  std::string address() const override {
    auto const at = acceptor_.local_endpoint();
    auto const text = at.address().to_string();
    return (at.address().is_v6() ? '[' + text + ']' : text) + ':' + std::to_string(at.port());
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (failed) return accept_later();
      // Past the bound a connection is closed at once: scrapers come again.
      if (shared_.open < connections_max) std::make_shared<connection>(std::move(socket), shared_)->read();
      accept();
    });
  }
  /// No descriptor is free, say.
  void accept_later() {
    again_.expires_after(accept_again);
    again_.async_wait([this](beast::error_code failed) {
      if (!failed) accept();
    });
  }

  shared shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer again_;
  std::thread thread_;
};

std::optional<tcp::endpoint> parse_address(std::string const& text) {
  auto const colon = text.rfind(':');
  std::string host = colon == text.npos ? "127.0.0.1" : text.substr(0, colon);
  std::string const port = colon == text.npos ? text : text.substr(colon + 1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos || std::stoul(port) > 65'535) return std::nullopt;
  beast::error_code failed;
  auto const address = asio::ip::make_address(host, failed);
  if (failed) return std::nullopt;
  return tcp::endpoint{address, static_cast<std::uint16_t>(std::stoul(port))};
}

}  // namespace

result<std::unique_ptr<http_server>> http_server::open(std::string const& address, pages make) {
  auto const at = parse_address(address);
  if (!at) return error{errc::invalid_argument, "no address; write 127.0.0.1:9464 or [::1]:9464", address};
  try {
    return std::unique_ptr<http_server>{new beast_server{*at, std::move(make)}};
  } catch (boost::system::system_error const& e) {
    return error{errc::io_failed, "cannot listen: " + e.code().message(), address};
  }
}

}  // namespace skein::cli
