// SPDX-License-Identifier: Apache-2.0
#include "postgres/wake_up_listener.h"

#include <stdexcept>
#include <utility>

namespace outbox {

namespace {

// A pooler accepts a client at once, and lets its first statement wait for a server for as long as it likes.
// A relay that stops would wait with it.
constexpr milliseconds kAnswerWithin{5'000};

}  // namespace

WakeUpListener::WakeUpListener(ConnectOptions options, const Statements& statements, Observer& observer,
                               StepSupervisor& supervisor)
    : options_(std::move(options)), statements_(statements), observer_(observer), supervisor_(supervisor) {}

WakeUpListener::~WakeUpListener() { Leave(); }

void WakeUpListener::Leave() {
  deadline_.reset();  // before the socket closes
  connection_.reset();
}

void WakeUpListener::Connect() {
  connection_ = std::make_unique<pqxx::connection>(CompleteConninfo(options_));
  deadline_ = std::make_unique<StepDeadline>(supervisor_, connection_->sock());
  deadline_->Begin(kAnswerWithin);
  pqxx::nontransaction session(*connection_);
  // A pooler tells the client a process id of its own making, and forgets a LISTEN with its transaction.
  if (session.exec("SELECT pg_backend_pid()")[0][0].as<int>() != connection_->backendpid())
    throw std::runtime_error("this is a pooler: set postgres.listen_conninfo to a way past it");
  const std::string channel = session.exec(statements_.channel)[0][0].c_str();
  session.exec("LISTEN " + QuotedName(channel));
  deadline_->End();
  observer_.OnListening(true, {});
  told_ = false;
}

WakeUpCall WakeUpListener::Await(milliseconds timeout) {
  try {
    if (!connection_) Connect();
    const int came = connection_->await_notification(timeout.count() / 1000, (timeout.count() % 1000) * 1000);
    return came > 0 ? WakeUpCall::kCame : WakeUpCall::kNone;
  } catch (const std::exception& error) {
    // Polling goes on meanwhile.
    const bool missed = deadline_ && deadline_->missed();
    Leave();
    if (!std::exchange(told_, true))
      observer_.OnListening(false, missed ? "no answer within 5 s" : error.what());
    return WakeUpCall::kDeaf;
  }
}

}  // namespace outbox
