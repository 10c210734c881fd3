// SPDX-License-Identifier: Apache-2.0
#include "campaign/report_tally.h"

#include <set>
#include <sstream>

#include "support/http_get.h"

namespace outbox::campaign {
namespace {

// Over all series of that name.
std::int64_t Sum(const std::string& metrics, const std::string& name) {
  std::istringstream lines(metrics);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.substr(0, line.find_first_of("{ ")) == name) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return static_cast<std::int64_t>(sum);
}

}  // namespace

void ReportTally::Look(const std::vector<RelayPost>& relays, std::int64_t seen) {
  std::set<pid_t> running;
  for (const RelayPost& post : relays) {
    if (!post.process) continue;
    // Also of one that lived only between two looks.
    Last& last = relays_.try_emplace(post.process->pid(), Last{.seen = seen_before_}).first->second;
    if (!post.process->running()) continue;
    running.insert(post.process->pid());
    if (post.taken) continue;
    const test::HttpAnswer answer = test::HttpGet(post.port, "/metrics");
    if (answer.status != 200) continue;
    last.delivered = Sum(answer.body, "outbox_relay_messages_delivered_total");
    last.swept = Sum(answer.body, "outbox_relay_swept_messages_total");
    last.seen = seen;
  }
  for (auto& [pid, last] : relays_) {
    if (last.ended || running.contains(pid)) continue;
    last.ended = true;
    missed_ += seen - last.seen + kWorkers * kBatchMessages;
  }
  seen_before_ = seen;
}

std::int64_t ReportTally::delivered() const {
  std::int64_t sum = 0;
  for (const auto& [pid, last] : relays_) sum += last.delivered;
  return sum;
}

std::int64_t ReportTally::swept() const {
  std::int64_t sum = 0;
  for (const auto& [pid, last] : relays_) sum += last.swept;
  return sum;
}

}  // namespace outbox::campaign
