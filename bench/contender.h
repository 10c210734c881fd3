// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/wait.h"

namespace outbox::bench {

class Site;

// Messages that wait. Those of a key are numbered from 1.
struct Backlog {
  std::int64_t rows = 0;
  std::int64_t keys = 10'000;
  int bytes = 200;
};

// One way from a table in PostgreSQL to Kafka, with its database, measured between real servers. It is
// made held back. Used by one thread, and outlived by its site.
class Contender {
 public:
  explicit Contender(Site& site) : site_(site) {}
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  virtual std::string table() const = 0;
  virtual std::string columns() const = 0;  // those of topic, key and payload, in this order
  virtual std::string superuser_conninfo() const = 0;
  virtual std::string service_conninfo() const = 0;  // of whoever inserts

  virtual void Launch() = 0;    // starts the process; returns at once
  virtual void Shutdown() = 0;  // ends it in good order
  virtual void Release() = 0;   // from this moment on it delivers
  virtual void HoldBack() = 0;  // delivers no more until released; keeps warm what can be kept warm
  virtual void AwaitReady() = 0;
  // Leaves the table as its users need it, once `rows` messages since Release are in Kafka.
  virtual void Settle(std::int64_t rows, test::milliseconds timeout) = 0;
  virtual std::int64_t unsettled() const = 0;   // rows not settled yet, for the gate
  virtual std::vector<pid_t> pids() const = 0;  // of its processes

  std::string InsertInto() const { return "INSERT INTO " + table() + " (" + columns() + ") "; }
  // Inserts in one transaction and lets the table settle down, as one that grew slowly would have.
  void Fill(const std::string& topic, const Backlog& backlog) const;
  // Delivers messages that nobody measures, and empties the table.
  void Warm();

 protected:
  Site& site_;
};

}  // namespace outbox::bench
