// SPDX-License-Identifier: Apache-2.0
#include "campaign/round.h"

#include <cstdio>
#include <memory>

#include "campaign/attempt_watch.h"
#include "campaign/report_tally.h"
#include "campaign/saboteur.h"
#include "campaign/tail_reader.h"

namespace outbox::campaign {
namespace {

using Clock = std::chrono::steady_clock;
using test::milliseconds;
using test::seconds;

constexpr seconds kBacklogBound{60};
constexpr seconds kLookEvery{1};
constexpr int kProgressEvery = 5;  // looks
const std::map<std::string, int> kPartitions = {{"ledger", 3}, {"orders", 6}};

// A log is read ahead of what is settled, and what is settled is written down now and then.
constexpr int kAheadInLog = 2;

DeliveryChecker::Options CheckerOptions(int relays, bool log) {
  DeliveryChecker::Options options;
  options.limits.in_flight =
      std::int64_t{kBatchMessages} * kWorkers * (relays + kMostSpares) * (log ? kAheadInLog : 1);
  options.partitions = kPartitions;
  return options;
}

// For what a round writes, with WAL; 0 where mounting is not allowed.
std::int64_t DiskBytes(double round_seconds) {
  if (!test::SmallDisk::Allowed()) return 0;
  return (std::int64_t{512} << 20) + (std::int64_t{4} << 20) * static_cast<std::int64_t>(round_seconds);
}

class Round {
 public:
  explicit Round(const RoundOptions& options)
      : options_(options),
        history_(options.folder / "history", begun_),
        checker_(CheckerOptions(options.relays, options.completion == "log")),
        field_({.relay = options.relay,
                .mortal = options.mortal,
                .folder = options.folder,
                .completion = options.completion,
                .relays = options.relays,
                .brokers = options.brokers,
                .disk = DiskBytes(options.seconds),
                .partitions = kPartitions,
                .request_messages = options.workload.request_messages}) {}

  RoundResult Run() {
    Writers::Options writing{.conninfo = field_.conninfo("service"),
                             .partitions = kPartitions,
                             .journals = options_.folder,
                             .seed = options_.seed,
                             .workload = options_.workload};
    test::Sql owner = field_.Connect("postgres");
    Writers::Prepare(owner, writing);
    reader_ =
        std::make_unique<TailReader>(field_.kafka().bootstrap(), kPartitions,
                                     [this](const auto& record) { checker_.See(record, Clock::now()); });
    for (int i = 0; i < options_.relays; ++i) field_.Start(field_.AddPost());
    Writers writers(writing, checker_);
    if (field_.options().disk == 0) std::printf("mounting is not allowed here: no disk can be full\n");
    const auto kinds = ChooseKinds(options_.only, field_.options().disk > 0, field_.layout());
    Saboteur saboteur(PlanFaults(options_.seed, options_.seconds, kinds), field_, writers, checker_, *reader_,
                      history_);
    Break(saboteur);
    saboteur.HealAll();
    writers.Stop();
    if (!options_.impatient || checker_.findings().none()) Drain();
    if (!options_.impatient || checker_.findings().none()) Conclude();
    result_.findings = checker_.findings();
    result_.counts = checker_.counts();
    result_.faults = saboteur.begun();
    result_.happened = saboteur.happened();
    for (const std::string& line : saboteur.history()) std::printf("%s\n", line.c_str());
    return result_;
  }

 private:
  void Break(Saboteur& saboteur) {
    const auto began = Clock::now();
    auto look = began;
    for (int looks = 0; Clock::now() < began + std::chrono::duration<double>(options_.seconds);) {
      saboteur.Step(std::chrono::duration<double>(Clock::now() - began).count());
      std::this_thread::sleep_for(milliseconds(20));
      if (Clock::now() < look) continue;
      look = Clock::now() + kLookEvery;
      Look();
      if (++looks % kProgressEvery == 0) Progress(saboteur);
      if (checker_.findings().none()) continue;
      // What has come to light is better looked at than buried under what follows.
      std::printf("a finding, %.0f s after the first writer began\n",
                  std::chrono::duration<double>(Clock::now() - began).count());
      return;
    }
  }

  void Look() {
    tally_.Look(field_.relays(), checker_.counts().seen);
    if (const auto swept = tally_.swept(); swept > swept_) {
      checker_.Complain(Check::kMetrics,
                        "only a sweep found " + std::to_string(swept - swept_) + " messages");
      swept_ = swept;
    }
    watch_.Look(field_, checker_);
    for (RelayPost& post : field_.relays()) {
      if (!post.expected || post.process->running()) continue;
      checker_.Complain(Check::kLiveness,
                        "relay " + std::to_string(post.number) + " ended by itself with " +
                            std::to_string(post.process->Wait(milliseconds(0)).value_or(-1)));
      field_.Start(post);
    }
  }

  void Progress(const Saboteur& saboteur) const {
    const auto counts = checker_.counts();
    std::printf("%5.0f s  %7lld committed  %7lld seen  %5lld repeats  %3zu faults  %6zu remembered  %s\n",
                std::chrono::duration<double>(Clock::now() - begun_).count(),
                static_cast<long long>(counts.committed), static_cast<long long>(counts.seen),
                static_cast<long long>(counts.duplicates), saboteur.begun(), counts.remembered,
                saboteur.Active().c_str());
    std::fflush(stdout);
  }

