// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace outbox {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{4} << 10;  // doubled until
constexpr std::size_t kBlock = std::size_t{64} << 10;
constexpr std::size_t kUuidText = 36;

// PostgreSQL counts from 2000. What is infinite, or out of the range of Kafka's timestamps, is brought
// into it.
constexpr std::int64_t kEpoch = 946'684'800'000'000;
constexpr std::int64_t kFirst = 1'000;
constexpr std::int64_t kLast = 253'402'214'400'000'000;  // 9999-12-31

microseconds SinceEpoch(std::int64_t timestamp) {
  return microseconds(std::clamp(timestamp, kFirst - kEpoch, kLast - kEpoch) + kEpoch);
}

constexpr std::array<char, 512> kHex = [] {
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 512; ++i) pairs[i] = "0123456789abcdef"[i % 2 == 0 ? i / 2 / 16 : i / 2 % 16];
  return pairs;
}();

void WriteUuid(std::string_view bytes, char* text) {
  if (bytes.size() != 16) throw std::invalid_argument("not a uuid in a row of COPY");
  const char* byte = bytes.data();
  for (const int group : {4, 2, 2, 2, 6}) {
    for (int i = 0; i < group; ++i, text += 2)
      std::memcpy(text, &kHex[std::size_t{2} * static_cast<unsigned char>(*byte++)], 2);
    if (group < 6) *text++ = '-';
  }
}

}  // namespace

char* LogRows::Room(std::size_t size) {
  if (size > left_) {
    left_ = std::max(size, std::clamp(bytes_, kFirstBlock, kBlock));
    bytes_ += left_;
    blocks_.push_back(std::unique_ptr<char[]>(new char[left_]));  // make_unique would clear it
    next_ = blocks_.back().get();
  }
  char* const room = next_;
  next_ += size;
  left_ -= size;
  return room;
}

std::string_view LogRows::Keep(std::string_view bytes) {
  char* const room = Room(bytes.size());
  std::memcpy(room, bytes.data(), bytes.size());
  return {room, bytes.size()};
}

Message LogRows::Add(CopyFields row, microseconds now) {
  Message message;
  message.id = row.Integer();
  message.lane = static_cast<int>(row.Integer());
  message.created_at = SinceEpoch(row.Integer());
  message.age = std::max(microseconds(0), now - message.created_at);
  if (const auto oversize = row.Next()) message.oversize = CopyFields::BigInteger(*oversize);
  char* const uuid = Room(kUuidText);
  WriteUuid(row.Next().value_or(""), uuid);
  message.message_id = {uuid, kUuidText};

  CopyFields kept(Keep(row.rest()));
  message.topic = kept.Next().value_or("");
  if (message.topic == topic_) message.topic = topic_;
  topic_ = message.topic;
  message.key = kept.Next();
  message.type = kept.Next().value_or("");
  message.headers = kept.Next().value_or("");
  if (!message.headers.empty()) message.headers.remove_prefix(1);  // the version of jsonb's binary form
  message.payload = kept.Next();
  const auto payload_bytes = kept.Next();
  if (!message.payload) message.payload = payload_bytes;
  return message;
}

}  // namespace outbox
