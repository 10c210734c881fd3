// SPDX-License-Identifier: Apache-2.0
#include "bench/steady_run.h"

#include <exception>

#include "bench/site.h"
#include "bench/workload.h"

namespace outbox::bench {
namespace {

// Reads on a thread of its own, until told to stop.
class Reading {
 public:
  explicit Reading(Arrivals& arrivals)
      : thread_([this, &arrivals](const std::stop_token& stop) {
          try {
            while (!stop.stop_requested()) arrivals.Poll(test::milliseconds(50));
          } catch (...) {
            error_ = std::current_exception();
          }
        }) {}
  void Finish() {
    thread_.request_stop();
    thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;  // before the thread that writes it
  std::jthread thread_;
};

}  // namespace

SteadyRun RunSteady(Site& site, Contender& contender, const Writers::Options& options, test::seconds warm,
                    test::seconds measured, bool delivered) {
  const std::string topic = site.NewTopic();
  Arrivals arrivals(site.kafka().bootstrap(), topic);
  Reading reading(arrivals);
  Writers writers(contender, topic, options);
  std::this_thread::sleep_for(warm);
  const CpuUse before = CpuUsed(site, contender);
  const std::int64_t from = NowMicros();
  std::this_thread::sleep_for(measured);
  SteadyRun run;
  run.used = CpuUsed(site, contender) - before;
  run.seconds = static_cast<double>(NowMicros() - from) / 1e6;
  writers.Finish();
  reading.Finish();
  if (delivered) {
    arrivals.ReadUntil(writers.count(), test::seconds(60));
    arrivals.ReadAll(writers.count());
  }
  run.insert_ms = Delays(writers.commits(), from);
  run.arrival_ms = Delays(arrivals.all(), from);
  run.inserted_per_second = static_cast<double>(run.insert_ms.size()) / run.seconds;
  run.repeats = static_cast<double>(arrivals.repeats());
  site.DropTopic(topic);
  return run;
}

}  // namespace outbox::bench
