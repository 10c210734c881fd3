// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "http/endpoint.h"
#include "http/format.h"
#include "http/status_chart.h"
#include "http/status_json.h"
#include "http/status_page.h"
#include "http_sample.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

using std::chrono::seconds;

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the page shows the state, why, and every figure") {
  const std::string page = StatusPage(TroubledStatus());
  for (const char* shown : {"<title>orders: breaker open</title>",
                            "No broker has answered for 17 s.",
                            "Connection refused",
                            "48,211 <small>estimate",
                            "1,000 <small>or more",
                            "2.1 s",
                            "1,240/s",
                            "980/s",
                            "3 min 12 s",
                            "2,000",
                            "1.2 MiB",
                            "topic invoices",
                            "unknown_topic",
                            "Unknown topic or partition",
                            "1,234,567",
                            "0.4/s",
                            "1.7 GiB",
                            "21,000",
                            "4 min",
                            "~40,111",
                            "estimated from 9,984 of the oldest",
                            "90071992",
                            "key #73475cb40a56",
                            "4 attempts, 1 min 33 s old, next attempt in 7.0 s, holds back its key",
                            "failed to validate record",
                            "<code>outbox-relay -n orders retry 90041003</code>",
                            "list --status failed --status retrying",
                            "<code>outbox-relay -n orders doctor</code>",
                            "<span>Backlog</span> <b>",
                            "outbox-relay 1.2.3",
                            "2 d 3 h"}) {
    INFO(shown);
    CHECK(Contains(page, shown));
  }
}

TEST_CASE("the page loads nothing and runs nothing") {
  const std::string page = StatusPage(TroubledStatus());
  for (const char* active : {"<script", "<img", "<link", "<iframe", "<form", "url(", "@import",
                             " src=", " onload", "http:", "https:"}) {
    INFO(active);
    CHECK_FALSE(Contains(page, active));
  }
  CHECK(Contains(page, "<meta http-equiv=refresh content=5>"));
}

