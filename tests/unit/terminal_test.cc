// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/progress_bar.h"
#include "cli/text_table.h"
#include "support/catch.h"

namespace outbox::test {

TEST_CASE("a progress bar is drawn where somebody watches, and leaves the line clean") {
  std::ostringstream out;
  {
    ProgressBar bar(out, true);
    bar.Show(0.5, "purged 10");
    CHECK(out.str().find("[###############               ]  50%  purged 10") != std::string::npos);
    bar.Show(7, "purged 20");
    CHECK(out.str().find("100%  purged 20") != std::string::npos);
  }
  CHECK(out.str().ends_with("\r\x1b[K"));
  CHECK(out.str().find('\n') == std::string::npos);
}

TEST_CASE("a progress bar that nobody watches writes nothing") {
  std::ostringstream out;
  ProgressBar bar(out, false);
  bar.Show(0.5, "purged 10");
  bar.End();
  CHECK(out.str().empty());
}

TEST_CASE("columns are as wide as their widest cell, in characters") {
  std::ostringstream out;
  PrintColumns(out, {{"KEY", "TOPIC"}, {"straße", "orders"}, {"k", "t"}});
  CHECK(out.str() == "KEY     TOPIC\nstraße  orders\nk       t\n");
}

}  // namespace outbox::test
