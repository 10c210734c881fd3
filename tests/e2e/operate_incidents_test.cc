// SPDX-License-Identifier: Apache-2.0
// Five incidents, each caused for real: a command names the cause, and the commands of its runbook, word for
// word as docs/runbooks.md has them, mend it.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "e2e/faults_scene.h"
#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using Strings = std::vector<std::string>;
using nlohmann::json;

// The section of a runbook.
std::string Section(const std::string& name) {
  std::ifstream file(OUTBOX_SOURCE_DIR "/docs/runbooks.md");
  std::string section;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == "## " + name;
    if (inside) section += line + "\n";
  }
  return section;
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// Real servers, a relay, a load that never rests, and the person who is called.
struct Ward {
  Stage stage;
  TempDir folder;
  std::unique_ptr<RelayProcess> relay;
  std::unique_ptr<Load> load;

  explicit Ward(const std::string& on_failed = "skip", int keys = 50, const std::string& retention = "7d")
      : stage({.config = {{"outbox.on_failed", '"' + on_failed + '"'},
                          {"retention.sent", '"' + retention + '"'}},
               .schema_arguments = {"--on-failed", on_failed}}) {
    stage.Admin().CreateTopic("orders", 6, {{"max.message.bytes", "600000"}});
    WriteFile(folder / "orders.toml", "[postgres]\nconninfo = \"" +
                                          stage.postgres().conninfo("app", "operator") +
                                          "\"\n[outbox]\non_failed = \"" + on_failed +
                                          "\"\n[kafka]\nbrokers = [\"" + stage.kafka().bootstrap() + "\"]\n");
    stage.Superuser().Run("GRANT pg_read_all_stats TO outbox_operator");
    relay = stage.StartRelay();
    relay->AwaitReady();
    load = std::make_unique<Load>(LoadOf(stage, 500, keys));
    REQUIRE(WaitFor([&] { return Sent(*relay) > 500; }));
  }

  Finished Type(const std::string& command) const {
    const std::string own = Replaced(command, "outbox-relay -n orders",
                                     RelayBinary() + " -c " + (folder / "orders.toml").string());
    return Run({"sh", "-c", own});
  }

  // What a runbook says, with the sample values that it uses replaced by those at hand.
  Finished Follow(const std::string& runbook, const std::string& command,
                  const std::map<std::string, std::string>& values = {}) const {
    INFO(runbook << ": " << command);
    REQUIRE(Section(runbook).find("    " + command) != std::string::npos);
    std::string own = command;
    for (const auto& [sample, value] : values) own = Replaced(own, sample, value);
    return Type(own);
  }

  // Of the findings of one check those that are not well, in words.
  std::string Doctor(const std::string& check) const {
    const Finished done = Type("outbox-relay -n orders -o json doctor --long-open 2s");
    INFO(done.out << done.err);
    REQUIRE(json::accept(done.out));
    std::string bad;
    const json answer = json::parse(done.out);
    for (const auto& finding : answer["checks"]) {
      if (finding["check"] != check || finding["state"] == "ok" || finding["state"] == "skipped") continue;
      bad += finding["what"].get<std::string>() + " | " + finding["remedy"].get<std::string>() + "\n";
    }
    return bad;
  }

  json Status() const {
    const Finished done = Type("outbox-relay -n orders -o json status");
    INFO(done.out << done.err);
    REQUIRE(json::accept(done.out));
    return json::parse(done.out);
  }

  void CheckNothingLost() {
    load->Stop();
    REQUIRE(stage.AwaitDrained(seconds(30)));
    TopicReader reader(stage.kafka().bootstrap(), {"orders"});
    REQUIRE(reader.ReadToEnd());
    CheckArrived(reader.records(), *load);
    CHECK(relay->Stop() == 0);
  }
};

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("incident: the brokers are away") {
  Ward ward;
  ward.stage.kafka().Crash();
  REQUIRE(
      WaitFor([&] { return ward.relay->Metric("breaker_state", {"state=\"open\""}) == 1.0; }, seconds(40)));
  CHECK(Has(ward.Doctor("brokers"), "do not answer"));
  CHECK(ward.Follow("KafkaUnavailable", "outbox-relay -n orders doctor").exit == 1);
  CHECK(ward.Status()["messages"]["pending"] > 0);
  ward.stage.kafka().Start();
  const Finished empty =
      ward.Follow("KafkaUnavailable", "outbox-relay -n orders status --max-lag 10s --max-failed 0");
  CHECK(WaitFor([&] { return ward.Type("outbox-relay -n orders status --max-lag 10s").exit == 0; },
                seconds(30)));
  CHECK(Has(empty.out, "pending"));
  CHECK(ward.Doctor("brokers").empty());
  CheckNothingCharged(ward.stage);
  ward.CheckNothingLost();
}