TEST_CASE("text from outside cannot become markup, wherever it is shown") {
  const std::string hostile = "<script>alert('1')</script>\"&\x1b[2J";
  const std::string shown = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\xEF\xBF\xBD[2J";
  Status status = TroubledStatus();
  const std::string harmless = StatusPage(status);
  std::string* const places[] = {&status.outbox,
                                 &status.version,
                                 &status.state.name,
                                 &status.state.why,
                                 &status.connections[0].name,
                                 &status.connections[1].detail,
                                 &status.breaker,
                                 &status.holds[0].what,
                                 &status.holds[0].reason,
                                 &status.holds[0].detail,
                                 &status.topics[0].topic,
                                 &status.topics_note,
                                 &status.holds[1].remedy,
                                 &status.refused[0].topic,
                                 &status.refused[0].key_hash,
                                 &status.refused[0].error,
                                 &status.refused[0].remedy,
                                 &status.refused_more};
  for (std::string* place : places) {
    const std::string before = *place;
    *place = hostile;
    const std::string page = StatusPage(status);
    INFO("instead of: " << before);
    CHECK(Contains(page, shown));
    CHECK_FALSE(Contains(page, "<script"));
    *place = before;
  }
  CHECK(StatusPage(status) == harmless);
}

TEST_CASE("the page says why nothing is known of the table") {
  Status status = TroubledStatus();
  status.table.reset();
  status.table_unknown = "<connection refused>";
  const std::string page = StatusPage(status);
  CHECK(Contains(page, "&lt;connection refused&gt;"));
  CHECK_FALSE(Contains(page, "Dead tuples"));
}

TEST_CASE("a connection is not said to be in its state for no time at all") {
  Status status;
  status.connections = {{.name = "Kafka", .up = true, .detail = "", .since = StatusDuration(0)}};
  CHECK(Contains(StatusPage(status), "<span class=good>up</span></td>"));
}

std::string Chart(std::vector<StatusChart::Point> points) {
  Html html;
  WriteChart(html, {.name = "Lag", .now = "1 s", .most = "2 s", .points = std::move(points)});
  return html.Take();
}

TEST_CASE("a chart is a line from left to right, with gaps where nothing was sampled") {
  const std::string chart =
      Chart({{seconds(1'800), 0}, {seconds(1'790), 4}, {seconds(20), 2}, {seconds(0), 4}});
  CHECK(Contains(chart, "class=line d=\"M0.0 58.0L1.7 2.0M296.7 30.0L300.0 2.0\""));
  CHECK(Contains(chart, "class=area d=\"M0.0 60.0L0.0 58.0L1.7 2.0L1.7 60.0ZM296.7 60.0"));
  CHECK(Contains(chart, "<span>Lag</span> <b>1 s</b> <small>at most 2 s</small>"));
}

TEST_CASE("a chart of nothing lies on the ground, and one sample is a dot") {
  CHECK(Contains(Chart({{seconds(0), 0}}), "class=line d=\"M300.0 58.0h0\""));
  CHECK(Contains(Chart({}), "class=line d=\"\""));
}

TEST_CASE("what holds no message and refused none has no section for it") {
  const std::string page = StatusPage(HealthyStatus());
  CHECK_FALSE(Contains(page, "Refused messages"));
  CHECK_FALSE(Contains(page, "<h2>Waiting</h2>"));
  CHECK(Contains(page, "The last half hour"));
}

TEST_CASE("a page without topics, rates and holds says so") {
  const std::string page = StatusPage(Status{});
  CHECK(Contains(page, "Nothing has been sent yet."));
  CHECK_FALSE(Contains(page, "<h2>Waiting</h2>"));
}

TEST_CASE("the JSON says what the page says") {
  const auto json = nlohmann::json::parse(StatusJson(TroubledStatus()));
  CHECK(json["outbox"] == "orders");
  CHECK(json["state"]["tone"] == "bad");
  CHECK(json["connections"][1]["up"] == false);
  CHECK(json["connections"][1]["since_seconds"] == 17);
  CHECK(json["holds"][1]["what"] == "topic invoices");
  CHECK(json["flow"]["time_to_empty_seconds"] == 192);
  CHECK(json["topics"][0]["sent"] == 1'234'567);
  CHECK(json["table"]["pending"]["count"] == 48'211);
  CHECK(json["table"]["pending"]["precision"] == "about");
  CHECK(json["table"]["failed"]["precision"] == "at_least");
  CHECK(json["table"]["lag_seconds"] == 2.1);
  CHECK(json["topics"][0]["pending"]["precision"] == "about");
  CHECK(json["topics"][1]["pending"].is_null());
  CHECK(json["refused"][0]["key_hash"] == "73475cb40a56");
  CHECK(json["refused"][0]["due_in_seconds"] == 7);
  CHECK(json["refused"][1]["due_in_seconds"].is_null());
  CHECK(json["refused"][1]["remedy"] == "outbox-relay -n orders retry 90041003");
  CHECK(json["holds"][1]["remedy"] == "outbox-relay -n orders doctor");
  CHECK(json["history"].size() == 180);
  CHECK(json["history"][179]["out_per_second"] == 0);
}

TEST_CASE("the JSON has null for what is unknown and survives any bytes") {
  Status status;
  status.state.why = "\xff\xfe broken";
  const auto json = nlohmann::json::parse(StatusJson(status));
  CHECK(json["table"].is_null());
  CHECK(json["flow"]["in_per_second"].is_null());
  CHECK(Contains(json["state"]["why"], "broken"));
}

TEST_CASE("durations are rounded to what matters") {
  struct Case {
    double seconds;
    std::string text;
  };
  for (const Case& expected : {Case{0, "0 s"},
                               {-5, "0 s"},
                               {0.0001, "1 ms"},
                               {0.85, "850 ms"},
                               {0.9996, "1.0 s"},
                               {2.14, "2.1 s"},
                               {9.96, "10 s"},
                               {59.6, "1 min"},
                               {192, "3 min 12 s"},
                               {3599.7, "1 h"},
                               {7500, "2 h 5 min"},
                               {356'400, "4 d 3 h"},
                               {86'400, "1 d"}}) {
    CHECK(FormatDuration(StatusDuration(expected.seconds)) == expected.text);
  }
}

TEST_CASE("counts, rates and sizes are easy to read") {
  CHECK(FormatCount(0) == "0");
  CHECK(FormatCount(999) == "999");
  CHECK(FormatCount(1000) == "1,000");
  CHECK(FormatCount(-1234567) == "-1,234,567");
  CHECK(FormatCount(-123) == "-123");
  CHECK(FormatCount(std::numeric_limits<std::int64_t>::max()) == "9,223,372,036,854,775,807");
  CHECK(FormatRate(0) == "0/s");
  CHECK(FormatRate(0.01) == "< 0.1/s");
  CHECK(FormatRate(0.44) == "0.4/s");
  CHECK(FormatRate(12'345.6) == "12,346/s");
  CHECK(FormatBytes(1023) == "1,023 B");
  CHECK(FormatBytes(1024) == "1.0 KiB");
  CHECK(FormatBytes(1024 * 1024 - 1) == "1.0 MiB");
}

TEST_CASE("an address is a host and a port") {
  CHECK(ParseEndpoint("127.0.0.1:7432").host == "127.0.0.1");
  CHECK(ParseEndpoint("127.0.0.1:7432").port == 7432);
  CHECK(ParseEndpoint("[::1]:80").host == "::1");
  CHECK(ParseEndpoint(":0").host.empty());
  for (const char* wrong : {"", "7432", "localhost", "::1:80", "a:", "a:x", "a:80x", "a:-1", "a:65536"}) {
    INFO(wrong);
    CHECK_THROWS_AS(ParseEndpoint(wrong), std::invalid_argument);
  }
}

}  // namespace
}  // namespace outbox::test
