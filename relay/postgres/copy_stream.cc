// SPDX-License-Identifier: Apache-2.0
#include "postgres/copy_stream.h"

#include <libpq-fe.h>

#include <algorithm>
#include <stdexcept>

#include "postgres/errors.h"

namespace outbox {
namespace {

constexpr milliseconds kBeyondServer{5'000};  // the server's own timeouts come first
// In front of the first row. Its flags and its extension's length follow, which are zero.
constexpr std::string_view kSignature{"PGCOPY\n\xff\r\n\0", 11};
constexpr std::size_t kHeader = 19;
constexpr std::uint16_t kNoMoreRows = 0xffff;

struct FreeBuffer {
  void operator()(char* buffer) const { PQfreemem(buffer); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

template <typename Unsigned>
Unsigned BigEndian(std::string_view bytes) {
  Unsigned value = 0;
  for (const char byte : bytes)
    value = static_cast<Unsigned>((value << 8) | static_cast<unsigned char>(byte));
  return value;
}

void Quiet(void*, const char*) {}

}  // namespace

std::string_view CopyFields::Take(std::size_t size) {
  if (size > bytes_.size()) throw std::invalid_argument("a row of COPY is too short");
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::optional<std::string_view> CopyFields::Next() {
  const auto size = static_cast<std::int32_t>(BigEndian<std::uint32_t>(Take(4)));
  if (size < 0) return std::nullopt;
  return Take(static_cast<std::size_t>(size));
}

std::int64_t CopyFields::Integer() { return BigInteger(Next().value_or("")); }

std::int64_t CopyFields::BigInteger(std::string_view field) {
  if (field.size() != 8) throw std::invalid_argument("not a bigint in a row of COPY");
  return static_cast<std::int64_t>(BigEndian<std::uint64_t>(field));
}

CopyStream::CopyStream(const ConnectOptions& options, StepSupervisor& supervisor)
    : limit_(options.statement_timeout + kBeyondServer),
      connection_(PQconnectdb(CompleteConninfo(options).c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) Fail(nullptr);
  PQsetNoticeProcessor(connection_.get(), Quiet, nullptr);
  deadline_ = std::make_unique<StepDeadline>(supervisor, PQsocket(connection_.get()));
}

void CopyStream::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

CopyStream::~CopyStream() {
  deadline_.reset();  // before the socket closes
}

void CopyStream::Run(const std::string& sql, const Take& take) {
  struct End {
    StepDeadline& deadline;
    ~End() { deadline.End(); }
  } const end{*deadline_};
  deadline_->Begin(limit_);
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) Fail(nullptr);
  bool copied = false;
  for (;;) {
    const std::unique_ptr<PGresult, ClearResult> result(PQgetResult(connection_.get()));
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        break;
      case PGRES_COPY_OUT:
        if (copied) Fail(result.get());
        Rows(take);
        copied = true;
        break;
      default:
        Fail(result.get());
    }
  }
  if (!copied) Fail(nullptr);
}

void CopyStream::Rows(const Take& take) {
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_.get(), &bytes, /*async=*/0);
    if (size == -1) return;  // what became of it is the next result's to say
    if (size < 0) Fail(nullptr);
    const std::unique_ptr<char, FreeBuffer> buffer(bytes);
    std::string_view row(bytes, static_cast<std::size_t>(size));
    try {
      if (row.starts_with(kSignature)) row.remove_prefix(std::min(row.size(), kHeader));
      if (row.empty()) continue;  // nothing says that a row comes with the header
      if (row.size() < 2) throw std::invalid_argument("a row of COPY is too short");
      if (BigEndian<std::uint16_t>(row.substr(0, 2)) != kNoMoreRows) take(CopyFields(row.substr(2)));
    } catch (const std::exception& error) {
      throw StoreUnavailable(StoreUnavailable::Reason::kOther, error.what());
    }
  }
}

void CopyStream::Fail(const PGresult* result) const {
  const bool missed = deadline_ && deadline_->missed();
  const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const char* text = state != nullptr ? PQresultErrorMessage(result) : PQerrorMessage(connection_.get());
  throw FromState(state != nullptr ? state : "08000", text, missed);
}

}  // namespace outbox
