// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("a topic that the relay may not write to holds itself only, until the right is given back") {
  Stage stage({.kafka = {.version = {},
                         .properties = {{"authorizer.class.name",
                                         "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                                        {"allow.everyone.if.no.acl.found", "true"}}}});
  for (const char* topic : {"orders", "ledger"}) {
    stage.Admin().CreateTopic(topic, 3, {{"message.timestamp.type", "LogAppendTime"}});
  }
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  Load load({.conninfo = stage.postgres().conninfo("app", "service"),
             .topics = {"orders", "ledger"},
             .writers = 4,
             .keys = 20,
             .rate = 1'000});
  REQUIRE(WaitFor([&] { return load.count() > 1'500; }));

  stage.Admin().DenyWrites("ledger");
  CHECK(WaitFor([&] { return relay->Metric("topics_paused", {"reason=\"authorization\""}) == 1.0; },
                seconds(10)));
  const std::int64_t denied = load.count();
  REQUIRE(WaitFor([&] { return load.count() > denied + 3'000; }));
  Sql sql = stage.Superuser();
  CHECK(std::stoi(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'ledger' AND status = 'pending'")) >
        1'000);
  CHECK(WaitFor([&] {
    return std::stoi(sql.Value("SELECT count(*) FROM outbox WHERE topic = 'orders' AND status = 'pending'")) <
           200;
  }));

  stage.Admin().AllowWrites("ledger");
  const auto allowed = std::chrono::steady_clock::now();
  const bool resumed = WaitFor(
      [&] { return relay->Metric("topics_paused", {"reason=\"authorization\""}) == 0.0; }, seconds(35));
  const double took = SecondsSince(allowed);
  load.Stop();
  const bool drained = stage.AwaitDrained(seconds(15));
  INFO(relay->log());
  REQUIRE(resumed);
  REQUIRE(drained);
  TopicReader reader(stage.kafka().bootstrap(), {"orders", "ledger"});
  REQUIRE(reader.ReadToEnd());
  const std::int64_t duplicates = CheckArrived(reader.records(), load);
  std::cout << "a topic that was not allowed for 3 s is delivered to " << took
            << " s after that: " << duplicates << " duplicates; longest silence of the other topic "
            << LongestSilenceMs(reader.records(), "orders") << " ms\n";
  CHECK(LongestSilenceMs(reader.records(), "orders") < 3'000);
  CHECK(sql.Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "0");
  CHECK(relay->Metric("swept_messages_total").value_or(0) == 0);
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
