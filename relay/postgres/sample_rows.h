// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pqxx/pqxx>

#include "outbox/store.h"

// Parts of a sample, as the statements of either layout answer them.
namespace outbox {

// Clocks are set back, and services choose when a message was made: never below 0.
microseconds AgeOf(const pqxx::field& field);

// What the statement `sample` of both layouts answers; lag and partitions are each one's own.
TableSample FiguresOf(const pqxx::row& row);

// As `topics` and `refused` answer.
void AddTopics(const pqxx::result& answer, TableSample& sample);
void AddRefused(const pqxx::result& answer, TableSample& sample);

}  // namespace outbox
