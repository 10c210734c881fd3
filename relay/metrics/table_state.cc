// SPDX-License-Identifier: Apache-2.0
#include "metrics/table_state.h"

#include "metrics/wall_clock.h"

namespace outbox {
namespace {

constexpr seconds kShelfLife{60};

using Seconds = std::chrono::duration<double>;

// Alike on every relay, so that a sum over relays counts the table several times.
std::string TableWide(const std::string& help) {
  return help + " Table-wide, the same on every relay: aggregate with max without (instance), never sum.";
}

// Nothing is not getting older.
double Grown(Seconds age, Seconds since) { return age.count() > 0 ? (age + since).count() : 0; }

}  // namespace

void TableState::Set(const TableSample& sample, double sent, TimePoint now) {
  const std::lock_guard lock(mutex_);
  sample_ = sample;
  sampled_at_ = now;
  sampled_at_wall_ = WallClockSeconds();
  error_.clear();
  history_.Add(now, sample, sent);
  backlog_.push_back({now, sample.pending});
  while (backlog_.front().at + kShelfLife < now) backlog_.pop_front();
}

void TableState::SetError(std::string_view why) {
  const std::lock_guard lock(mutex_);
  error_ = why;
}

void TableState::Write(FamilyList& list, TimePoint now) const {
  const std::lock_guard lock(mutex_);
  if (!sample_) return;
  list.Gauge("sample_last_success_timestamp_seconds", "When the table-wide values were last read.",
             sampled_at_wall_);
  list.GaugeBy("schema_info", "Always 1; the label says which schema is installed.", "version",
               {{sample_->schema_version, 1}});
  if (now - sampled_at_ > kShelfLife) return;

  const Seconds since = now - sampled_at_;
  list.GaugeBy("outbox_messages",
               TableWide("Messages by status; exact up to 2,000 pending, beyond that an estimate, and up to "
                         "1,000 of the others."),
               "status",
               {{"pending", static_cast<double>(sample_->pending)},
                {"retrying", static_cast<double>(sample_->retrying)},
                {"failed", static_cast<double>(sample_->failed)}});
  if (sample_->lag) {
    list.Gauge("lag_seconds", TableWide("Age of the oldest message that is due; 0: none is."),
               Grown(*sample_->lag, since));
  }
  list.Gauge("oldest_pending_age_seconds",
             TableWide("Age of the oldest pending message, held ones included."),
             Grown(sample_->oldest_pending, since));
  list.Gauge("blocked_keys", TableWide("Keys whose messages wait for an earlier one, up to 1,000."),
             static_cast<double>(sample_->blocked_keys));
  list.Gauge("outbox_size_bytes", TableWide("Size of the outbox with its indexes."),
             static_cast<double>(sample_->size_bytes));
  list.Gauge("outbox_dead_tuples", TableWide("Dead rows that vacuum has not removed yet."),
             static_cast<double>(sample_->dead_tuples));
  if (sample_->ids_left) {
    list.Gauge(
        "partition_ids_left",
        TableWide("Of a log: messages that its partitions have room for; where there is none, inserts fail."),
        static_cast<double>(*sample_->ids_left));
  }
  if (sample_->oldest_transaction) {
    list.Gauge("postgres_oldest_transaction_age_seconds",
               TableWide("Age of the oldest open transaction of the server: what vacuum waits for."),
               Grown(*sample_->oldest_transaction, since));
  }
}

void TableState::Fill(RelaySnapshot& snapshot) const {
  const std::lock_guard lock(mutex_);
  snapshot.sample = sample_;
  snapshot.sampled_at = sampled_at_;
  snapshot.sample_error = error_;
  snapshot.history = history_.Points();
  if (backlog_.size() < 2) return;
  const Seconds span = backlog_.back().at - backlog_.front().at;
  if (span.count() <= 0) return;
  snapshot.backlog_per_second =
      static_cast<double>(backlog_.back().pending - backlog_.front().pending) / span.count();
}

}  // namespace outbox
