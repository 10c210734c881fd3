// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/exit_code.h"
#include "cli/version.h"
#include "config/config.h"
#include "demo/borrowed_schema.h"
#include "demo/borrowed_topic.h"
#include "demo/demo.h"
#include "demo/log_file.h"
#include "demo/report.h"
#include "demo/scratch_postgres.h"
#include "demo/screen.h"
#include "log/log.h"
#include "postgres/schema_admin.h"

namespace outbox {
namespace {

constexpr milliseconds kFrame{250};
constexpr seconds kPlainEvery{1};
constexpr int kUnwatchedSeconds = 20;
constexpr std::size_t kLogLines = 4;

struct DemoFlags {
  std::optional<int> seconds;
  std::optional<int> outage;
  int rate = 2'000;
  std::string brokers;
  std::string conninfo;
  bool keep = false;
};

// The two servers, real or not, and what is to be removed from them at the end.
class DemoServers {
 public:
  DemoServers(const DemoFlags& flags, ScratchFolder& folder) {
    stage_.outbox.topic = "outbox-relay-demo";
    stage_.outbox.schema = "public";
    SetUpDatabase(flags, folder);
    SetUpBroker(flags);
    if (flags.keep) Keep(folder);
  }

  const DemoStage& stage() const { return stage_; }
  Playbill MakePlaybill(int http_port) const {
    return {.version = ThisBuild().version,
            .postgres = postgres_label_,
            .kafka = mock_ ? "Kafka, mock" : "Kafka",
            .url = fmt::format("http://127.0.0.1:{}/", http_port),
            .psql = postgres_ ? fmt::format("psql '{}'", stage_.outbox.conninfo)
                              : fmt::format("schema {} of your database", stage_.outbox.schema)};
  }
  // With --keep: where things are.
  std::string Kept(const ScratchFolder& folder) const {
    std::string text = fmt::format("\nKept: {}\n", folder.path().string());
    if (postgres_) text += postgres_->Revival();
    if (schema_) text += "Kept: schema outbox_demo and roles outbox_demo_*\n";
    if (topic_) text += fmt::format("Kept: topic {}\n", stage_.outbox.topic);
    return text;
  }

 private:
  void SetUpDatabase(const DemoFlags& flags, ScratchFolder& folder) {
    if (flags.conninfo.empty()) {
      postgres_.emplace(folder);
      stage_.outbox.conninfo = postgres_->conninfo();
      postgres_label_ = fmt::format("PostgreSQL {}, temporary", postgres_->version());
      PostgresSettings server;
      server.conninfo = stage_.outbox.conninfo;
      ApplySchema(server, {});
    } else {
      stage_.outbox.conninfo = flags.conninfo;
      stage_.outbox.schema = BorrowedSchema::kName;
      schema_.emplace(flags.conninfo);
      postgres_label_ = fmt::format("PostgreSQL {}", schema_->server_version());
    }
  }
  void SetUpBroker(const DemoFlags& flags) {
    if (flags.brokers.empty()) {
      mock_.emplace(stage_.outbox.topic, stage_.partitions);
      stage_.mock = &*mock_;
      stage_.brokers = mock_->bootstrap();
    } else {
      stage_.brokers = flags.brokers;
      stage_.outbox.topic += fmt::format("-{}", UnixTime().count() / 1'000);
      topic_.emplace(stage_.brokers, stage_.outbox.topic, stage_.partitions);
    }
  }
  void Keep(ScratchFolder& folder) {
    folder.Keep();
    if (schema_) schema_->Keep();
    if (topic_) topic_->Keep();
  }

  DemoStage stage_;
  std::string postgres_label_;
  std::optional<ScratchPostgres> postgres_;
  std::optional<BorrowedSchema> schema_;
  std::optional<MockBroker> mock_;
  std::optional<BorrowedTopic> topic_;
};

// The configuration of a relay of its own: no file is read, and the defaults hold but where a person
// would have to wait for them.
ConfigRequest MakeRequest(const DemoStage& stage, const ScratchFolder& folder, const CommandLine& line) {
  ConfigRequest request;
  request.environment["OUTBOX_RELAY_CONFIG_DIR"] = (folder / "none").string();
  request.set = {"outbox.name=demo",
                 "outbox.schema=" + stage.outbox.schema,
                 "postgres.conninfo=" + stage.outbox.conninfo,
                 "kafka.brokers=" + stage.brokers,
                 "http.listen=127.0.0.1:0",
                 "delivery.deadline=1500ms",
                 "breaker.trip_after=1",
                 "retention.sent=1m"};
  request.set.insert(request.set.end(), line.set.begin(), line.set.end());
  return request;
}

Scenario::Times TimesOf(const DemoFlags& flags, bool live) {
  Scenario::Times times;
  if (flags.seconds) times.length = seconds(*flags.seconds);
  if (!flags.seconds && !live) times.length = seconds(kUnwatchedSeconds);
  if (flags.outage) times.outage = seconds(*flags.outage);
  if (!flags.brokers.empty()) times.outage = seconds(0);
  return times;
}

// The loop of the demo: what happens, what is shown, and when it ends.
class DemoRun {
 public:
  DemoRun(Signals& signals, Screen& screen, const LogFile& log, Daemon& daemon, Demo& demo, Playbill playbill)
      : signals_(signals),
        screen_(screen),
        log_(log),
        daemon_(daemon),
        demo_(demo),
        playbill_(std::move(playbill)) {}

