// SPDX-License-Identifier: Apache-2.0
#include "kafka/lineage.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>

namespace outbox {
namespace {

using Clock = std::chrono::steady_clock;

milliseconds PauseAfter(int fruitless) {
  constexpr milliseconds kFirst{50};
  constexpr milliseconds kLongest{1'000};
  if (fruitless <= 1) return milliseconds{0};
  return std::min(kLongest, kFirst * (1 << std::min(fruitless - 2, 10)));
}

}  // namespace

std::shared_ptr<Generation> Lineage::Current() {
  const std::lock_guard lock(mutex_);
  if (current_ && !current_->ended()) return current_;
  const TimePoint now = Clock::now();
  if (current_) Bury(now);
  if (now < not_before_ || context_->census.crowded()) return nullptr;
  try {
    current_ = Start();
  } catch (const std::exception& failure) {
    // The configuration was good at the start; a file that it names may have gone since.
    not_before_ = now + PauseAfter(++fruitless_ + 1);
    context_->events.Log(LogLevel::kError, std::string("cannot make a producer: ") + failure.what());
  }
  return current_;
}

void Lineage::Begin() {
  const std::lock_guard lock(mutex_);
  current_ = Start();
}

void Lineage::Retire() {
  const std::lock_guard lock(mutex_);
  if (current_) current_->Retire();
}

void Lineage::Bury(TimePoint now) {
  fruitless_ = current_->persisted() ? 0 : fruitless_ + 1;
  not_before_ = now + PauseAfter(fruitless_);
  current_.reset();
}

std::shared_ptr<Generation> Lineage::Start() const {
  return Generation::Start(road_, MakeConf(options_, road_), context_);
}

}  // namespace outbox
