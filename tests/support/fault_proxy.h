// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "support/wait.h"

namespace outbox::test {

// A TCP link that can be made bad: listens on a loopback port of its own and forwards to another one.
// Thread-safe.
class FaultProxy {
 public:
  enum class Mode : std::uint8_t {
    kPass,
    kBlackHole,      // nothing gets through in either direction, and nobody is told
    kNoAnswers,      // what clients say arrives, what servers say does not
    kDelay,          // each piece waits for 300 ms
    kThrottle,       // 64 KiB a second and direction of each connection
    kCutInTheFrame,  // each connection ends with half of the next piece
    kRefuse,         // new connections are closed at once
  };

  explicit FaultProxy(int target = 0);  // the port to forward to
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }
  void Forward(int target) { target_ = target; }
  void Set(Mode mode) { mode_ = mode; }
  void Cut();                                       // ends every connection in good order
  void Reset();                                     // ends every connection with RST
  int connections() const { return connections_; }  // that were ever accepted

 private:
  struct Link;
  void Accept();
  void Pump(Link& link, int from, int to, bool answers);
  bool Forwarded(Link& link, const char* data, std::size_t size, int to);
  void End(bool reset);

  int port_;
  int listener_;
  std::atomic<int> target_;
  std::atomic<Mode> mode_{Mode::kPass};
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<std::unique_ptr<Link>> links_;  // protected by mutex_
  std::thread acceptor_;
};

}  // namespace outbox::test
