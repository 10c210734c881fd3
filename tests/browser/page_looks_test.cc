// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>
#include <vector>

#include "http/http_server.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "unit/http_sample.h"

namespace outbox::test {
namespace {

// With all that makes a page wide, or long.
Status CrowdedStatus() {
  Status status = TroubledStatus();
  const std::string endless(300, 'w');
  status.outbox = endless;
  status.state.why = endless;
  status.connections[1].detail = endless;
  status.holds[1].what = "topic " + endless;
  status.holds[1].remedy = "outbox-relay -n orders resume --topic " + endless;
  status.refused[0].topic = endless;
  status.refused[0].error = endless;
  status.flow.in_per_second = 123'456'789;
  for (int i = 0; i < 100; ++i) {
    status.topics.push_back({.topic = i == 7 ? endless : "topic-" + std::to_string(i),
                             .sent = 999'999'999'999,
                             .retries = 1'234'567,
                             .failed = 1'234'567,
                             .sent_per_second = 123'456});
    status.topics.back().pending = RoughCount{123'456'789, RoughCount::Precision::kAbout};
    status.topics.back().oldest = std::chrono::hours(30'000);
  }
  return status;
}

struct Sight {
  const char* name;
  Status (*status)();
  std::vector<std::string> texts;  // on every screen
};

const std::vector<Sight> kSights = {
    {"healthy",
     HealthyStatus,
     {"orders", "running", "The last half hour", "Backlog", "1,240/s", "3 brokers"}},
    {"outage",
     TroubledStatus,
     {"breaker open", "No broker has answered", "48,211", "Waiting", "Time to empty"}},
    {"blocked",
     BlockedStatus,
     {"the consumer is being moved", "outbox-relay -n orders resume --topic payments", "90041003",
      "Message size too large", "holds back its key", "outbox-relay -n orders retry 90041003"}},
    {"crowded", CrowdedStatus, {"topic-99", "123,456,789"}}};

class Page {
 public:
  explicit Page(Status (*status)())
      : server_(ParseEndpoint("127.0.0.1:0"), {.metrics = [] { return std::string(); },
                                               .liveness = [] { return std::vector<HealthCheck>(); },
                                               .readiness = [] { return std::vector<HealthCheck>(); },
                                               .status = status}) {}
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/"; }

 private:
  HttpServer server_;
};

bool Shows(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("the page reads well on a phone and on a desktop, by day and by night") {
  const TempDir own;
  const char* kept = std::getenv("OUTBOX_TEST_SCREENSHOTS");
  const std::string folder = kept != nullptr ? kept : own.path().string();
  for (const Sight& sight : kSights) {
    const Page page(sight.status);
    std::vector<std::string> argv = {"python3", OUTBOX_LOOK, page.url(), folder, sight.name};
    argv.insert(argv.end(), sight.texts.begin(), sight.texts.end());
    const Finished look = Run(argv, {}, seconds(60));
    INFO(look.out << look.err);
    CHECK(look.exit == 0);
    for (const char* screen : {"phone-light", "phone-dark", "desktop-light", "desktop-dark"})
      CHECK(ReadFile(folder + "/" + sight.name + "-" + screen + ".png").size() > 10'000);
  }
}

TEST_CASE("a look finds what is wrong with a page") {
  const TempDir folder;
  const auto look = [&](const std::string& body) {
    WriteFile(folder / "page.html",
              "<!DOCTYPE html><meta name=viewport content='width=device-width'>" + body);
    return Run({"python3", OUTBOX_LOOK, "file://" + (folder / "page.html").string(), folder.path(), "page",
                "needed"});
  };
  CHECK(look("<p>needed</p>").exit == 0);
  CHECK(Shows(look("<p>other</p>").out, "page, phone, light: missing: needed"));
  CHECK(Shows(look("<p>needed</p><p style='color: #999'>pale</p>").out, "contrast 2.85: pale"));
  CHECK(Shows(look("<p style='width: 500px'>needed</p>").out, "page, phone, dark: the page is"));
  CHECK_FALSE(Shows(look("<p style='width: 500px'>needed</p>").out, "desktop"));
}

TEST_CASE("the page can be read in a text browser") {
  for (const Sight& sight : kSights) {
    if (sight.status == CrowdedStatus) continue;
    const Page page(sight.status);
    const Finished dump = Run({"w3m", "-dump", "-cols", "200", page.url()});
    INFO(dump.out << dump.err);
    for (const std::string& text : sight.texts) CHECK(Shows(dump.out, text));
  }
}

}  // namespace
}  // namespace outbox::test
