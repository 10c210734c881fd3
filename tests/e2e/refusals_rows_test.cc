// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "e2e/refusals_scene.h"
#include "support/catch.h"

namespace outbox::test {
namespace {

// Inserts amid the load; `columns` and `values` as in SQL.
std::string InsertOdd(const Stage& stage, Load& load, const std::string& columns, const std::string& values) {
  std::string id;
  load.Amid(0, [&] {
    id = stage.Service().Value("INSERT INTO outbox (" + columns + ") VALUES (" + values + ") RETURNING id");
  });
  return id;
}

struct Busy {
  explicit Busy(const Config& config = {}) : stage({.config = config}) {
    stage.Admin().CreateTopic("orders", 3);
    relay = stage.StartRelay();
    relay->AwaitReady();
    load = std::make_unique<Load>(Load::Options{
        .conninfo = stage.postgres().conninfo("app", "service"), .writers = 4, .keys = 5, .rate = 1'000});
    REQUIRE(WaitFor([this] { return load->count() > 500; }));
  }
  std::string Field(const std::string& id, const std::string& column) const {
    return stage.Superuser().Value("SELECT " + column + " FROM outbox WHERE id = " + id);
  }
  bool Await(const std::string& id, const std::string& status) const {
    return AwaitStatus(stage, std::stoll(id), status);
  }

  Stage stage;
  std::unique_ptr<RelayProcess> relay;
  std::unique_ptr<Load> load;
};

const Record* Find(const std::vector<Record>& records, const std::string& message_id) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const Record& record) { return record.header("id") == message_id; });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("rows that cannot be delivered end as promised, each amid a busy stream") {
  Busy busy({{"delivery.max_attempts", "2"}, {"delivery.backoff.initial", "\"100ms\""}});
  const Stage& stage = busy.stage;
  stage.Admin().CreateTopic("small", 1, {{"max.message.bytes", "20000"}});
  stage.Admin().CreateTopic("compacted", 1, {{"cleanup.policy", "compact"}});
  const auto odd = [&](const std::string& topic, const std::string& key, const std::string& payload) {
    return InsertOdd(stage, *busy.load, "topic, key, payload", "'" + topic + "'," + key + "," + payload);
  };
  const std::string local = odd("orders", "'k0'", "'" + Noise(1'100'000) + "'");
  const std::string remote = odd("small", "'k0'", "'" + Noise(50'000) + "'");
  const std::string keyless = odd("compacted", "NULL", "'0 0'");
  const std::string unknown = odd("later", "'k0'", "'0 0'");
  const std::string illegal = odd("bad topic!", "'k0'", "'0 0'");
  CHECK_THROWS_AS(odd("", "'k0'", "'0 0'"), SqlError);

  for (const auto& [id, reason] :
       {std::pair{local, "too_large"}, {remote, "too_large"}, {keyless, "invalid"}}) {
    const bool failed = busy.Await(id, "failed");
    INFO(busy.relay->log());
    REQUIRE(failed);
    CHECK(busy.Field(id, "last_error").starts_with(std::string(reason) + ": "));
    CHECK(busy.Field(id, "attempts") == (reason == std::string("invalid") ? "2" : "1"));
  }
  const auto& relay = *busy.relay;
  CHECK(relay.Metric("messages_failed_total", {"topic=\"orders\"", "reason=\"too_large\""}) == 1.0);
  CHECK(relay.Metric("messages_failed_total", {"topic=\"small\"", "reason=\"too_large\""}) == 1.0);
  CHECK(relay.Metric("messages_failed_total", {"topic=\"compacted\"", "reason=\"invalid\""}) == 1.0);
  CHECK(relay.Metric("attempts_total", {"topic=\"compacted\"", "reason=\"invalid\""}) == 2.0);
  CHECK(WaitFor([&] { return relay.Metric("topics_paused", {"reason=\"unknown_topic\""}) == 2.0; }));

  stage.Admin().CreateTopic("later", 1);
  const auto created = std::chrono::steady_clock::now();
  CHECK(WaitFor([&] { return busy.Field(unknown, "status") == "sent"; }, seconds(35)));
  std::cout << "a message of an unknown topic is sent " << SecondsSince(created)
            << " s after the topic was made\n";
  CHECK(busy.Field(unknown, "attempts") == "0");
  CHECK(busy.Field(illegal, "status") == "pending");
  CHECK(busy.Field(illegal, "attempts") == "0");

  busy.load->Stop();
  CHECK(WaitFor([&] { return stage.Count("pending") == 1; }));
  TopicReader reader(busy.stage.kafka().bootstrap(), {"orders", "later", "small", "compacted"});
  REQUIRE(reader.ReadToEnd());
  CheckArrived(reader.records(), *busy.load);
  CHECK(Find(reader.records(), busy.Field(unknown, "message_id")) != nullptr);
  CHECK(busy.relay->Stop() == 0);
}

TEST_CASE("whatever a row may hold arrives as it is") {
  Busy busy;
  const Stage& stage = busy.stage;
  const auto odd = [&](const std::string& columns, const std::string& values) {
    return InsertOdd(stage, *busy.load, "topic, " + columns, "'orders', " + values);
  };
  std::vector<std::string> ids;
  const auto keep = [&](std::string id) { return ids.emplace_back(std::move(id)); };
  const std::string many = keep(odd("key, payload, headers",
                                    "'k0', '0 many', (SELECT jsonb_object_agg('h' || lpad(i::text, 4, '0'), "
                                    "'v' || i) FROM generate_series(1, 1000) i)"));
  const std::string mixed = keep(odd("key, type, payload, headers",
                                     "'k0', 'paid', '0 mixed', '{\"n\": 1, \"t\": true, \"z\": null, \"o\": "
                                     "{\"a\": [1, \"x y\"]}, \"s\": \"ä \\\"q\\\"\", \"e\": \"\","
                                     " \"f\": 1.50, \"big\": 123456789012345678901234567890, \"id\": "
                                     "\"mine\", \"type\": \"mine\", \"traceparent\": \"00-1-2-01\"}'"));
  const std::string empty_key = keep(odd("key, payload", "'', '0 empty key'"));
  const std::string empty = keep(odd("key, payload", "'k0', ''"));
  const std::string tombstone = keep(odd("key", "'k0'"));
  const std::string bytes = keep(odd("key, payload_bytes", "'k0', '\\x30200000ff00fe80c3280a0d'"));
  const std::string text = keep(odd("key, payload", "E'k\\t\\'\"\\\\é', E'0 \\n\\t\\\\ \\'\"é\\u20ac'"));
  const std::string first =
      keep(odd("key, payload, created_at", "'k0', '0 d', '1970-01-01 00:00:01.234567+00'"));
  const std::string late = keep(odd("key, payload, created_at", "'k0', '0 d', '9999-12-31 00:00:00+00'"));
  for (const char* date : {"infinity", "-infinity", "294276-12-31 23:59:59+00", "4714-11-24 00:00:00+00 BC",
                           "1969-12-31 23:59:59+00"}) {
    keep(odd("key, payload, created_at", "'k0', '0 d', '" + std::string(date) + "'"));
  }
  for (const std::string& id : ids) {
    const bool sent = busy.Await(id, "sent");
    INFO(busy.Field(id, "coalesce(payload, '') || created_at || coalesce(last_error, '')"));
    INFO(busy.relay->log());
    REQUIRE(sent);
  }
  busy.load->Stop();
  REQUIRE(stage.AwaitDrained(seconds(10)));
  TopicReader reader(busy.stage.kafka().bootstrap(), {"orders"});
  REQUIRE(reader.ReadToEnd());
  const auto& records = reader.records();
  const auto record = [&](const std::string& id) {
    const Record* found = Find(records, busy.Field(id, "message_id"));
    REQUIRE(found != nullptr);
    return *found;
  };
  const Record with_many = record(many);
  REQUIRE(with_many.headers.size() == 1'001);
  CHECK(with_many.headers[1'000] == std::pair<std::string, std::string>("h1000", "v1000"));
  const Record with_mixed = record(mixed);
  const std::map<std::string, std::string> expected = {{"id", busy.Field(mixed, "message_id")},
                                                       {"type", "paid"},
                                                       {"n", "1"},
                                                       {"t", "true"},
                                                       {"z", "null"},
                                                       {"o", "{\"a\":[1,\"x y\"]}"},
                                                       {"s", "ä \"q\""},
                                                       {"e", ""},
                                                       {"f", "1.50"},
                                                       {"big", "123456789012345678901234567890"},
                                                       {"traceparent", "00-1-2-01"}};
  const std::map<std::string, std::string> headers(with_mixed.headers.begin(), with_mixed.headers.end());
  CHECK(headers == expected);
  CHECK(with_mixed.headers.size() == expected.size());
  CHECK(record(empty_key).key == std::string());
  CHECK(record(empty).payload == std::string());
  CHECK_FALSE(record(tombstone).payload.has_value());
  CHECK(record(bytes).payload == std::string("0 \0\0\xff\0\xfe\x80\xc3(\n\r", 12));
  CHECK(record(text).key == "k\t'\"\\é");
  CHECK(record(text).payload == "0 \n\t\\ '\"é€");
  CHECK(record(first).timestamp_ms == 1'234);
  CHECK(record(late).timestamp_ms == 253'402'214'400'000);
  std::vector<Record> of_the_load;
  std::copy_if(records.begin(), records.end(), std::back_inserter(of_the_load),
               [](const Record& r) { return r.payload && !r.payload->empty(); });
  CheckArrived(of_the_load, *busy.load);
  CHECK(stage.Superuser().Value("SELECT count(*) FROM outbox WHERE attempts > 0") == "0");
  CHECK(busy.relay->Stop() == 0);
}

}  // namespace outbox::test
