// SPDX-License-Identifier: Apache-2.0
#include "fakes/in_memory_outbox.h"

#include <algorithm>
#include <utility>

namespace outbox::test {
namespace {

using Reason = StoreUnavailable::Reason;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::int64_t PayloadSize(const InMemoryOutbox::Row& row) {
  return row.payload ? static_cast<std::int64_t>(row.payload->size()) : 0;
}

}  // namespace

class InMemoryOutbox::Claimed final : public Batch {
 public:
  Claimed(InMemoryOutbox& outbox, TimePoint at) : outbox_(outbox), at_(at) {}
  ~Claimed() override {
    const std::scoped_lock lock(outbox_.mutex_);
    Unlock();
  }

  std::span<const Message> messages() const override { return messages_; }
  std::shared_ptr<const void> memory() const override { return memory_; }
  int lanes() const override { return static_cast<int>(lanes_.size()); }
  bool full() const override { return full_; }
  TimePoint claimed_at() const override { return at_; }

  void Settle(const Settlement& settlement) override {
    const std::scoped_lock lock(outbox_.mutex_);
    if (outbox_.Fails(Fault::kSettle)) throw StoreUnavailable(Reason::kLost, "lost while settling");
    if (outbox_.Fails(Fault::kRowCount)) throw StoreUnavailable(Reason::kRowCount, "wrong row count");
    if (outbox_.Fails(Fault::kCommitNo)) throw StoreUnavailable(Reason::kUnknownCommit, "no answer");
    auto refusal = settlement.refusals.begin();
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      const bool refused = refusal != settlement.refusals.end() && refusal->index == i;
      outbox_.Apply(outbox_.rows_.at(messages_[i].id), settlement.outcomes[i],
                    refused ? &*refusal++ : nullptr);
    }
    Unlock();
    if (outbox_.Fails(Fault::kCommitYes)) throw StoreUnavailable(Reason::kUnknownCommit, "no answer");
  }

  void Take(int lane) {
    lanes_.push_back(lane);
    outbox_.locked_[static_cast<std::size_t>(lane)] = true;
  }
  void SetFull() { full_ = true; }
  void Add(const Row& stored, std::int64_t max_payload) {
    const Row& row = memory_->emplace_back(stored);
    Message message;
    message.id = row.id;
    message.lane = row.lane;
    message.message_id = row.message_id;
    message.topic = row.topic;
    if (row.key) message.key = *row.key;
    if (PayloadSize(row) > max_payload) {
      message.oversize = PayloadSize(row);
    } else if (row.payload) {
      message.payload = *row.payload;
    }
    message.age = std::chrono::duration_cast<microseconds>(at_ - row.created);
    message.attempts = row.attempts;
    message.retrying = row.status == Status::kRetrying;
    messages_.push_back(message);
  }

 private:
  void Unlock() {
    for (const int lane : lanes_) outbox_.locked_[static_cast<std::size_t>(lane)] = false;
    lanes_.clear();
  }

  InMemoryOutbox& outbox_;
  const TimePoint at_;
  const std::shared_ptr<std::deque<Row>> memory_ = std::make_shared<std::deque<Row>>();
  std::vector<Message> messages_;
  std::vector<int> lanes_;
  bool full_ = false;
};

class InMemoryOutbox::Session final : public StoreSession {
 public:
  explicit Session(InMemoryOutbox& outbox) : outbox_(outbox) {}

  std::unique_ptr<Batch> Claim(const ClaimRequest& request) override {
    auto batch = std::make_unique<Claimed>(outbox_, outbox_.now_());
    const std::scoped_lock lock(outbox_.mutex_);
    if (outbox_.Fails(Fault::kClaim)) throw StoreUnavailable(Reason::kLost, "lost while claiming");
    control_ = outbox_.control_;
    busy_ = 0;
    nothing_due_ = control_.paused;
    if (control_.paused) return batch;
    const int first = std::exchange(outbox_.first_lane_, (outbox_.first_lane_ + 1) % kLanes);
    for (int i = 0; i < kLanes; ++i) ClaimLane((first + i) % kLanes, request, *batch);
    nothing_due_ = batch->messages().empty() && busy_ == 0;
    return batch;
  }

  const SharedControl& control() const override { return control_; }
  int lanes_busy() const override { return busy_; }
  bool nothing_due() const override { return nothing_due_; }

 private:
  void ClaimLane(int lane, const ClaimRequest& request, Claimed& batch) {
    const auto due = outbox_.DueIn(lane, request);
    if (due.empty()) return;
    if (outbox_.locked_[static_cast<std::size_t>(lane)]) {
      ++busy_;
      return;
    }
    if (batch.lanes() == request.lanes || batch.full()) return batch.SetFull();
    batch.Take(lane);
    for (const Row* row : due) {
      std::int64_t bytes = PayloadSize(*row) > request.max_payload ? 0 : PayloadSize(*row);
      for (const Message& message : batch.messages())
        bytes += message.payload ? static_cast<std::int64_t>(message.payload->size()) : 0;
      const bool first = batch.messages().empty();
      if (!first && (bytes > request.bytes || static_cast<int>(batch.messages().size()) >= request.messages))
        return batch.SetFull();
      batch.Add(*row, request.max_payload);
    }
  }

  InMemoryOutbox& outbox_;
  SharedControl control_;
  int busy_ = 0;
  bool nothing_due_ = false;
};

class InMemoryOutbox::Keeper final : public StoreKeeper {
 public:
  explicit Keeper(InMemoryOutbox& outbox) : outbox_(outbox) {}

