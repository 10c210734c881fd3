// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

using test::FaultProxy;

// A link, or with several brokers now and then all of them.
class LinkFault : public Fault {
 public:
  explicit LinkFault(bool kafka) : kafka_(kafka) {}
  std::string Begin(Scene& scene) final {
    if (!kafka_) {
      links_ = {&scene.field.to_postgres()};
    } else {
      const int brokers = scene.field.kafka().size();
      const int only = scene.Any(2) == 0 ? 0 : 1 + scene.Any(brokers);
      for (int n = 1; n <= brokers; ++n) {
        if (only == 0 || only == n) links_.push_back(&scene.field.to_kafka(n));
      }
    }
    for (FaultProxy* link : links_) Spoil(*link);
    return links_.size() == 1 ? "a link" : std::to_string(links_.size()) + " links";
  }
  void Heal(Scene&) final {
    for (FaultProxy* link : links_) Restore(*link);
  }

 private:
  virtual void Spoil(FaultProxy& link) = 0;
  virtual void Restore(FaultProxy& link) { link.Set(FaultProxy::Mode::kPass); }

  const bool kafka_;
  std::vector<FaultProxy*> links_;
};

class BadLink final : public LinkFault {
 public:
  BadLink(bool kafka, FaultProxy::Mode mode) : LinkFault(kafka), mode_(mode) {}

 private:
  void Spoil(FaultProxy& link) override { link.Set(mode_); }
  void Restore(FaultProxy& link) override {
    // What was held back must never arrive, or it was only a delay.
    if (mode_ == FaultProxy::Mode::kNoAnswers) link.Reset();
    link.Set(FaultProxy::Mode::kPass);
  }

  const FaultProxy::Mode mode_;
};

// Every connection ends, and there are no new ones.
class BrokenLink final : public LinkFault {
 public:
  BrokenLink(bool kafka, bool reset) : LinkFault(kafka), reset_(reset) {}

 private:
  void Spoil(FaultProxy& link) override {
    link.Set(FaultProxy::Mode::kRefuse);
    reset_ ? link.Reset() : link.Cut();
  }

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
