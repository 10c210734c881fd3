// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pqxx/pqxx>

#include "outbox/store.h"

// Parts of a sample, as the statements `topics` and `refused` of either layout answer them.
namespace outbox {

void AddTopics(const pqxx::result& answer, TableSample& sample);
void AddRefused(const pqxx::result& answer, TableSample& sample);

}  // namespace outbox
