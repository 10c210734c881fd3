// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace outbox::test {

// A client's end of a connection to this machine, which says exactly what it is told to. For one thread.
class RawSocket {
 public:
  explicit RawSocket(int port);  // throws std::system_error
  ~RawSocket();                  // without leaving a port behind that waits
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool Say(std::string_view bytes);  // false: the server does not listen any more
  void SayNoMore();
  bool Hears(std::chrono::milliseconds patience);  // something, or that the server ends it
  // Until the server ends it or, false, says nothing for twenty seconds.
  bool HearAll(std::string& heard);

 private:
  int socket_;
};

}  // namespace outbox::test
