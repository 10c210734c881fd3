// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/kill_point.h"
#include "core/mutant.h"
#include "postgres/control.h"
#include "postgres/field.h"
#include "postgres/lane_reader.h"
#include "postgres/text.h"

namespace outbox {
PostgresSession::PostgresSession(const ConnectOptions& options, StepSupervisor& supervisor,
                                 const Statements& statements, LaneBook& book, Observer& observer)
    : statements_(statements), book_(book), observer_(observer), connection_(options, supervisor) {
  // What happened to the server meanwhile is unknown.
  if (!Mutant("advance_before_commit")) book_.Forget();
}

PostgresSession::~PostgresSession() = default;

std::unique_ptr<Batch> PostgresSession::Claim(const ClaimRequest& request) {
  const bool was_quiet = std::exchange(nothing_due_, false);
  lanes_busy_ = 0;
  Contents contents;
  contents.rows = std::make_shared<Rows>();
  contents.claimed_at = std::chrono::steady_clock::now();
  if (!std::exchange(planned_, true)) PlanStatements();
  try {
    Fill(request, was_quiet, contents);
  } catch (...) {
    book_.Release(contents.claim.lanes);
    throw;
  }
  return Finish(std::move(contents));
}

// A new connection plans each statement at its first use, which takes as long as some claims. On nothing
// at all they cost little more than that, so the first message need not wait for it.
void PostgresSession::PlanStatements() {
  if (!connection_.keeps_settings()) return;
  const std::string none = "{}";
  // The first answer also tells by which statements this outbox is read.
  const OnFailed assumed = control_.on_failed;
  Ask({}, 0);
  if (control_.on_failed != assumed) Ask({}, 0);
  const Statement& read = statements_.Read(control_.on_failed, false);
  connection_.Query(read.name, read.sql, {none, none, "1", "1", "1", none, "1"});
  connection_.Query(statements_.sent.name, statements_.sent.sql, {none});
}

void PostgresSession::Fill(const ClaimRequest& request, bool look_first, Contents& contents) {
  contents.claim.epoch = book_.epoch();
  contents.claim.trial = request.trial.has_value();
  contents.claim.only = request.only;
  std::vector<std::string> held_topics = request.held_topics;
  held_topics.insert(held_topics.end(), control_.paused_topics.begin(), control_.paused_topics.end());
  const Lanes wanted = LanesFor(request, held_topics, contents.claimed_at);
  // While there is nothing to do one statement a claim tells so; a transaction would be three.
  if (request.lanes == 0 || control_.paused) look_first = true;
  if (look_first && connection_.keeps_settings() && (!AnyWork(wanted) || request.lanes == 0)) return;
  connection_.Begin();
  Lanes lanes = Take(request, wanted, contents);
  if (lanes.empty() || control_.paused) return;
  // Now that it is ours: another session may just have seen that this is another server, and forgotten all.
  if (request.trial) lanes = LanesFor(request, held_topics, contents.claimed_at);
  if (request.only && std::ranges::count(control_.paused_topics, *request.only) > 0) return;
  KillPoint("lanes_taken");
  // Whoever has slept hears of a pause only now.
  for (const std::string& topic : control_.paused_topics) {
    if (std::ranges::count(held_topics, topic) == 0) held_topics.push_back(topic);
  }
  LaneReader reader(
      connection_, statements_, book_,
      {.request = request, .held_topics = std::move(held_topics), .on_failed = control_.on_failed}, contents);
  reader.Read(lanes);
  CountSwept(lanes, contents.messages);
}

PostgresSession::Lanes PostgresSession::LanesFor(const ClaimRequest& request,
                                                 const std::vector<std::string>& held_topics, TimePoint now) {
  if (request.trial) return {book_.TrialLane(*request.trial)};
  return request.only ? book_.LanesOf(*request.only) : book_.Lanes(held_topics, now, request.apart_topics);
}

std::optional<pqxx::row> PostgresSession::Ask(const Lanes& wanted, int most) {
  const Statement& take = statements_.Take(control_.on_failed);
  std::vector<std::string> signatures;
  signatures.reserve(wanted.size());
  for (const auto& entry : wanted) signatures.push_back(entry.waiting);
  const std::int64_t known_drawn = book_.last_drawn();
  const auto result =
      connection_.Query(take.name, take.sql,
                        {ArrayOf(wanted, &LaneBook::Entry::lane), ArrayOf(wanted, &LaneBook::Entry::start),
                         TextArray(signatures), std::to_string(most)});
  const auto row = result[0];
  control_ = ControlOf(row["control"]);
  if (row["marker"].is_null()) {
    SetMarker();
    return std::nullopt;
  }
  const bool same = book_.SamePast(row["marker"].c_str());
  const bool went_back = book_.WentBack(known_drawn, Integer(View(row["last_drawn"])));
  if (!same || went_back) return std::nullopt;
  return row;
}

bool PostgresSession::AnyWork(const Lanes& wanted) {
  const auto row = Ask(wanted, 0);
  if (!row) return false;
  const bool work = Integer(View((*row)["wanted"])) > 0 && !control_.paused;
  nothing_due_ = !work && (control_.paused || wanted.size() == kLanes);
  return work;
}

PostgresSession::Lanes PostgresSession::Take(const ClaimRequest& request, const Lanes& wanted,
                                             Contents& contents) {
  ClaimState& claim = contents.claim;
  // While an operator's pause lasts this only looks whether it still does.
  const int most = control_.paused ? 0 : request.lanes;
  const auto answer = Ask(wanted, most);
  if (!answer) return {};
  const pqxx::row& row = *answer;
  const int many = static_cast<int>(Integer(View(row["many"])));
  const int had_work = static_cast<int>(Integer(View(row["wanted"])));
  lanes_busy_ = many < most ? had_work - many : 0;
  // Whether what was taken turns out to be due is told by Finish.
  nothing_due_ = control_.paused || (wanted.size() == kLanes && many == had_work);
  if (many == 0) return {};
  claim.xid = static_cast<Xid>(Integer(View(row["xid"])));
  claim.last_drawn = Integer(View(row["last_drawn"]));
  claim.now = microseconds(Integer(View(row["now"])));
  book_.Own(claim.epoch, claim.xid);
  claim.bound = book_.Bound(Snapshot::Parse(View(row["snapshot"])));
  for (const std::string& lane : Split(View(row["lanes"]), ',')) claim.lanes.push_back(std::stoi(lane));
  book_.Hold(claim.lanes);

  Lanes taken;
  for (const auto& entry : wanted) {
    if (std::find(claim.lanes.begin(), claim.lanes.end(), entry.lane) != claim.lanes.end())
      taken.push_back(entry);
  }
  if (many >= most && had_work > many) contents.full = true;
  return taken;
}

// The mark is gone: the server crashed, or this is another one, or the outbox is new.
void PostgresSession::SetMarker() {
  connection_.Rollback();
  book_.SamePast("");
  connection_.Run(statements_.set_marker);
}

void PostgresSession::CountSwept(const Lanes& lanes, std::span<const Message> messages) {
  for (const auto& entry : lanes) {
    if (!entry.sweep) continue;
    const std::int64_t floor = book_.floor(entry.lane);
    std::size_t found = 0;
    for (const Message& message : messages) {
      if (message.lane == entry.lane && message.id <= floor && !message.retrying) ++found;
    }
    observer_.OnSweep(found);
  }
}

std::unique_ptr<Batch> PostgresSession::Finish(Contents contents) {
  nothing_due_ = nothing_due_ && contents.messages.empty() && !contents.full;
  if (contents.messages.empty()) {
    // Nothing to settle, so what was read needs no commit to be true.
    connection_.Rollback();
    const ClaimState& claim = contents.claim;
    if (!claim.trial && !claim.reads.empty()) {
      book_.Advance(claim.epoch, claim.xid, claim.last_drawn, claim.reads, claim.bound, claim.only);
    }
  }
  return std::make_unique<PostgresBatch>(connection_, statements_, book_, std::move(contents));
}

}  // namespace outbox
