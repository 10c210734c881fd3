// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_headers.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace outbox {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs HeadersOf(std::string_view type, std::string_view json) {
  Message message;
  message.message_id = "m-1";
  message.type = type;
  message.headers = json;
  const auto headers = MakeHeaders(message);
  REQUIRE(headers != nullptr);
  Pairs pairs;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers.get(), i, &name, &value, &size) == 0; ++i) {
    pairs.push_back({name, std::string(static_cast<const char*>(value), size)});
  }
  return pairs;
}

TEST_CASE("the message id is always a header, the type where there is one", "[kafka]") {
  CHECK(HeadersOf("", "") == Pairs{{"id", "m-1"}});
  CHECK(HeadersOf("paid", "") == Pairs{{"id", "m-1"}, {"type", "paid"}});
}

TEST_CASE("a row's headers follow in its order, strings as they are and other values as JSON", "[kafka]") {
  CHECK(HeadersOf(
            "", R"({"traceparent": "00-a-b-01", "a": "\u00fc\"", "n": 7, "o": {"x": [1, null]}, "e": ""})") ==
        Pairs{{"id", "m-1"},
              {"traceparent", "00-a-b-01"},
              {"a", "\xc3\xbc\""},
              {"n", "7"},
              {"o", R"({"x":[1,null]})"},
              {"e", ""}});
}

TEST_CASE("numbers among a row's headers keep their digits", "[kafka]") {
  CHECK(HeadersOf("", R"({"f": 1.50, "o": {"big": [123456789012345678901234567890, -0.10]}, "n": -7})") ==
        Pairs{{"id", "m-1"},
              {"f", "1.50"},
              {"o", R"({"big":[123456789012345678901234567890,-0.10]})"},
              {"n", "-7"}});
}

TEST_CASE("no header name appears twice and the relay's own win", "[kafka]") {
  CHECK(HeadersOf("paid", R"({"id": "x", "type": "y", "z": "z"})") ==
        Pairs{{"id", "m-1"}, {"type", "paid"}, {"z", "z"}});
  CHECK(HeadersOf("", R"({"type": "y"})") == Pairs{{"id", "m-1"}, {"type", "y"}});
  CHECK(HeadersOf("", R"({"z": 1, "z": 2})").size() == 2);
}

TEST_CASE("very many headers are read in a time that grows with their number only", "[kafka]") {
  std::string json = "{\"first\": 0, \"99999\": 0";
  for (int i = 0; i < 100'000; ++i) json += ", \"" + std::to_string(i) + "\": 1";
  const auto start = std::chrono::steady_clock::now();
  CHECK(HeadersOf("", json + "}").size() == 100'002);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));  // once it took twenty
}

TEST_CASE("headers that are no JSON object give none", "[kafka]") {
  for (const auto* json : {"[]", "\"x\"", "null", "{", "{\"a\":}", "{\"a\":\"\xff\"}"}) {
    INFO(json);
    Message message;
    message.headers = json;
    CHECK(MakeHeaders(message) == nullptr);
  }
}

}  // namespace
}  // namespace outbox
