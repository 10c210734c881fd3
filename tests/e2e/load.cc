// SPDX-License-Identifier: Apache-2.0
#include "e2e/load.h"

#include <memory>
#include <random>

namespace outbox::test {
namespace {

std::string NewUuid(std::mt19937_64& random) {
  static const char* const digits = "0123456789abcdef";
  std::string uuid;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid += '-';
    uuid += digits[random() % 16];
  }
  return uuid;
}

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<Sql> TryToConnect(const std::string& conninfo) {
  try {
    return std::make_unique<Sql>(conninfo);
  } catch (const SqlError&) {
    return nullptr;  // each insert tries again
  }
}

// A service has its connections before the first message; while they are made nothing is due.
constexpr milliseconds kConnecting{50};

}  // namespace

Load::Load(Options options)
    : options_(std::move(options)),
      began_(std::chrono::steady_clock::now() + kConnecting),
      key_locks_(static_cast<std::size_t>(options_.keys)) {
  for (int i = 0; i < options_.writers; ++i) threads_.emplace_back([this, i] { Write(i); });
}

Load::~Load() { Stop(); }

void Load::Stop() {
  stop_ = true;
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Load::Amid(int key, const std::function<void()>& write) {
  const std::scoped_lock serialised(key_locks_[static_cast<std::size_t>(key)]);
  write();
}

void Load::Write(int writer) {
  std::mt19937_64 random(static_cast<std::uint64_t>(writer) + 1);
  std::unique_ptr<Sql> sql = TryToConnect(options_.conninfo);
  while (!stop_) {
    const std::int64_t ticket = ticket_++;
    if (options_.rate > 0) {
      const auto due =
          began_ + std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::duration<double>(static_cast<double>(ticket) / options_.rate));
      std::this_thread::sleep_until(due);
    }
    const std::size_t number = random() % key_locks_.size();
    const std::string key = options_.key_prefix + std::to_string(number);
    const std::string& topic = options_.topics[random() % options_.topics.size()];
    // Holding the key's lock until the commit is what serialises its writers.
    const std::scoped_lock serialised(key_locks_[number]);
    std::int64_t sequence = 0;
    {
      const std::scoped_lock lock(mutex_);
      sequence = committed_[topic + "/" + key] + 1;
    }
    if (!Insert(sql, topic, key, sequence)) continue;
    const std::scoped_lock lock(mutex_);
    committed_[topic + "/" + key] = sequence;
    ++count_;
  }
}

// True: committed.
bool Load::Insert(std::unique_ptr<Sql>& sql, const std::string& topic, const std::string& key,
                  std::int64_t sequence) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::string id = NewUuid(random);
  const bool roll_back = static_cast<int>(random() % 100) < options_.rolled_back_percent;
  std::string payload = std::to_string(sequence) + " " + std::to_string(NowMicros()) + " ";
  payload.resize(std::max(payload.size(), static_cast<std::size_t>(options_.bytes)), 'x');
  const std::string insert = "INSERT INTO outbox (message_id, topic, key, payload) VALUES ('" + id + "','" +
                             topic + "','" + key + "','" + payload + "')";
  try {
    if (!sql) sql = std::make_unique<Sql>(options_.conninfo);
    sql->Run(roll_back ? "BEGIN; " + insert + "; ROLLBACK" : insert);
    return !roll_back;
  } catch (const SqlError&) {
    sql.reset();
  }
  // Nobody knows what became of it, so ask, and go on only when the answer is there.
  while (true) {
    try {
      sql = std::make_unique<Sql>(options_.conninfo);
      return sql->Value("SELECT count(*) FROM outbox WHERE message_id = '" + id + "'") == "1";
    } catch (const SqlError&) {
      sql.reset();
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
}

}  // namespace outbox::test
