// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/family_list.h"
#include "metrics/snapshot.h"

namespace outbox {

// The state that the relay is in, apart from its counters. Thread-safe.
class RelayState {
 public:
  explicit RelayState(TimePoint now);

  // True if the breaker was closed and is now open.
  bool SetBreaker(BreakerState state, std::string_view why, TimePoint now);
  void PauseTopic(std::string_view topic, TopicPause why, std::string_view detail, TimePoint now);
  void ResumeTopic(std::string_view topic, TopicPause why);
  void SetControl(const SharedControl& control, TimePoint now);
  void SetStore(bool up, StoreUnavailable::Reason reason, std::string_view detail, TimePoint now);
  StoreUnavailable::Reason store_reason() const;  // why it was last down
  void SetReady(bool ready);
  void SetConfigReloaded(bool ok);
  bool SetSilent(const std::string& until);  // see Metrics
  void AddInFlight(const BatchLoad& load);
  void Claimed(bool sent);  // a claim found messages; perhaps some were sent
  void Purged();

  void Write(FamilyList& list) const;
  void Fill(RelaySnapshot& snapshot) const;

 private:
  struct Pause {
    std::string detail;
    TimePoint since;
  };
  double CountPauses(TopicPause why) const;  // mutex_ is held
  void WriteConditions(FamilyList& list) const;
  void WriteMoments(FamilyList& list) const;

  mutable std::mutex mutex_;
  // From here on protected by mutex_. A topic can be paused for several reasons at once.
  std::map<std::pair<std::string, TopicPause>, Pause> pauses_;
  BreakerState breaker_ = BreakerState::kClosed;
  std::string breaker_why_;
  TimePoint breaker_since_;
  bool paused_ = false;
  std::string paused_reason_;
  TimePoint paused_since_;
  bool store_up_ = false;
  std::string store_why_;
  TimePoint store_since_;
  StoreUnavailable::Reason store_reason_ = StoreUnavailable::Reason::kOther;
  bool ready_ = false;
  bool config_reloaded_ = true;
  std::string silent_until_;  // by cadence; empty: it is not
  BatchLoad in_flight_;
  std::optional<double> last_claim_, last_sent_, last_purge_;  // seconds since the Unix epoch
};

}  // namespace outbox
