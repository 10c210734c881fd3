// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>

#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

[[noreturn]] void Complain(std::optional<int> exit) {
  throw std::logic_error("a relay told to stop exited with " + std::to_string(exit.value_or(-1)));
}

class JoinRelay final : public Fault {
  std::string Begin(Scene& scene) override {
    joined_ = scene.TakeSpare();
    if (joined_ == nullptr) return "";
    scene.field.Start(*joined_);
    return "relay " + std::to_string(joined_->number);
  }
  void Heal(Scene&) override {
    joined_->expected = false;
    joined_->process->Kill(SIGTERM);
    const auto exit = joined_->process->Wait(test::seconds(40));
    joined_->taken = false;
    if (exit != 0) Complain(exit);
  }

  RelayPost* joined_ = nullptr;
};

// A relay with one worker joins, and dies at a place of its program that is named beforehand.
class DieAt final : public Fault {
 public:
  DieAt(std::string point, int most) : point_(std::move(point)), most_(most) {}

 private:
  static constexpr int kKilled = 128 + SIGKILL;

  std::string Begin(Scene& scene) override {
    post_ = scene.TakeSpare();
    if (post_ == nullptr) return "";
    const int nth = 1 + scene.Any(most_);
    scene.field.StartMortal(*post_, point_, nth);
    if (scene.field.log()) ThrowDice(scene);
    return "relay " + std::to_string(post_->number) + ", the " + std::to_string(nth) + ". time";
  }
  // Of a log's relays only one gets that far, so its place is made free for whoever takes it.
  static void ThrowDice(Scene& scene) {
    std::this_thread::sleep_for(test::milliseconds(700));
    scene.field.Connect("postgres")
        .Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% guard'");
  }
  void Heal(Scene&) override {
    post_->process->Kill(SIGTERM);
    const auto exit = post_->process->Wait(test::seconds(40));
    post_->taken = false;
    reached_ = exit == kKilled;
    if (!reached_ && exit != 0) Complain(exit);
  }
  bool happened() const override { return reached_; }

  const std::string point_;
  const int most_;
  RelayPost* post_ = nullptr;
  bool reached_ = false;
};

}  // namespace

void AddSpareFaults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"join_relay", "join", 3, 12, [] { return std::make_unique<JoinRelay>(); }, false});
  struct Point {
    std::string_view fault;
    const char* name;
    int most;      // passes it so many times before, at most
    bool repeats;  // what it had handed over is not known to be settled
    Layout layout = Layout::kRows;
  };
  static constexpr Point kPoints[] = {
      {"die_lanes_taken", "lanes_taken", 6, false},
      {"die_claimed", "claimed", 6, false},
      {"die_handed_over", "handed_over", 60, true},  // mostly amid a batch
      {"die_reported", "reported", 6, true},
      {"die_settling", "settling", 6, true},
      {"die_settled", "settled", 6, true},
      {"die_committing", "committing", 6, true},
      {"die_committed", "committed", 6, false},
      {"die_log_claimed", "claimed", 12, true, Layout::kLog},  // others lose the guard over it
      {"die_log_handed_over", "handed_over", 200, true, Layout::kLog},
      {"die_log_reported", "reported", 12, true, Layout::kLog},
      {"die_log_moving", "moving", 6, true, Layout::kLog},
      {"die_log_moved", "moved", 6, true, Layout::kLog}};
  for (const Point& point : kPoints) {
    kinds.push_back({point.fault, "die", 4, 7,
                     [point] { return std::make_unique<DieAt>(point.name, point.most); }, point.repeats});
    kinds.back().layout = point.layout;
  }
}

}  // namespace outbox::campaign
