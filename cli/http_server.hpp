// A small HTTP server for pages that machines read: GET and HEAD only, every request and the number of connections bounded.
#pragma once

#include <skein/registry/error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace skein::cli {

struct http_page {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8", body = {};
};

class http_server {
 public:
  static constexpr std::size_t connections_max = 64;   ///< At once; another one is closed without an answer.
  /// Makes the page of a path; called on threads of the server, several at once. Must not throw.
  using pages = std::function<http_page(std::string_view path)>;
  /// Listens on `ADDRESS:PORT` ([ADDRESS]:PORT for IPv6; PORT alone is on 127.0.0.1; port 0 takes a free one). errc::invalid_argument, io_failed.
  [[nodiscard]] static result<std::unique_ptr<http_server>> open(std::string const& address, pages make);
  virtual ~http_server() = default;
  /// As bound.
  [[nodiscard]] virtual std::string address() const = 0;
};

}  // namespace skein::cli
