// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("rows of ten megabytes fail without being fetched, and the rest of their keys goes on") {
  Stage stage;
  stage.Admin().CreateTopic("orders", 3);
  Sql service = stage.Service();
  // Two for each lane that a claim may take, and after each a row that is as it should be.
  service.Run(
      "INSERT INTO outbox (topic, key, payload)"
      " SELECT 'orders', 'k' || i % 50, CASE WHEN i <= 100 THEN repeat('x', 10000000) ELSE 'after' END"
      " FROM generate_series(1, 200) i");
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  std::int64_t most = 0;
  CHECK(WaitFor(
      [&] {
        most = std::max(most, relay->process().resident_bytes());
        return stage.Count("failed") == 100 && stage.Count("sent") == 100;
      },
      seconds(30)));
  INFO(relay->log());
  std::cout << "100 rows of 10 MB: at most " << (most >> 20) << " MB resident\n";
  CHECK(most < (std::int64_t{150} << 20));
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE status = 'failed' AND attempts = 1"
                                " AND last_error LIKE 'too_large: %'") == "100");
  CHECK(relay->Stop() == 0);
}

TEST_CASE("a topic may have a name of 249 characters, and illegal ones wait by themselves") {
  Stage stage;
  const std::string longest(249, 't');
  stage.Admin().CreateTopic(longest, 1);
  const auto relay = stage.StartRelay();
  relay->AwaitReady();
  const auto good = Insert(stage, {.topic = longest, .key = "k", .payload = "0 good"});
  CHECK(AwaitStatus(stage, good, "sent"));
  CHECK_THROWS_AS(Insert(stage, {.topic = longest + "t", .key = "k", .payload = "0 long"}), SqlError);
  for (const char* name : {"..", "a/b", "tab\there", "ünï"}) {
    Insert(stage, {.topic = name, .key = "k", .payload = "0 bad"});
  }
  const auto after = Insert(stage, {.topic = longest, .key = "k", .payload = "0 after"});
  CHECK(AwaitStatus(stage, after, "sent"));
  INFO(relay->log());
  CHECK(WaitFor([&] { return relay->Metric("topics_paused", {"reason=\"unknown_topic\""}) == 4.0; },
                seconds(20)));
  CHECK(stage.Count("pending") == 4);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "0");
  CHECK(relay->Stop() == 0);
}

}  // namespace outbox::test
