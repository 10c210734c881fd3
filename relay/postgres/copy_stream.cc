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

void Quiet(void*, const char*) {}

// A password's file may be away for a moment: that is no reason to end.
std::string Complete(const ConnectOptions& options) {
  try {
    return CompleteConninfo(options);
  } catch (const StoreUnavailable&) {
    throw;
  } catch (const std::exception& error) {
    throw StoreUnavailable(StoreUnavailable::Reason::kOther, error.what());
  }
}

}  // namespace

void CopyFields::TooShort() { throw std::invalid_argument("a field of COPY is too short"); }

CopyStream::CopyStream(const ConnectOptions& options, StepSupervisor& supervisor)
    : limit_(options.statement_timeout + kBeyondServer), connection_(PQconnectdb(Complete(options).c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) Fail(nullptr);
  PQsetNoticeProcessor(connection_.get(), Quiet, nullptr);
  deadline_ = std::make_unique<StepDeadline>(supervisor, PQsocket(connection_.get()));
}

void CopyStream::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

CopyStream::~CopyStream() {
  deadline_.reset();  // before the socket closes
}

std::string CopyStream::Run(const std::string& sql, const Take& take) {
  struct End {
    StepDeadline& deadline;
    ~End() { deadline.End(); }
  } const end{*deadline_};
  deadline_->Begin(limit_);
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) Fail(nullptr);
  bool copied = false;
  std::string told;
  for (;;) {
    const std::unique_ptr<PGresult, ClearResult> result(PQgetResult(connection_.get()));
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
        break;
      case PGRES_TUPLES_OK:
        if (PQntuples(result.get()) > 0) told = PQgetvalue(result.get(), 0, PQnfields(result.get()) - 1);
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
  return told;
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
      if (CopyFields::BigEndian<std::uint16_t>(row.data()) != kNoMoreRows) take(CopyFields(row.substr(2)));
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
