// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_store.h"

#include "postgres/postgres_keeper.h"
#include "postgres/postgres_session.h"

namespace outbox {

PostgresStore::PostgresStore(const PostgresSettings& postgres, const OutboxSettings& outbox,
                             Observer& observer)
    : postgres_(postgres),
      outbox_(outbox),
      observer_(observer),
      statements_(outbox.schema, outbox.completion) {
  if (outbox.wake_up == WakeUp::kNotify) {
    ConnectOptions options = Options("listener");
    if (!postgres.listen_conninfo.empty()) options.conninfo = postgres.listen_conninfo;
    listener_ = std::make_unique<WakeUpListener>(options, statements_, observer_, supervisor_);
  }
}

PostgresStore::~PostgresStore() = default;

ConnectOptions PostgresStore::Options(const std::string& purpose) const {
  return ConnectOptions::Of(postgres_, "outbox-relay " + outbox_.name + " " + purpose);
}

std::unique_ptr<StoreSession> PostgresStore::Connect() {
  return std::make_unique<PostgresSession>(Options("worker"), supervisor_, statements_, book_, observer_);
}

std::unique_ptr<StoreKeeper> PostgresStore::ConnectKeeper() {
  return std::make_unique<PostgresKeeper>(Options("caretaker"), supervisor_, statements_, book_);
}

WakeUpCall PostgresStore::AwaitWakeUp(milliseconds timeout) {
  return listener_ ? listener_->Await(timeout) : WakeUpCall::kDeaf;
}

}  // namespace outbox
