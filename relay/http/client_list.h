// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

namespace outbox {

// The clients of the HTTP server, in the order in which they came. Whoever has been there for too long
// must go, and so must the one that came first when there are too many: so those that drip bytes, say
// nothing or never read keep nobody else from being answered. Not thread-safe.
class ClientList {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kMost = 256;
  static constexpr std::chrono::seconds kPatience{10};  // from the connection to the end of the answer

  void Add(const void* client, int socket, Moment now);
  void Remove(const void* client);  // whose socket is about to be closed
  void EndOverstayed(Moment now);
  bool empty() const { return clients_.empty(); }

 private:
  struct Client {
    const void* client;
    int socket;
    Moment since;
  };
  std::deque<Client> clients_;
  std::size_t ended_ = 0;  // the first so many have been told to go
};

}  // namespace outbox
