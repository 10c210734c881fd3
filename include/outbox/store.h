// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "outbox/message.h"

namespace outbox {

enum class OnFailed { kSkip, kBlock };

// The decision about one message of a batch.
enum class Outcome : std::uint8_t {
  kWait,    // not settled: the row stays as it is, and due
  kSent,    // persisted by the broker
  kRetry,   // refused: an attempt is spent, due again after a delay
  kFailed,  // refused for good: waits for an operator
};

// What an outcome of kRetry or kFailed adds.
struct Refusal {
  std::size_t index = 0;  // into Batch::messages()
  milliseconds delay{0};  // kRetry: from now on the database's clock
  std::string error;      // for a person; becomes last_error
};

struct Settlement {
  std::vector<Outcome> outcomes;  // one for each message of the batch, in its order
  std::vector<Refusal> refusals;  // one for each kRetry and kFailed, by ascending index
};

// The database cannot be used now, or an answer of its did not come: what was not known to be
// committed must be taken as not committed. The session that threw is of no further use.
class StoreUnavailable : public std::runtime_error {
 public:
  enum class Reason { kLost, kReadOnly, kTimeout, kUnknownCommit, kRowCount, kRights, kSchema, kOther };
  StoreUnavailable(Reason reason, const std::string& what) : std::runtime_error(what), reason_(reason) {}
  Reason reason() const { return reason_; }

 private:
  Reason reason_;
};

// A set of due messages, owned by whoever holds this object: nobody else can claim them, and nobody
// else can claim any message of their lanes, until it is settled or destroyed. Within a lane the
// messages stand in the order in which they are to be published, which is that of their ids for each
// unit. A batch is used by one thread, and outlives neither its session nor its store. A store may let
// one session have several batches open; those for PostgreSQL do not.
class Batch {
 public:
  virtual ~Batch() = default;  // gives everything back that was not settled; never throws

  virtual std::span<const Message> messages() const = 0;

  // Keeps every byte that messages() points to alive; outlives the batch where it must.
  virtual std::shared_ptr<const void> memory() const = 0;

  virtual int lanes() const = 0;             // lanes held
  virtual bool full() const = 0;             // there was more than the limits allowed
  virtual TimePoint claimed_at() const = 0;  // deadlines count from here

  // Writes the outcomes and commits. Throws StoreUnavailable; after kUnknownCommit it may have been
  // committed all the same. Called at most once.
  virtual void Settle(const Settlement& settlement) = 0;
};

struct ClaimRequest {
  int messages = 2000;  // about so many; with `exact` never more
  bool exact = false;
  std::int64_t bytes = 8 << 20;          // payload bytes; the first message is always taken
  std::int64_t max_payload = 1'000'000;  // a larger payload is not fetched, see Message::oversize
  int lanes = kLanes;                    // take at most so many lanes; 0: only look, and hear control
  bool retries = true;                   // also retrying messages that are due
  // Messages of these topics are held: they stay where they are, and are found again when the topic
  // is no longer named.
  std::vector<std::string> held_topics;
  // Fresh messages of these are left to claims of their own, which hold no others. Unlike held ones they
  // are due. Not for a log, which is read in order.
  std::vector<std::string> apart_topics;
  std::optional<std::string> only;  // one of those: nothing but fresh messages of it
  // Asks for the oldest message of one topic in one lane, although the topic may be held.
  struct Trial {
    std::string topic;
    int lane = 0;
  };
  std::optional<Trial> trial;
};

// What relays of one outbox share through the database.
struct SharedControl {
  OnFailed on_failed = OnFailed::kSkip;
  bool paused = false;  // by an operator: nothing is claimed
  std::string paused_reason;
  std::vector<std::string> paused_topics;  // by an operator; the store holds them by itself
  friend bool operator==(const SharedControl&, const SharedControl&) = default;
};

// One worker's connection to the store. Used by one thread.
class StoreSession {
 public:
  virtual ~StoreSession() = default;

  // Never null. An empty batch has nothing to settle. Throws StoreUnavailable.
  virtual std::unique_ptr<Batch> Claim(const ClaimRequest& request) = 0;

  virtual const SharedControl& control() const = 0;  // as of the last Claim
  // Lanes with work that another relay or worker held at the last Claim.
  virtual int lanes_busy() const = 0;
  // The last Claim looked at every lane, found nothing that was due, and no batch of any relay held
  // anything either. An empty batch alone does not say so: others may be reading or settling.
  virtual bool nothing_due() const = 0;
};

// Pending messages of one topic, among those that a sample looked at.
struct TopicBacklog {
  std::string topic;
  std::int64_t pending = 0;
  microseconds oldest{0};
};

// A message that was refused, and now waits for its next attempt or for an operator.
struct RefusedMessage {
  std::int64_t id = 0;
  std::string topic;
  std::string key_hash;  // tells keys apart without saying them; empty: no key
  bool failed = false;
  int attempts = 0;
  microseconds age{0};     // since the insert
  microseconds due_in{0};  // of a retrying one; zero: now
  std::string error;
};

// Table-wide figures; every relay of an outbox sees the same ones.
struct TableSample {
  std::int64_t pending = 0;         // exact up to 2,000, beyond that an estimate
  std::int64_t retrying = 0;        // up to 1,000
  std::int64_t failed = 0;          // up to 1,000, of the first 10,000 that are retrying or failed
  std::optional<microseconds> lag;  // age of the oldest due message, zero if none; nullopt: unknown
  microseconds oldest_pending{0};
  std::int64_t blocked_keys = 0;  // up to 1,000
  std::int64_t size_bytes = 0;
  std::int64_t dead_tuples = 0;
  std::optional<seconds> oldest_transaction;  // nullopt: no right to see it
  std::optional<std::int64_t> ids_left;       // that a log's partitions have room for
  std::string schema_version;
  // By number. Only the oldest of each lane are looked at, about 10,000 together.
  std::vector<TopicBacklog> topics;
  bool topics_complete = false;         // these are all that are pending
  std::vector<RefusedMessage> refused;  // the newest 20, of the first 10,000
};

// The store's care for its table, on a connection of its own. Used by one thread.
class StoreKeeper {
 public:
  virtual ~StoreKeeper() = default;
  // What must be there before services need it. After each sample.
  virtual void MakeRoom() {}
  virtual TableSample Sample() = 0;
  // Deletes up to `most` sent messages that were settled longer than `age` ago. `more`: call again
  // soon. Nothing is deleted while another relay purges.
  struct Purged {
    std::int64_t messages = 0;
    bool more = false;
  };
  virtual Purged Purge(seconds age, int most) = 0;
};

enum class WakeUpCall {
  kCame,
  kNone,  // none came in time
  kDeaf,  // there are no wake-ups, or the connection for them is down: the call returned at once
};

// The outbox. Thread-safe; sessions are made here and live no longer than it.
class OutboxStore {
 public:
  virtual ~OutboxStore() = default;
  virtual std::unique_ptr<StoreSession> Connect() = 0;       // throws StoreUnavailable
  virtual std::unique_ptr<StoreKeeper> ConnectKeeper() = 0;  // throws StoreUnavailable
  // Blocks until a producer's wake-up comes or `timeout` has passed.
  virtual WakeUpCall AwaitWakeUp(milliseconds timeout) = 0;
};

}  // namespace outbox
