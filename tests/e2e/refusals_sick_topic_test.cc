// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "e2e/log_scene.h"
#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Of two replicas one is gone for good.
const std::map<std::string, std::string> kSick = {{"min.insync.replicas", "2"},
                                                  {"message.timestamp.type", "LogAppendTime"}};
const std::vector<std::string> kTopics = {"a", "b", "c", "sick"};

void CreateTopics(Stage& stage) {
  for (const char* topic : {"a", "b", "c"}) {
    stage.Admin().CreateTopic(topic, 3, {{"message.timestamp.type", "LogAppendTime"}});
  }
  KafkaBroker second({.version = {}, .properties = {}, .joins = &stage.kafka()});
  stage.Admin().CreateTopic("sick", 3, kSick, /*replicas=*/2);
  second.Crash();
}

// Where the state of a message is to be read.
std::string Messages(const Stage& stage) {
  return stage.Superuser().Value("SELECT coalesce(to_regclass('outbox_messages'), 'outbox')");
}

std::map<std::string, double> CountSent(const Stage& stage, const std::string& from) {
  std::map<std::string, double> sent;
  for (const auto& row : stage.Superuser().Rows(
           "SELECT topic, (count(*) FILTER (WHERE status = 'sent'))::float8 / count(*) FROM " +
           Messages(stage) + " WHERE id > " + from + " GROUP BY 1")) {
    sent[*row[0]] = std::stod(*row[1]);
  }
  return sent;
}

// The healthy topics keep their rate although the sick one's backlog grows; it loses nothing by it.
void SickFor(seconds duration, const Stage& stage, RelayProcess& relay, const char* when) {
  const std::string from = stage.Superuser().Value("SELECT coalesce(max(id), 0) FROM outbox");
  std::this_thread::sleep_for(duration);
  auto sent = CountSent(stage, from);
  for (const std::string topic : {"a", "b", "c"}) {
    std::cout << "sick topic " << when << ": " << topic << " sent " << sent[topic] * 100
              << " % of what came in in " << duration.count() << " s\n";
    INFO(relay.log());
    CHECK(sent[topic] > 0.8);
  }
  if (sent.contains("sick")) CHECK(sent["sick"] < 0.5);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM " + Messages(stage) +
                                " WHERE attempts > 0 OR status IN ('retrying', 'failed')") == "0");
  CHECK(relay.Metric("topics_suspected") == 1.0);
}

void Cure(const Stage& stage, const RelayProcess& relay) {
  Sql sql = stage.Superuser();
  const std::string messages = Messages(stage);
  const std::string upto = sql.Value("SELECT max(id) FROM outbox");
  stage.Admin().AlterTopicConfig("sick", {{"message.timestamp.type", "LogAppendTime"}});
  const auto cured = std::chrono::steady_clock::now();
  const bool drained = WaitFor(
      [&] {
        return sql.Value("SELECT count(*) FROM " + messages + " WHERE status <> 'sent' AND id <= " + upto) ==
               "0";
      },
      seconds(60));
  INFO(relay.log());
  REQUIRE(drained);
  std::cout << "a cured topic has caught up after " << SecondsSince(cured) << " s\n";
}

void BesideSickTopic(seconds duration, const Stage::Options& options) {
  Stage stage(options);
  CreateTopics(stage);
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = kTopics,
             .writers = 4,
             .keys = 50,
             .rate = 1'000});
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  SickFor(duration, stage, *relay, "from the start");
  Cure(stage, *relay);
  stage.Admin().AlterTopicConfig("sick", kSick);
  SickFor(duration, stage, *relay, "amid the load");
  load.Stop();
  Cure(stage, *relay);
  TopicReader reader(stage.kafka().bootstrap(), kTopics);
  REQUIRE(reader.ReadToEnd());
  const std::int64_t duplicates = CheckArrived(reader.records(), load);
  std::cout << "beside a sick topic: " << duplicates << " duplicates of " << load.count()
            << " messages, longest silences " << LongestSilenceMs(reader.records(), "a") << ", "
            << LongestSilenceMs(reader.records(), "b") << ", " << LongestSilenceMs(reader.records(), "c")
            << " ms\n";
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

// A request that waits for replicas holds up all that follow it, and here nobody was ever served before.
void AfterSickTopic(const Stage::Options& options) {
  Stage stage(options);
  CreateTopics(stage);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  stage.Service().Run(
      "INSERT INTO outbox (topic, key, payload) SELECT 'sick', i::text, '0 0 ' FROM generate_series(1, 100) "
      "i");
  std::this_thread::sleep_for(seconds(1));
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"a", "b", "c"},
             .writers = 4,
             .keys = 50,
             .rate = 1'000});
  SickFor(seconds(20), stage, *relay, "before all others");
  load.Stop();
  CHECK(relay->Stop() == 0);
}

}  // namespace

TEST_CASE("three topics keep their rate beside a sick one") { BesideSickTopic(seconds(15), {}); }
TEST_CASE("three topics of a log keep their rate beside a sick one") {
  BesideSickTopic(seconds(15), LogOptions());
}
TEST_CASE("a sick topic that comes first holds up the others for a dozen seconds at most") {
  AfterSickTopic({});
}
TEST_CASE("a sick topic that comes first in a log holds up the others for a dozen seconds at most") {
  AfterSickTopic(LogOptions());
}
TEST_CASE("three topics keep their rate beside one that is sick for minutes", "[slow]") {
  BesideSickTopic(seconds(90), {});
}

}  // namespace outbox::test
