// SPDX-License-Identifier: Apache-2.0
#include "postgres/lane_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/mutant.h"
#include "core/slow_point.h"
#include "postgres/field.h"
#include "postgres/text.h"

namespace outbox {
namespace {

constexpr int kRetryShare = 8;  // retries take at most an eighth of a batch
constexpr std::size_t kMostWaiting = 101;

std::string LaneArray(const LaneReader::Lanes& lanes) { return ArrayOf(lanes, &LaneBook::Entry::lane); }

}  // namespace

LaneReader::LaneReader(Connection& connection, const Statements& statements, LaneBook& book, Task task,
                       PostgresBatch::Contents& contents)
    : connection_(connection),
      statements_(statements),
      book_(book),
      task_(std::move(task)),
      contents_(contents) {
  for (const auto* topics : {&task_.held_topics, &task_.request.apart_topics}) {
    for (const std::string& topic : *topics) topic_holds_.push_back(LaneBook::TopicHold(topic));
  }
}

void LaneReader::Read(const Lanes& lanes) {
  if (task_.request.trial) {
    Run(statements_.Trial(task_.on_failed), lanes, nullptr);
  } else if (task_.request.only) {
    ReadOnly(lanes);
  } else {
    Lanes careful;
    ReadPlain(lanes, careful);
    if (!careful.empty()) ReadCareful(std::move(careful));
  }
  DropLockedUnits();
  SortRetriesIn();
  DropSurplus();
  if (Mutant("drop_last") && !contents_.messages.empty()) contents_.messages.pop_back();
}

void LaneReader::ReadPlain(const Lanes& lanes, Lanes& careful) {
  Lanes plain;
  for (LaneBook::Entry entry : lanes) {
    if (book_.has_unit_holds(entry.lane)) {
      careful.push_back(entry);
      continue;
    }
    const std::int64_t start = book_.Begin(entry.lane, topic_holds_);
    if (!entry.sweep) entry.start = start;
    entry.holds = topic_holds_;
    plain.push_back(std::move(entry));
  }
  if (!plain.empty()) Run(statements_.Read(task_.on_failed, false), plain, &careful);
}

void LaneReader::ReadOnly(Lanes lanes) {
  // Now that they are ours; a hold may have ended before.
  for (auto& entry : lanes) entry.start = book_.StartOf(entry.lane, *task_.request.only);
  Lanes careful;
  Run(statements_.Only(task_.on_failed), lanes, &careful);
  if (careful.empty()) return;
  const std::size_t first = contents_.claim.reads.size();
  Run(statements_.Trial(task_.on_failed), careful, nullptr);
  // What is behind a message that waits was passed over, and nothing but the hold remembers it.
  for (std::size_t i = first; i < contents_.claim.reads.size(); ++i)
    contents_.claim.reads[i].may_advance = false;
}

void LaneReader::ReadCareful(Lanes lanes) {
  const Statement& statement = statements_.Waiting(task_.on_failed);
  const auto result = connection_.Query(statement.name, statement.sql, {LaneArray(lanes)});
  for (auto& entry : lanes) {
    std::vector<std::string> holds = topic_holds_;
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
  SlowPoint("waiting_read");
  if (task_.request.retries) ReadRetries(lanes);
  Run(statements_.Read(task_.on_failed, true), lanes, nullptr);
}

void LaneReader::ReadRetries(const Lanes& lanes) {
  const Statement& statement = statements_.Retries(task_.on_failed);
  const int most = std::max(1, task_.request.messages / kRetryShare);
  const auto& result = contents_.rows->Keep(
      connection_.Query(statement.name, statement.sql,
                        {LaneArray(lanes), std::to_string(most), std::to_string(task_.request.max_payload),
                         TextArray(task_.held_topics)}));
  for (const auto& row : result) {
    if (row[3].is_null()) {
      if (!row[2].is_null()) locked_units_.insert(LaneBook::UnitHold(View(row[1]), View(row[2])));
      continue;
    }
    Message message = contents_.rows->Read(row.begin() + 4, row[0].as<int>(), contents_.claim.now);
    message.retrying = true;
    any_retries_ = true;
    message.attempts = row[3].as<int>();
    contents_.messages.push_back(message);
  }
}

void LaneReader::Run(const Statement& statement, const Lanes& lanes, Lanes* waiting) {
  const auto& result =
      contents_.rows->Keep(connection_.Query(statement.name, statement.sql, Parameters(lanes)));
  contents_.messages.reserve(contents_.messages.size() + static_cast<std::size_t>(result.size()));
  for (auto row = result.begin(); row != result.end();) row = TakeLane(row, result.end(), lanes, waiting);
}

std::vector<std::string> LaneReader::Parameters(const Lanes& lanes) const {
  const ClaimRequest& request = task_.request;
  const int many = static_cast<int>(lanes.size());
  const int room = request.messages - static_cast<int>(contents_.messages.size());
  const int most = std::max(1, (room + many - 1) / many);
  const std::string bytes = std::to_string(request.bytes);
  std::vector<std::string> parameters = {LaneArray(lanes),
                                         ArrayOf(lanes, &LaneBook::Entry::start),
                                         std::to_string(most),
                                         bytes,
                                         std::to_string(request.max_payload),
                                         HeldTopics(),
                                         bytes};
  if (request.trial) parameters.push_back(request.trial->topic);
  if (request.only) parameters.push_back(*request.only);
  return parameters;
}

// Of fresh rows.
std::string LaneReader::HeldTopics() const {
  const ClaimRequest& request = task_.request;
  if (request.trial || request.only) return "{}";
  std::vector<std::string> topics = task_.held_topics;
  topics.insert(topics.end(), request.apart_topics.begin(), request.apart_topics.end());
  return TextArray(topics);
}

pqxx::const_result_iterator LaneReader::TakeLane(pqxx::const_result_iterator row,
                                                 const pqxx::const_result_iterator& end, const Lanes& lanes,
                                                 Lanes* waiting) {
  const std::string_view facts = View(row.front());
  Words words(facts);
  const int number = static_cast<int>(Integer(words.Next()));
  const auto expected = static_cast<std::size_t>(Integer(words.Next()));
  const bool cut = words.Next() == "1";
  const bool waits = words.Next() == "1";
  const bool left_out = words.Next() == "1";
  const std::string_view upto = words.Next();  // empty: nothing was seen
  const LaneBook::Entry& lane =
      *std::find_if(lanes.begin(), lanes.end(), [number](const auto& entry) { return entry.lane == number; });
  const std::size_t first = contents_.messages.size();
  for (; row != end; ++row) {
    auto column = row.begin();
    if (View(column) != facts) break;
    if ((++column).is_null()) continue;
    contents_.messages.push_back(contents_.rows->Read(column, number, contents_.claim.now));
    if (Mutant("first_headers")) contents_.messages.back().headers = contents_.messages.front().headers;
  }
  const std::size_t obtained = contents_.messages.size() - first;
  if (waits) {
    if (waiting != nullptr) waiting->push_back(lane);
    return row;
  }
  ScanMemory::LaneRead read{.lane = lane.lane, .start = lane.start, .cut = {}, .unsettled = {}};
  read.may_advance = !left_out;
  read.holds = lane.holds;
  if (cut && obtained > 0) read.cut = contents_.messages.back().id;
  if (cut && obtained == 0) read.may_advance = false;
  if (cut || left_out) contents_.full = true;
  contents_.claim.reads.push_back(read);
  if (!left_out && obtained < expected && !Mutant("skip_unseen")) {
    // Of a lane that was cut only the rows up to there: behind them there may be millions.
    const std::int64_t end_of_read =
        cut ? read.cut.value_or(Integer(upto)) : std::numeric_limits<std::int64_t>::max();
    FindLocked(lane, waiting == nullptr,
               {.first = first, .missing = expected - obtained, .upto = end_of_read});
  }
  return row;
}

// Some row of the lane was seen and not obtained. Its unit stays where it is for this claim.
void LaneReader::FindLocked(const LaneBook::Entry& lane, bool careful, const Gap& gap) {
  auto& read = contents_.claim.reads.back();
  const Statement& seen = statements_.Seen(task_.on_failed, careful);
  const auto result = connection_.Query(
      seen.name, seen.sql,
      {std::to_string(lane.lane), std::to_string(lane.start), std::to_string(gap.upto), HeldTopics()});
  std::size_t found = 0;
  std::size_t next = gap.first;
  for (const auto& row : result) {
    const std::int64_t id = Integer(View(row[0]));
    while (next < contents_.messages.size() && contents_.messages[next].id < id) ++next;
    if (next < contents_.messages.size() && contents_.messages[next].id == id) continue;
    ++found;
    read.unsettled = std::min(read.unsettled.value_or(id), id);
    if (!row[2].is_null()) locked_units_.insert(LaneBook::UnitHold(View(row[1]), View(row[2])));
  }
  // What was missing is no longer to be seen: somebody changes rows without the lane's lock.
  if (found < gap.missing) read.may_advance = false;
}

void LaneReader::DropLockedUnits() {
  if (locked_units_.empty()) return;
  const auto dropped = [&](const Message& message) {
    if (!message.key || !locked_units_.contains(LaneBook::UnitHold(message.topic, *message.key)))
      return false;
    LeaveUnsettled(message);
    return true;
  };
  auto& messages = contents_.messages;
  messages.erase(std::remove_if(messages.begin(), messages.end(), dropped), messages.end());
}

// Only they were read apart from the other rows of their lanes.
void LaneReader::SortRetriesIn() {
  const auto by_id = [](const Message& a, const Message& b) {
    return a.lane != b.lane ? a.lane < b.lane : a.id < b.id;
  };
  auto& messages = contents_.messages;
  if (any_retries_) std::stable_sort(messages.begin(), messages.end(), by_id);
}

// Each lane gives one message at least, which may be too many. The next claim begins with a lane that
// was left out.
void LaneReader::DropSurplus() {
  auto& messages = contents_.messages;
  const auto most = static_cast<std::size_t>(std::max(1, task_.request.messages));
  if (!task_.request.exact || messages.size() <= most) return;
  for (std::size_t i = most; i < messages.size(); ++i) LeaveUnsettled(messages[i]);
  messages.resize(most);
  contents_.full = true;
  book_.StartWith((messages.back().lane + 1) % kLanes);
}

void LaneReader::LeaveUnsettled(const Message& message) {
  for (auto& read : contents_.claim.reads) {
    if (read.lane == message.lane && !message.retrying)
      read.unsettled = std::min(read.unsettled.value_or(message.id), message.id);
  }
}

}  // namespace outbox
