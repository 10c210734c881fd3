// SPDX-License-Identifier: Apache-2.0
#include "e2e/faults_scene.h"

#include <exception>
#include <thread>

#include "support/catch.h"

namespace outbox::test {
namespace {

constexpr milliseconds kAgain{10};
constexpr seconds kPatience{60};

}  // namespace

Load::Options LoadOf(const Stage& stage, double rate, int keys) {
  return {.conninfo = stage.postgres().conninfo("app", "service"), .keys = keys, .rate = rate};
}

void AddBacklog(const Stage& stage, const std::string& topic, int rows, int keys, Expected& expected) {
  REQUIRE(rows % keys == 0);
  const std::int64_t before = expected[topic + "/k0"];
  stage.Service().Run("INSERT INTO outbox (topic, key, payload) SELECT '" + topic + "', 'k' || i % " +
                      std::to_string(keys) + ", (" + std::to_string(before + 1) + " + i / " +
                      std::to_string(keys) + ") || ' 0 ' || repeat('x', 100) FROM generate_series(0, " +
                      std::to_string(rows - 1) + ") i");
  for (int key = 0; key < keys; ++key) expected[topic + "/k" + std::to_string(key)] = before + rows / keys;
}

Verdict CheckDelivered(const Stage& stage, const std::vector<std::string>& topics, const Expected& expected) {
  TopicReader reader(stage.kafka().bootstrap(), topics);
  REQUIRE(reader.ReadToEnd(seconds(60)));
  const Verdict verdict = Judge(reader.records(), expected);
  for (const std::string& example : verdict.examples) UNSCOPED_INFO(example);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.phantoms == 0);
  return verdict;
}

void CheckNothingCharged(const Stage& stage) {
  CHECK(stage.Superuser().Value(
            "SELECT count(*) FROM outbox WHERE attempts > 0 OR status IN ('failed', 'retrying')") == "0");
}

double Sent(const RelayProcess& relay) { return relay.Metric("messages_sent_total").value_or(0); }

bool AwaitMoreSent(const RelayProcess& relay, double more, milliseconds timeout) {
  const double before = Sent(relay);
  return WaitFor([&] { return Sent(relay) >= before + more; }, timeout);
}

std::future<std::chrono::steady_clock::time_point> FirstSuccess(std::function<void()> attempt) {
  return std::async(std::launch::async, [attempt = std::move(attempt)] {
    const Stopwatch watch;
    for (;;) {
      try {
        attempt();
        return std::chrono::steady_clock::now();
      } catch (const std::exception&) {
        if (watch.seconds() > std::chrono::duration<double>(kPatience).count()) throw;
        std::this_thread::sleep_for(kAgain);
      }
    }
  });
}

std::future<std::chrono::steady_clock::time_point> FirstSent(const RelayProcess& relay) {
  return std::async(std::launch::async, [&relay, before = Sent(relay)] {
    if (!WaitFor([&] { return Sent(relay) > before; }, kPatience))
      throw std::runtime_error("nothing was sent");
    return std::chrono::steady_clock::now();
  });
}

}  // namespace outbox::test
