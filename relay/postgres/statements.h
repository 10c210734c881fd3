// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "outbox/settings.h"

namespace outbox {

// The relay's SQL, made once for a schema and a completion mode. The names in `Statement` are those
// it is prepared under.
struct Statement {
  std::string name;
  std::string sql;
};

struct Statements {
  Statements(const std::string& schema, Completion completion);

  // Parameters: lanes, scan starts, signatures of waiting messages, most lanes.
  const Statement& Take(OnFailed on_failed) const {
    return on_failed == OnFailed::kSkip ? take_skip : take_block;
  }
  // Parameters: lanes, scan starts, most rows a lane, most bytes a lane, max payload, held topics,
  // most bytes. The plain one leaves out lanes where messages wait, and says so; the careful one
  // leaves out the rows behind them.
  const Statement& Read(OnFailed on_failed, bool careful) const {
    if (on_failed == OnFailed::kSkip) return careful ? read_careful_skip : read_skip;
    return careful ? read_careful_block : read_block;
  }
  // As the careful Read, and an eighth parameter: the topic.
  const Statement& Trial(OnFailed on_failed) const {
    return on_failed == OnFailed::kSkip ? trial_skip : trial_block;
  }
  // As the plain Read, and an eighth parameter: the topic.
  const Statement& Only(OnFailed on_failed) const {
    return on_failed == OnFailed::kSkip ? only_skip : only_block;
  }
  // Parameters: lanes.
  const Statement& Waiting(OnFailed on_failed) const {
    return on_failed == OnFailed::kSkip ? waiting_skip : waiting_block;
  }
  // What Read saw of one lane, without locks. Parameters: lane, scan start, last id, held topics.
  const Statement& Seen(OnFailed on_failed, bool careful) const {
    if (!careful) return seen_plain;
    return on_failed == OnFailed::kSkip ? seen_careful_skip : seen_careful_block;
  }
  // Parameters: lanes, most rows, max payload, held topics.
  const Statement& Retries(OnFailed on_failed) const {
    return on_failed == OnFailed::kSkip ? retries_skip : retries_block;
  }

  Statement take_skip, take_block;
  Statement read_skip, read_block, read_careful_skip, read_careful_block, trial_skip, trial_block;
  Statement only_skip, only_block;
  Statement waiting_skip, waiting_block;
  Statement retries_skip, retries_block;
  Statement seen_plain, seen_careful_skip, seen_careful_block;
  Statement sent;    // ids
  Statement retry;   // ids, delays in ms, errors
  Statement failed;  // ids, errors
  Statement sample;  // lanes, floors, held topics
  Statement topics;  // lanes, floors
  Statement refused;
  Statement purge;  // from, most, age in seconds
  std::string set_marker;
  std::string channel;  // of wake-ups
};

std::string QuotedName(const std::string& name);
// Replaces each {name} in a template.
std::string Fill(std::string text, const std::vector<std::pair<std::string, std::string>>& values);
// What Rows reads of a row `o`, without payloads longer than `max`, which is SQL.
std::string MessageColumns(const std::string& max);

}  // namespace outbox
