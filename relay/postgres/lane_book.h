// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/scan_memory.h"
#include "outbox/store.h"

namespace outbox {

// What the sessions of one relay remember together about the lanes: where each scan starts, which
// lanes our own batches hold, and when a lane was last swept (read from its beginning: a safety net,
// that should never find anything). Thread-safe.
class LaneBook {
 public:
  static constexpr milliseconds kSweepEvery{60'000};  // each lane

  // Names that holds are remembered by.
  static std::string UnitHold(std::string_view topic, std::string_view key);
  static std::string TopicHold(std::string_view topic);

  struct Entry {
    int lane = 0;
    std::int64_t start = ScanMemory::kNone;
    std::string waiting;  // signature of the lane's waiting messages when last read; empty: none
    bool sweep = false;
    std::vector<std::string> holds = {};  // that it is read under
  };
  // The lanes that none of our batches holds, from a rotating first one.
  std::vector<Entry> Lanes(const std::vector<std::string>& held_topics, TimePoint now,
                           const std::vector<std::string>& apart_topics = {});
  // The same, for a claim of nothing but one topic that is apart.
  std::vector<Entry> LanesOf(const std::string& topic) const;
  std::int64_t StartOf(int lane, const std::string& topic) const;
  Entry TrialLane(const ClaimRequest::Trial& trial);

  void StartWith(int lane);                  // the next claim
  void Hold(const std::vector<int>& lanes);  // locked for a batch of ours
  void Release(const std::vector<int>& lanes);

  // Compares the server's mark with that of our memory. False: it was another past; all is forgotten.
  bool SamePast(const std::string& token);
  void Forget();

  // The last id drawn that any session saw. After a read that saw a lower one than was known before
  // it began, somebody has restarted the identity: true, and all is forgotten.
  std::int64_t last_drawn() const;
  bool WentBack(std::int64_t known_before, std::int64_t last_drawn);

  void Own(int epoch, Xid xid);
  std::int64_t Bound(const Snapshot& snapshot) const;
  std::int64_t Begin(int lane, const std::vector<std::string>& holds);
  bool has_unit_holds(int lane) const;
  std::int64_t floor(int lane) const;
  void SetWaiting(int lane, const std::string& signature);
  // `epoch` as of when the reads began: what was forgotten since is not learned again.
  int epoch() const;
  void Advance(int epoch, Xid xid, std::int64_t last_drawn, const std::vector<ScanMemory::LaneRead>& reads,
               std::int64_t bound, const std::optional<std::string>& only = {});

  // Where a reader of everything unsent, held or not, may begin in each lane.
  std::vector<std::int64_t> Floors() const;
  // The topics that were held at the last call of Lanes.
  std::vector<std::string> held_topics() const;

 private:
  // Both under mutex_.
  std::vector<Entry> FreeLanes() const;
  void ChooseSweep(std::vector<Entry>& entries, TimePoint now);
  void ForgetAll();

  mutable std::mutex mutex_;
  // All protected by mutex_.
  ScanMemory memory_;
  std::array<std::string, kLanes> waiting_;
  std::array<bool, kLanes> ours_{};
  std::vector<std::string> held_topics_;
  std::string token_;
  int epoch_ = 0;
  std::int64_t last_drawn_ = -1;
  int first_ = 0;                          // of the next claim
  std::array<TimePoint, kLanes> swept_{};  // when each lane last was
  TimePoint last_sweep_{};
};

}  // namespace outbox
