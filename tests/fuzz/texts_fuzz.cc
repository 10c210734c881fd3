// SPDX-License-Identifier: Apache-2.0
// The small parsers, together: each takes any text or refuses it in the way it promises.
#include <cstdio>
#include <stdexcept>
#include <string>

#include "config/redact.h"
#include "config/units.h"
#include "core/snapshot.h"
#include "fuzz/target.h"
#include "http/endpoint.h"
#include "kafka/kafka_statistics.h"
#include "postgres/text.h"

namespace outbox::test {
namespace {

// Calls `parse`, which may refuse in this way and no other.
template <typename Parse>
void MayRefuse(Parse parse) {
  try {
    parse();
  } catch (const std::invalid_argument&) {
    return;
  }
}

std::string Hex(std::string_view bytes) {
  std::string text = "\\x";
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits;
  }
  return text;
}

void TakePostgresTexts(std::string_view text) {
  MayRefuse([&] { Snapshot::Parse(text); });
  MayRefuse([&] { Integer(text); });
  MayRefuse([&] { Require(Hex(Bytes(text)) == text, "a bytea keeps its bytes"); });
}

void TakeUnits(std::string_view text) {
  if (const auto duration = ParseDuration(text)) {
    Require(duration->count() >= 0, "no duration is negative");
    Require(ParseDuration(FormatDuration(*duration)) == duration, "a duration is read as it is written");
  }
  if (const auto size = ParseSize(text)) {
    Require(*size >= 0, "no size is negative");
    Require(ParseSize(FormatSize(*size)) == size, "a size is read as it is written");
  }
}

void TakeAddresses(std::string_view text) {
  MayRefuse([&] {
    const Endpoint endpoint = ParseEndpoint(text);
    Require(endpoint.port >= 0 && endpoint.port <= 65535, "a port is a port");
  });
  RedactConninfo(std::string(text));
}

void TakeStatistics(std::string_view text) {
  StatisticsReader reader(Road::kMain);
  const auto first = reader.Read(text);
  const auto second = reader.Read(text);
  Require(first.has_value() == second.has_value(), "the same text is taken again");
  if (!second) return;
  for (const auto& broker : second->brokers) {
    Require(broker.request_timeouts == 0 && broker.disconnects == 0, "the same text is no increase");
  }
}

}  // namespace
}  // namespace outbox::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outbox::test;
  const std::string_view text = AsText(data, size);
  TakePostgresTexts(text);
  TakeUnits(text);
  TakeAddresses(text);
  TakeStatistics(text);
  return 0;
}
