// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/store.h"

namespace outbox {

std::vector<std::string> Split(std::string_view text, char by);

// What outbox_control holds, from the text that kControl selects.
SharedControl ControlOf(const pqxx::field& field);

// A scalar subquery, with a hole for the schema.
inline constexpr const char* kControl =
    R"((SELECT string_agg(c.name || E'\x1f' || c.value || E'\x1f' || coalesce(c.reason, ''), E'\x1e' ORDER BY c.name)
     FROM {schema}.outbox_control c WHERE c.until IS NULL OR c.until > clock_timestamp()))";

}  // namespace outbox