  void Drain() {
    const auto began = Clock::now();
    test::Sql sql = field_.Connect("postgres");
    const bool drained = test::WaitFor(
        [&] {
          std::this_thread::sleep_for(milliseconds(50));
          return sql
              .Rows("SELECT FROM " + field_.messages() + " WHERE status IN ('pending', 'retrying') LIMIT 1")
              .empty();
        },
        kBacklogBound);
    result_.drained = std::chrono::duration<double>(Clock::now() - began).count();
    if (!drained) checker_.Complain(Check::kLiveness, "the backlog is not empty after 60 s");
    if (!reader_->ReachEnd(seconds(20)))
      checker_.Complain(Check::kLiveness, "the topics cannot be read to their ends");
    std::this_thread::sleep_for(milliseconds(200));  // the record at the end is being judged
  }

  void Conclude() {
    Look();
    for (RelayPost& post : field_.relays()) {
      if (!post.expected) continue;
      post.expected = false;
      post.process->Kill(SIGTERM);
      const auto exit = post.process->Wait(seconds(40));
      if (exit != 0)
        checker_.Complain(Check::kLiveness,
                          "a relay told to stop exited with " + std::to_string(exit.value_or(-1)));
    }
    const auto counts = checker_.counts();
    if (tally_.delivered() + tally_.missed() < counts.seen) {
      checker_.Complain(Check::kMetrics, std::to_string(tally_.delivered()) +
                                             " reports counted and at most " +
                                             std::to_string(tally_.missed()) + " missed, but " +
                                             std::to_string(counts.seen) + " messages seen");
    }
    checker_.Conclude(Outbox());
  }

  OutboxState Outbox() {
    test::Sql sql = field_.Connect("postgres");
    OutboxState state;
    const std::string messages = field_.messages();
    state.keeps_sent = options_.completion == "mark";
    // A log keeps them while their partitions last.
    if (!field_.log())
      state.sent = std::stoll(sql.Value("SELECT count(*) FROM outbox WHERE status = 'sent'"));
    state.unsettled = std::stoll(
        sql.Value("SELECT count(*) FROM " + messages + " WHERE status IN ('pending', 'retrying')"));
    state.transactions =
        std::stoll(sql.Value("SELECT count(*) FROM campaign_transactions c WHERE committed"));
    for (const auto& row : sql.Rows("SELECT d->>'message_id' FROM outbox_audit, jsonb_array_elements(detail) "
                                    "d WHERE command = 'discard'"))
      state.discarded.insert(*row[0]);
    std::string unseen;
    for (const std::string& id : checker_.Unseen(1'000)) unseen += (unseen.empty() ? "" : ",") + id;
    for (const auto& row :
         sql.Rows("SELECT message_id, status, attempts, coalesce(last_error, ''), payload "
                  "FROM " +
                  messages + " WHERE status = 'failed' OR attempts > 0 OR message_id = ANY ('{" + unseen +
                  "}')")) {
      const auto written = ReadPayload(row[4].value_or(""));
      state.rows[*row[0]] = {*row[1], std::stoi(*row[2]), *row[3], written ? written->kind : RowKind::kPlain};
    }
    return state;
  }

  const RoundOptions options_;
  const Clock::time_point begun_ = Clock::now();
  Journal history_;
  DeliveryChecker checker_;
  Field field_;
  ReportTally tally_;
  std::int64_t swept_ = 0;  // and complained about
  AttemptWatch watch_;
  std::unique_ptr<TailReader> reader_;
  RoundResult result_;
};

std::string Detail(const RoundResult& result, Check check) {
  const auto& counts = result.counts;
  const auto number = [](auto n) { return std::to_string(n); };
  switch (check) {
    case Check::kLoss:
      return number(counts.seen) + " of " + number(counts.committed) + " arrived, " + number(counts.failed) +
             " failed, " + number(counts.deleted) + " deleted with their topic";
    case Check::kOrder:
      return number(counts.late) + " large ones late, as documented";
    case Check::kDuplicates:
      return number(counts.duplicates) + " repeats, " + number(result.faults) + " faults";
    case Check::kLiveness:
      return "empty after " + number(result.drained).substr(0, 4) + " s";
    case Check::kBooks:
      return number(counts.transactions) + " transactions";
    case Check::kPhantom:
    case Check::kIntegrity:
    case Check::kDatabase:
    case Check::kMetrics:
      return "";
  }
  return "";
}

}  // namespace

RoundResult RunRound(const RoundOptions& options) { return Round(options).Run(); }

void PrintVerdict(const RoundResult& result) {
  std::printf("\n%-22s %-6s %s\n", "check", "result", "detail");
  for (std::size_t c = 0; c < kChecks; ++c) {
    const auto check = static_cast<Check>(c);
    const auto wrong = result.findings.count(check);
    std::printf("%-22s %-6s %s%s\n", std::string(NameOf(check)).c_str(), wrong == 0 ? "ok" : "FAILED",
                wrong == 0 ? "" : (std::to_string(wrong) + " findings; ").c_str(),
                Detail(result, check).c_str());
    for (const std::string& example : result.findings.examples(check))
      std::printf("    %s\n", example.c_str());
  }
  std::fflush(stdout);
}

}  // namespace outbox::campaign
