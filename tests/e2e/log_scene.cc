// SPDX-License-Identifier: Apache-2.0
#include "e2e/log_scene.h"

#include <thread>

namespace outbox::test {

Stage::Options LogOptions() {
  return {.config = {{"outbox.completion", "\"log\""}}, .schema_arguments = {"--layout", "log"}};
}

bool AwaitLogDrained(const Stage& stage, seconds timeout) {
  Sql sql = stage.Superuser();
  std::string version;
  return WaitFor(
      [&] {
        const std::string before = version;
        version = sql.Value("SELECT version FROM outbox_progress");
        const bool done =
            sql.Value(
                "SELECT p.phase IS NULL AND p.upto >= s.last_value AND NOT EXISTS (SELECT FROM outbox_parked)"
                " FROM outbox_progress p, outbox_id_seq s") == "t";
        std::this_thread::sleep_for(milliseconds(250));
        return done && version == before;
      },
      timeout);
}

}  // namespace outbox::test
