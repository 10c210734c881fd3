// SPDX-License-Identifier: Apache-2.0
#include "log/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>
#include <vector>

#include "fakes/recording_observer.h"
#include "log/log_limiter.h"
#include "log/log_observer.h"
#include "log/log_style.h"
#include "support/catch.h"

namespace outbox {
namespace {

// stderr goes to a file while this lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)), file_(std::tmpfile()) { dup2(fileno(file_), STDERR_FILENO); }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    std::fclose(file_);
    unsetenv("JOURNAL_STREAM");
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string Text() const {
    std::string text(1 << 16, '\0');
    text.resize(static_cast<std::size_t>(pread(fileno(file_), text.data(), text.size(), 0)));
    return text;
  }
  std::string JournalStream() const {
    struct stat status {};
    fstat(fileno(file_), &status);
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  }

 private:
  int saved_;
  std::FILE* file_;
};

TEST_CASE("a line of text has time, level and one message") {
  const CapturedStderr captured;
  SetUpLog({});
  LogInfo("claimed {} messages", 3);
  LogWarn("a\nb\tc\x1b[31m");
  const std::string time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
  CHECK(std::regex_match(captured.Text(), std::regex(time + " info  claimed 3 messages\n" + time +
                                                     " warn  a\\\\nb\\\\tc\\\\x1b\\[31m\n")));
}

TEST_CASE("the journal gets the priority and no time") {
  const CapturedStderr captured;
  setenv("JOURNAL_STREAM", captured.JournalStream().c_str(), 1);
  SetUpLog({LogLevel::kDebug, LogFormat::kAuto});
  LogError("e");
  LogWarn("w\nx");
  LogInfo("i");
  LogDebug("d");
  CHECK(captured.Text() == "<3>e\n<4>w\\nx\n<6>i\n<7>d\n");
}

TEST_CASE("another process's journal is not ours") {
  const CapturedStderr captured;
  CHECK(ChooseLogStyle(LogFormat::kAuto, STDERR_FILENO, "1:2") == LogStyle::kText);
  CHECK(ChooseLogStyle(LogFormat::kAuto, STDERR_FILENO, captured.JournalStream().c_str()) ==
        LogStyle::kJournal);
  CHECK(ChooseLogStyle(LogFormat::kText, STDERR_FILENO, captured.JournalStream().c_str()) == LogStyle::kText);
}

TEST_CASE("a terminal gets colours") {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  CHECK(ChooseLogStyle(LogFormat::kAuto, terminal, nullptr) == LogStyle::kTerminal);
  CHECK(ChooseLogStyle(LogFormat::kJson, terminal, nullptr) == LogStyle::kJson);
  close(terminal);
}

TEST_CASE("no colour goes to a file") {
  const CapturedStderr captured;
  SetUpLog({LogLevel::kInfo, LogFormat::kText});
  LogError("plain");
  CHECK(captured.Text().find('\x1b') == std::string::npos);
}

TEST_CASE("json is one object a line whatever the message holds") {
  const CapturedStderr captured;
  SetUpLog({LogLevel::kInfo, LogFormat::kJson});
  LogError("quote \" newline \n bytes \xff\xfe");
  const std::string text = captured.Text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto line = nlohmann::json::parse(text);
  CHECK(line["level"] == "error");
  CHECK(line["message"].get<std::string>().starts_with("quote \" newline \n bytes "));
  CHECK(line["time"].get<std::string>().ends_with("Z"));
}

TEST_CASE("the level can be changed, and only what is written is counted") {
  const CapturedStderr captured;
  std::atomic<int> infos = 0;
  std::atomic<int> warnings = 0;
  SetLogCounter([&](LogLevel level) { ++(level == LogLevel::kInfo ? infos : warnings); });
  SetUpLog({LogLevel::kWarn, LogFormat::kText});
  LogInfo("not this");
  LogWarn("this");
  CHECK_FALSE(LogEnabled(LogLevel::kInfo));
  SetUpLog({LogLevel::kInfo, LogFormat::kText});
  LogInfo("and this");
  SetLogCounter(nullptr);
  LogInfo("uncounted");
  CHECK(infos == 1);
  CHECK(warnings == 1);
  CHECK(captured.Text().find("not this") == std::string::npos);
}

TEST_CASE("threads may log while the settings change") {
  const CapturedStderr captured;
  SetUpLog({});
  std::atomic<int> counted = 0;
  SetLogCounter([&](LogLevel) { ++counted; });
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) LogInfo("line");
      });
    }
    for (int i = 0; i < 50; ++i)
      SetUpLog({LogLevel::kInfo, i % 2 == 0 ? LogFormat::kJson : LogFormat::kText});
  }
  SetLogCounter(nullptr);
  const std::string text = captured.Text();
  CHECK(counted == 400);
  CHECK(std::count(text.begin(), text.end(), '\n') == 400);
}

TEST_CASE("a refused message is logged with its reason and its trace, once, and the others are counted") {
  const CapturedStderr captured;
  SetUpLog({});
  test::RecordingObserver next;
  LogObserver log(next);
  Message message;
  message.id = 7;
  message.topic = "orders";
  message.headers = R"({"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})";
  const std::vector<Message> messages(3, message);
  const std::vector<Outcome> outcomes(3, Outcome::kRetry);
  std::vector<Refusal> refusals;
  for (std::size_t i = 0; i < 3; ++i) refusals.push_back({i, milliseconds(250), "policy: not today"});
  ClaimReport claim;
  claim.messages = messages;
  claim.outcomes = outcomes;
  claim.refusals = refusals;
  claim.settled = true;
  log.OnClaim(claim);
  const std::string text = captured.Text();
  CHECK(text.find(
            "message 7 of topic orders, trace_id 4bf92f3577b34da6a3ce929d0e0e4736 was refused, attempt 1: "
            "policy: not today; next attempt in 250 ms") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  log.WriteKeptBack();
  CHECK(captured.Text() == text);  // not overdue yet
}

TEST_CASE("one place and reason passes once in ten seconds and then tells the count") {
  LogLimiter limiter;
  const TimePoint start{};
  CHECK(limiter.Admit("claim timeout", start) == 0);
  CHECK_FALSE(limiter.Admit("claim timeout", start + seconds(1)));
  CHECK_FALSE(limiter.Admit("claim timeout", start + milliseconds(9999)));
  CHECK(limiter.Admit("settle timeout", start + seconds(2)) == 0);
  CHECK(limiter.Admit("claim timeout", start + seconds(10)) == 2);
  CHECK_FALSE(limiter.Admit("claim timeout", start + seconds(11)));
}

TEST_CASE("what was kept back is told although nothing follows, and is forgotten") {
  LogLimiter limiter;
  const TimePoint start{};
  limiter.Admit("a", start);
  limiter.Admit("a", start + seconds(1));
  limiter.Admit("b", start);
  CHECK(limiter.TakeOverdue(start + seconds(9)).empty());
  const auto overdue = limiter.TakeOverdue(start + seconds(10));
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].place_and_reason == "a");
  CHECK(overdue[0].count == 1);
  CHECK(limiter.TakeOverdue(start + seconds(30)).empty());
}

}  // namespace
}  // namespace outbox
