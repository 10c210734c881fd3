// SPDX-License-Identifier: Apache-2.0
#include "metrics_sample.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outbox::test {

TEST_CASE("Prometheus finds nothing to say against what is exposed") {
  MetricsSample sample;
  sample.Send({"orders", "invoices"});
  sample.metrics.OnSample({.lag = seconds(1), .oldest_transaction = seconds(1), .schema_version = "1"});
  sample.metrics.OnPurge(3);
  sample.metrics.OnProducerFigures({.brokers = {{.name = "b1", .up = true}}});
  const TempDir dir;
  WriteFile(dir / "scrape", sample.metrics.Text());
  const Finished checked = Run({"promtool", "check", "metrics"}, {.in = dir / "scrape"});
  CHECK(checked.err == "");
  CHECK(checked.out == "");
  CHECK(checked.exit == 0);
}

}  // namespace outbox::test
