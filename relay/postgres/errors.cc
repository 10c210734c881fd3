// SPDX-License-Identifier: Apache-2.0
#include "postgres/errors.h"

#include <pqxx/pqxx>
#include <string>

namespace outbox {
namespace {

using Reason = StoreUnavailable::Reason;

constexpr const char* kNoAnswer = "PostgreSQL did not answer in time";
constexpr const char* kRightsRemedy = " (is the role a member of outbox_relay?)";

// libpq's messages end with a line break and may have several lines.
std::string OneLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return text;
}

Reason OfState(const std::string& state) {
  // A standby says the latter: it has no unlogged tables, so no mark.
  if (state == "25006" || state == "0A000") return Reason::kReadOnly;
  if (state == "42501") return Reason::kRights;
  if (state == "42P01" || state == "42703" || state == "42883" || state == "3F000" || state == "42704")
    return Reason::kSchema;
  if (state == "57014" || state == "55P03" || state == "25P03" || state == "25P04") return Reason::kTimeout;
  if (state.starts_with("08") || state.starts_with("57P")) return Reason::kLost;
  return Reason::kOther;
}

}  // namespace

StoreUnavailable Translate(const std::exception& error, bool missed) {
  if (missed) return {Reason::kTimeout, kNoAnswer};
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) {
    return {Reason::kLost, OneLine(error.what())};
  }
  // libpqxx 6 leaves the state of these two empty, and the second is no sql_error there.
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) {
    return {Reason::kRights, OneLine(error.what()) + kRightsRemedy};
  }
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr)
    return {Reason::kTimeout, OneLine(error.what())};
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) {
    return FromState(sql->sqlstate(), sql->what(), false);
  }
  return {Reason::kOther, OneLine(error.what())};
}

StoreUnavailable FromState(const std::string& state, const std::string& message, bool missed) {
  if (missed) return {Reason::kTimeout, kNoAnswer};
  std::string text = OneLine(message);
  const Reason reason = OfState(state);
  if (reason == Reason::kSchema) {
    text += " (is the schema installed? see `outbox-relay schema check`)";
  } else if (reason == Reason::kRights) {
    text += kRightsRemedy;
  }
  return {reason, text};
}

}  // namespace outbox
