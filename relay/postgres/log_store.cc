// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_store.h"

#include "postgres/log_keeper.h"
#include "postgres/log_session.h"
#include "postgres/postgres_session.h"

namespace outbox {
namespace {

// Copies come to the side table with old ids under new xids, so no scan start may be remembered: each
// claim reads its lanes from the beginning. There is little to read.
class ParkedSession : public PostgresSession {
 public:
  ParkedSession(const ConnectOptions& options, StepSupervisor& supervisor, const Statements& statements,
                LaneBook& book, Observer& observer)
      : PostgresSession(options, supervisor, statements, book, observer), parked_book_(book) {}

  std::unique_ptr<Batch> Claim(const ClaimRequest& request) override {
    parked_book_.Forget();
    return PostgresSession::Claim(request);
  }

 private:
  LaneBook& parked_book_;
};

}  // namespace

LogStore::LogStore(const PostgresSettings& postgres, const OutboxSettings& outbox, Observer& observer,
                   milliseconds move_every)
    : postgres_(postgres),
      outbox_(outbox),
      observer_(observer),
      statements_(outbox.schema),
      parked_statements_(outbox.schema, Completion::kLog),
      shared_(Options("guard"), Options("reader"), supervisor_, statements_, move_every) {
  if (outbox.wake_up == WakeUp::kNotify) {
    ConnectOptions options = Options("listener");
    if (!postgres.listen_conninfo.empty()) options.conninfo = postgres.listen_conninfo;
    listener_ = std::make_unique<WakeUpListener>(options, parked_statements_, observer_, supervisor_);
  }
}

LogStore::~LogStore() = default;

ConnectOptions LogStore::Options(const std::string& purpose) const {
  return ConnectOptions::Of(postgres_, "outbox-relay " + outbox_.name + " " + purpose);
}

std::unique_ptr<StoreSession> LogStore::Connect() {
  return std::make_unique<LogSession>(
      Options("worker"), supervisor_, statements_, shared_, [this]() -> std::unique_ptr<StoreSession> {
        return std::make_unique<ParkedSession>(Options("parked"), supervisor_, parked_statements_,
                                               parked_book_, observer_);
      });
}

std::unique_ptr<StoreKeeper> LogStore::ConnectKeeper() {
  return std::make_unique<LogKeeper>(Options("caretaker"), supervisor_, statements_, parked_statements_);
}

WakeUpCall LogStore::AwaitWakeUp(milliseconds timeout) {
  return listener_ ? listener_->Await(timeout) : WakeUpCall::kDeaf;
}

}  // namespace outbox
