// SPDX-License-Identifier: Apache-2.0
#include "http/client_list.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

namespace outbox {

void ClientList::Add(const void* client, int socket, Moment now) {
  clients_.push_back({client, socket, now});
  EndOverstayed(now);
}

void ClientList::Remove(const void* client) {
  const auto found =
      std::find_if(clients_.begin(), clients_.end(), [&](const Client& one) { return one.client == client; });
  if (found == clients_.end()) return;
  if (static_cast<std::size_t>(std::distance(clients_.begin(), found)) < ended_) --ended_;
  clients_.erase(found);
}

// The server sees the end of a connection that is shut down, and closes it itself.
void ClientList::EndOverstayed(Moment now) {
  while (ended_ < clients_.size() &&
         (clients_.size() - ended_ > kMost || now - clients_[ended_].since > kPatience)) {
    ::shutdown(clients_[ended_].socket, SHUT_RDWR);
    ++ended_;
  }
}

}  // namespace outbox
