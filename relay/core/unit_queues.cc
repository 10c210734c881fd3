// SPDX-License-Identifier: Apache-2.0
#include "core/unit_queues.h"

#include <algorithm>
#include <utility>

#include "core/mutant.h"

namespace outbox {

UnitQueues::UnitQueues(std::span<const Message> messages, Delivery& delivery, Patience& patience,
                       MainRoad& main_road, BatchVerdict& verdict)
    : messages_(messages),
      delivery_(delivery),
      patience_(patience),
      main_road_(main_road),
      verdict_(verdict),
      alone_(messages.size(), false) {}

bool UnitQueues::Hold(std::size_t index, bool alone, bool established) {
  const Message& message = messages_[index];
  if (!message.key && !alone) return false;
  Queue& queue = QueueOf(message);
  queue.established = queue.established || established;
  const bool behind = !queue.waiting.empty() && !Mutant("overtake_alone");
  const bool first = queue.earlier.empty() && !behind;
  if (alone || behind || !(first || queue.established)) {
    queue.waiting.push_back({index, alone});
    return true;
  }
  queue.earlier.push_back(index);
  return false;
}

UnitQueues::Queue& UnitQueues::QueueOf(const Message& message) {
  std::string name(message.topic);
  name += '\0';
  // Without a key a message is a unit of its own.
  name += message.key ? std::string(*message.key) : std::string(1, '\0') + std::to_string(message.id);
  return queues_[std::move(name)];
}

bool UnitQueues::AnyWaiting() const {
  if (queues_.empty() || patience_.closed()) return false;
  const bool alone_closed = patience_.alone_closed();
  return std::any_of(queues_.begin(), queues_.end(), [&](const auto& item) {
    const Queue& queue = item.second;
    return !queue.ended && !queue.waiting.empty() && !(alone_closed && queue.waiting.front().alone);
  });
}

void UnitQueues::Advance() {
  for (bool changed = !queues_.empty(); changed;) {
    changed = false;
    for (auto& item : queues_) changed = Advance(item.second) || changed;
  }
}

bool UnitQueues::Advance(Queue& queue) {
  if (queue.ended) return false;
  if (queue.out && !Mutant("two_alone")) return ReportedAlone(queue);
  if (queue.waiting.empty() || patience_.closed()) return false;
  const bool alone = queue.waiting.front().alone;
  if (alone && out_alone_ >= kMostAlone) return false;
  if (alone && patience_.alone_closed()) return false;
  if (!EarlierPersisted(queue)) return false;
  return alone ? SendAlone(queue) : SendMain(queue);
}

bool UnitQueues::ReportedAlone(Queue& queue) {
  const Report& report = delivery_.report(*queue.out);
  if (report.kind == ReportKind::kNone) return false;
  queue.ended = !verdict_.DecideAlone(*queue.out, report);
  queue.out.reset();
  --out_alone_;
  return true;
}

bool UnitQueues::EarlierPersisted(Queue& queue) {
  if (Mutant("overtake_alone")) return true;
  for (const std::size_t index : queue.earlier) {
    const ReportKind kind = delivery_.report(index).kind;
    if (kind == ReportKind::kNone) return false;
    if (kind != ReportKind::kPersisted) {
      queue.ended = true;
      return false;
    }
  }
  queue.established = queue.established || !queue.earlier.empty();
  queue.earlier.clear();
  return true;
}

// Everything before is reported. The rest of the unit may follow at once where the main road has
// persisted one of it; else the next one goes first.
bool UnitQueues::SendMain(Queue& queue) {
  do {
    const std::size_t next = queue.waiting.front().index;
    queue.waiting.pop_front();
    queue.earlier.push_back(next);
    if (!main_road_.Publish(next)) {
      queue.ended = true;
      return false;
    }
  } while (queue.established && !queue.waiting.empty() && !queue.waiting.front().alone);
  return true;
}

bool UnitQueues::SendAlone(Queue& queue) {
  const std::size_t index = queue.waiting.front().index;
  const Message& message = messages_[index];
  alone_[index] = true;
  if (message.oversize > 0) {  // its payload was not even fetched
    queue.waiting.pop_front();
    queue.ended = !verdict_.DecideAlone(index, {.kind = ReportKind::kRefused, .reason = Reason::kTooLarge});
    return true;
  }
  switch (delivery_.Publish(message, index, Road::kAlone)) {
    case HandOver::kAccepted:
      patience_.Expect(index);
      queue.waiting.pop_front();
      queue.out = index;
      ++out_alone_;
      return true;
    case HandOver::kFull:
      return false;
    case HandOver::kEnded:
      queue.ended = true;
      return false;
  }
  return false;
}

}  // namespace outbox
