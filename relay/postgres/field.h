// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <pqxx/pqxx>
#include <string_view>

#include "postgres/text.h"

namespace outbox {

// What a field of a result says, without a copy: the view lives as long as the result does. Null
// reads as empty, as false, and as 0.
inline std::string_view View(const pqxx::field& field) { return {field.c_str(), field.size()}; }
inline std::int64_t Number(const pqxx::field& field) { return field.is_null() ? 0 : Integer(View(field)); }
inline bool True(const pqxx::field& field) { return !field.is_null() && *field.c_str() == 't'; }

}  // namespace outbox
