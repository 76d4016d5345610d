#include "endpoint.hpp"

#include <skein/bus/security.hpp>

#include <arpa/inet.h>

#include <algorithm>

namespace skein::bus {

namespace {

error no_endpoint(std::string_view text, std::string why) {
  return error{errc::invalid_argument, std::move(why) + "; an endpoint is ipc://PATH or tcp://ADDRESS:PORT", std::string{text}};
}

bool is_loopback(std::string const& address) {
  if (address == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_port(std::string_view text) {
  if (text == "*") return true;
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  return std::stoi(std::string{text}) <= 65'535;
}

result<endpoint> parse_tcp(std::string_view text, std::string_view rest) {
  auto const colon = rest.rfind(':');
  if (colon == std::string_view::npos) return no_endpoint(text, "the port is missing");
  endpoint out;
  out.transport = transport::tcp;
  out.port = rest.substr(colon + 1);
  if (!is_port(out.port)) return no_endpoint(text, "the port must be a number up to 65535, or * where a hub binds");
  auto host = rest.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return no_endpoint(text, "an IPv6 address stands in brackets");
  }
  if (host.empty() || host.find_first_of(" ;/[]") != std::string_view::npos) return no_endpoint(text, "the address is not one");
  out.address = host;
  out.local = is_loopback(out.address);
  return out;
}

}  // namespace

result<endpoint> parse_endpoint(std::string_view text) {
  auto const starts = [&](std::string_view with) { return text.substr(0, with.size()) == with; };
  if (text.find('\0') != std::string_view::npos) return no_endpoint(text, "it has a zero byte");
  if (starts("tcp://")) return parse_tcp(text, text.substr(6));
  endpoint out;
  out.local = true;
  if (starts("inproc://") && text.size() > 9) {
    out.path = text.substr(9);
    return out;
  }
  if (!starts("ipc://")) return no_endpoint(text, "its transport is not known");
  out.transport = transport::ipc;
  out.path = text.substr(6);
  if (out.path.empty() || out.path == "*") return no_endpoint(text, "the path is missing");
  if (out.path.front() == '@') return no_endpoint(text, "an abstract socket has no permissions, anybody could connect");
  return out;
}

result<bool> is_local_endpoint(std::string_view text) {
  auto const parsed = parse_endpoint(text);
  if (!parsed) return parsed.error();
  return parsed->local;
}

}  // namespace skein::bus
