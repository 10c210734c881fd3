// SPDX-License-Identifier: Apache-2.0
#include "postgres/library_version.h"

#include <libpq-fe.h>

namespace outbox {

std::string LibpqVersion() {
  const int version = PQlibVersion();
  return std::to_string(version / 10'000) + "." + std::to_string(version % 10'000);
}

}  // namespace outbox
