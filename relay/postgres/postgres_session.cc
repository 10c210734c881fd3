// SPDX-License-Identifier: Apache-2.0
#include "postgres/postgres_session.h"

#include <algorithm>
#include <limits>

#include "core/mutant.h"
#include "postgres/text.h"

namespace outbox {
namespace {

constexpr int kRetryShare = 8;  // retries take at most an eighth of a batch
constexpr std::size_t kMostWaiting = 101;

std::string_view View(const pqxx::field& field) { return {field.c_str(), field.size()}; }
bool True(const pqxx::field& field) { return !field.is_null() && *field.c_str() == 't'; }

template <typename Get>
auto Collect(const std::vector<LaneBook::Entry>& entries, Get get) {
  std::vector<decltype(get(entries[0]))> values;
  values.reserve(entries.size());
  for (const auto& entry : entries) values.push_back(get(entry));
  return values;
}

std::string LaneArray(const std::vector<LaneBook::Entry>& entries) {
  return ArrayOf(Collect(entries, [](const auto& entry) { return entry.lane; }));
}
std::string StartArray(const std::vector<LaneBook::Entry>& entries) {
  return ArrayOf(Collect(entries, [](const auto& entry) { return entry.start; }));
}

std::vector<std::string> Split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

PostgresSession::PostgresSession(const ConnectOptions& options, StepSupervisor& supervisor,
                                 const Statements& statements, LaneBook& book, Observer& observer)
    : statements_(statements), book_(book), observer_(observer), connection_(options, supervisor) {
  // What happened to the server meanwhile is unknown.
  book_.Forget();
}

PostgresSession::~PostgresSession() = default;

std::unique_ptr<Batch> PostgresSession::Claim(const ClaimRequest& request) {
  lanes_busy_ = 0;
  nothing_due_ = false;
  Work work{.request = request,
            .entries = {},
            .held_topics = request.held_topics,
            .contents = {},
            .any_retries = false,
            .locked_units = {}};
  work.contents.rows = std::make_shared<Rows>();
  work.contents.claimed_at = std::chrono::steady_clock::now();
  try {
    ReadAll(work);
  } catch (...) {
    book_.Release(work.contents.claim.lanes);
    throw;
  }
  return Finish(work);
}

void PostgresSession::ReadAll(Work& work) {
  const auto& trial = work.request.trial;
  work.contents.claim.epoch = book_.epoch();
  work.contents.claim.trial = trial.has_value();
  work.held_topics.insert(work.held_topics.end(), control_.paused_topics.begin(),
                          control_.paused_topics.end());
  const auto wanted =
      trial ? std::vector{book_.TrialLane(*trial)} : book_.Lanes(work.held_topics, work.contents.claimed_at);
  connection_.Begin();
  work.entries = Take(work, wanted);
  if (work.entries.empty() || control_.paused) return;
  if (trial) {
    Read(work, statements_.Trial(control_.on_failed), work.entries, nullptr);
  } else {
    std::vector<LaneBook::Entry> careful;
    ReadPlain(work, careful);
    if (!careful.empty()) ReadCareful(work, std::move(careful));
  }
  DropLockedUnits(work);
  CountSwept(work);
}

std::vector<LaneBook::Entry> PostgresSession::Take(Work& work, const std::vector<LaneBook::Entry>& wanted) {
  ClaimState& claim = work.contents.claim;
  const Statement& take = statements_.Take(control_.on_failed);
  const auto signatures = Collect(wanted, [](const auto& entry) { return entry.waiting; });
  // While an operator's pause lasts this only looks whether it still does.
  const int most = control_.paused ? 0 : work.request.lanes;
  const auto result =
      connection_.Query(take.name, take.sql,
                        {LaneArray(wanted), StartArray(wanted), TextArray(signatures), std::to_string(most)});
  const auto row = result[0];
  ReadControl(row["control"]);
  if (row["marker"].is_null()) {
    SetMarker();
    return {};
  }
  const std::int64_t last_drawn = Integer(View(row["last_drawn"]));
  const bool same = book_.SamePast(row["marker"].c_str());
  const bool went_back = last_drawn < last_drawn_;  // somebody restarted the identity
  if (went_back) book_.Forget();
  last_drawn_ = last_drawn;
  if (!same || went_back) return {};

  const int many = static_cast<int>(Integer(View(row["many"])));
  const int had_work = static_cast<int>(Integer(View(row["wanted"])));
  lanes_busy_ = many < most ? had_work - many : 0;
  // Whether what was taken turns out to be due is told by Finish.
  nothing_due_ = control_.paused || (wanted.size() == kLanes && many == had_work);
  if (many == 0) return {};
  claim.xid = static_cast<Xid>(Integer(View(row["xid"])));
  claim.last_drawn = last_drawn;
  claim.now = microseconds(Integer(View(row["now"])));
  book_.Own(claim.xid);
  claim.bound = book_.Bound(Snapshot::Parse(View(row["snapshot"])));
  for (const std::string& lane : Split(View(row["lanes"]), ',')) claim.lanes.push_back(std::stoi(lane));
  book_.Hold(claim.lanes);

  std::vector<LaneBook::Entry> taken;
  for (const auto& entry : wanted) {
    if (std::find(claim.lanes.begin(), claim.lanes.end(), entry.lane) != claim.lanes.end())
      taken.push_back(entry);
  }
  if (many >= most && had_work > many) work.contents.full = true;
  return taken;
}

// The mark is gone: the server crashed, or this is another one, or the outbox is new.
void PostgresSession::SetMarker() {
  connection_.Rollback();
  book_.SamePast("");
  connection_.Run(statements_.set_marker);
  connection_.Begin();
}

void PostgresSession::ReadControl(const pqxx::field& field) {
  SharedControl control;
  if (!field.is_null()) {
    for (const std::string& entry : Split(View(field), '\x1e')) {
      const auto parts = Split(entry, '\x1f');
      if (parts.size() < 3) continue;
      if (parts[0] == "on_failed")
        control.on_failed = parts[1] == "block" ? OnFailed::kBlock : OnFailed::kSkip;
      if (parts[0] == "paused") {
        control.paused = true;
        control.paused_reason = parts[2];
      }
      if (parts[0].starts_with("paused:")) control.paused_topics.push_back(parts[0].substr(7));
    }
  }
  control_ = std::move(control);
}

void PostgresSession::ReadPlain(Work& work, std::vector<LaneBook::Entry>& careful) {
  std::vector<std::string> holds;
  for (const std::string& topic : work.held_topics) holds.push_back(LaneBook::TopicHold(topic));
  std::vector<LaneBook::Entry> plain;
  for (LaneBook::Entry entry : work.entries) {
    if (book_.has_unit_holds(entry.lane)) {
      careful.push_back(entry);
      continue;
    }
    const std::int64_t start = book_.Begin(entry.lane, holds);
    if (!entry.sweep) entry.start = start;
    entry.holds = holds;
    plain.push_back(std::move(entry));
  }
  if (!plain.empty()) Read(work, statements_.Read(control_.on_failed, false), plain, &careful);
}

void PostgresSession::ReadCareful(Work& work, std::vector<LaneBook::Entry> lanes) {
  const Statement& statement = statements_.Waiting(control_.on_failed);
  const auto result = connection_.Query(statement.name, statement.sql, {LaneArray(lanes)});
  for (auto& entry : lanes) {
    std::vector<std::string> holds;
    for (const std::string& topic : work.held_topics) holds.push_back(LaneBook::TopicHold(topic));
    std::size_t waiting = 0;
    std::int64_t sum = 0;
    for (const auto& row : result) {
      if (row[0].as<int>() != entry.lane) continue;
      ++waiting;
      sum += Integer(View(row[1]));
      if (!row[3].is_null()) holds.push_back(LaneBook::UnitHold(View(row[2]), View(row[3])));
    }
    // More than can be remembered: the name makes the hold list too long for single ones.
    if (waiting >= kMostWaiting) holds.resize(std::max(holds.size(), ScanMemory::kMostHolds + 1));
    book_.SetWaiting(entry.lane, waiting == 0 ? "" : std::to_string(waiting) + ":" + std::to_string(sum));
    const std::int64_t start = book_.Begin(entry.lane, holds);
    if (!entry.sweep) entry.start = start;
    entry.holds = std::move(holds);
  }
  if (work.request.retries) ReadRetries(work, lanes);
  Read(work, statements_.Read(control_.on_failed, true), lanes, nullptr);
}

void PostgresSession::Read(Work& work, const Statement& statement, const std::vector<LaneBook::Entry>& lanes,
                           std::vector<LaneBook::Entry>* waiting) {
  const ClaimRequest& request = work.request;
  PostgresBatch::Contents& contents = work.contents;
  const int most = std::max(1, (request.messages - static_cast<int>(contents.messages.size()) +
                                static_cast<int>(lanes.size()) - 1) /
                                   static_cast<int>(lanes.size()));
  const std::string bytes = std::to_string(request.bytes);
  std::vector<std::string> parameters = {LaneArray(lanes),
                                         StartArray(lanes),
                                         std::to_string(most),
                                         bytes,
                                         std::to_string(request.max_payload),
                                         TextArray(work.held_topics),
                                         bytes};
  if (request.trial) {
    parameters[5] = "{}";
    parameters.push_back(request.trial->topic);
  }
  const auto& result = contents.rows->Keep(connection_.Query(statement.name, statement.sql, parameters));
  contents.messages.reserve(contents.messages.size() + static_cast<std::size_t>(result.size()));

  const auto rows = result.size();
  for (pqxx::result::size_type i = 0; i < rows;) {
    const auto head = result[i];
    const std::string_view lane_text = View(head[0]);
    const int lane = static_cast<int>(Integer(lane_text));
    const auto entry =
        std::find_if(lanes.begin(), lanes.end(), [lane](const auto& e) { return e.lane == lane; });
    const auto expected = static_cast<std::size_t>(Integer(View(head[1])));
    const bool cut = True(head[2]);
    const bool left_out = True(head[4]);
    const std::size_t first = contents.messages.size();
    for (; i < rows; ++i) {
      const auto row = result[i];
      if (View(row[0]) != lane_text) break;
      if (row[5].is_null()) continue;
      contents.messages.push_back(contents.rows->Read(row, {.id = 5}, lane, contents.claim.now));
    }
    const std::size_t obtained = contents.messages.size() - first;
    if (True(head[3])) {
      if (waiting != nullptr) waiting->push_back(*entry);
      continue;
    }
    ScanMemory::LaneRead read{.lane = lane, .start = entry->start, .cut = {}, .unsettled = {}};
    read.may_advance = !left_out;
    read.holds = entry->holds;
    if (cut && obtained > 0) read.cut = contents.messages.back().id;
    if (cut && obtained == 0) read.may_advance = false;
    if (cut || left_out) contents.full = true;
    contents.claim.reads.push_back(read);
    if (!left_out && obtained < expected && !Mutant("skip_unseen")) {
      FindLocked(work, *entry, read.cut.value_or(std::numeric_limits<std::int64_t>::max()), first);
    }
  }
}

// Some row of the lane was seen and not obtained. Its unit stays where it is for this claim.
void PostgresSession::FindLocked(Work& work, const LaneBook::Entry& lane, std::int64_t upto,
                                 std::size_t first) {
  PostgresBatch::Contents& contents = work.contents;
  const auto result =
      connection_.Query(statements_.pending_units.name, statements_.pending_units.sql,
                        {std::to_string(lane.lane), std::to_string(lane.start), std::to_string(upto)});
  auto& read = contents.claim.reads.back();
  std::size_t next = first;
  for (const auto& row : result) {
    const std::int64_t id = Integer(View(row[0]));
    while (next < contents.messages.size() && contents.messages[next].id < id) ++next;
    if (next < contents.messages.size() && contents.messages[next].id == id) continue;
    read.unsettled = std::min(read.unsettled.value_or(id), id);
    if (!row[2].is_null()) work.locked_units.insert(LaneBook::UnitHold(View(row[1]), View(row[2])));
  }
}

void PostgresSession::DropLockedUnits(Work& work) {
  if (work.locked_units.empty()) return;
  auto& contents = work.contents;
  const auto dropped = [&](const Message& message) {
    if (!message.key || !work.locked_units.contains(LaneBook::UnitHold(message.topic, *message.key)))
      return false;
    for (auto& read : contents.claim.reads) {
      if (read.lane == message.lane && !message.retrying) {
        read.unsettled = std::min(read.unsettled.value_or(message.id), message.id);
      }
    }
    return true;
  };
  contents.messages.erase(std::remove_if(contents.messages.begin(), contents.messages.end(), dropped),
                          contents.messages.end());
}

void PostgresSession::ReadRetries(Work& work, const std::vector<LaneBook::Entry>& lanes) {
  const Statement& statement = statements_.Retries(control_.on_failed);
  auto& contents = work.contents;
  const int most = std::max(1, work.request.messages / kRetryShare);
  const auto& result = contents.rows->Keep(
      connection_.Query(statement.name, statement.sql,
                        {LaneArray(lanes), std::to_string(most), std::to_string(work.request.max_payload),
                         TextArray(work.held_topics)}));
  for (const auto& row : result) {
    if (row[4].is_null()) {
      if (!row[3].is_null()) work.locked_units.insert(LaneBook::UnitHold(View(row[2]), View(row[3])));
      continue;
    }
    Message message = contents.rows->Read(row, {.id = 4}, row[0].as<int>(), contents.claim.now);
    message.retrying = true;
    work.any_retries = true;
    message.attempts = row[14].as<int>();
    contents.messages.push_back(message);
  }
}

void PostgresSession::CountSwept(const Work& work) {
  for (const auto& entry : work.entries) {
    if (!entry.sweep) continue;
    const std::int64_t floor = book_.floor(entry.lane);
    std::size_t found = 0;
    for (const Message& message : work.contents.messages) {
      if (message.lane == entry.lane && message.id <= floor && !message.retrying) ++found;
    }
    observer_.OnSweep(found);
  }
}

std::unique_ptr<Batch> PostgresSession::Finish(Work& work) {
  auto& contents = work.contents;
  // Only retries were read apart from the other rows of their lanes.
  const auto by_id = [](const Message& a, const Message& b) {
    return a.lane != b.lane ? a.lane < b.lane : a.id < b.id;
  };
  if (work.any_retries) std::stable_sort(contents.messages.begin(), contents.messages.end(), by_id);
  nothing_due_ = nothing_due_ && contents.messages.empty() && !contents.full;
  if (contents.messages.empty()) {
    // Nothing to settle, so what was read needs no commit to be true.
    connection_.Rollback();
    const ClaimState& claim = contents.claim;
    if (!claim.trial && !claim.reads.empty()) {
      book_.Advance(claim.epoch, claim.xid, claim.last_drawn, claim.reads, claim.bound);
    }
  }
  return std::make_unique<PostgresBatch>(connection_, statements_, book_, std::move(contents));
}

}  // namespace outbox
