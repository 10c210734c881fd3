// SPDX-License-Identifier: Apache-2.0
#include "metrics/family_list.h"

namespace outbox {

using prometheus::ClientMetric;
using prometheus::MetricType;

void FamilyList::Gauge(const std::string& name, const std::string& help, double value) {
  Add(MetricType::Gauge, name, help, nullptr, {{"", value}});
}

void FamilyList::GaugeBy(const std::string& name, const std::string& help, const char* label,
                         const Values& values) {
  Add(MetricType::Gauge, name, help, label, values);
}

void FamilyList::Counter(const std::string& name, const std::string& help, double value) {
  Add(MetricType::Counter, name, help, nullptr, {{"", value}});
}

void FamilyList::CounterBy(const std::string& name, const std::string& help, const char* label,
                           const Values& values) {
  Add(MetricType::Counter, name, help, label, values);
}

void FamilyList::Add(MetricType type, const std::string& name, const std::string& help, const char* label,
                     const Values& values) {
  if (values.empty()) return;
  prometheus::MetricFamily& family = families_.emplace_back();
  // The metrics of the process have the names that every dashboard expects.
  family.name = name.starts_with("process_") ? name : kMetricPrefix + name;
  family.help = help;
  family.type = type;
  for (const auto& [label_value, value] : values) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label.push_back({"outbox", outbox_});
    if (label) metric.label.push_back({label, label_value});
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
}

}  // namespace outbox
