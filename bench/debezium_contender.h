// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/site.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::bench {

// The peer: Debezium's outbox event router on a Kafka Connect worker, from the cache that
// scripts/fetch-debezium fills. Held back, its connector is paused, while the worker stays warm.
class DebeziumContender : public Contender {
 public:
  explicit DebeziumContender(Site& site);

  std::string table() const override { return "dbz_outbox"; }
  std::string columns() const override { return "aggregatetype, aggregateid, payload"; }
  std::string superuser_conninfo() const override { return database_.conninfo(); }
  std::string service_conninfo() const override { return database_.conninfo(); }

  void Launch() override;
  void Shutdown() override;
  void Release() override;
  void HoldBack() override;
  void AwaitReady() override;
  // Its users must clean their table, and it reads past what that writes.
  void Settle(std::int64_t rows, test::milliseconds timeout) override;
  std::int64_t unsettled() const override;
  std::vector<pid_t> pids() const override { return {process_->pid()}; }

 private:
  void WriteProperties() const;
  void Put(const std::string& verb);
  std::string Status() const;
  std::string log() const { return test::ReadFile(dir_ / "log"); }

  const std::filesystem::path jars_;
  Database database_;
  test::TempDir dir_;
  int rest_port_;
  std::unique_ptr<test::Process> process_;  // last, to end before its database goes
};

}  // namespace outbox::bench
