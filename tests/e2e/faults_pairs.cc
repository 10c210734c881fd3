// SPDX-License-Identifier: Apache-2.0
#include "e2e/faults_pairs.h"

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

namespace outbox::test {
namespace {

constexpr int kAtOnce = 6;

std::vector<std::string> KeysOfTheirLanes(const Stage& stage, int neighbours, int many) {
  std::vector<std::string> keys;
  const auto rows = stage.Superuser().Rows(
      "SELECT 'p' || i FROM generate_series(1, 10000) i WHERE hashtextextended('p' || i, 0) & 63 IN "
      "(SELECT hashtextextended('k' || n, 0) & 63 FROM generate_series(0, " +
      std::to_string(neighbours - 1) + ") n) LIMIT " + std::to_string(many));
  for (const auto& row : rows) keys.push_back(*row[0]);
  return keys;
}

std::string Change(const std::string& key, std::int64_t sequence) {
  return "UPDATE aggregates SET changes = changes + 1 WHERE key = '" + key +
         "'; INSERT INTO outbox (topic, key, payload) VALUES ('orders', '" + key + "', '" +
         std::to_string(sequence) + " 0 ')";
}

// `waiting`: the second transaction has begun, and waits for the first one's row lock, when that commits.
void MakePair(Sql& first, Sql& second, const std::string& key, std::int64_t sequence, milliseconds open,
              bool waiting) {
  first.Run("BEGIN; " + Change(key, sequence));
  const std::string follow = "BEGIN; " + Change(key, sequence + 1) + "; COMMIT";
  std::thread follower;
  if (waiting) follower = std::thread([&] { second.Run(follow); });
  std::this_thread::sleep_for(open);
  first.Run("COMMIT");
  if (waiting) {
    follower.join();
  } else {
    second.Run(follow);
  }
}

}  // namespace

Expected MakePairs(const Stage& stage, int pairs, int neighbours) {
  const auto keys = KeysOfTheirLanes(stage, neighbours, kAtOnce);
  for (const auto& key : keys) stage.Service().Run("INSERT INTO aggregates (key) VALUES ('" + key + "')");
  std::vector<std::int64_t> sequences(keys.size());
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      Sql first = stage.Service();
      Sql second = stage.Service();
      while (made++ < pairs) {
        MakePair(first, second, keys[i], sequences[i] + 1, milliseconds(random() % 100), random() % 2 == 0);
        sequences[i] += 2;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Expected expected;
  for (std::size_t i = 0; i < keys.size(); ++i) expected["orders/" + keys[i]] = sequences[i];
  return expected;
}

}  // namespace outbox::test
