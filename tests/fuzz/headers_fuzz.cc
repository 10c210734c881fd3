// SPDX-License-Identifier: Apache-2.0
// Any text in a row's headers gives a message's headers or a refusal, and they say what the JSON says.
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/target.h"
#include "kafka/kafka_headers.h"

namespace outbox::test {
namespace {

std::map<std::string, std::string> Read(const HeadersHandle& headers) {
  std::map<std::string, std::string> all;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers.get(), i, &name, &value, &size) == 0; ++i) {
    const bool added = all.emplace(name, std::string(static_cast<const char*>(value), size)).second;
    Require(added, "no name stands twice");
  }
  return all;
}

// Against the library's own tree, which is another way through it than ours.
void Compare(std::map<std::string, std::string> headers, const nlohmann::json& members) {
  Require(headers["id"] == "m-1" && headers["type"] == "paid", "the relay's own headers win");
  headers.erase("id");
  headers.erase("type");
  for (const auto& [name, value] : members.items()) {
    if (name == "id" || name == "type") continue;
    const auto header = headers.extract(name);
    Require(!header.empty(), "every member is a header");
    if (value.is_string()) {
      Require(header.mapped() == value.get<std::string>(), "a string is itself");
    } else {
      Require(nlohmann::json::parse(header.mapped()) == value, "what is no string stays the same JSON");
    }
  }
  Require(headers.empty(), "nothing else is a header");
}

}  // namespace
}  // namespace outbox::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outbox;
  Message message;
  message.message_id = "m-1";
  message.type = "paid";
  message.headers = test::AsText(data, size);
  const HeadersHandle headers = MakeHeaders(message);
  // Names end at a NUL for the client; jsonb has none.
  if (message.headers.find("\\u0000") != std::string_view::npos) return 0;
  const nlohmann::json members = message.headers.empty()
                                     ? nlohmann::json::object()
                                     : nlohmann::json::parse(message.headers, nullptr, false);
  test::Require((headers != nullptr) == members.is_object(), "exactly a JSON object is taken");
  if (headers != nullptr) test::Compare(test::Read(headers), members);
  return 0;
}
