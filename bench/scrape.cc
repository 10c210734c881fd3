// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "bench/arrivals.h"
#include "bench/lineup.h"
#include "bench/sent_history.h"
#include "support/http_get.h"

namespace outbox::bench {
namespace {

// The backlog waits for a topic that does not exist, so it stays while it is looked at.
Figures MeasureScrape(RelayContender& contender, const Backlog& backlog, std::int64_t history) {
  AddSentHistory(contender, history);
  if (backlog.rows > 0) contender.Fill("no-such-topic", backlog);
  contender.Release();
  const int port = contender.port();
  const auto answers = [port] { return test::HttpGet(port, "/metrics").status == 200; };
  if (!test::WaitFor(answers, test::seconds(20))) throw Fault("the relay does not answer");
  std::this_thread::sleep_for(test::seconds(12));  // the table was looked at
  std::vector<double> times;
  double bytes = 0;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t began = NowMicros();
    const test::HttpAnswer answer = test::HttpGet(port, "/metrics");
    times.push_back(static_cast<double>(NowMicros() - began) / 1e3);
    if (answer.status != 200) throw Fault("the relay does not answer");
    bytes = static_cast<double>(answer.body.size());
    std::this_thread::sleep_for(test::milliseconds(50));
  }
  std::sort(times.begin(), times.end());
  contender.HoldBack();
  return {{"scrape p50 ms", Quantile(times, 0.5)}, {"scrape most ms", times.back()}, {"bytes", bytes}};
}

}  // namespace

std::vector<Case> ScrapeCases(const Plan& plan) {
  Case one{"100 scrapes", {}};
  const auto add = [&](const std::string& name, std::int64_t backlog, std::int64_t history) {
    AddRelays(one, plan, name, {}, [=](Site&, RelayContender& contender) {
      return MeasureScrape(contender, {.rows = backlog}, history);
    });
  };
  add("empty", 0, 0);
  if (plan.quick) {
    add("0.1 M pending, 1 M sent", 100'000, 1'000'000);
  } else {
    add("1 M pending, 10 M sent", 1'000'000, 10'000'000);
  }
  return {one};
}

}  // namespace outbox::bench
