// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pqxx/pqxx>
#include <string_view>

namespace outbox {

// What a field of a result says, without a copy: the view lives as long as the result does. Null
// reads as empty, and as false.
inline std::string_view View(const pqxx::field& field) { return {field.c_str(), field.size()}; }
inline bool True(const pqxx::field& field) { return !field.is_null() && *field.c_str() == 't'; }

}  // namespace outbox
