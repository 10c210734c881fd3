// SPDX-License-Identifier: Apache-2.0
#include "postgres/log_session.h"

#include <algorithm>
#include <utility>

#include "postgres/log_batch.h"

namespace outbox {
namespace {

constexpr milliseconds kUnitsEvery{200};
constexpr int kRest = 10;  // times as long as what found nothing, or much that may not go out, has taken

TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace

LogSession::LogSession(const ConnectOptions& options, StepSupervisor& supervisor,
                       const LogStatements& statements, LogShared& shared, ConnectParked connect_parked)
    : shared_(shared),
      connect_parked_(std::move(connect_parked)),
      connection_(options, supervisor),
      reader_(connection_, statements, shared),
      progress_(connection_, statements, shared) {}

// What is done is written down, so that a relay that stops leaves nothing to be repeated.
LogSession::~LogSession() {
  try {
    progress_.Move(true);
  } catch (const std::exception&) {
    // The next tenure repeats it.
  }
}

std::unique_ptr<Batch> LogSession::Claim(const ClaimRequest& request) {
  nothing_due_ = false;
  lanes_busy_ = 0;
  if (!Enter()) {
    control_ = reader_.Hear();
    lanes_busy_ = kLanes;
    return Empty();
  }
  progress_.Check();
  bool parked = false;
  {
    const std::scoped_lock lock(shared_.mutex);
    control_ = shared_.control;
    parked = shared_.parked;
  }
  if (request.lanes == 0 || control_.paused) {
    progress_.Move(false);
    const std::scoped_lock lock(shared_.reading);
    reader_.Look();
    const std::scoped_lock also(shared_.mutex);
    control_ = shared_.control;
    nothing_due_ = control_.paused;
    if (request.lanes == 0 || control_.paused) return Empty();
  }
  if (request.trial) {
    progress_.Move(true);  // what it asks for may be on its way to the table
    return ClaimParked(request);
  }
  return ClaimByTurns(request, parked);
}

// Neither waits for the other to have nothing.
std::unique_ptr<Batch> LogSession::ClaimByTurns(const ClaimRequest& request, bool parked) {
  parked_turn_ = parked && !parked_turn_ && Now() >= parked_again_;
  auto first = parked_turn_ ? ClaimParked(request) : ClaimFresh(request);
  if (!first->messages().empty()) return first;
  if (!parked_turn_ && !parked) {
    const std::scoped_lock lock(shared_.mutex);
    if (!shared_.parked) return first;  // as the last look has told
  }
  const bool nothing = nothing_due_;
  const int busy = lanes_busy_;
  first.reset();
  auto second = parked_turn_ ? ClaimFresh(request) : ClaimParked(request);
  nothing_due_ = nothing_due_ && nothing;
  lanes_busy_ += busy;
  return second;
}

bool LogSession::Enter() {
  if (!shared_.guard.Acquire()) return false;
  const int tenure = shared_.guard.tenure();
  const auto current = [&] {
    const std::scoped_lock lock(shared_.mutex);
    return shared_.tenure == tenure;
  };
  if (tenure == 0) return false;
  if (current()) {
    RefreshUnits();
    return true;
  }
  const std::scoped_lock lock(shared_.reading);
  if (current()) return true;
  progress_.Load(tenure);
  try {
    reader_.Look();
    progress_.ReadUnits();
  } catch (...) {
    const std::scoped_lock also(shared_.mutex);
    shared_.tenure = 0;
    throw;
  }
  return true;
}

// While nothing is parked, this asks nobody; unless failed rows hold their units from now on.
void LogSession::RefreshUnits() {
  {
    const std::scoped_lock lock(shared_.mutex);
    const bool known = shared_.units_read != TimePoint{};
    if (known && !shared_.parked && !shared_.window.any_parked_units()) return;
    const auto pause = std::max<TimePoint::duration>(kUnitsEvery, kRest * shared_.units_took);
    if (shared_.asking_units || Now() - shared_.units_read < pause) return;
    shared_.asking_units = true;
  }
  struct End {
    LogShared& shared;
    ~End() {
      const std::scoped_lock lock(shared.mutex);
      shared.asking_units = false;
    }
  } const end{shared_};
  progress_.ReadUnits();
}

std::unique_ptr<Batch> LogSession::ClaimParked(const ClaimRequest& request) {
  if (!parked_) {
    parked_ = connect_parked_();
    // Its first claims find out which server this is.
    ClaimRequest look;
    look.lanes = 0;
    for (int i = 0; i < 2; ++i) parked_->Claim(look);
  }
  const TimePoint began = Now();
  auto batch = parked_->Claim(request);
  if (batch->messages().empty()) parked_again_ = Now() + kRest * (Now() - began);
  const std::scoped_lock lock(shared_.mutex);
  // What is on its way to the table is not there yet.
  lanes_busy_ = parked_->lanes_busy() + (shared_.window.parking() > 0 ? 1 : 0);
  nothing_due_ = parked_->nothing_due() && shared_.window.parking() == 0;
  return batch;
}

std::unique_ptr<Batch> LogSession::ClaimFresh(const ClaimRequest& request) {
  const TimePoint claimed_at = Now();
  {
    std::unique_lock lock(shared_.reading, std::try_to_lock);
    if (!lock && !reader_.Enough(request)) lock.lock();
    if (lock) reader_.Fill(request);
  }
  auto taken = Take(request);
  // Rows that are here do not wait for a commit: then progress moves once they are settled.
  if (taken.messages.empty()) progress_.Move(false);
  const std::scoped_lock lock(shared_.mutex);
  taken.full = !taken.messages.empty() && (taken.full || !shared_.idle);
  lanes_busy_ = shared_.window.lanes_busy() - static_cast<int>(taken.lanes.size());
  nothing_due_ = taken.messages.empty() && shared_.idle && shared_.window.empty();
  return std::make_unique<LogBatch>(shared_, progress_, std::move(taken), claimed_at);
}

LogWindow::Taken LogSession::Take(const ClaimRequest& request) {
  const std::scoped_lock lock(shared_.mutex);
  control_ = shared_.control;
  if (control_.paused) return {};
  std::vector<std::string> held_topics = request.held_topics;
  held_topics.insert(held_topics.end(), control_.paused_topics.begin(), control_.paused_topics.end());
  return shared_.window.Take(request, held_topics);
}

std::unique_ptr<Batch> LogSession::Empty() {
  return std::make_unique<LogBatch>(shared_, progress_, LogWindow::Taken{}, Now());
}

}  // namespace outbox
