// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/refusals_scene.h"
#include "fuzz/raw_socket.h"
#include "support/catch.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

using Sockets = std::vector<std::unique_ptr<RawSocket>>;

constexpr int kCrowd = 200;
constexpr std::int64_t kMegabyte = 1 << 20;

Sockets Connect(int port, int count) {
  Sockets sockets;
  for (int i = 0; i < count; ++i) sockets.push_back(std::make_unique<RawSocket>(port));
  return sockets;
}

// Ways to be a bad client of the endpoint at `port`. What the server says to it does not matter.

void DripBytes(int port) {
  const Sockets sockets = Connect(port, kCrowd);
  for (const char byte : std::string("GET /m")) {
    for (const auto& socket : sockets) socket->Say({&byte, 1});
    std::this_thread::sleep_for(seconds(1));
  }
}

void StaySilent(int port) {
  const Sockets sockets = Connect(port, kCrowd);
  std::this_thread::sleep_for(seconds(5));
}

void NeverRead(int port) {
  const Sockets sockets = Connect(port, kCrowd);
  for (const auto& socket : sockets) socket->Say("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(seconds(5));
}

void HalfClose(int port) {
  const Sockets sockets = Connect(port, kCrowd);
  for (const auto& socket : sockets) {
    socket->Say("GET / HTTP/1.1\r\nHo");
    socket->SayNoMore();
  }
  for (const auto& socket : sockets) socket->Hears(seconds(1));
}

void Pipeline(int port) {
  std::string requests;
  for (int i = 0; i < 10'000; ++i) requests += "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 8; ++i) {
    RawSocket socket(port);
    socket.Say(requests);
    std::string heard;
    socket.HearAll(heard);
  }
}

void SayTooMuch(int port, const std::string& head, const std::string& more) {
  const Sockets sockets = Connect(port, 8);
  for (const auto& socket : sockets) {
    bool listens = socket->Say(head);
    for (std::size_t said = 0; listens && said < 32 * kMegabyte; said += more.size())
      listens = socket->Say(more);
  }
}

void HugeLine(int port) { SayTooMuch(port, "GET /", std::string(kMegabyte, 'a')); }

void HugeHeader(int port) { SayTooMuch(port, "GET / HTTP/1.1\r\nX-Long: ", std::string(kMegabyte, 'a')); }

void ManyHeaders(int port) {
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(90, 'a') + "\r\n";
  SayTooMuch(port, "GET / HTTP/1.1\r\n", headers);
}

void HugeBody(int port) {
  SayTooMuch(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n",
             std::string(kMegabyte, 'a'));
}

void EndlessChunks(int port) {
  SayTooMuch(port, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
             "100000\r\n" + std::string(kMegabyte, 'a') + "\r\n");
}

struct Attack {
  const char* name;
  void (*run)(int port);
  std::int64_t megabytes = 16;  // more than before at most
};
// The HTTP library keeps a line and all headers, however long they are, until the client ends.
constexpr std::int64_t kUnbounded = 400;
constexpr Attack kAttacks[] = {{"a byte a second", DripBytes},
                               {"silence", StaySilent},
                               {"answers not read", NeverRead},
                               {"half-closed", HalfClose},
                               {"pipelined", Pipeline},
                               {"a huge body", HugeBody},
                               {"endless chunks", EndlessChunks},
                               {"a huge request line", HugeLine, kUnbounded},
                               {"a huge header", HugeHeader, kUnbounded},
                               {"many headers", ManyHeaders, kUnbounded}};

double Delivered(const Stage& stage) {
  return std::stod(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE status = 'sent'"));
}

}  // namespace

TEST_CASE("bad clients of the endpoint neither stop the relay nor shut others out once they have gone") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 3);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"), .writers = 2, .rate = 500});
  REQUIRE(WaitFor([&] { return Delivered(stage) > 500; }));
  for (const Attack& attack : kAttacks) {
    INFO(attack.name);
    const double before = Delivered(stage);
    const std::int64_t resident = relay->process().resident_bytes();
    const auto begin = std::chrono::steady_clock::now();
    attack.run(relay->port());
    const double during = SecondsSince(begin);
    const double delivered = Delivered(stage) - before;
    // Relaying goes on meanwhile.
    CHECK(delivered > during * 250 - 250);
    const auto end = std::chrono::steady_clock::now();
    CHECK(WaitFor([&] { return HttpGet(relay->port(), "/livez").status == 200; }, seconds(20)));
    const std::int64_t grown = (relay->process().resident_bytes() - resident) / kMegabyte;
    std::cout << attack.name << ": " << during << " s, " << delivered << " messages meanwhile, /livez "
              << SecondsSince(end) << " s later, " << grown << " MB more\n";
    CHECK(grown <= attack.megabytes);
  }
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  CHECK(CheckArrived(reader.records(), load) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
