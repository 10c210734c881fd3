// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/postgres_server.h"
#include "support/sql.h"

namespace outbox::bench {

// The servers of one workload, set up for a benchmark and not for a quick test, and warm. All variants
// use the same ones. Used by one thread.
class Site {
 public:
  Site();

  test::PostgresServer& postgres() { return postgres_; }
  test::KafkaBroker& kafka() { return kafka_; }
  test::Sql Superuser(const std::string& database = "postgres") const {
    return test::Sql(postgres_.conninfo(database));
  }

  std::string NewTopic();  // six partitions, a name that was never used
  void DropTopic(const std::string& topic);

 private:
  test::PostgresServer postgres_;
  test::KafkaBroker kafka_;
  test::KafkaAdmin admin_;
  int topics_ = 0;
};

// A database of its own for each measurement: no table is bloated by the one before. Outlives whatever
// is connected to it; what still is when it goes is cut off.
class Database {
 public:
  Database(Site& site, std::string name);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::string conninfo(const std::string& user = "postgres") const;

 private:
  Site& site_;
  std::string name_;
};

}  // namespace outbox::bench
