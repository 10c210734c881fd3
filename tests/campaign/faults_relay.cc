// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string>

#include "campaign/fault.h"
#include "support/wait.h"

namespace outbox::campaign {
namespace {

// A fault about one relay, which it has to itself from Begin to Heal.
class RelayFault : public Fault {
 public:
  std::string Begin(Scene& scene) final {
    post_ = scene.TakeRelay();
    if (post_ == nullptr) return "";
    Strike(scene, *post_);
    return "relay " + std::to_string(post_->number);
  }
  void Heal(Scene& scene) final {
    if (post_ == nullptr) return;
    Mend(scene, *post_);
    post_->taken = false;
  }

 private:
  virtual void Strike(Scene& scene, RelayPost& post) = 0;
  virtual void Mend(Scene& scene, RelayPost& post) = 0;

  RelayPost* post_ = nullptr;
};

// Any signal is the end of a process that has only just been executed, before it has said which it waits for;
// a relay that another fault has started a moment ago may be that young.
void AwaitSignalsHeeded(const RelayPost& post) {
  test::WaitFor([&post] {
    std::ifstream status("/proc/" + std::to_string(post.process->pid()) + "/status");
    for (std::string word; status >> word;) {
      if (word != "SigBlk:") continue;
      std::uint64_t blocked = 0;
      status >> std::hex >> blocked;
      return (blocked >> (SIGTERM - 1) & 1) != 0;
    }
    return false;
  });
}

class KillRelay final : public RelayFault {
  void Strike(Scene&, RelayPost& post) override {
    post.expected = false;
    post.process->Kill(SIGKILL);
  }
  void Mend(Scene& scene, RelayPost& post) override { scene.field.Start(post); }
};

// Longer than a transaction may live: when it goes on, its rows belong to somebody else.
class FreezeRelay final : public RelayFault {
  void Strike(Scene&, RelayPost& post) override { post.process->Kill(SIGSTOP); }
  void Mend(Scene&, RelayPost& post) override { post.process->Kill(SIGCONT); }
};

class StopRelay final : public RelayFault {
  void Strike(Scene&, RelayPost& post) override {
    AwaitSignalsHeeded(post);
    post.expected = false;
    post.process->Kill(SIGTERM);
  }
  void Mend(Scene& scene, RelayPost& post) override {
    const auto exit = post.process->Wait(test::seconds(40));
    scene.field.Start(post);
    if (exit != 0)
      throw std::logic_error("a relay told to stop exited with " + std::to_string(exit.value_or(-1)));
  }
};

class ReloadRelay final : public RelayFault {
  void Strike(Scene& scene, RelayPost& post) override {
    AwaitSignalsHeeded(post);
    scene.field.WriteConfig(post, kBatchMessages / (1 + scene.Any(4)));
    post.process->Kill(SIGHUP);
  }
  void Mend(Scene& scene, RelayPost& post) override {
    scene.field.WriteConfig(post);
    post.process->Kill(SIGHUP);
  }
};

template <typename Kind>
std::unique_ptr<Fault> Make() {
  return std::make_unique<Kind>();
}

}  // namespace

void AddRelayFaults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"kill_relay", "", 0, 3, Make<KillRelay>});
  kinds.push_back({"freeze_relay", "freeze", 14, 17, Make<FreezeRelay>});
  kinds.push_back({"stop_relay", "", 0, 3, Make<StopRelay>, false});
  kinds.push_back({"reload_relay", "", 0, 2, Make<ReloadRelay>, false});
}

}  // namespace outbox::campaign
