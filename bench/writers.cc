// SPDX-License-Identifier: Apache-2.0
#include "bench/writers.h"

#include <random>

#include "bench/contender.h"
#include "bench/workload.h"
#include "support/sql.h"

namespace outbox::bench {

Writers::Writers(const Contender& contender, const std::string& topic, const Options& options)
    : options_(options),
      conninfo_(contender.service_conninfo()),
      insert_(contender.InsertInto() + "VALUES ('" + topic + "', 'k"),
      began_(NowMicros() + 200'000),  // time to connect
      own_(static_cast<std::size_t>(options.writers)) {
  for (int i = 0; i < options_.writers; ++i) {
    threads_.emplace_back([this, i](const std::stop_token& stop) {
      Own& own = own_[static_cast<std::size_t>(i)];
      try {
        Write(i, own, stop);
      } catch (const std::exception& error) {
        own.error = error.what();
      }
    });
  }
}

void Writers::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
}

void Writers::Finish() {
  Stop();
  for (Own& own : own_) {
    if (!own.error.empty()) throw Fault("a service could not insert: " + own.error);
    commits_.insert(commits_.end(), own.commits.begin(), own.commits.end());
    own.commits.clear();
  }
}

void Writers::Write(int writer, Own& own, const std::stop_token& stop) const {
  test::Sql sql(conninfo_);
  std::mt19937_64 random(static_cast<std::uint64_t>(writer) + 1);
  const int keys = std::max(1, options_.keys / options_.writers);
  std::vector<std::int64_t> sequences(static_cast<std::size_t>(keys));
  for (std::int64_t ticket = writer; !stop.stop_requested(); ticket += options_.writers) {
    const std::int64_t due =
        began_ + static_cast<std::int64_t>(static_cast<double>(ticket) * 1e6 / options_.rate);
    const std::int64_t ahead = due - NowMicros();
    if (ahead > 0) std::this_thread::sleep_for(std::chrono::microseconds(ahead));
    const auto key = random() % static_cast<std::uint64_t>(keys);
    std::string payload = std::to_string(++sequences[key]) + " " + std::to_string(due) + " ";
    payload.resize(std::max(payload.size(), static_cast<std::size_t>(options_.bytes)), 'x');
    const auto number =
        key * static_cast<std::uint64_t>(options_.writers) + static_cast<std::uint64_t>(writer);
    sql.Run(insert_ + std::to_string(number) + "', '" + payload + "')");
    own.commits.push_back({due, NowMicros()});
  }
}

}  // namespace outbox::bench
