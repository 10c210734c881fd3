// SPDX-License-Identifier: Apache-2.0
// Any bytes from a client are answered or not, and the next /livez is. The library that reads requests comes
// compiled from the distribution, so the fuzzer goes by its dictionary more than by coverage.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/raw_socket.h"
#include "fuzz/target.h"
#include "http/http_server.h"
#include "unit/http_sample.h"

namespace outbox::test {
namespace {

int Port() {
  static const HttpServer server(
      ParseEndpoint("127.0.0.1:0"),
      {.metrics = [] { return std::string("up 1\n"); },
       .liveness =
           [] {
             return std::vector<HealthCheck>{{"workers", true, ""}};
           },
       .readiness =
           [] {
             return std::vector<HealthCheck>{{"kafka", false, "no broker connected"}};
           },
       .status = TroubledStatus});
  return server.port();
}

constexpr std::string_view kHeadEnds = "\n\r\n";

// The server's whole answer to these bytes, of which it need not have read all. A client that gets none in
// time hangs up: the server would wait for the rest of a request for seconds.
std::string Answer(std::string_view bytes, std::chrono::milliseconds patience) {
  RawSocket socket(Port());
  socket.Say(bytes);
  std::string heard;
  if (socket.Hears(patience)) Require(socket.HearAll(heard), "the server ends what it has answered");
  return heard;
}

}  // namespace
}  // namespace outbox::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outbox::test;
  const std::string_view bytes = AsText(data, size);
  // Half a request may be refused, but is not answered as a rule.
  const bool whole = bytes.find(kHeadEnds) != std::string_view::npos;
  const std::string answer = Answer(bytes, std::chrono::milliseconds(whole ? 100 : 1));
  Require(answer.empty() || answer.starts_with("HTTP/1."), "an answer is one of HTTP");
  const std::string alive = Answer("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", std::chrono::seconds(10));
  Require(alive.starts_with("HTTP/1.1 200 ") && alive.ends_with("workers: ok\n"), "/livez is answered");
  return 0;
}
