// SPDX-License-Identifier: Apache-2.0
// What doctor's checks make of facts that no test server can be brought to, and where they send people.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include "cli/doctor.h"
#include "support/catch.h"
#include "system/host.h"

namespace outbox::test {
namespace {

// Headings of a page as GitHub names them.
std::set<std::string> Anchors(const std::string& page) {
  std::ifstream file(std::string(OUTBOX_SOURCE_DIR "/") + page);
  std::set<std::string> anchors;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("#")) continue;
    std::string anchor;
    for (const char c : line.substr(line.find(' ') + 1)) {
      if (c == ' ') anchor += '-';
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    anchors.insert(anchor);
  }
  return anchors;
}

TopicFacts Topic(const std::string& name) {
  TopicFacts topic;
  topic.name = name;
  topic.exists = true;
  topic.partitions = 3;
  return topic;
}

ClusterFacts Cluster(const std::vector<TopicFacts>& topics) {
  ClusterFacts cluster;
  cluster.brokers = 3;
  cluster.client_max_message_bytes = 1'000'000;
  cluster.rights_known = true;
  cluster.topics = topics;
  return cluster;
}

ServerFacts Healthy() {
  ServerFacts server;
  server.version = 150'004;
  server.most_connections = 97;
  return server;
}

// One finding of every kind that is not well.
Findings AllBad() {
  ServerFacts server = Healthy();
  Findings all;
  const auto add = [&](const Findings& more) { all.insert(all.end(), more.begin(), more.end()); };
  server.version = 120'000;
  add({CheckServer(server)});
  server = Healthy();
  server.standby = true;
  add({CheckServer(server)});
  server.clock_ahead = -60;
  add({CheckClock(server)});
  server.most_connections = 3;
  add({CheckConnections(server, nullptr)});
  server.pooled = true;
  Settings settings;
  settings.postgres.pooler = PoolerMode::kNone;
  add({CheckPooler(server, &settings)});
  settings.postgres.pooler = PoolerMode::kAuto;
  settings.outbox.wake_up = WakeUp::kNotify;
  add({CheckPooler(server, &settings)});
  RoleFacts role;
  role.role = "x";
  add({CheckRole(role)});
  role.meddlers = {"service"};
  role.relay_may_drop = true;
  add(CheckProducers(role));
  role.superuser = true;
  add({CheckRole(role)});
  add({CheckSchemaDrift({{"column", "outbox.id", "bigint", std::nullopt, ""}})});
  TableFacts table;
  table.invalid_indexes = {"spoilt"};
  add({CheckIndexes(table), CheckAutovacuum(table)});
  table.autovacuum = false;
  table.dead = 1'000'000;
  add({CheckAutovacuum(table), CheckBloat(table)});
  table.dead = 0;
  table.pending_index_bytes = 1 << 30;
  add({CheckBloat(table)});
  table.oldest_sent = 12 * 24 * 3'600;
  add({CheckHistory(table, &settings)});
  settings.retention.sent.reset();
  table.bytes = std::int64_t{2} << 30;
  add({CheckHistory(table, &settings)});
  add(CheckVacuumHolders({{{"replication slot old, which nobody reads", "SELECT 1", 0}}, false}));
  add(CheckVacuumHolders({{}, true}));
  for (const std::int64_t left : {5'000'000, 1'000, 0})
    add({CheckPartitions({.partitions = 4, .ids_left = left, .partition_rows = 10'000'000})});
  add({CheckPartitions({.partitions = 101, .ids_left = 40'000'000, .partition_rows = 10'000'000})});
  add({CheckOrigin({.foreign = true})});
  add({CheckLayout(true, &settings)});
  ClusterFacts cluster =
      Cluster({Topic("hidden"), Topic("lost"), Topic("headless"), Topic("alone"), Topic("forbidden")});
  cluster.topics[0].exists = cluster.topics[1].exists = false;
  cluster.topics[0].hidden = true;
  cluster.topics[2].leaderless = 1;
  cluster.topics[3].short_of_replicas = 2;
  add(CheckTopics(cluster));
  cluster.topics[4].write_denied = "there are rules for it, and none allows anybody to write";
  add(CheckWriteRights(cluster));
  add(CheckMessageSizes(cluster, {{"lost", 1, 2'000'000}}));
  cluster.trouble = "Connection refused";
  add({CheckBrokers(cluster, {})});
  cluster.brokers = 0;
  add({CheckBrokers(cluster, {})});
  settings.kafka.properties = {{"request.timeout.ms", "60000", "", {}}};
  add({CheckTimeouts(settings), CheckOpenFiles(20, settings, 3)});
  add(CheckUnit("outbox-relay@orders", {{"Type", "simple"}, {"TimeoutStopUSec", "10s"}, {"Restart", "no"}},
                settings));
  return all;
}

}  // namespace

TEST_CASE("every finding says why it matters, what to do, and where to read on") {
  const Findings all = AllBad();
  CHECK(all.size() >= 30);
  for (const Finding& finding : all) {
    INFO(finding.check << ": " << finding.what);
    CHECK(finding.severity != Severity::kOk);
    CHECK((finding.severity == Severity::kSkipped || !finding.why.empty()));
    CHECK_FALSE(finding.remedy.empty());
    const std::string link = finding.link;
    const std::size_t hash = link.find('#');
    const auto anchors = Anchors(link.substr(0, hash));
    CHECK_FALSE(anchors.empty());
    if (hash != std::string::npos) CHECK(anchors.count(link.substr(hash + 1)) == 1);
  }
}

TEST_CASE("each kind of sick topic is told apart") {
  const auto what = [](const TopicFacts& topic) { return CheckTopics(Cluster({topic}))[0].what; };
  TopicFacts topic = Topic("t");
  CHECK(CheckTopics(Cluster({topic}))[0].severity == Severity::kOk);
  topic.short_of_replicas = 2;
  CHECK(what(topic).find("2 of 3 partitions of topic t have fewer in-sync replicas") == 0);
  topic.leaderless = 1;
  CHECK(what(topic) == "1 of 3 partitions of topic t have no leader");
  topic.exists = false;
  CHECK(what(topic).find("does not exist") != std::string::npos);
  topic.hidden = true;
  CHECK(what(topic).find("may not be described") != std::string::npos);
}

TEST_CASE("a relay of a log takes more connections than others") {
  ServerFacts server;
  server.most_connections = 5;
  Settings settings;
  CHECK(CheckConnections(server, &settings).severity == Severity::kOk);  // three workers, a caretaker
  settings.outbox.completion = Completion::kLog;
  CHECK(CheckConnections(server, &settings).severity == Severity::kWarning);
  server.most_connections = 9;
  CHECK(CheckConnections(server, &settings).severity == Severity::kOk);
}

TEST_CASE("an outbox of rows is for mark and delete, and one of a log for log") {
  Settings settings;
  for (const Completion completion : {Completion::kMark, Completion::kDelete, Completion::kLog}) {
    settings.outbox.completion = completion;
    const bool log = completion == Completion::kLog;
    CHECK(CheckLayout(log, &settings).severity == Severity::kOk);
    CHECK(CheckLayout(!log, &settings).severity == Severity::kFailed);
  }
  CHECK(CheckLayout(true, nullptr).severity == Severity::kOk);
}

TEST_CASE("partitions that run short are a warning before they are an outage") {
  const auto severity = [](std::int64_t left) {
    return CheckPartitions({.partitions = 4, .ids_left = left, .partition_rows = 1'000}).severity;
  };
  CHECK(severity(4'000) == Severity::kOk);
  CHECK(severity(1'000) == Severity::kOk);
  CHECK(severity(999) == Severity::kWarning);
  CHECK(severity(99) == Severity::kFailed);
}

TEST_CASE("a clock that a slow answer excuses is no finding") {
  ServerFacts server = Healthy();
  server.clock_ahead = 6;
  CHECK(CheckClock(server).severity == Severity::kWarning);
  CHECK(CheckClock(server).what.find("ahead of") != std::string::npos);
  server.clock_unsure = 2;
  CHECK(CheckClock(server).severity == Severity::kOk);
}

TEST_CASE("the smaller of two limits counts, with room for what frames a message") {
  TopicFacts topic = Topic("t");
  const auto severity = [&](std::int64_t size) {
    return CheckMessageSizes(Cluster({topic}), {{"t", 1, size}})[0].severity;
  };
  CHECK(severity(999'000) == Severity::kOk);
  CHECK(severity(999'900) == Severity::kWarning);
  topic.max_message_bytes = 2'000;
  CHECK(severity(1'400) == Severity::kOk);
  CHECK(severity(1'600) == Severity::kWarning);
  topic.max_message_bytes = 9'000'000;
  CHECK(severity(1'600'000) == Severity::kWarning);
}

TEST_CASE("times of systemd are read as it writes them") {
  CHECK(UnitTime("1min 30s") == seconds(90));
  CHECK(UnitTime("500ms") == milliseconds(500));
  CHECK(UnitTime("2h") == seconds(7'200));
  CHECK(UnitTime("1.5s") == milliseconds(1'500));
  for (const char* none : {"infinity", "", "0", "12", "3 potatoes"}) CHECK_FALSE(UnitTime(none));
}

}  // namespace outbox::test
