// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <stdexcept>

#include "campaign/fault.h"

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

class JoinRelay final : public Fault {
  std::string Begin(Scene& scene) override {
    if (joined_ = FindPost(scene); joined_ == nullptr) return "";
    joined_->taken = true;
    scene.field.Start(*joined_);
    return "relay " + std::to_string(joined_->number);
  }
  void Heal(Scene&) override {
    joined_->expected = false;
    joined_->process->Kill(SIGTERM);
    const auto exit = joined_->process->Wait(test::seconds(40));
    joined_->taken = false;
    if (exit != 0)
      throw std::logic_error("a relay told to stop exited with " + std::to_string(exit.value_or(-1)));
  }
  // One relay more than planned, at most.
  static RelayPost* FindPost(Scene& scene) {
    auto& posts = scene.field.relays();
    if (posts.size() == static_cast<std::size_t>(scene.field.options().relays)) return &scene.field.AddPost();
    return posts.back().taken || posts.back().expected ? nullptr : &posts.back();
  }

  RelayPost* joined_ = nullptr;
};

class ReloadRelay final : public RelayFault {
  void Strike(Scene& scene, RelayPost& post) override {
    scene.field.WriteConfig(post, kBatchMessages / (1 + scene.Any(4)));
    post.process->Kill(SIGHUP);
  }
  void Mend(Scene& scene, RelayPost& post) override {
    scene.field.WriteConfig(post, kBatchMessages);
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
  kinds.push_back({"join_relay", "join", 3, 12, Make<JoinRelay>, false});
  kinds.push_back({"reload_relay", "", 0, 2, Make<ReloadRelay>, false});
}

}  // namespace outbox::campaign
