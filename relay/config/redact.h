// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outbox {

inline constexpr std::string_view kRedacted = "***";

// True if what stands under this name is nobody's business: it contains password, secret, key or token.
bool IsSecretName(std::string_view name);

// A libpq connection string, of either form, without its passwords. Of a string that libpq would not
// understand it rather hides too much.
std::string RedactConninfo(const std::string& conninfo);

}  // namespace outbox
