// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "outbox/settings.h"
#include "outbox/store.h"

namespace outbox::test {

// An outbox in memory that keeps to the same contract as the one in PostgreSQL
// (tests/contract/store_test.cc), and that fails on request. Thread-safe; outlives its sessions.
class InMemoryOutbox final : public OutboxStore {
 public:
  enum class Status { kPending, kRetrying, kSent, kFailed };
  struct Row {
    std::int64_t id = 0;
    int lane = 0;
    std::string message_id;
    std::string topic;
    std::optional<std::string> key;
    std::optional<std::string> payload;
    Status status = Status::kPending;
    int attempts = 0;
    std::string last_error;
    TimePoint created{};
    TimePoint due{};  // kRetrying
    TimePoint sent{};
  };
  using Clock = std::function<TimePoint()>;

  explicit InMemoryOutbox(
      Completion completion = Completion::kMark, Clock now = [] { return std::chrono::steady_clock::now(); });
  ~InMemoryOutbox() override;

  // What services and operators do.
  std::int64_t Insert(const std::string& topic, std::optional<std::string> key,
                      std::optional<std::string> payload);
  void MakeDue(std::int64_t id);                  // a failed or retrying message: to be tried now
  void SetSent(std::int64_t id, TimePoint when);  // a sent message: when it was settled
  void SetControl(SharedControl control);

  // What goes wrong, once for each call.
  enum class Fault {
    kConnect,    // no connection
    kClaim,      // the connection is lost while claiming,
    kSettle,     // or while settling: nothing is committed
    kCommitNo,   // no answer to the commit, which was not made
    kCommitYes,  // no answer to the commit, which was made
    kRowCount,   // settling changed another number of rows
  };
  void Fail(Fault fault, int times = 1);

  std::optional<Row> Find(std::int64_t id) const;
  std::size_t Count(Status status) const;
  int connections() const;  // made so far

  std::unique_ptr<StoreSession> Connect() override;
  std::unique_ptr<StoreKeeper> ConnectKeeper() override;
  WakeUpCall AwaitWakeUp(milliseconds) override { return WakeUpCall::kDeaf; }

 private:
  class Session;
  class Claimed;
  class Keeper;

  bool Fails(Fault fault);  // these hold mutex_
  bool Waits(const Row& row) const;
  bool Due(const Row& row, const ClaimRequest& request) const;
  std::vector<const Row*> DueIn(int lane, const ClaimRequest& request) const;
  void Apply(Row& row, Outcome outcome, const Refusal* refusal);

  const Completion completion_;
  const Clock now_;
  mutable std::mutex mutex_;
  // All protected by mutex_.
  std::map<std::int64_t, Row> rows_;
  std::int64_t last_id_ = 0;
  std::array<bool, kLanes> locked_{};
  int first_lane_ = 0;
  SharedControl control_;
  std::map<Fault, int> faults_;
  int connections_ = 0;
};

}  // namespace outbox::test
