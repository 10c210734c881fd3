// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outbox {

// What tells one life of a server from another, as a subquery with a hole for the schema. Null where the
// server has crashed, or was promoted: then somebody sets it anew.
inline constexpr const char* kMarker = "(SELECT token FROM {schema}.outbox_marker LIMIT 1)";
inline constexpr const char* kSetMarker =
    "/* outbox-relay: mark */ INSERT INTO {schema}.outbox_marker DEFAULT VALUES ON CONFLICT DO NOTHING";

}  // namespace outbox
