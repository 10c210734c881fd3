// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <algorithm>
#include <array>

#include "config/redact.h"
#include "config/value_types.h"

namespace outbox {

namespace {

enum Reload : bool { kFixed = false, kReloadable = true };

template <typename T>
bool SameValue(const T& a, const T& b) {
  return a == b;
}
// A secret's file may have been rotated, which is no change of the configuration: both sides read it.
bool SameValue(const Secret& a, const Secret& b) {
  if (!a || !b) return !a && !b;
  const std::string now = b();
  try {
    return a() == now;
  } catch (const std::exception&) {
    return false;  // the old one cannot be read any more
  }
}

template <auto kSection, auto kMember>
constexpr Key Make(std::string_view path, Reload reload, std::string_view meaning,
                   std::string_view example = {}) {
  return {
      .path = path,
      .reloadable = reload,
      .meaning = meaning,
      .example = example,
      .takes = [] { return Takes((Settings{}.*kSection).*kMember); },
      .read = [](const Value& value, Settings& s) { return Read(value, (s.*kSection).*kMember); },
      .show = [](const Settings& s) { return Show((s.*kSection).*kMember); },
      .same = [](const Settings& a,
                 const Settings& b) { return SameValue((a.*kSection).*kMember, (b.*kSection).*kMember); }};
}

// A table by topic is not read as a whole.
template <auto kSection, auto kMember>
constexpr Key MakeTable(std::string_view path, std::string_view meaning, std::string_view example) {
  return {.path = path,
          .reloadable = kReloadable,
          .meaning = meaning,
          .example = example,
          .takes = [] { return Takes((Settings{}.*kSection).*kMember); },
          .read = [](const Value& value, Settings&) { return value.kind == Value::Kind::kTable; },
          .show = [](const Settings& s) { return Show((s.*kSection).*kMember); },
          .same = [](const Settings& a,
                     const Settings& b) { return (a.*kSection).*kMember == (b.*kSection).*kMember; },
          .read_topic = [](const std::string& topic, const Value& value,
                           Settings& s) { return Read(topic, value, (s.*kSection).*kMember); }};
}

template <auto kMember>
constexpr Key MakeConninfo(std::string_view path, std::string_view meaning, std::string_view example) {
  Key key = Make<&Settings::postgres, kMember>(path, kFixed, meaning, example);
  key.show = [](const Settings& s) { return Show(RedactConninfo(s.postgres.*kMember)); };
  return key;
}

constexpr auto kPostgres = &Settings::postgres;
constexpr auto kOutbox = &Settings::outbox;
constexpr auto kDelivery = &Settings::delivery;
constexpr auto kDeadLetters = &Settings::dead_letters;
constexpr auto kPace = &Settings::pace;
constexpr auto kCadence = &Settings::cadence;
constexpr auto kRetention = &Settings::retention;
constexpr auto kKafka = &Settings::kafka;
constexpr auto kHttp = &Settings::http;
constexpr auto kLog = &Settings::log;

constexpr auto kKeys = std::to_array<Key>({
    MakeConninfo<&PostgresSettings::conninfo>(
        "postgres.conninfo", "libpq connection string or URI; empty: libpq's environment (PGHOST, ...)",
        R"("host=/run/postgresql dbname=orders")"),
    Make<kPostgres, &PostgresSettings::password>(
        "postgres.password", kFixed, "secret, read again at each connect", R"({ file = "pg-password" })"),
    MakeConninfo<&PostgresSettings::listen_conninfo>("postgres.listen_conninfo",
                                                     "for wake-ups past a pooler; empty: conninfo",
                                                     R"("host=/run/postgresql dbname=orders")"),
    Make<kPostgres, &PostgresSettings::statement_timeout>("postgres.statement_timeout", kFixed,
                                                          "longest that one statement may run"),
    Make<kPostgres, &PostgresSettings::transaction_timeout>(
        "postgres.transaction_timeout", kFixed,
        "how long a frozen relay holds its lanes; at least delivery.deadline + 10s"),
    Make<kPostgres, &PostgresSettings::pooler>(
        "postgres.pooler", kFixed, "auto, none or transaction (a transaction pooler is in between)"),

    Make<kOutbox, &OutboxSettings::name>(
        "outbox.name", kFixed, "label of the metrics; equal on all relays; default: the file's name",
        R"("orders")"),
    Make<kOutbox, &OutboxSettings::schema>("outbox.schema", kFixed, "PostgreSQL schema of the outbox"),
    Make<kOutbox, &OutboxSettings::completion>(
        "outbox.completion", kFixed,
        "mark: rows stay until retention; delete: they go when sent; log: nothing is written about them"),
    Make<kOutbox, &OutboxSettings::on_failed>("outbox.on_failed", kFixed,
                                              "skip: later messages of the key go on; block: they wait"),
    Make<kOutbox, &OutboxSettings::timestamp>("outbox.timestamp", kReloadable,
                                              "Kafka's timestamp: created_at or publish"),
    Make<kOutbox, &OutboxSettings::wake_up>("outbox.wake_up", kFixed,
                                            "poll, or notify (needs the trigger; polling goes on)"),
    Make<kOutbox, &OutboxSettings::poll_min>("outbox.poll.min", kReloadable, "shortest pause between polls"),
    Make<kOutbox, &OutboxSettings::poll_max>("outbox.poll.max", kReloadable,
                                             "pause to which an idle relay slows"),

    Make<kDelivery, &DeliverySettings::workers>("delivery.workers", kFixed,
                                                "1 to 64; each has one connection to PostgreSQL"),
    Make<kDelivery, &DeliverySettings::batch_messages>("delivery.batch_messages", kReloadable,
                                                       "messages of one claim at most"),
    Make<kDelivery, &DeliverySettings::batch_bytes>(
        "delivery.batch_bytes", kReloadable, "payload of one claim at most; memory: workers times this"),
    Make<kDelivery, &DeliverySettings::deadline>("delivery.deadline", kFixed,
                                                 "from the claim to the last delivery report"),
    Make<kDelivery, &DeliverySettings::max_attempts>("delivery.max_attempts", kReloadable,
                                                     "refusals until a message is failed; 0: no limit"),
    Make<kDelivery, &DeliverySettings::backoff_initial>(
        "delivery.backoff.initial", kReloadable, "longest delay after the first refusal; then it doubles"),
    Make<kDelivery, &DeliverySettings::backoff_max>("delivery.backoff.max", kReloadable,
                                                    "longest delay before the next attempt"),
    Make<kDeadLetters, &DeadLetterSettings::topic>("delivery.dead_letter_topic", kReloadable,
                                                   "where copies of failed messages go; \"\": nowhere",
                                                   R"("dead-letters")"),
    MakeTable<kDeadLetters, &DeadLetterSettings::by_topic>(
        "delivery.dead_letter_topics", "the same for single topics", R"({ orders = "orders.failed" })"),
    Make<kDelivery, &DeliverySettings::shutdown_grace>("delivery.shutdown_grace", kReloadable,
                                                       "how long a drain waits; below TimeoutStopSec"),
    Make<kDelivery, &DeliverySettings::trip_after>(
        "breaker.trip_after", kReloadable, "batches in a row without a delivery that open the breaker"),

    Make<kPace, &PaceSettings::messages_per_second>("pace.messages_per_second", kReloadable,
                                                    "most that this relay claims in a second; 0: no limit"),
    Make<kPace, &PaceSettings::bytes_per_second>("pace.bytes_per_second", kReloadable,
                                                 "the same in bytes; \"0\": no limit"),
    MakeTable<kPace, &PaceSettings::by_topic>(
        "pace.topics", "most messages, or bytes, of single topics; their backlogs then hinder no other",
        R"({ orders = 500, bulk = "1MiB" })"),
    Make<kPace, &PaceSettings::ramp>("pace.ramp", kReloadable,
                                     "how long these limits take to come back after an outage"),

    Make<kCadence, &CadenceSettings::mode>(
        "cadence.mode", kReloadable, "continuous, interval, windows or manual: when messages are claimed"),
    Make<kCadence, &CadenceSettings::every>("cadence.every", kReloadable,
                                            "with interval: from the begin of one run to that of the next"),
    Make<kCadence, &CadenceSettings::windows>("cadence.windows", kReloadable,
                                              "with windows: times of day, local time, also across midnight",
                                              R"(["01:00-05:00"])"),

    Make<kRetention, &RetentionSettings::sent>("retention.sent", kReloadable,
                                               "how long sent rows stay, or never purged: \"never\""),

    Make<kKafka, &KafkaSettings::brokers>("kafka.brokers", kFixed, "host:port of some brokers; required",
                                          R"(["localhost:9092"])"),

    Make<kHttp, &HttpSettings::listen>("http.listen", kFixed, "metrics, health and status page; \"\": off"),
    Make<kHttp, &HttpSettings::status_page>("http.status_page", kFixed, "serve the status page"),

    Make<kLog, &LogSettings::level>("log.level", kReloadable, "trace, debug, info, warn or error"),
    Make<kLog, &LogSettings::format>("log.format", kReloadable, "auto, text or json"),
});

}  // namespace

std::span<const Key> Keys() { return kKeys; }

const Key* FindKey(std::string_view path) {
  const auto found = std::ranges::find(kKeys, path, &Key::path);
  return found == kKeys.end() ? nullptr : &*found;
}

const Key* FindTopicTable(std::string_view path) {
  const auto found = std::ranges::find_if(kKeys, [path](const Key& key) {
    return key.read_topic != nullptr && path.size() > key.path.size() + 1 && path.starts_with(key.path) &&
           path[key.path.size()] == '.';
  });
  return found == kKeys.end() ? nullptr : &*found;
}

}  // namespace outbox
