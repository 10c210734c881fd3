// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "postgres/schema_admin.h"

// Changes of an installed outbox that lose something, or could. As those of schema_admin.h, each call is a
// connection and a transaction of its own, and throws StoreUnavailable. For the outbox's owner.
namespace outbox {

struct Conversion {
  bool drained = false;   // nothing but sent messages is left; only then it is done
  std::int64_t sent = 0;  // messages that go, up to 10,001
};

// Makes an outbox of options.layout of one of the other layout; ids go on where they were. Services that
// insert meanwhile wait. Relays must be stopped before and configured anew.
Conversion ConvertSchema(const PostgresSettings& server, const SchemaOptions& options, bool execute);

// After a dump and restore: begins the log's progress anew on this cluster. What the other one had not done
// is set aside in outbox_parked, from where relays publish it. Returns how many messages that are.
std::int64_t ResetLog(const PostgresSettings& server, const SchemaOptions& options, bool execute);

}  // namespace outbox
