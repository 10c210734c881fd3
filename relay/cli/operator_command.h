// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "postgres/operator_session.h"

// What the commands for operators share: how they find the database, and how they say what went wrong.
namespace outbox {

struct OperatorFlags {
  std::string conninfo;
  std::string schema;  // empty: the configured one
};

// Wrong usage that only shows after parsing. Exit code 64.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// There is nothing of the kind that was asked for. Exit code 1.
class NoAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void AddOperatorFlags(CLI::App& command, OperatorFlags& flags);

// Gives `work` a session, and turns what it throws into a message with a remedy, on stderr (a JSON
// object unless -o table), and an exit code.
int RunOperator(const CommandLine& line, const OperatorFlags& flags,
                const std::function<int(OperatorSession&)>& work);

// The schema and server that the flags, the configuration or libpq's environment name.
struct OperatorTarget {
  PostgresSettings server;
  OutboxSettings outbox;
  CadenceSettings cadence;  // continuous where nothing is configured here
};
OperatorTarget FindTarget(const CommandLine& line, const OperatorFlags& flags);

Caller ThisCaller(OperatorSession& session);

// Checks for CLI11: what is wrong, or nothing.
std::string TopicProblem(const std::string& topic);
std::string ReasonProblem(const std::string& reason);
std::string SpanProblem(const std::string& duration);
std::string TaskProblem(const std::string& task);

bool IsUuid(const std::string& text);

}  // namespace outbox
