// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "campaign/fault.h"

namespace outbox::campaign {
namespace {

using Words = std::vector<std::string>;

// What may go wrong without being wrong: nothing matched, or the database or a lane was not to be had.
bool Acceptable(int exit) { return exit == 0 || exit == 1 || exit == 69 || exit == 75; }

// The relay's own program as people use it, in the role that people have. It works beside the load until it
// is healed, because a lane may be busy for seconds.
class OperatorCommand : public Fault {
 public:
  std::string Begin(Scene& scene) final {
    const Words words = Choose(scene);
    if (words.empty()) return "";
    process_ = Start(scene, words);
    return words.back();
  }
  void Heal(Scene&) override {
    if (process_) Await(*process_);  // else the database was not there to choose from
  }

 protected:
  virtual Words Choose(Scene& scene) = 0;  // empty: there is nothing to do

  static std::unique_ptr<test::Process> Start(Scene& scene, const Words& words) {
    const Field& field = scene.field;
    Words argv = {field.options().relay, "--conninfo", field.conninfo("operator")};
    argv.insert(argv.begin() + 1, words.begin(), words.end());
    test::Process::Options options;
    options.out = field.options().folder / "operator.log";
    return std::make_unique<test::Process>(argv, options);
  }
  static int Await(test::Process& process) {
    const auto exit = process.Wait(test::seconds(30));
    if (!exit) throw std::runtime_error("the command still runs");
    if (!Acceptable(*exit))
      throw std::logic_error("an operator's command exited with " + std::to_string(*exit));
    return *exit;
  }

 private:
  std::unique_ptr<test::Process> process_;
};

class RetryAll final : public OperatorCommand {
  Words Choose(Scene&) override { return {"retry", "--execute", "--status", "failed,retrying"}; }
};

class DiscardFailed final : public OperatorCommand {
  Words Choose(Scene&) override {
    return {"discard", "--execute", "--status", "failed", "--reason", "campaign"};
  }
};

// A person has put a busy key off, by hand and under the hold that docs/operations.md asks for; another one
// clears it with the command. Waiting for messages that a broker refuses would seldom find any.
class UnblockOne final : public OperatorCommand {
  Words Choose(Scene& scene) override {
    test::Sql person = scene.field.Connect("operator");
    const std::string table = scene.field.waiting_table();
    // In a log only what waits already can be put off: a topic may be held just now.
    const auto newest =
        person.Rows("SELECT quote_literal(topic), quote_literal(key) FROM " + table + " WHERE key LIKE 'k%'" +
                    (scene.field.log() ? " AND status = 'pending'" : "") + " ORDER BY id DESC LIMIT 1");
    if (newest.empty()) return {};
    const std::string& topic = *newest[0][0];
    const std::string& key = *newest[0][1];
    person.Run("BEGIN; SET LOCAL lock_timeout = '3s'; SELECT outbox_hold(" + topic + ", " + key + ")");
    std::vector<test::Sql::Row> off;
    // Relays leave the key alone now, so what comes next stays pending.
    const bool found = test::WaitFor(
        [&] {
          off = person.Rows("UPDATE " + table +
                            " SET status = 'retrying', next_attempt_at = clock_timestamp() + interval '20 s'"
                            " WHERE status = 'pending' AND topic = " +
                            topic + " AND key = " + key + " RETURNING id");
          return !off.empty();
        },
        test::milliseconds(1'500));
    person.Run(found ? "COMMIT" : "ROLLBACK");
    if (!found) return {};
    return {"unblock", "--retry", *off[0][0]};
  }
};

// Of a topic or of everything; ended by another command.
class PauseDelivery final : public OperatorCommand {
  Words Choose(Scene& scene) override {
    if (scene.Any(3) > 0) scope_ = {"--topic", scene.field.options().partitions.begin()->first};
    return With("pause");
  }
  void Heal(Scene& scene) override {
    OperatorCommand::Heal(scene);
    // "There was none" is an answer, too; without one it may be paused still.
    const int exit = Await(*Start(scene, With("resume")));
    if (exit > 1) throw std::runtime_error("resume exited with " + std::to_string(exit));
  }
  Words With(const std::string& verb) const {
    Words words = {verb};
    words.insert(words.end(), scope_.begin(), scope_.end());
    return words;
  }

  Words scope_;
};

template <typename Kind>
std::unique_ptr<Fault> MakeCommand() {
  return std::make_unique<Kind>();
}

}  // namespace

void AddOperatorFaults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"operator_retry", "operator", 0, 1, MakeCommand<RetryAll>, false});
  kinds.push_back({"operator_discard", "operator", 0, 1, MakeCommand<DiscardFailed>, false});
  kinds.push_back({"operator_unblock", "operator", 0, 1, MakeCommand<UnblockOne>, false});
  kinds.push_back({"operator_pause", "operator", 1, 5, MakeCommand<PauseDelivery>, false});
}

}  // namespace outbox::campaign
