// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

// A topic and its partition, drawn.
struct Place {
  explicit Place(Scene& scene) {
    const auto& topics = scene.field.options().partitions;
    auto chosen = topics.begin();
    std::advance(chosen, scene.Any(static_cast<int>(topics.size())));
    topic = chosen->first;
    partition = scene.Any(chosen->second);
  }
  std::string topic;
  int partition = 0;
};

// The broker that leads some partition: with several of them, another one takes its place.
class BrokerFault : public Fault {
 public:
  std::string Begin(Scene& scene) final {
    const Place place(scene);
    node_ = scene.field.kafka().Leader(place.topic, place.partition);
    if (node_ == 0) return "";
    Strike(scene.field.kafka().node(node_));
    return "broker " + std::to_string(node_) + ", which leads " + place.topic + "/" +
           std::to_string(place.partition);
  }
  void Heal(Scene& scene) final {
    if (node_ > 0) Mend(scene.field.kafka().node(node_));
  }

 private:
  virtual void Strike(test::KafkaBroker& broker) = 0;
  virtual void Mend(test::KafkaBroker& broker) = 0;

  int node_ = 0;
};

class StopBroker final : public BrokerFault {
 public:
  explicit StopBroker(bool crash) : crash_(crash) {}

 private:
  void Strike(test::KafkaBroker& broker) override { crash_ ? broker.Crash() : broker.Stop(); }
  void Mend(test::KafkaBroker& broker) override { broker.Start(); }

  const bool crash_;
};

class FreezeBroker final : public BrokerFault {
  void Strike(test::KafkaBroker& broker) override { broker.Freeze(); }
  void Mend(test::KafkaBroker& broker) override { broker.Thaw(); }
};

// Something is wrong with one topic.
class TopicFault : public Fault {
 public:
  std::string Begin(Scene& scene) final {
    topic_ = Place(scene).topic;
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

// Fewer replicas are in sync than a topic asks for. Where there are several brokers one of them dies after
// that, so that what the leader has written already is refused as well.
class TooFewReplicas final : public Fault {
  std::string Begin(Scene& scene) override {
    const Place place(scene);
    topic_ = place.topic;
    const int brokers = scene.field.kafka().size();
    scene.field.Admin().AlterTopicConfig(topic_,
                                         {{"min.insync.replicas", std::to_string(std::max(brokers, 2))}});
    if (brokers == 1) return "topic " + topic_;
    dead_ = scene.field.kafka().Leader(place.topic, place.partition) % brokers + 1;
    scene.field.kafka().node(dead_).Crash();
    return "topic " + topic_ + ", without broker " + std::to_string(dead_);
  }
  void Heal(Scene& scene) override {
    if (dead_ > 0) scene.field.kafka().node(dead_).Start();
    dead_ = 0;
    scene.field.Admin().AlterTopicConfig(topic_, {});
  }

  std::string topic_;
  int dead_ = 0;
};

// Somebody deletes a topic that is in use, with all that nobody has read yet, and makes it again.
class DeleteTopic final : public Fault {
  std::string Begin(Scene& scene) override {
    topic_ = Place(scene).topic;
    scene.field.Admin().DeleteTopic(topic_);
    Bury(scene);
    return "topic " + topic_;
  }
  void Heal(Scene& scene) override {
    if (topic_.empty() || (!buried_ && Exists(scene))) return;
    if (!buried_) Bury(scene);
    if (!Exists(scene)) scene.field.CreateTopic(topic_);
    scene.reader.Join(topic_);
  }
  void Bury(Scene& scene) {
    scene.reader.Leave(topic_);
    scene.checker.TopicDeleted(topic_);
    buried_ = true;
  }
  bool Exists(Scene& scene) const { return scene.field.kafka().Leader(topic_, 0) > 0; }

  std::string topic_;
  bool buried_ = false;
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
  kinds.push_back({"too_few_replicas", "kafka", 2, 6, [] { return std::make_unique<TooFewReplicas>(); }});
  kinds.push_back({"topic_deleted", "kafka", 1, 6, [] { return std::make_unique<DeleteTopic>(); }});
  // Below kLargePayload, above a batch of plain rows.
  kinds.push_back(
      {"topic_limit", "kafka", 1, 5, limit("max.message.bytes", "100000"), true, RowKind::kLarge});
  kinds.push_back({"topic_too_old", "kafka", 1, 5, limit("message.timestamp.before.max.ms", "3600000"), true,
                   RowKind::kOld});
}

}  // namespace outbox::campaign
