// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fakes/recording_observer.h"
#include "outbox/settings.h"
#include "outbox/store.h"
#include "support/postgres_server.h"
#include "support/sql.h"

namespace outbox::test {

// A store with an empty outbox, and what services and operators do to it.
class StoreBench {
 public:
  virtual ~StoreBench() = default;
  virtual std::string name() const = 0;
  virtual OutboxStore& store() = 0;
  virtual std::int64_t Insert(const std::string& topic, const std::optional<std::string>& key,
                              const std::optional<std::string>& payload) = 0;
  virtual std::string Status(std::int64_t id) = 0;  // "gone" if there is no such row
  virtual int Attempts(std::int64_t id) = 0;
  virtual std::string LastError(std::int64_t id) = 0;
  virtual void MakeDue(std::int64_t id) = 0;  // a failed or retrying message, by an operator
  virtual void SetControl(const SharedControl& control) = 0;
  virtual void Age(std::int64_t id) = 0;  // as if it had been settled an hour ago

  std::string sent() const { return completion == Completion::kMark ? "sent" : "gone"; }
  // A session that has made its first claims, which only look who the server is.
  std::unique_ptr<StoreSession> Connect();

  Completion completion = Completion::kMark;
};

std::unique_ptr<StoreBench> MakeInMemoryBench(Completion completion);

// The outbox in a database of its own, on a server that all tests of the suite share. The relay
// connects as a member of outbox_relay and of nothing else, and services as outbox_producer.
class PostgresBench final : public StoreBench {
 public:
  explicit PostgresBench(Completion how = Completion::kMark);
  static PostgresServer& Server();

  std::string name() const override;
  OutboxStore& store() override { return *store_; }
  std::int64_t Insert(const std::string& topic, const std::optional<std::string>& key,
                      const std::optional<std::string>& payload) override;
  std::string Status(std::int64_t id) override;
  int Attempts(std::int64_t id) override;
  std::string LastError(std::int64_t id) override;
  void MakeDue(std::int64_t id) override;
  void SetControl(const SharedControl& control) override;
  void Age(std::int64_t id) override;

  std::string conninfo() const { return Server().conninfo(database_); }
  Sql Producer() const { return Sql(Server().conninfo(database_, "service")); }
  Sql& admin() { return admin_; }
  void Reconnect() { admin_ = Sql(Server().conninfo(database_)); }  // after a restart
  const RecordingObserver& observer() const { return observer_; }
  // Another relay of the same outbox.
  std::unique_ptr<OutboxStore> OtherStore(const std::string& user = "relay");

 private:
  // Where the state of a message stands once it has any.
  std::string table() const { return completion == Completion::kLog ? "outbox_parked" : "outbox"; }

  std::string database_;
  Sql admin_;
  RecordingObserver observer_;
  std::unique_ptr<OutboxStore> store_;
};

// Runs a test on every store.
void ForEachStore(const std::function<void(StoreBench&)>& test);

ClaimRequest Everything();
std::vector<std::int64_t> Ids(const Batch& batch);
// Claims and settles all with one outcome until nothing is due; the ids in the order they came.
std::vector<std::int64_t> Drain(StoreSession& session, const ClaimRequest& request);
// Settles the whole batch in one way. Retries are due at once.
void SettleAll(Batch& batch, Outcome outcome);

}  // namespace outbox::test
