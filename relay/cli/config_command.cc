// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "config/config.h"
#include "core/backoff.h"
#include "kafka/kafka_conf.h"

namespace outbox {

namespace {

using nlohmann::ordered_json;

ConfigRequest Request(const CommandLine& line) {
  return {line.config_file, line.name, line.set, ProcessEnvironment()};
}

std::string ForPerson(milliseconds duration) {
  constexpr std::int64_t kDay = 24L * 60;
  const auto minutes = std::chrono::round<std::chrono::minutes>(duration).count();
  if (minutes < 2) return fmt::format("{} s", std::chrono::round<seconds>(duration).count());
  if (minutes < 120) return fmt::format("{} min", minutes);
  if (minutes < 2 * kDay) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} days", minutes / kDay);
}

// Nobody sees from three keys how long a message is tried.
std::string HowLongAttemptsLast(const DeliverySettings& delivery) {
  if (delivery.max_attempts == 0) return "a message that Kafka refuses is tried for ever";
  const Backoff backoff{delivery.backoff_initial, delivery.backoff_max};
  milliseconds longest{0};
  for (int attempt = 1; attempt < delivery.max_attempts; ++attempt) longest += backoff.Base(attempt);
  // Full jitter spreads each delay evenly from nothing to its base, so half of it is to be expected.
  return fmt::format("a message that Kafka refuses {} times is failed after about {}, at most {}",
                     delivery.max_attempts, ForPerson(longest / 2), ForPerson(longest));
}

// What only librdkafka knows.
void CheckKafka(const Settings& settings) {
  try {
    for (const Road road : {Road::kMain, Road::kAlone})
      MakeConf({.outbox_name = settings.outbox.name, .kafka = settings.kafka}, road);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(error.what());
  }
}

// ConfigError goes through to main, which prints it and exits 78.
int Check(const CommandLine& line, bool with_secrets) {
  const Config config = LoadConfig(Request(line));
  if (with_secrets) {
    CheckSecrets(config.settings);
    CheckKafka(config.settings);  // its properties may be secrets, and none of them can be reloaded
  }
  const std::string attempts = HowLongAttemptsLast(config.settings.delivery);
  if (line.output == "table") {
    fmt::print("ok\n{}\n", attempts);
  } else {
    fmt::print("{}\n", ordered_json{{"ok", true}, {"file", config.file}, {"attempts", attempts}}.dump());
  }
  return kExitDone;
}

ordered_json ToJson(const EffectiveValue& value) {
  // A value as it stands in the file is JSON as well, except where it names the place of a secret.
  const bool json = ordered_json::accept(value.value);
  return {{"key", value.key},
          {"value", json ? ordered_json::parse(value.value) : ordered_json(value.value)},
          {"origin", value.origin},
          {"reloadable", value.reloadable}};
}

int Show(const CommandLine& line) {
  const Config config = LoadConfig(Request(line));
  ordered_json all = ordered_json::array();
  for (const EffectiveValue& value : config.values) {
    if (line.output == "json") {
      all.push_back(ToJson(value));
    } else if (line.output == "jsonl") {
      fmt::print("{}\n", ToJson(value).dump());
    } else {
      fmt::print("{:<60} # {}\n", value.key + " = " + value.value, value.origin);
    }
  }
  if (line.output == "json") fmt::print("{}\n", all.dump(2));
  return kExitDone;
}

int Init() {
  fmt::print("{}", SampleConfig(UnusedHttpPort(ConfigFolder(ProcessEnvironment()))));
  return kExitDone;
}

}  // namespace

void AddConfig(CLI::App& app, const CommandLine& line, int& exit_code) {
  CLI::App* const config = app.add_subcommand("config", "Check, show or begin a configuration");
  config->require_subcommand(1);

  CLI::App* const check = config->add_subcommand("check", "Say ok, or all that is wrong (exit 78)");
  const auto without_secrets = std::make_shared<bool>(false);
  check->add_flag("--without-secrets", *without_secrets,
                  "Do not try to read them: systemd keeps credentials from the commands of a reload");
  check->footer("Example: outbox-relay config check -n orders");
  check->callback([&line, &exit_code, without_secrets] { exit_code = Check(line, !*without_secrets); });

  CLI::App* const show = config->add_subcommand("show", "Every value in force and where it comes from");
  show->footer("Example: outbox-relay config show -n orders -o json");
  show->callback([&] { exit_code = Show(line); });

  CLI::App* const init = config->add_subcommand("init", "Print a commented sample with every key");
  init->footer("Example: outbox-relay config init > /etc/outbox-relay/orders.toml");
  init->callback([&] { exit_code = Init(); });
}

}  // namespace outbox