TEST_CASE("incident: a message that no broker takes blocks a busy key") {
  Ward ward("block", 3);
  std::int64_t poison = 0;
  ward.load->Amid(0, [&] { poison = Insert(ward.stage, {"orders", "k0", Noise(800'000)}); });
  REQUIRE(AwaitStatus(ward.stage, poison, "failed"));
  REQUIRE(WaitFor([&] { return ward.Status()["blocked_keys"] == 1; }));
  const Finished failed = ward.Follow("KeysBlocked", "outbox-relay -n orders list --status failed");
  INFO(failed.out);
  CHECK(Has(failed.out, std::to_string(poison)));
  CHECK(Has(failed.out, "too large"));
  const std::map<std::string, std::string> ids = {{"4711", std::to_string(poison)}};
  const Finished shown = ward.Follow("KeysBlocked", "outbox-relay -n orders unblock 4711", ids);
  INFO(shown.out << shown.err);
  CHECK(Has(shown.out, "1 of key k0 of topic orders wait"));

  ward.stage.Admin().AlterTopicConfig("orders", {});  // the cause is mended
  CHECK(ward.Follow("KeysBlocked", "outbox-relay -n orders unblock 4711 --retry", ids).exit == 0);
  CHECK(AwaitStatus(ward.stage, poison, "sent"));
  CHECK(WaitFor([&] { return ward.Status()["blocked_keys"] == 0; }));
  ward.CheckNothingLost();
}

TEST_CASE("incident: somebody forgot a transaction") {
  Ward ward;
  Sql forgotten = ward.stage.Service();
  forgotten.Run("BEGIN; INSERT INTO outbox (topic, key, payload) VALUES ('orders', 'late', '0 0 late')");
  std::string found;
  REQUIRE(WaitFor([&] { return Has(found = ward.Doctor("vacuum"), "role service"); }, seconds(20)));
  const std::string remedy = "SELECT pg_terminate_backend(";
  INFO(found);
  REQUIRE(Has(found, remedy));
  REQUIRE(Has(Section("LongTransaction"), remedy + "4711)"));
  CHECK(AwaitMoreSent(*ward.relay, 500));  // delivery goes on meanwhile

  const std::size_t at = found.find(remedy);
  ward.stage.Superuser().Run(found.substr(at, found.find(')', at) + 1 - at));
  CHECK(WaitFor([&] { return ward.Doctor("vacuum").empty(); }, seconds(20)));
  CHECK_THROWS(forgotten.Run("COMMIT"));
  ward.CheckNothingLost();  // and nothing of what was rolled back
}

TEST_CASE("incident: messages for a topic that does not exist") {
  Ward ward;
  for (int i = 0; i < 20; ++i)
    Insert(ward.stage, {"invoices", "k" + std::to_string(i % 4), std::to_string(i)});
  REQUIRE(WaitFor([&] { return ward.relay->Metric("topics_paused", {"reason=\"unknown_topic\""}) == 1.0; },
                  seconds(60)));
  const std::string found = ward.Doctor("topics");
  INFO(found);
  CHECK(Has(found, "invoices"));
  const Finished listed =
      ward.Follow("TopicPaused", "outbox-relay -n orders list --status pending --topic invoices", {});
  INFO(listed.out << listed.err);
  CHECK(Has(listed.out, "invoices"));
  CHECK(AwaitMoreSent(*ward.relay, 500));  // all else flows

  ward.stage.Admin().CreateTopic("invoices", 3);
  REQUIRE(WaitFor([&] { return ward.stage.Count("pending") < 20 && ward.Status()["lag_seconds"] < 5.0; },
                  seconds(60)));
  CHECK(ward.Doctor("topics").empty());
  TopicReader reader(ward.stage.kafka().bootstrap(), {"invoices"});
  CHECK(reader.ReadUntil(20));
  CheckNothingCharged(ward.stage);
  ward.CheckNothingLost();
}

TEST_CASE("incident: sent messages fill the disk") {
  Ward ward("skip", 50, "never");  // as somebody has told the relay, and nobody knows
  const auto fill = [&] {
    ward.stage.Superuser().Run(
        "INSERT INTO outbox (topic, key, payload, status, sent_at, created_at)"
        " SELECT 'orders', 'old', repeat(md5(i::text), 64), 'sent', now() - interval '9 days',"
        " now() - interval '9 days' FROM generate_series(1, 100000) i");
  };
  fill();
  const std::int64_t full = ward.Status()["size_bytes"];
  const std::string found = ward.Doctor("history");
  INFO(found);
  CHECK(Has(found, "the oldest sent 9 days ago"));
  const Finished counted = ward.Follow("PurgeStale", "outbox-relay -n orders purge --older-than 7d");
  INFO(counted.out << counted.err);
  CHECK(Has(counted.out + counted.err, "100000"));
  const Finished purged = ward.Follow("PurgeStale", "outbox-relay -n orders purge --older-than 7d --execute");
  INFO(purged.out << purged.err);
  CHECK(purged.exit == 0);
  CHECK(ward.Doctor("history").empty());
  CHECK(ward.stage.Superuser().Value("SELECT count(*) FROM outbox WHERE key = 'old'") == "0");
  // The room is there for what comes.
  ward.stage.Superuser().Run("VACUUM outbox");
  fill();
  const std::int64_t again = ward.Status()["size_bytes"];
  std::cout << "a full table of " << (full >> 20) << " MiB was purged; filled again it has " << (again >> 20)
            << " MiB\n";
  CHECK(again < full + full / 5);
  ward.CheckNothingLost();
}

}  // namespace outbox::test
