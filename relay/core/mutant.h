// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#ifdef OUTBOX_MUTANTS
#include <cstdlib>
#endif

namespace outbox {

// Deliberate bugs, by which the tests show that they would notice them. They exist only in a build
// with -DOUTBOX_MUTANTS, where the environment names the one to commit; elsewhere this is a constant.
#ifdef OUTBOX_MUTANTS
inline bool Mutant(std::string_view name) {
  static const char* const chosen = std::getenv("OUTBOX_RELAY_MUTANT");
  return chosen != nullptr && name == chosen;
}
#else
constexpr bool Mutant(std::string_view) { return false; }
#endif

}  // namespace outbox
