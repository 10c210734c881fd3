// SPDX-License-Identifier: Apache-2.0
#include "bench/site.h"

#include <cstdlib>

#include "bench/warm_broker.h"

namespace outbox::bench {
namespace {

// The tests' broker is tuned for a short life; here it is to run as it does in production. The
// machine's own options come after those on its command line, and win.
test::KafkaBroker::Options TunedBroker() {
  setenv("_JAVA_OPTIONS", "-Xmx1g -XX:-UseSerialGC -XX:+UseG1GC -XX:TieredStopAtLevel=4", 1);
  return {.properties = {{"num.partitions", "6"}}};
}

}  // namespace

Site::Site()
    : postgres_({.settings = {{"wal_level", "logical"}, {"shared_buffers", "1GB"}, {"max_wal_size", "8GB"}}}),
      kafka_(TunedBroker()),
      admin_(kafka_.bootstrap()) {
  unsetenv("_JAVA_OPTIONS");
  WarmBroker(*this);
}

std::string Site::NewTopic() {
  const std::string name = "bench-" + std::to_string(++topics_);
  admin_.CreateTopic(name, 6);
  return name;
}

void Site::DropTopic(const std::string& topic) { admin_.DeleteTopic(topic); }

Database::Database(Site& site, std::string name) : site_(site), name_(std::move(name)) {
  site_.postgres().CreateDatabase(name_);
}

Database::~Database() {
  try {
    test::Sql sql = site_.Superuser();
    // A slot would keep it, and is active until PostgreSQL notices that its reader is gone.
    const std::string slots = " FROM pg_replication_slots WHERE database = '" + name_ + "'";
    test::WaitFor([&] { return sql.Rows("SELECT" + slots + " AND active").empty(); });
    if (!sql.Rows("SELECT" + slots).empty()) {
      test::Sql(conninfo()).Run("SELECT pg_drop_replication_slot(slot_name)" + slots);
    }
    sql.Run("DROP DATABASE \"" + name_ + "\" WITH (FORCE)");
  } catch (const test::SqlError&) {
    // The next measurement of that name says why.
  }
}

std::string Database::conninfo(const std::string& user) const {
  return site_.postgres().conninfo(name_, user);
}

}  // namespace outbox::bench
