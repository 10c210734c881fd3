// SPDX-License-Identifier: Apache-2.0
#include "core/batch_run.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/dead_letters.h"
#include "core/kill_point.h"

namespace outbox {
namespace {

BatchLoad Load(const Batch& batch) {
  BatchLoad load{.messages = static_cast<std::int64_t>(batch.messages().size()), .lanes = batch.lanes()};
  for (const Message& message : batch.messages()) load.bytes += static_cast<std::int64_t>(message.bytes());
  return load;
}

std::string_view RollbackLabel(StoreUnavailable::Reason reason) {
  switch (reason) {
    case StoreUnavailable::Reason::kLost:
    case StoreUnavailable::Reason::kReadOnly:
    case StoreUnavailable::Reason::kUnknownCommit:
      return "connection_lost";
    case StoreUnavailable::Reason::kTimeout:
      return "timeout";
    case StoreUnavailable::Reason::kRowCount:
      return "row_count";
    case StoreUnavailable::Reason::kRights:
    case StoreUnavailable::Reason::kSchema:
    case StoreUnavailable::Reason::kOther:
      return "other";
  }
  return "other";
}

}  // namespace

BatchRun::BatchRun(const WorkerContext& context, Progress& progress, const Tunables& tunables, Batch& batch,
                   Claimed claimed)
    : context_(context),
      progress_(progress),
      tunables_(tunables),
      batch_(batch),
      claimed_(claimed),
      report_{.messages = batch.messages(),
              .full = batch.full(),
              .claim_time = claimed.took,
              .lanes = batch.lanes(),
              .lanes_busy = claimed.lanes_busy} {}

BatchRun::End BatchRun::Run() {
  KillPoint("claimed");
  const auto messages = batch_.messages();
  struct Released {
    Observer& observer;
    const BatchLoad load;
    ~Released() { observer.OnReleased(load); }
  } const released{context_.observer, Load(batch_)};
  context_.observer.OnClaimed(released.load);

  const TimePoint begin = context_.env.now();
  progress_.Begin(Progress::Step::kPublishing, begin, context_.deadline + Dispatch::kReportsAfterEnd);
  auto delivery = context_.publisher.Open(messages.size(), batch_.memory());
  if (!delivery) {
    context_.shared.OnUndecided();
    if (claimed_.trial) context_.shared.OnTrial(std::string(messages[0].topic), false, begin);
    return End::kNoProducer;
  }
  const milliseconds deadline =
      claimed_.trial ? std::min(context_.deadline, TopicGates::kTrialDeadline) : context_.deadline;
  Dispatch dispatch({.messages = messages,
                     .deadline = batch_.claimed_at() + deadline,
                     .on_failed = claimed_.on_failed,
                     .retry = tunables_.retry,
                     .trial = claimed_.trial,
                     .dead_letters = tunables_.dead_letters.any(),
                     .stop_by = [this] { return context_.drain.stop_by(); }},
                    *delivery, context_.publisher, context_.shared, context_.env);
  dispatch.Run();
  const TimePoint published = context_.env.now();
  report_.publish_time = Since(begin, published);
  report_.reports = dispatch.reports();
  TellOutcome(dispatch, published);
  if (tunables_.dead_letters.any() && !dispatch.settlement().refusals.empty()) PublishDeadLetters(dispatch);
  report_.settled = Settle(dispatch);
  report_.transaction_time = Since(batch_.claimed_at(), context_.env.now());
  context_.observer.OnClaim(report_);
  return report_.settled ? End::kCommitted : End::kNothingSettled;
}

void BatchRun::TellOutcome(const Dispatch& dispatch, TimePoint published) {
  if (!claimed_.trial) {
    context_.shared.OnBatch(dispatch.persisted(), dispatch.outage(), dispatch.why(), published);
    return;
  }
  const std::string topic(report_.messages[0].topic);
  if (dispatch.interrupted()) {
    // Another trial's producer was given up, and ours with it.
    context_.shared.PostponeTrial(topic, published);
  } else {
    context_.shared.OnTrial(topic, dispatch.persisted(), published);
  }
}

void BatchRun::PublishDeadLetters(Dispatch& dispatch) {
  const TimePoint until = std::min({context_.env.now() + DeadLetters::kCopyFor,
                                    batch_.claimed_at() + context_.deadline, context_.drain.stop_by()});
  const DeadLetters::Task task{.messages = batch_.messages(),
                               .memory = batch_.memory(),
                               .reports = dispatch.reports(),
                               .until = until,
                               .topics = tunables_.dead_letters,
                               .retry = tunables_.retry};
  report_.dead_letters = DeadLetters(task, context_.publisher, context_.env).Publish(dispatch.settlement());
  if (report_.dead_letters.copied > 0) KillPoint("copied");
}

// What is known to be persisted is remembered first: should the commit be lost, the rows come back, and are
// then settled without being sent again.
bool BatchRun::Settle(const Dispatch& dispatch) {
  if (!dispatch.anything_settled()) {
    report_.rolled_back = context_.drain.begun() ? "shutdown" : "other";
    return false;
  }
  KillPoint("reported");
  const Settlement& settlement = dispatch.settlement();
  const TimePoint begin = context_.env.now();
  progress_.Begin(Progress::Step::kSettling, begin, kStatementLimit);
  try {
    batch_.Settle(settlement);
  } catch (const StoreUnavailable& error) {
    context_.shared.RememberPersisted(batch_.messages(), settlement.outcomes);
    report_.rolled_back = RollbackLabel(error.reason());
    report_.unknown_commit = error.reason() == StoreUnavailable::Reason::kUnknownCommit;
    report_.outcomes = settlement.outcomes;
    context_.observer.OnClaim(report_);
    throw;
  }
  context_.shared.Settled(batch_.messages(), settlement.outcomes);
  report_.outcomes = settlement.outcomes;
  report_.refusals = settlement.refusals;
  report_.settle_time = Since(begin, context_.env.now());
  return true;
}

}  // namespace outbox
