// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_headers.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace outbox {
namespace {

constexpr std::string_view kId = "id";
constexpr std::string_view kType = "type";

void Add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  // Fails only for the header lists of received messages.
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

bool AddOwn(rd_kafka_headers_t* headers, const Message& message) {
  // Ordered, so that they leave as they stand in the row.
  const auto own = nlohmann::ordered_json::parse(message.headers, nullptr, /*allow_exceptions=*/false);
  if (!own.is_object()) return false;
  for (const auto& [name, value] : own.items()) {
    if (name == kId || (name == kType && !message.type.empty())) continue;
    if (value.is_string()) {
      Add(headers, name, value.get_ref<const std::string&>());
    } else {
      Add(headers, name, value.dump());
    }
  }
  return true;
}

}  // namespace

HeadersHandle MakeHeaders(const Message& message) {
  HeadersHandle headers(rd_kafka_headers_new(2));
  Add(headers.get(), kId, message.message_id);
  if (!message.type.empty()) Add(headers.get(), kType, message.type);
  if (!message.headers.empty() && !AddOwn(headers.get(), message)) return nullptr;
  return headers;
}

}  // namespace outbox
