// The HTTP server of health and metrics: what it answers, and what nobody can do to it.
#include <http_server.hpp>

#include "support/http_client.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <list>

namespace {

using skein::cli::http_page;
using skein::cli::http_server;
using skein::testing::http_client;
using skein::testing::http_get;
using skein::testing::http_status;

std::unique_ptr<http_server> serve(http_server::pages make) { return http_server::open("0", std::move(make)).value(); }
std::unique_ptr<http_server> serve_path() {
  return serve([](std::string_view path) { return http_page{.body = "this is " + std::string{path} + '\n'}; });
}

TEST(http_server, answers_get_with_the_page_of_the_path) {
  auto const server = serve_path();
  EXPECT_TRUE(server->address().starts_with("127.0.0.1:")) << "a port alone is on loopback";
  auto const answer = http_get(server->address(), "/x?y=1");
  EXPECT_EQ(http_status(answer), 200);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nthis is /x\n")) << answer;
}

TEST(http_server, answers_head_without_the_page) {
  auto const server = serve_path();
  auto const answer = http_client{server->address()}.send("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").rest();
  EXPECT_EQ(http_status(answer), 200);
  EXPECT_NE(answer.find("Content-Length: 11\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(http_server, answers_several_requests_on_one_connection) {
  auto const server = serve_path();
  http_client client{server->address()};
  EXPECT_TRUE(client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").until("/a\n").ends_with("/a\n"));
  EXPECT_TRUE(client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").until("/b\n").ends_with("/b\n"));
}

TEST(http_server, refuses_other_methods) {
  auto const server = serve_path();
  auto const answer = http_client{server->address()}.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").rest();
  EXPECT_EQ(http_status(answer), 405);
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos) << answer;
}

TEST(http_server, refuses_bodies_of_every_kind) {
  auto const server = serve_path();
  EXPECT_EQ(http_status(http_client{server->address()}.send("GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").rest()), 413);
  EXPECT_EQ(http_status(http_client{server->address()}.send("GET /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").rest()), 413);
}

TEST(http_server, refuses_headers_without_end) {
  auto const server = serve_path();
  std::string const endless(200'000, 'a');
  EXPECT_EQ(http_status(http_client{server->address()}.send("GET /x HTTP/1.1\r\nX: " + endless).rest()), 431);
  EXPECT_EQ(http_status(http_client{server->address()}.send("GET /" + endless).rest()), 431);
  EXPECT_EQ(http_status(http_get(server->address(), "/x")), 200);
}

TEST(http_server, refuses_what_is_no_request) {
  auto const server = serve_path();
  EXPECT_EQ(http_status(http_client{server->address()}.send("\x16\x03\x01 no http at all\r\n\r\n").rest()), 400);
}

TEST(http_server, serves_others_while_clients_stall) {
  auto const server = serve_path();
  http_client silent{server->address()}, stalling{server->address()};
  stalling.send("GET /x HT");
  EXPECT_EQ(http_status(http_get(server->address(), "/x")), 200);
}

TEST(http_server, serves_others_while_a_page_takes_long) {
  std::latch asked{1}, go{1};
  auto const server = serve([&](std::string_view path) {
    if (path == "/slow") {
      asked.count_down();
      go.wait();
    }
    return http_page{.body = "ok\n"};
  });
  http_client slow{server->address()};
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  asked.wait();
  EXPECT_EQ(http_status(http_get(server->address(), "/fast")), 200);
  go.count_down();
  EXPECT_EQ(http_status(slow.rest()), 200);
}

TEST(http_server, closes_connections_past_its_bound) {
  auto const server = serve_path();
  std::list<http_client> open;
  for (std::size_t i = 0; i < http_server::connections_max; ++i) open.emplace_back(server->address());
  EXPECT_EQ(http_client{server->address()}.rest(), "");
  EXPECT_EQ(http_status(open.front().send("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").rest()), 200);
}

TEST(http_server, ends_with_connections_open_and_pages_asked_for) {
  std::latch asked{1};
  auto server = serve([&](std::string_view) {
    asked.count_down();
    return http_page{};
  });
  http_client silent{server->address()}, asking{server->address()};
  asking.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  asked.wait();
  server.reset();
  EXPECT_EQ(silent.rest(), "");
}

TEST(http_server, refuses_addresses_that_are_none_or_taken) {
  for (char const* address : {"", ":", "localhost:", "1.2.3.4.5:80", "127.0.0.1:65536", "127.0.0.1:http", "example.org:80"}) {
    auto const opened = http_server::open(address, [](std::string_view) { return http_page{}; });
    ASSERT_FALSE(opened) << address;
    EXPECT_EQ(opened.error().code(), skein::errc::invalid_argument) << address;
  }
  auto const server = serve_path();
  auto const taken = http_server::open(server->address(), [](std::string_view) { return http_page{}; });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), skein::errc::io_failed);
}

}  // namespace
