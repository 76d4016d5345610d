// Endpoints of links, taken apart.
#pragma once

#include <skein/registry/error.hpp>

#include <string>
#include <string_view>

namespace skein::bus {

enum class transport : unsigned char { inproc, ipc, tcp };

struct endpoint {
  bus::transport transport = bus::transport::inproc;
  std::string path;           ///< Of ipc and inproc.
  std::string address, port;  ///< Of tcp; an IPv6 address without brackets. `*` where it stood.
  bool local = false;         ///< ipc, inproc, tcp on loopback.
  [[nodiscard]] bool is_ipv6() const noexcept { return address.find(':') != std::string::npos; }
};

/// errc::invalid_argument, naming `text` and what an endpoint looks like.
[[nodiscard]] result<endpoint> parse_endpoint(std::string_view text);

}  // namespace skein::bus
