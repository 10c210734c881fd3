// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

RelayPost* TakeAny(Scene& scene, const std::vector<RelayPost*>& free) {
  if (free.empty()) return nullptr;
  RelayPost* chosen = free[static_cast<std::size_t>(scene.Any(static_cast<int>(free.size())))];
  chosen->taken = true;
  return chosen;
}

}  // namespace

RelayPost* Scene::TakeRelay() {
  std::vector<RelayPost*> free;
  for (RelayPost& post : field.relays()) {
    if (!post.taken && post.expected) free.push_back(&post);
  }
  return TakeAny(*this, free);
}

RelayPost* Scene::TakeSpare() {
  const auto planned = static_cast<std::size_t>(field.options().relays);
  auto& posts = field.relays();
  while (posts.size() < planned + kMostSpares) field.AddPost();
  std::vector<RelayPost*> free;
  for (std::size_t i = planned; i < posts.size(); ++i) {
    if (!posts[i].taken) free.push_back(&posts[i]);
  }
  return TakeAny(*this, free);
}

const std::vector<FaultKind>& AllFaults() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> all;
    AddRelayFaults(all);
    AddSpareFaults(all);
    AddPoolerFaults(all);
    AddPostgresFaults(all);
    AddKafkaFaults(all);
    AddLinkFaults(all);
    AddOperatorFaults(all);
    return all;
  }();
  return kinds;
}

}  // namespace outbox::campaign
