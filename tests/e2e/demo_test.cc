// SPDX-License-Identifier: Apache-2.0
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <regex>
#include <span>
#include <sstream>

#include "e2e/stage.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The number after `name` at the beginning of a line of the report.
std::int64_t Reported(const std::string& out, const std::string& name) {
  std::smatch found;
  const std::regex row("\n  " + name + " +([0-9,]+)");
  if (!std::regex_search(out, found, row)) return -1;
  std::string digits = found[1];
  std::erase(digits, ',');
  return std::stoll(digits);
}

// Processes whose command line names something in `folder`.
std::size_t ProcessesOf(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    if (ReadFile(process.path() / "cmdline").find(folder.string()) != std::string::npos) ++count;
  }
  return count;
}

// Where a demo puts its folder, so that what it leaves behind can be seen.
class Ground {
 public:
  std::map<std::string, std::string> env() const { return {{"TMPDIR", dir_.path()}}; }
  bool used() const { return !std::filesystem::is_empty(dir_.path()); }
  void RequireClean() const {
    REQUIRE_FALSE(used());
    REQUIRE(ProcessesOf(dir_.path()) == 0);
  }

 private:
  TempDir dir_;
};

bool HasDemoTopic(const std::string& bootstrap) {
  const KafkaClient client = MakeKafkaClient(RD_KAFKA_PRODUCER, bootstrap);
  const rd_kafka_metadata_t* metadata = nullptr;
  REQUIRE(rd_kafka_metadata(client.get(), 1, nullptr, &metadata, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
  const std::span topics(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt));
  const bool has = std::any_of(topics.begin(), topics.end(), [](const auto& topic) {
    return std::string_view(topic.topic).starts_with("outbox-relay-demo");
  });
  rd_kafka_metadata_destroy(metadata);
  return has;
}

void RequirePromiseKept(const std::string& out) {
  REQUIRE(Reported(out, "delivered") > 0);
  REQUIRE(Reported(out, "delivered") == Reported(out, "committed"));
  REQUIRE(Reported(out, "lost") == 0);
  REQUIRE(Reported(out, "out of order") == 0);
  REQUIRE(Reported(out, "never written") == 0);
}

}  // namespace

TEST_CASE("a demo without a terminal writes a line a second, keeps the promise and leaves nothing behind") {
  const Ground ground;
  const auto demo = Run({RelayBinary(), "demo", "--seconds", "8", "--outage", "2"}, {.env = ground.env()});
  INFO(demo.out << demo.err);
  REQUIRE(demo.exit == 0);
  const std::regex figures(
      "t=[0-9]+s in=[0-9]+/s out=[0-9]+/s backlog=[0-9]+ lag=[0-9.]+s p50=\\S+ p99=\\S+ "
      "committed=[0-9]+ delivered=[0-9]+ duplicates=[0-9]+ out_of_order=0 retries=[0-9]+ "
      "failed=[01] breaker=(closed|open|half-open) topic=(running|paused)");
  const auto lines = Lines(demo.out);
  const auto parsed = std::count_if(lines.begin(), lines.end(),
                                    [&](const auto& line) { return std::regex_match(line, figures); });
  REQUIRE(parsed >= 6);
  REQUIRE(std::count_if(lines.begin(), lines.end(),
                        [](const auto& line) { return line.starts_with("t="); }) == parsed);
  REQUIRE(demo.out.find('\x1b') == std::string::npos);
  RequirePromiseKept(demo.out);
  REQUIRE(Reported(demo.out, "failed") == 1);
  REQUIRE(demo.out.find("key oversized: too_large") != std::string::npos);
  REQUIRE(demo.out.find("The broker is gone") != std::string::npos);
  REQUIRE(Reported(demo.out, "outage") == 2);
  ground.RequireClean();
}

TEST_CASE("Ctrl-C or SIGTERM in the middle of an outage ends a demo in good order") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Ground ground;
    TempDir dir;
    Process demo({RelayBinary(), "demo", "--seconds", "60", "--outage", "50"},
                 {.env = ground.env(), .out = dir / "out", .err = dir / "err"});
    const auto out = [&] { return ReadFile(dir / "out"); };
    REQUIRE(WaitFor([&] { return out().find("The broker is gone") != std::string::npos; }, seconds(30)));
    demo.Kill(signal);
    const auto exit = demo.Wait(seconds(40));
    INFO(out() << ReadFile(dir / "err"));
    REQUIRE(exit == 0);
    RequirePromiseKept(out());
    ground.RequireClean();
  }
}