  int Run() {
    while (!demo_.over()) {
      if (signals_.Wait(kFrame) == Signal::kTerminate || screen_.gone()) {
        if (demo_.ending()) break;  // told again
        demo_.End();
      }
      const TimePoint now = std::chrono::steady_clock::now();
      if (const auto code = daemon_.Tick(now)) return daemon_.Stop(signals_, *code);
      demo_.Step(daemon_.metrics().Snapshot());
      Show(now);
    }
    daemon_.Stop(signals_, kExitDone);
    return Conclude();
  }

 private:
  void Show(TimePoint now) {
    if (screen_.live()) {
      return screen_.Draw(DrawView(playbill_, demo_.figures(), log_.Tail(kLogLines), screen_.unicode()));
    }
    if (demo_.figures().story != told_) {
      told_ = demo_.figures().story;
      screen_.Print("-- " + told_);
    }
    if (now - printed_ < kPlainEvery) return;
    printed_ = now;
    screen_.Print(PlainLine(demo_.figures()));
  }

  int Conclude() {
    const Balance balance = demo_.Close();
    screen_.End();
    screen_.Print(DrawReport(balance));
    if (!balance.kept()) return kExitNo;
    return balance.left > 0 ? kExitTryAgain : kExitDone;
  }

  Signals& signals_;
  Screen& screen_;
  const LogFile& log_;
  Daemon& daemon_;
  Demo& demo_;
  const Playbill playbill_;
  std::string told_;
  TimePoint printed_{};
};

int RunDemo(const CommandLine& line, const DemoFlags& flags) {
  Signals signals;  // first: threads inherit what it blocks
  Screen screen;
  ScratchFolder folder;
  LogFile log(folder / "relay.log");
  screen.Print(flags.conninfo.empty()
                   ? "Starting a PostgreSQL in " + folder.path().string() + " ..."
                   : "Creating schema outbox_demo and its roles, which go again at the end ...");
  if (!flags.brokers.empty() && flags.outage.value_or(0) > 0) {
    screen.Print("No outage: the demo cannot take away a broker that is not its own.");
  }
  DemoServers servers(flags, folder);
  ConfigRequest request = MakeRequest(servers.stage(), folder, line);
  Config config = LoadConfig(request);
  SetUpLog(config.settings.log);
  Daemon daemon(std::move(request), std::move(config), {});
  daemon.Start();
  const Playbill playbill = servers.MakePlaybill(daemon.http_port());
  if (!screen.live()) {
    screen.Print(fmt::format("{} -> outbox-relay {} -> {}; {} and {}metrics", playbill.postgres,
                             playbill.version, playbill.kafka, playbill.url, playbill.url));
  }
  Demo demo(servers.stage(), flags.rate, TimesOf(flags, screen.live()));
  const int code = DemoRun(signals, screen, log, daemon, demo, playbill).Run();
  if (flags.keep) screen.Print(servers.Kept(folder));
  return code;
}

}  // namespace

void AddDemo(CLI::App& app, const CommandLine& line, int& exit_code) {
  auto* command = app.add_subcommand(
      "demo", "See it work: services insert, the relay publishes, the broker goes away, nothing is lost");
  const auto flags = std::make_shared<DemoFlags>();
  command
      ->add_option("--seconds", flags->seconds,
                   "End after so many; else at Ctrl-C, or after 20 if the output is no terminal")
      ->check(CLI::Range(1, 86'400));
  command->add_option("--rate", flags->rate, "Rows inserted a second")
      ->capture_default_str()
      ->check(CLI::Range(1, 50'000));
  command->add_option("--outage", flags->outage, "Take the broker away for so many seconds; 0: never  [7]")
      ->check(CLI::Range(0, 600));
  command->add_option("--brokers", flags->brokers,
                      "A real Kafka, HOST:PORT,...; else a mock in this process");
  command->add_option("--conninfo", flags->conninfo,
                      "A PostgreSQL that runs; else a temporary one is started");
  command->add_flag("--keep", flags->keep, "Remove nothing at the end, and say where it is");
  command->footer(
      "Needs nothing but PostgreSQL's programs, and leaves nothing behind. Every row that was committed "
      "must\n"
      "arrive, in order for each key; exit code 1 says that one did not.\n\n"
      "Examples:\n"
      "  outbox-relay demo\n"
      "  outbox-relay demo --seconds 60 --rate 10000 --outage 20\n"
      "  outbox-relay demo --brokers localhost:9092 --conninfo 'host=db dbname=test user=me'\n"
      "  outbox-relay demo --set delivery.workers=1        # any key of the configuration\n");
  command->callback([flags, &line, &exit_code] { exit_code = RunDemo(line, *flags); });
}

}  // namespace outbox
