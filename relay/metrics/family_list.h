// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace outbox {

inline constexpr const char* kMetricPrefix = "outbox_relay_";

// Metrics whose values are made when they are read: those that grow with time or come and go, which
// the library's own gauges cannot. Every series gets the label `outbox`.
class FamilyList {
 public:
  explicit FamilyList(std::string outbox) : outbox_(std::move(outbox)) {}

  using Values = std::vector<std::pair<std::string, double>>;  // value of the label, value

  void Gauge(const std::string& name, const std::string& help, double value);
  void GaugeBy(const std::string& name, const std::string& help, const char* label, const Values& values);
  void Counter(const std::string& name, const std::string& help, double value);
  void CounterBy(const std::string& name, const std::string& help, const char* label, const Values& values);

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  void Add(prometheus::MetricType type, const std::string& name, const std::string& help, const char* label,
           const Values& values);

  std::string outbox_;
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace outbox
