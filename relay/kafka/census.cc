// SPDX-License-Identifier: Apache-2.0
#include "kafka/census.h"

namespace outbox {
namespace {

constexpr int kMostUndestroyed = 5;
constexpr seconds kPatience{600};

}  // namespace

void Census::Started() {
  const std::lock_guard lock(mutex_);
  ++alive_;
}

void Census::Ended(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (++ended_ >= kMostUndestroyed && !crowded_since_) crowded_since_ = now;
}

void Census::Gone() {
  const std::lock_guard lock(mutex_);
  --alive_;
  if (--ended_ < kMostUndestroyed) crowded_since_.reset();
  gone_.notify_all();
}

bool Census::crowded() const {
  const std::lock_guard lock(mutex_);
  return ended_ >= kMostUndestroyed;
}

bool Census::hopeless(TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return crowded_since_ && now - *crowded_since_ >= kPatience;
}

int Census::AwaitGone(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  gone_.wait_for(lock, timeout, [this] { return alive_ == 0; });
  return alive_;
}

}  // namespace outbox
