// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "campaign/checker.h"
#include "campaign/journal.h"
#include "campaign/workload.h"
#include "support/sql.h"

namespace outbox::campaign {

// Services that insert, each in a thread and a connection of its own, until stopped. What they mean to
// do and what became of it goes to their journals and to the checker. Two tables of theirs help:
// campaign_keys, whose rows serialise the writers of a key, and campaign_transactions, by which a writer
// that lost its connection in COMMIT finds out how that ended.
class Writers {
 public:
  struct Options {
    std::string conninfo;
    std::map<std::string, int> partitions;
    std::filesystem::path journals;  // a folder
    std::uint64_t seed = 1;
    Workload workload{};
    int count = 12;
    std::vector<std::string> keys{};       // serialised; Prepare chooses them
    std::vector<std::string> wild_keys{};  // not
    double rate = 40;                      // transactions a second of each writer, at most
  };
  // Makes the tables, as the owner of the database, and chooses the keys.
  static void Prepare(test::Sql& owner, Options& options);

  Writers(Options options, DeliveryChecker& checker);
  ~Writers();

  // The next transaction of some writer stays open for so long before it commits.
  void HoldNext(test::milliseconds duration) { hold_next_ = duration.count(); }
  void Stop();  // returns when every transaction's result is known
  std::int64_t unsettled() const { return unsettled_; }

 private:
  struct Plan;
  class Writer;

  const Options options_;
  DeliveryChecker& checker_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> hold_next_{0};
  std::atomic<std::int64_t> unsettled_{0};
  std::vector<std::thread> threads_;
};

}  // namespace outbox::campaign
