// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postgres/connection.h"
#include "postgres/step_deadline.h"

// As libpq declares them; its header is not on every includer's path.
struct pg_conn;
struct pg_result;

namespace outbox {

// The fields of one row in the binary form of COPY, from the first to the last. Throws
// std::invalid_argument where the bytes end too early. Points into the row's bytes. Inline, because a read
// takes every field of every message.
class CopyFields {
 public:
  explicit CopyFields(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::string_view> Next() {  // null: none
    const auto size = static_cast<std::int32_t>(BigEndian<std::uint32_t>(Take(4).data()));
    if (size < 0) return std::nullopt;
    return Take(static_cast<std::size_t>(size));
  }
  std::int64_t Integer() { return BigInteger(Next().value_or("")); }  // a bigint or timestamptz, not null
  static std::int64_t BigInteger(std::string_view field) {
    if (field.size() != 8) TooShort();
    return static_cast<std::int64_t>(BigEndian<std::uint64_t>(field.data()));
  }
  std::string_view rest() const { return bytes_; }

  template <typename Unsigned>
  static Unsigned BigEndian(const char* bytes) {
    Unsigned value = 0;
    std::memcpy(&value, bytes, sizeof(value));
    if constexpr (sizeof(value) == 8) return be64toh(value);
    if constexpr (sizeof(value) == 4) return be32toh(value);
    if constexpr (sizeof(value) == 2) return be16toh(value);
  }

 private:
  std::string_view Take(std::size_t size) {
    if (size > bytes_.size()) TooShort();
    const std::string_view taken(bytes_.data(), size);
    bytes_.remove_prefix(size);
    return taken;
  }
  [[noreturn]] static void TooShort();

  std::string_view bytes_;
};

// A connection for reading many rows with little effort: COPY in binary form, row by row, without a
// result that holds them all, its fields' terminators, or digits to be read again. libpqxx knows only
// COPY of whole tables, as text, so this is libpq. It keeps no settings, so it may go through any pooler.
// Every error leaves as StoreUnavailable, after which the stream is of no further use. Used by one thread
// at a time.
class CopyStream {
 public:
  CopyStream(const ConnectOptions& options, StepSupervisor& supervisor);
  ~CopyStream();
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // Runs statements, of which one is COPY ... TO STDOUT (FORMAT binary), as one transaction. The fields
  // live for the call. Returns the last column of what the others returned last.
  using Take = std::function<void(CopyFields)>;
  std::string Run(const std::string& sql, const Take& take);

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  void Rows(const Take& take);
  [[noreturn]] void Fail(const pg_result* result) const;

  const milliseconds limit_;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::unique_ptr<StepDeadline> deadline_;
};

}  // namespace outbox
