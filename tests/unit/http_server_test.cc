// SPDX-License-Identifier: Apache-2.0
#include "http/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http_sample.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// A client that says exactly what it is told to.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Say(const std::string& text) { REQUIRE(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) > 0); }

  std::string HearAll() {
    std::string heard;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
      heard.append(buffer, static_cast<std::size_t>(got));
    }
    return heard;
  }

 private:
  int socket_;
};

std::string Ask(int port, const std::string& method, const std::string& path,
                const std::string& headers = {}) {
  RawClient client(port);
  client.Say(method + " " + path + " HTTP/1.1\r\nHost: relay\r\n" + headers + "\r\n");
  return client.HearAll();
}

std::string Status(const std::string& answer) { return answer.substr(9, 3); }
std::string Body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

HttpSources Sources() {
  return {
      .metrics = [] { return std::string("up 1\n"); },
      .liveness =
          [] {
            return std::vector<HealthCheck>{{"workers", true, ""}};
          },
      .readiness =
          [] {
            return std::vector<HealthCheck>{{"postgres", true, ""}, {"kafka", false, "no broker connected"}};
          },
      .status = TroubledStatus};
}

struct Running {
  HttpServer server{ParseEndpoint("127.0.0.1:0"), Sources()};
  int port = server.port();
};

TEST_CASE("every path is served") {
  Running relay;
  struct Case {
    std::string path, status, type, content;
  };
  for (const Case& expected : std::vector<Case>{
           {"/metrics", "200", "text/plain; version=0.0.4; charset=utf-8", "up 1\n"},
           {"/livez", "200", "text/plain; charset=utf-8", "workers: ok\n"},
           {"/-/healthy", "200", "text/plain; charset=utf-8", "workers: ok\n"},
           {"/readyz", "503", "text/plain; charset=utf-8", "kafka: not ok, no broker connected\n"},
           {"/-/ready", "503", "text/plain; charset=utf-8", "postgres: ok\n"},
           {"/", "200", "text/html; charset=utf-8", "<title>orders: breaker open</title>"},
           {"/?refresh=1", "200", "text/html; charset=utf-8", "<title>"},
           {"/api/status", "200", "application/json", "\"outbox\": \"orders\""}}) {
    INFO(expected.path);
    const std::string answer = Ask(relay.port, "GET", expected.path);
    CHECK(Status(answer) == expected.status);
    CHECK(Contains(answer, "Content-Type: " + expected.type + "\r\n"));
    CHECK(Contains(answer, "Cache-Control: no-store\r\n"));
    CHECK(Contains(answer, "Content-Security-Policy: default-src 'none'"));
    CHECK(Contains(answer, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(Contains(Body(answer), expected.content));
  }
}

TEST_CASE("HEAD answers like GET, without the body") {
  Running relay;
  const std::string get = Ask(relay.port, "GET", "/metrics");
  const std::string head = Ask(relay.port, "HEAD", "/metrics");
  CHECK(head == get.substr(0, get.size() - Body(get).size()));
  CHECK(Contains(head, "Content-Length: 5\r\n"));
}

TEST_CASE("other paths are not found") {
  Running relay;
  for (const char* path : {"/nothing", "/metrics/", "/..", "/%2e%2e/etc/passwd", "//metrics"}) {
    INFO(path);
    CHECK(Status(Ask(relay.port, "GET", path)) == "404");
  }
}

TEST_CASE("the status page can be off, and the rest is served") {
  HttpSources sources = Sources();
  sources.status = nullptr;
  HttpServer server(ParseEndpoint("127.0.0.1:0"), std::move(sources));
  CHECK(Status(Ask(server.port(), "GET", "/")) == "404");
  CHECK(Status(Ask(server.port(), "GET", "/api/status")) == "404");
  CHECK(Status(Ask(server.port(), "GET", "/metrics")) == "200");
}

TEST_CASE("nothing but GET and HEAD is allowed") {
  Running relay;
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    INFO(method);
    const std::string answer = Ask(relay.port, method, "/metrics", "Content-Length: 0\r\n");
    CHECK(Status(answer) == "405");
    CHECK(Contains(answer, "Allow: GET, HEAD\r\n"));
  }
}

TEST_CASE("a body is refused without being read") {
  Running relay;
  CHECK(Status(Ask(relay.port, "POST", "/", "Content-Length: 1000000000\r\n")) == "405");
}

TEST_CASE("ranges are not served, so that none can multiply a page") {
  Running relay;
  std::string ranges = "Range: bytes=0-";
  while (ranges.size() < 4000) ranges += ",0-";
  const std::string answer = Ask(relay.port, "GET", "/metrics", ranges + "\r\n");
  CHECK(Status(answer) == "200");
  CHECK(Body(answer) == "up 1\n");
}

TEST_CASE("an address or a header that is too long is refused") {
  Running relay;
  const std::string much(40'000, 'a');
  CHECK(Status(Ask(relay.port, "GET", "/" + much)) == "414");
  CHECK(Status(Ask(relay.port, "GET", "/metrics", "X-Long: " + much + "\r\n")) == "431");
  CHECK(Status(Ask(relay.port, "GET", "/metrics")) == "200");
}

TEST_CASE("a source that throws is an error of the relay, and its text stays inside") {
  HttpSources sources = Sources();
  sources.metrics = []() -> std::string { throw std::runtime_error("secret"); };
  HttpServer server(ParseEndpoint("127.0.0.1:0"), std::move(sources));
  const std::string answer = Ask(server.port(), "GET", "/metrics");
  CHECK(Status(answer) == "500");
  CHECK_FALSE(Contains(answer, "secret"));
}

TEST_CASE("a client that says nothing does not keep others waiting") {
  Running relay;
  RawClient silent(relay.port);
  RawClient halfway(relay.port);
  halfway.Say("GET /metrics HTTP/1.1\r\nHo");
  CHECK(Status(Ask(relay.port, "GET", "/metrics")) == "200");
}

TEST_CASE("a crowd of silent clients keeps nobody waiting, however many they are") {
  Running relay;
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 400; ++i) silent.push_back(std::make_unique<RawClient>(relay.port));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) CHECK(Status(Ask(relay.port, "GET", "/livez")) == "200");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
  // The newest are still welcome.
  silent.back()->Say("GET /livez HTTP/1.1\r\nHost: relay\r\n\r\n");
  CHECK(Status(silent.back()->HearAll()) == "200");
  CHECK(silent.front()->HearAll().empty());
}

