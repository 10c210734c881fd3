// SPDX-License-Identifier: Apache-2.0
#include "e2e/faults_pairs.h"

#include <atomic>
#include <random>
#include <thread>

namespace outbox::test {
namespace {

constexpr std::size_t kKeysEach = 8;  // in turn, so that several lanes are concerned

std::vector<std::string> KeysOfTheirLanes(const Stage& stage, int neighbours, std::size_t many) {
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

struct Connections {
  explicit Connections(const Stage& stage)
      : lure(stage.Service()), first(stage.Service()), second(stage.Service()) {}
  Sql lure, first, second;
};

// `waiting`: the second transaction has begun, and waits for the first one's row lock, when that commits.
void MakePair(Connections& with, const std::string& key, std::int64_t sequence, milliseconds open,
              bool waiting) {
  // Of the same lane, because it has the same key, but of another unit.
  with.lure.Run("BEGIN; INSERT INTO outbox (topic, key, payload) VALUES ('lures', '" + key + "', '" +
                std::to_string((sequence + 1) / 2) + " 0 ')");
  with.first.Run("BEGIN; " + Change(key, sequence));
  with.lure.Run("COMMIT");
  const std::string follow = "BEGIN; " + Change(key, sequence + 1) + "; COMMIT";
  std::thread follower;
  if (waiting) follower = std::thread([&] { with.second.Run(follow); });
  std::this_thread::sleep_for(open);
  with.first.Run("COMMIT");
  if (waiting) {
    follower.join();
  } else {
    with.second.Run(follow);
  }
}

}  // namespace

Expected MakePairs(const Stage& stage, const Pairs& pairs) {
  const auto makers = static_cast<std::size_t>(pairs.at_once);
  const auto keys = KeysOfTheirLanes(stage, pairs.neighbours, makers * kKeysEach);
  for (const auto& key : keys) stage.Service().Run("INSERT INTO aggregates (key) VALUES ('" + key + "')");
  std::vector<std::int64_t> sequences(keys.size());
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (std::size_t maker = 0; maker < makers; ++maker) {
    threads.emplace_back([&, maker] {
      std::mt19937 random(static_cast<unsigned>(maker));
      Connections connections(stage);
      for (std::size_t turn = 0; made++ < pairs.count; ++turn) {
        const std::size_t i = maker * kKeysEach + turn % kKeysEach;
        MakePair(connections, keys[i], sequences[i] + 1, milliseconds(random() % 100), random() % 2 == 0);
        sequences[i] += 2;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Expected expected;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    expected["orders/" + keys[i]] = sequences[i];
    expected["lures/" + keys[i]] = sequences[i] / 2;
  }
  return expected;
}

}  // namespace outbox::test
