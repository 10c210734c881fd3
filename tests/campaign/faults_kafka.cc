// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

class StopBroker final : public Fault {
 public:
  explicit StopBroker(bool crash) : crash_(crash) {}
  std::string Begin(Scene& scene) override {
    crash_ ? scene.field.kafka().Crash() : scene.field.kafka().Stop();
    return "the broker";
  }
  void Heal(Scene& scene) override { scene.field.kafka().Start(); }

 private:
  const bool crash_;
};

class FreezeBroker final : public Fault {
  std::string Begin(Scene& scene) override {
    scene.field.kafka().Freeze();
    return "the broker";
  }
  void Heal(Scene& scene) override { scene.field.kafka().Thaw(); }
};

// Something is wrong with one topic.
class TopicFault : public Fault {
 public:
  std::string Begin(Scene& scene) final {
    const auto& topics = scene.field.options().partitions;
    auto chosen = topics.begin();
    std::advance(chosen, scene.Any(static_cast<int>(topics.size())));
    topic_ = chosen->first;
    test::KafkaAdmin admin = scene.field.Admin();
    Spoil(admin, topic_);
    return "topic " + topic_;
  }
  void Heal(Scene& scene) final {
    if (topic_.empty()) return;
    test::KafkaAdmin admin = scene.field.Admin();
    Restore(admin, topic_);
  }

 private:
  virtual void Spoil(test::KafkaAdmin& admin, const std::string& topic) = 0;
  virtual void Restore(test::KafkaAdmin& admin, const std::string& topic) = 0;

  std::string topic_;
};

class DenyTopic final : public TopicFault {
  void Spoil(test::KafkaAdmin& admin, const std::string& topic) override { admin.DenyWrites(topic); }
  void Restore(test::KafkaAdmin& admin, const std::string& topic) override { admin.AllowWrites(topic); }
};

class LimitTopic final : public TopicFault {
 public:
  LimitTopic(std::string setting, std::string value)
      : setting_(std::move(setting)), value_(std::move(value)) {}

 private:
  void Spoil(test::KafkaAdmin& admin, const std::string& topic) override {
    admin.AlterTopicConfig(topic, {{setting_, value_}});
  }
  void Restore(test::KafkaAdmin& admin, const std::string& topic) override {
    admin.AlterTopicConfig(topic, {});
  }

  const std::string setting_;
  const std::string value_;
};

}  // namespace

void AddKafkaFaults(std::vector<FaultKind>& kinds) {
  const auto stop = [](bool crash) { return [crash] { return std::make_unique<StopBroker>(crash); }; };
  const auto limit = [](const char* setting, const char* value) {
    return [setting, value] { return std::make_unique<LimitTopic>(setting, value); };
  };
  kinds.push_back({"broker_crash", "kafka", 0, 4, stop(true)});
  kinds.push_back({"broker_restart", "kafka", 0, 4, stop(false)});
  kinds.push_back({"broker_freeze", "kafka", 1, 8, [] { return std::make_unique<FreezeBroker>(); }});
  kinds.push_back({"topic_denied", "kafka", 1, 5, [] { return std::make_unique<DenyTopic>(); }});
  // Below kLargePayload, above a batch of plain rows.
  kinds.push_back(
      {"topic_limit", "kafka", 1, 5, limit("max.message.bytes", "100000"), true, RowKind::kLarge});
  kinds.push_back({"topic_too_old", "kafka", 1, 5, limit("message.timestamp.before.max.ms", "3600000"), true,
                   RowKind::kOld});
}

}  // namespace outbox::campaign
