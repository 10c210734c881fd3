// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox {

// Part of the public surface; see docs/operations.md.
inline constexpr int kExitDone = 0;
inline constexpr int kExitNo = 1;  // the answer is no: a check failed, nothing matched
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnreachable = 69;  // PostgreSQL or Kafka; never from `run`
inline constexpr int kExitBug = 70;
inline constexpr int kExitTryAgain = 75;
inline constexpr int kExitNotPermitted = 77;  // the database role may not
inline constexpr int kExitConfig = 78;        // configuration, or the schema of a newer major

}  // namespace outbox