  TableSample Sample() override {
    TableSample sample;
    sample.pending = static_cast<std::int64_t>(outbox_.Count(Status::kPending));
    sample.retrying = static_cast<std::int64_t>(outbox_.Count(Status::kRetrying));
    sample.failed = static_cast<std::int64_t>(outbox_.Count(Status::kFailed));
    return sample;
  }

  Purged Purge(seconds age, int most) override {
    const TimePoint now = outbox_.now_();
    const std::scoped_lock lock(outbox_.mutex_);
    Purged purged;
    for (auto at = outbox_.rows_.begin(); at != outbox_.rows_.end();) {
      const bool old = at->second.status == Status::kSent && now - at->second.sent > age;
      if (old && purged.messages == most) purged.more = true;
      const bool deletes = old && purged.messages < most;
      if (deletes) ++purged.messages;
      at = deletes ? outbox_.rows_.erase(at) : std::next(at);
    }
    return purged;
  }

 private:
  InMemoryOutbox& outbox_;
};

InMemoryOutbox::InMemoryOutbox(Completion completion, Clock now)
    : completion_(completion), now_(std::move(now)) {}
InMemoryOutbox::~InMemoryOutbox() = default;

std::int64_t InMemoryOutbox::Insert(const std::string& topic, std::optional<std::string> key,
                                    std::optional<std::string> payload) {
  const std::scoped_lock lock(mutex_);
  Row row;
  row.id = ++last_id_;
  row.lane =
      static_cast<int>((key ? std::hash<std::string>()(*key) : static_cast<std::size_t>(row.id)) % kLanes);
  row.message_id = "message " + std::to_string(row.id);
  row.topic = topic;
  row.key = std::move(key);
  row.payload = std::move(payload);
  row.created = now_();
  rows_.emplace(row.id, row);
  return row.id;
}

void InMemoryOutbox::MakeDue(std::int64_t id) {
  const std::scoped_lock lock(mutex_);
  rows_.at(id).status = Status::kRetrying;
  rows_.at(id).due = now_();
}

void InMemoryOutbox::SetSent(std::int64_t id, TimePoint when) {
  const std::scoped_lock lock(mutex_);
  rows_.at(id).sent = when;
}

void InMemoryOutbox::SetControl(SharedControl control) {
  const std::scoped_lock lock(mutex_);
  control_ = std::move(control);
}

void InMemoryOutbox::Fail(Fault fault, int times) {
  const std::scoped_lock lock(mutex_);
  faults_[fault] += times;
}

std::optional<InMemoryOutbox::Row> InMemoryOutbox::Find(std::int64_t id) const {
  const std::scoped_lock lock(mutex_);
  const auto row = rows_.find(id);
  return row == rows_.end() ? std::nullopt : std::optional(row->second);
}

std::size_t InMemoryOutbox::Count(Status status) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      rows_.begin(), rows_.end(), [status](const auto& item) { return item.second.status == status; }));
}

int InMemoryOutbox::connections() const {
  const std::scoped_lock lock(mutex_);
  return connections_;
}

std::unique_ptr<StoreSession> InMemoryOutbox::Connect() {
  const std::scoped_lock lock(mutex_);
  if (Fails(Fault::kConnect)) throw StoreUnavailable(Reason::kLost, "no connection");
  ++connections_;
  return std::make_unique<Session>(*this);
}

std::unique_ptr<StoreKeeper> InMemoryOutbox::ConnectKeeper() { return std::make_unique<Keeper>(*this); }

bool InMemoryOutbox::Fails(Fault fault) {
  int& times = faults_[fault];
  if (times == 0) return false;
  --times;
  return true;
}

bool InMemoryOutbox::Waits(const Row& row) const {
  return row.status == Status::kRetrying ||
         (row.status == Status::kFailed && control_.on_failed == OnFailed::kBlock);
}

bool InMemoryOutbox::Due(const Row& row, const ClaimRequest& request) const {
  if (request.trial) {
    if (row.topic != request.trial->topic || row.lane != request.trial->lane) return false;
  } else if (Contains(request.held_topics, row.topic) || Contains(control_.paused_topics, row.topic)) {
    return false;
  }
  const bool fresh = row.status == Status::kPending;
  if (request.only && (!fresh || row.topic != *request.only)) return false;
  if (!request.only && !request.trial && fresh && Contains(request.apart_topics, row.topic)) return false;
  const TimePoint now = now_();
  const bool retries = row.status == Status::kRetrying && request.retries && !request.trial && row.due <= now;
  if (!fresh && !retries) return false;
  return std::none_of(rows_.begin(), rows_.lower_bound(row.id), [&](const auto& item) {
    const Row& before = item.second;
    if (!row.key || before.key != row.key || before.topic != row.topic || !Waits(before)) return false;
    // Retries of one unit may go together, in their order.
    return !(retries && before.status == Status::kRetrying && before.due <= now);
  });
}

std::vector<const InMemoryOutbox::Row*> InMemoryOutbox::DueIn(int lane, const ClaimRequest& request) const {
  std::vector<const Row*> due;
  for (const auto& [id, row] : rows_) {
    if (row.lane == lane && Due(row, request)) due.push_back(&row);
  }
  return due;
}

void InMemoryOutbox::Apply(Row& row, Outcome outcome, const Refusal* refusal) {
  if (refusal != nullptr) {
    ++row.attempts;
    row.last_error = refusal->error;
  }
  switch (outcome) {
    case Outcome::kWait:
      break;
    case Outcome::kSent:
      row.status = Status::kSent;
      row.sent = now_();
      if (completion_ == Completion::kDelete) rows_.erase(row.id);
      break;
    case Outcome::kRetry:
      row.status = Status::kRetrying;
      row.due = now_() + refusal->delay;
      break;
    case Outcome::kFailed:
      row.status = Status::kFailed;
      break;
  }
}

}  // namespace outbox::test
