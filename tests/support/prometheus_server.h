// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {

// A real Prometheus that scrapes every second, running when the constructor returns. Used by one thread.
class PrometheusServer {
 public:
  // `rules`: the text of a rules file.
  PrometheusServer(const std::string& job, const std::vector<int>& ports, const std::string& rules);

  // The answer of its API to an instant query, as JSON.
  std::string Query(const std::string& expression) const;
  // The same for every second between two times, as Unix has them.
  std::string QueryRange(const std::string& expression, std::int64_t from, std::int64_t to) const;
  // Is there an alert of that name in that state, "pending" or "firing"?
  bool HasAlert(const std::string& name, const std::string& state) const;
  std::string log() const { return ReadFile(dir_ / "log"); }

 private:
  TempDir dir_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace outbox::test
