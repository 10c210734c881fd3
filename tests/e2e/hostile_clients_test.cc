// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <iostream>
#include <limits>
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
};
constexpr Attack kAttacks[] = {{"a byte a second", DripBytes},    {"silence", StaySilent},
                               {"answers not read", NeverRead},   {"half-closed", HalfClose},
                               {"pipelined", Pipeline},           {"a huge body", HugeBody},
                               {"endless chunks", EndlessChunks}, {"a huge request line", HugeLine},
                               {"a huge header", HugeHeader},     {"many headers", ManyHeaders}};
constexpr std::int64_t kMostGrowth = 16;  // megabytes

// Asks for /livez all the time while somebody else is at the endpoint, too.
class Probe {
 public:
  explicit Probe(int port) : thread_([this, port] { Ask(port); }) {}
  ~Probe() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // In seconds; an answer that is missing took for ever.
  double SlowestAnswer() {
    stop_ = true;
    thread_.join();
    return slowest_;
  }

 private:
  void Ask(int port) {
    while (!stop_) {
      const auto begin = std::chrono::steady_clock::now();
      const bool alive = HttpGet(port, "/livez").status == 200;
      slowest_ = std::max(slowest_, alive ? SecondsSince(begin) : std::numeric_limits<double>::infinity());
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

  std::atomic<bool> stop_{false};
  double slowest_ = 0;
  std::thread thread_;
};

double Delivered(const Stage& stage) {
  return std::stod(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE status = 'sent'"));
}

}  // namespace

TEST_CASE("bad clients of the endpoint cost the relay nothing, and others not a second") {
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
    Probe probe(relay->port());
    attack.run(relay->port());
    const double slowest = probe.SlowestAnswer();
    const double during = SecondsSince(begin);
    const double delivered = Delivered(stage) - before;
    const std::int64_t grown = (relay->process().resident_bytes() - resident) / kMegabyte;
    std::cout << attack.name << ": " << during << " s, " << delivered << " messages meanwhile, /livez after "
              << slowest << " s at most, " << grown << " MB more\n";
    CHECK(delivered > during * 250 - 250);  // relaying goes on
    CHECK(slowest < 1);
    CHECK(grown <= kMostGrowth);
  }
  load.Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  CHECK(CheckArrived(reader.records(), load) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
