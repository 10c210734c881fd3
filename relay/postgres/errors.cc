// SPDX-License-Identifier: Apache-2.0
#include "postgres/errors.h"

#include <pqxx/pqxx>
#include <string>
#include <string_view>

namespace outbox {
namespace {

using Reason = StoreUnavailable::Reason;

constexpr const char* kNoAnswer = "PostgreSQL did not answer in time";
constexpr const char* kRightsRemedy = " (is the role a member of outbox_relay?)";

struct ConnectRemedy {
  std::string_view sign;  // in libpq's words, or the server's
  const char* text;
};

// Files and secrets are read again at each try, so what they mend needs no restart.
constexpr ConnectRemedy kConnectRemedies[] = {
    {"certificate verify failed",
     "has the server's certificate expired, or does sslrootcert lack its authority? No restart is needed"},
    {"does not match host name",
     "with sslmode=verify-full, host in postgres.conninfo must be a name that the certificate holds"},
    {"password authentication failed",
     "see postgres.password and the role at the server; a secret's file is read again without a restart"},
    {"no password supplied", "set postgres.password, and restart"},
    {"requires a valid client certificate",
     "set sslcert and sslkey in postgres.conninfo and restart, or see that the server's ssl_ca_file holds "
     "their authority"},
    {"certificate authentication failed", "the certificate's CN must be the role, or pg_ident.conf map it"},
    {"alert unknown ca", "the server's ssl_ca_file does not hold the authority of sslcert"},
    {"pg_hba.conf", "see the server's pg_hba.conf, and sslmode in postgres.conninfo"},
    {"does not support SSL", "set ssl = on at the server, or client_tls_sslmode at a pooler"},
    // In PgBouncer's words:
    {"SASL authentication failed",
     "see postgres.password and the role at the pooler; a secret's file is read again without a restart"},
    {"SSL required", "the pooler wants TLS: see sslmode in postgres.conninfo"},
};

std::string WithRemedy(std::string text) {
  for (const auto& [sign, remedy] : kConnectRemedies) {
    if (text.find(sign) != std::string::npos) return text + " (" + remedy + ")";
  }
  return text;
}

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
    return {Reason::kLost, WithRemedy(OneLine(error.what()))};
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
    text += " (is the schema installed, in the layout of outbox.completion? see `outbox-relay schema check`)";
  } else if (reason == Reason::kRights) {
    text += kRightsRemedy;
  }
  return {reason, text};
}

}  // namespace outbox
