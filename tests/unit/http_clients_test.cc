// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "http/address.h"
#include "http/client_list.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using Moment = ClientList::Moment;
using std::chrono::milliseconds;

// Both ends of a client's connection.
struct Visit {
  Visit() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    ours = Socket(ends[0]);
    theirs = Socket(ends[1]);
  }
  bool Ended() const {
    pollfd end{.fd = theirs.get(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 0) == 1;
  }
  Socket ours, theirs;
};

TEST_CASE("a client that stays too long is ended, whatever it does meanwhile") {
  ClientList clients;
  const Visit visit;
  const Moment came{};
  clients.Add(&visit, visit.ours.get(), came);
  clients.EndOverstayed(came + ClientList::kPatience);
  CHECK_FALSE(visit.Ended());
  clients.EndOverstayed(came + ClientList::kPatience + milliseconds(1));
  CHECK(visit.Ended());
  CHECK_FALSE(clients.empty());  // until the server has closed it
  clients.Remove(&visit);
  CHECK(clients.empty());
}

TEST_CASE("one too many costs the one that came first its place, and only that one") {
  ClientList clients;
  std::vector<std::unique_ptr<Visit>> visits;
  const auto add = [&] {
    visits.push_back(std::make_unique<Visit>());
    clients.Add(visits.back().get(), visits.back()->ours.get(), Moment{});
  };
  for (std::size_t i = 0; i < ClientList::kMost; ++i) add();
  CHECK_FALSE(visits[0]->Ended());
  add();
  CHECK(visits[0]->Ended());
  CHECK_FALSE(visits[1]->Ended());
  clients.Remove(visits[0].get());
  clients.Remove(visits[2].get());  // went by itself: there is room
  add();
  CHECK_FALSE(visits[1]->Ended());
  add();
  CHECK(visits[1]->Ended());
  CHECK_FALSE(visits[3]->Ended());
}

}  // namespace
}  // namespace outbox::test
