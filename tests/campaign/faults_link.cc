// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

using test::FaultProxy;

FaultProxy& LinkOf(Scene& scene, bool kafka) {
  return kafka ? scene.field.to_kafka() : scene.field.to_postgres();
}

class BadLink final : public Fault {
 public:
  BadLink(bool kafka, FaultProxy::Mode mode) : kafka_(kafka), mode_(mode) {}
  std::string Begin(Scene& scene) override {
    LinkOf(scene, kafka_).Set(mode_);
    return "the link";
  }
  void Heal(Scene& scene) override {
    // What was held back must never arrive, or it was only a delay.
    if (mode_ == FaultProxy::Mode::kNoAnswers) LinkOf(scene, kafka_).Reset();
    LinkOf(scene, kafka_).Set(FaultProxy::Mode::kPass);
  }

 private:
  const bool kafka_;
  const FaultProxy::Mode mode_;
};

class BrokenLink final : public Fault {
 public:
  BrokenLink(bool kafka, bool reset) : kafka_(kafka), reset_(reset) {}
  std::string Begin(Scene& scene) override {
    LinkOf(scene, kafka_).Set(FaultProxy::Mode::kRefuse);
    reset_ ? LinkOf(scene, kafka_).Reset() : LinkOf(scene, kafka_).Cut();
    return "each connection";
  }
  void Heal(Scene& scene) override { LinkOf(scene, kafka_).Set(FaultProxy::Mode::kPass); }

 private:
  const bool kafka_;
  const bool reset_;
};

}  // namespace

void AddLinkFaults(std::vector<FaultKind>& kinds) {
  struct Named {
    std::string_view to_postgres, to_kafka;
    FaultProxy::Mode mode;
  };
  static constexpr Named kModes[] = {
      {"postgres_black_hole", "kafka_black_hole", FaultProxy::Mode::kBlackHole},
      {"postgres_no_answers", "kafka_no_answers", FaultProxy::Mode::kNoAnswers},
      {"postgres_delay", "kafka_delay", FaultProxy::Mode::kDelay},
      {"postgres_throttle", "kafka_throttle", FaultProxy::Mode::kThrottle},
      {"postgres_half_frame", "kafka_half_frame", FaultProxy::Mode::kCutInTheFrame}};
  for (const bool kafka : {false, true}) {
    const std::string_view group = kafka ? "kafka" : "postgres";
    for (const Named& named : kModes) {
      kinds.push_back({kafka ? named.to_kafka : named.to_postgres, group, 1, 6,
                       [kafka, mode = named.mode] { return std::make_unique<BadLink>(kafka, mode); }});
    }
    kinds.push_back({kafka ? "kafka_cut" : "postgres_cut", group, 0, 2,
                     [kafka] { return std::make_unique<BrokenLink>(kafka, false); }});
    kinds.push_back({kafka ? "kafka_reset" : "postgres_reset", group, 0, 2,
                     [kafka] { return std::make_unique<BrokenLink>(kafka, true); }});
  }
}

}  // namespace outbox::campaign
