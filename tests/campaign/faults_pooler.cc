// SPDX-License-Identifier: Apache-2.0
#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

// Every second relay's connections go with it, or stay silent; its own to PostgreSQL end with it.
class StopPooler final : public Fault {
 public:
  explicit StopPooler(bool crash) : crash_(crash) {}
  std::string Begin(Scene& scene) override {
    crash_ ? scene.field.pooler().Crash() : scene.field.pooler().Stop();
    return "the pooler";
  }
  void Heal(Scene& scene) override { scene.field.pooler().Start(); }

 private:
  const bool crash_;
};

class FreezePooler final : public Fault {
  std::string Begin(Scene& scene) override {
    scene.field.pooler().Freeze();
    return "the pooler";
  }
  void Heal(Scene& scene) override { scene.field.pooler().Thaw(); }
};

}  // namespace

void AddPoolerFaults(std::vector<FaultKind>& kinds) {
  const auto stop = [](bool crash) { return [crash] { return std::make_unique<StopPooler>(crash); }; };
  kinds.push_back({"pooler_crash", "pooler", 0, 3, stop(true)});
  kinds.push_back({"pooler_restart", "pooler", 0, 3, stop(false)});
  kinds.push_back({"pooler_freeze", "pooler", 1, 8, [] { return std::make_unique<FreezePooler>(); }});
}

}  // namespace outbox::campaign
