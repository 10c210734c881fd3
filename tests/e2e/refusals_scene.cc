// SPDX-License-Identifier: Apache-2.0
#include "e2e/refusals_scene.h"

#include <algorithm>
#include <random>
#include <set>
#include <unordered_map>

#include "support/catch.h"

namespace outbox::test {
namespace {

std::string Quoted(const std::optional<std::string>& text) { return text ? "'" + *text + "'" : "NULL"; }

bool OfTheTest(const Record& record) { return !record.payload || record.payload->starts_with("0 "); }

}  // namespace

std::string Noise(std::size_t bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string noise = "0 0 ";
  noise.reserve(bytes);
  while (noise.size() < bytes) noise += kDigits[random() % kDigits.size()];
  return noise;
}

std::int64_t Insert(const Stage& stage, const Row& row) {
  return std::stoll(stage.Service().Value("INSERT INTO outbox (topic, key, payload) VALUES (" +
                                          Quoted(row.topic) + "," + Quoted(row.key) + "," +
                                          Quoted(row.payload) + ") RETURNING id"));
}

std::string StatusOf(const Stage& stage, std::int64_t id) {
  return stage.Superuser().Value("SELECT status FROM outbox WHERE id = " + std::to_string(id));
}

bool AwaitStatus(const Stage& stage, std::int64_t id, const std::string& status, milliseconds timeout) {
  Sql sql = stage.Superuser();
  const std::string query = "SELECT status FROM outbox WHERE id = " + std::to_string(id);
  return WaitFor([&] { return sql.Value(query) == status; }, timeout);
}

std::int64_t CheckArrived(const std::vector<Record>& records, const Load& load) {
  std::vector<Record> of_the_load;
  std::copy_if(records.begin(), records.end(), std::back_inserter(of_the_load),
               [](const Record& record) { return !OfTheTest(record); });
  const Verdict verdict = Judge(of_the_load, load.committed());
  for (const std::string& example : verdict.examples) UNSCOPED_INFO(example);
  CHECK(verdict.lost == 0);
  CHECK(verdict.out_of_order == 0);
  CHECK(verdict.phantoms == 0);
  CHECK(verdict.seen == load.count());
  return verdict.duplicates;
}

std::vector<std::int64_t> ArrivedIds(const Stage& stage, const std::vector<Record>& records,
                                     const std::string& topic, const std::string& key) {
  std::unordered_map<std::string, std::int64_t> ids;
  for (const auto& row : stage.Superuser().Rows("SELECT message_id, id FROM outbox WHERE topic = '" + topic +
                                                "' AND key = '" + key + "'")) {
    ids[*row[0]] = std::stoll(*row[1]);
  }
  std::set<std::string> seen;
  std::vector<std::int64_t> arrived;
  for (const Record& record : records) {
    if (record.topic != topic || record.key != key || !seen.insert(record.header("id")).second) continue;
    arrived.push_back(ids.at(record.header("id")));
  }
  return arrived;
}

std::int64_t NowMs() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t LongestSilenceMs(const std::vector<Record>& records, const std::string& topic, Span during) {
  std::vector<std::int64_t> times;
  for (const Record& record : records) {
    if (record.topic == topic) times.push_back(record.timestamp_ms);
  }
  std::sort(times.begin(), times.end());
  std::int64_t longest = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] >= during.from && times[i - 1] <= during.upto)
      longest = std::max(longest, times[i] - times[i - 1]);
  }
  return longest;
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace outbox::test