TEST_CASE("a client that does not end does not keep the server from ending") {
  auto relay = std::make_unique<Running>();
  RawClient halfway(relay->port);
  halfway.Say("GET /metrics HTTP/1.1\r\nHo");
  CHECK(Status(Ask(relay->port, "GET", "/metrics")) == "200");
  const auto begin = std::chrono::steady_clock::now();
  relay.reset();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  CHECK(halfway.HearAll().empty());
}

TEST_CASE("a port that is taken is an error that names it") {
  Running relay;
  const std::string address = "127.0.0.1:" + std::to_string(relay.port);
  try {
    HttpServer second(ParseEndpoint(address), Sources());
    FAIL("two servers share a port");
  } catch (const ListenError& error) {
    CHECK(error.what() == "cannot listen on " + address + ": Address already in use");
  }
  CHECK_THROWS_AS(HttpServer(ParseEndpoint("192.0.2.1:0"), Sources()), ListenError);
}

TEST_CASE("a port can be taken again as soon as its server is gone") {
  int port = 0;
  {
    Running relay;
    port = relay.port;
    CHECK(Status(Ask(port, "GET", "/metrics")) == "200");
  }
  HttpServer next({.host = "127.0.0.1", .port = port}, Sources());
  CHECK(Status(Ask(port, "GET", "/metrics")) == "200");
}

}  // namespace
}  // namespace outbox::test
