// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "metrics_sample.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

struct Described {
  std::string type;
  std::set<std::string> labels;
  friend bool operator==(const Described&, const Described&) = default;
};
using Catalogue = std::map<std::string, Described>;

// Makes every metric appear.
void FeedEverything(MetricsSample& sample) {
  sample.Send({"orders"});
  sample.metrics.OnSample(
      {.lag = seconds(1), .oldest_transaction = seconds(1), .ids_left = 1, .schema_version = "1"});
  sample.metrics.OnPurge(3);
  sample.metrics.OnProducerFigures({.brokers = {{.name = "b1", .up = true}}});
}

Catalogue Exposed(const std::string& text) {
  const std::regex label_name("([a-z_]+)=\"");
  Catalogue catalogue;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, name, type;
    words >> hash >> keyword >> name >> type;
    if (keyword == "TYPE") catalogue[family = name].type = type;
    if (line.starts_with('#')) continue;
    for (std::sregex_iterator match(line.begin(), line.end(), label_name), end; match != end; ++match) {
      if ((*match)[1] != "le") catalogue[family].labels.insert((*match)[1]);
    }
  }
  return catalogue;
}

// Reads rows like: | `name` | type | `label`, `label` | meaning |
Catalogue Documented(const std::string& path) {
  const std::regex row(R"(\| `((?:outbox_relay|process)_\w+)` \| (\w+) \| ([^|]*)\|.*)");
  const std::regex label_name("`([a-z_]+)`");
  Catalogue catalogue;
  std::ifstream file(path);
  REQUIRE(file);
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    INFO("listed twice: " << match[1]);
    CHECK(catalogue.count(match[1]) == 0);
    Described& described = catalogue[match[1]];
    described = {match[2], {"outbox"}};
    const std::string labels = match[3];
    for (std::sregex_iterator label(labels.begin(), labels.end(), label_name), end; label != end; ++label) {
      described.labels.insert((*label)[1]);
    }
  }
  return catalogue;
}

TEST_CASE("docs/metrics.md lists every metric with its type and labels, and no other") {
  MetricsSample sample;
  FeedEverything(sample);
  const Catalogue exposed = Exposed(sample.metrics.Text());
  const Catalogue documented = Documented(OUTBOX_SOURCE_DIR "/docs/metrics.md");
  for (const auto& [name, described] : exposed) {
    INFO(name << " is exposed");
    REQUIRE(documented.count(name) == 1);
    CHECK(documented.at(name).type == described.type);
    CHECK(documented.at(name).labels == described.labels);
  }
  for (const auto& [name, described] : documented) {
    INFO(name << " is documented");
    CHECK(exposed.count(name) == 1);
  }
}

TEST_CASE("every series names its outbox and no series names a message or a key") {
  MetricsSample sample;
  FeedEverything(sample);
  for (const auto& [name, described] : Exposed(sample.metrics.Text())) {
    INFO(name);
    CHECK(described.labels.count("outbox") == 1);
    for (const char* open_ended : {"id", "key", "type", "message_id"}) {
      CHECK(described.labels.count(open_ended) == 0);
    }
  }
}

TEST_CASE("the help of every table-wide metric forbids to sum it") {
  MetricsSample sample;
  FeedEverything(sample);
  const std::string text = sample.metrics.Text();
  for (const char* name :
       {"outbox_messages", "lag_seconds", "oldest_pending_age_seconds", "blocked_keys", "outbox_size_bytes",
        "outbox_dead_tuples", "partition_ids_left", "postgres_oldest_transaction_age_seconds"}) {
    INFO(name);
    const std::size_t help = text.find("# HELP outbox_relay_" + std::string(name) + " ");
    REQUIRE(help != std::string::npos);
    CHECK(text.substr(help, text.find('\n', help) - help).find("max without (instance), never sum") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace outbox::test