TEST_CASE("told twice, a demo ends at once and says what is left") {
  const Ground ground;
  TempDir dir;
  Process demo({RelayBinary(), "demo", "--rate", "1000", "--set", "postgres.conninfo=host=/nowhere"},
               {.env = ground.env(), .out = dir / "out"});
  const auto says = [&](const char* text) {
    return [&dir, text] { return ReadFile(dir / "out").find(text) != std::string::npos; };
  };
  REQUIRE(WaitFor(says("t=1s"), seconds(30)));
  demo.Kill(SIGINT);
  REQUIRE(WaitFor(says("The producers have stopped"), seconds(10)));
  demo.Kill(SIGINT);
  REQUIRE(demo.Wait(seconds(20)) == 75);
  REQUIRE(Reported(ReadFile(dir / "out"), "delivered") == 0);
  REQUIRE(Reported(ReadFile(dir / "out"), "lost") == 0);
  ground.RequireClean();
}

TEST_CASE("a demo between real servers removes its schema, its roles and its topic from them") {
  const Ground ground;
  Stage stage;
  const auto demo = Run({RelayBinary(), "demo", "--seconds", "4", "--outage", "2", "--brokers",
                         stage.kafka().bootstrap(), "--conninfo", stage.postgres().conninfo("app")},
                        {.env = ground.env()});
  INFO(demo.out << demo.err);
  REQUIRE(demo.exit == 0);
  RequirePromiseKept(demo.out);
  REQUIRE(demo.out.find("cannot take away a broker") != std::string::npos);
  REQUIRE(Reported(demo.out, "outage") == -1);
  REQUIRE(Reported(demo.out, "failed") == 1);
  REQUIRE(stage.Superuser().Value("SELECT count(*) FROM pg_namespace WHERE nspname = 'outbox_demo'") == "0");
  REQUIRE(stage.Superuser().Value("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'outbox\\_demo\\_%'") ==
          "0");
  REQUIRE(WaitFor([&] { return !HasDemoTopic(stage.kafka().bootstrap()); }));
  ground.RequireClean();

  stage.Superuser().Run("CREATE SCHEMA outbox_demo; CREATE TABLE outbox_demo.precious ()");
  const auto refused =
      Run({RelayBinary(), "demo", "--conninfo", stage.postgres().conninfo("app")}, {.env = ground.env()});
  REQUIRE(refused.exit == 78);
  REQUIRE(refused.err.find("DROP SCHEMA outbox_demo CASCADE") != std::string::npos);
  stage.Superuser().Run("DROP TABLE outbox_demo.precious");
  ground.RequireClean();
}

TEST_CASE("on a terminal a demo redraws its view in place and gives the cursor back") {
  const Ground ground;
  winsize size{.ws_row = 40, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  const std::string binary = RelayBinary();
  const std::string tmpdir = ground.env().at("TMPDIR");
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(pid >= 0);
  if (pid == 0) {
    setenv("TMPDIR", tmpdir.c_str(), 1);
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    execl(binary.c_str(), binary.c_str(), "demo", "--seconds", "4", "--outage", "1", nullptr);
    _exit(127);
  }
  std::string seen;
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = read(terminal, bytes.data(), bytes.size())) > 0;) {
    seen.append(bytes.data(), static_cast<std::size_t>(got));
  }
  int status = -1;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  close(terminal);
  INFO(seen);
  REQUIRE(status == 0);
  const auto count = [&](const std::string& text) {
    std::size_t times = 0;
    for (auto at = seen.find(text); at != std::string::npos; at = seen.find(text, at + 1)) ++times;
    return times;
  };
  REQUIRE(count("A\r") >= 8);  // cursor up, over the last view
  REQUIRE(count("▇") + count("█") > 0);
  REQUIRE(count("/metrics") >= 8);
  REQUIRE(count("\x1b[?25l") == 1);
  REQUIRE(count("\x1b[?25h") == 1);
  REQUIRE(seen.find("Nothing was lost") > seen.rfind("\x1b[?25h"));
  ground.RequireClean();
}

}  // namespace outbox::test
