// SPDX-License-Identifier: Apache-2.0
#include "support/prometheus_server.h"

#include <cctype>
#include <stdexcept>

#include "support/free_port.h"
#include "support/http_get.h"

namespace outbox::test {
namespace {

std::string Encoded(const std::string& text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

PrometheusServer::PrometheusServer(const std::string& job, const std::vector<int>& ports,
                                   const std::string& rules)
    : port_(FreePort()) {
  std::string targets;
  for (const int port : ports)
    targets += (targets.empty() ? "" : ", ") + ("'127.0.0.1:" + std::to_string(port) + "'");
  WriteFile(dir_ / "rules.yml", rules);
  WriteFile(dir_ / "prometheus.yml",
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            "rule_files: [rules.yml]\n"
            "scrape_configs:\n- job_name: " +
                job + "\n  static_configs:\n  - targets: [" + targets + "]\n");
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"prometheus", "--config.file=" + (dir_ / "prometheus.yml").string(),
                               "--storage.tsdb.path=" + (dir_ / "data").string(),
                               "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
      Process::Options{.out = dir_ / "log"});
  const bool serves = WaitFor(
      [this] { return !process_->running() || HttpGet(port_, "/-/ready").status == 200; }, seconds(30));
  if (!serves || !process_->running()) throw std::runtime_error("Prometheus does not start: " + log());
}

std::string PrometheusServer::Query(const std::string& expression) const {
  return HttpGet(port_, "/api/v1/query?query=" + Encoded(expression)).body;
}

std::string PrometheusServer::QueryRange(const std::string& expression, std::int64_t from,
                                         std::int64_t to) const {
  return HttpGet(port_, "/api/v1/query_range?query=" + Encoded(expression) +
                            "&start=" + std::to_string(from) + "&end=" + std::to_string(to) + "&step=1")
      .body;
}

bool PrometheusServer::HasAlert(const std::string& name, const std::string& state) const {
  const std::string found = Query(R"(ALERTS{alertname=")" + name + R"(",alertstate=")" + state + "\"}");
  return found.find("\"metric\"") != std::string::npos;
}

}  // namespace outbox::test
