// SPDX-License-Identifier: Apache-2.0
#include "postgres/wake_up_listener.h"

namespace outbox {

WakeUpListener::WakeUpListener(ConnectOptions options, const Statements& statements)
    : options_(std::move(options)), statements_(statements) {}

void WakeUpListener::Connect() {
  connection_ = std::make_unique<pqxx::connection>(CompleteConninfo(options_));
  pqxx::nontransaction session(*connection_);
  const std::string channel = session.exec(statements_.channel)[0][0].c_str();
  session.exec("LISTEN " + QuotedName(channel));
}

bool WakeUpListener::Await(milliseconds timeout) {
  try {
    if (!connection_) Connect();
    connection_->await_notification(timeout.count() / 1000, (timeout.count() % 1000) * 1000);
    return true;
  } catch (const std::exception&) {
    // Polling goes on meanwhile; the workers' connections say what is wrong.
    connection_.reset();
    return false;
  }
}

}  // namespace outbox
