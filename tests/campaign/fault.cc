// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault.h"

namespace outbox::campaign {

RelayPost* Scene::TakeRelay() {
  std::vector<RelayPost*> free;
  for (RelayPost& post : field.relays()) {
    if (!post.taken && post.expected) free.push_back(&post);
  }
  if (free.empty()) return nullptr;
  RelayPost* chosen = free[static_cast<std::size_t>(Any(static_cast<int>(free.size())))];
  chosen->taken = true;
  return chosen;
}

const std::vector<FaultKind>& AllFaults() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> all;
    AddRelayFaults(all);
    AddPostgresFaults(all);
    AddKafkaFaults(all);
    AddLinkFaults(all);
    AddOperatorFaults(all);
    return all;
  }();
  return kinds;
}

}  // namespace outbox::campaign
