// SPDX-License-Identifier: Apache-2.0
#include "campaign/row.h"

#include <cstdio>
#include <sstream>

namespace outbox::campaign {
namespace {

constexpr std::size_t kPlainPayload = 200;

// FNV-1a: against a mixed-up or cut payload, not against an adversary.
std::uint64_t Checksum(std::string_view text) {
  std::uint64_t sum = 14695981039346656037ULL;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return sum;
}

}  // namespace

std::string WrittenRow::MessageId() const {
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4000-8000-%012llx", static_cast<unsigned>(transaction.writer),
                static_cast<unsigned>(index), static_cast<unsigned long long>(transaction.number));
  return text;
}

std::optional<RowAddress> ReadMessageId(const std::string& id) {
  unsigned writer = 0;
  unsigned index = 0;
  unsigned long long number = 0;
  if (std::sscanf(id.c_str(), "%8x-%4x-4000-8000-%12llx", &writer, &index, &number) != 3) return std::nullopt;
  return RowAddress{{static_cast<int>(writer), static_cast<std::int64_t>(number)}, static_cast<int>(index)};
}

std::string WrittenRow::Payload() const {
  std::ostringstream text;
  text << transaction.writer << ' ' << transaction.number << ' ' << index << ' ' << topic << ' '
       << key.value_or("-") << ' ' << sequence << ' ' << doomed << ' ' << static_cast<int>(kind) << ' ';
  std::string payload = text.str();
  // Filled with what no compression makes smaller, or large messages would pass any limit.
  std::uint64_t random = Checksum(payload);
  while (payload.size() < (kind == RowKind::kLarge ? kLargePayload : kPlainPayload)) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    payload += static_cast<char>('0' + (random >> 58));
  }
  return payload + ' ' + std::to_string(Checksum(payload));
}

std::optional<WrittenRow> ReadPayload(std::string_view payload) {
  const std::size_t end = payload.rfind(' ');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view told = payload.substr(0, end);
  if (payload.substr(end + 1) != std::to_string(Checksum(told))) return std::nullopt;
  std::istringstream fields{std::string(told.substr(0, kPlainPayload))};
  WrittenRow row;
  std::string key;
  int kind = 0;
  fields >> row.transaction.writer >> row.transaction.number >> row.index >> row.topic >> key >>
      row.sequence >> row.doomed >> kind;
  if (!fields) return std::nullopt;
  if (key != "-") row.key = key;
  row.kind = static_cast<RowKind>(kind);
  return row;
}

}  // namespace outbox::campaign
