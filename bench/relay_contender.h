// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/site.h"
#include "bench/workload.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::bench {

// outbox-relay as its users run it. Held back, it does not run: it has nothing to keep warm.
class RelayContender : public Contender {
 public:
  struct Options {
    std::map<std::string, std::string> settings{};  // "outbox.completion" -> value, as for --set
    int relays = 1;
    bool with_notify = false;  // the producers' trigger
  };
  RelayContender(Site& site, const RelayBuild& build, Options options);

  std::string table() const override { return "outbox"; }
  std::string columns() const override { return "topic, key, payload"; }
  std::string superuser_conninfo() const override { return database_.conninfo(); }
  std::string service_conninfo() const override { return database_.conninfo("service"); }

  void Launch() override;
  void Shutdown() override;
  void Release() override { Launch(); }
  void HoldBack() override { Shutdown(); }
  void AwaitReady() override;
  void Settle(std::int64_t rows, test::milliseconds timeout) override;
  std::int64_t unsettled() const override;
  std::vector<pid_t> pids() const override;

  int port() const { return ports_.front(); }  // of the first relay's metrics
  bool keeps_log() const;                      // nothing is written to a row once it is there

 private:
  double Sent() const;
  std::string log() const { return test::ReadFile(dir_ / "log"); }

  const std::string binary_;
  const Options options_;
  Database database_;
  test::TempDir dir_;
  std::vector<int> ports_;
  std::vector<std::unique_ptr<test::Process>> processes_;  // last, to end before their database goes
};

}  // namespace outbox::bench
