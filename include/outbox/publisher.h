// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "outbox/message.h"

namespace outbox {

// The broker client's word on one message.
enum class ReportKind : std::uint8_t {
  kNone,               // not reported yet
  kPersisted,          // in the log
  kOutage,             // not this message's fault; whether it is in the log: Report::maybe_persisted
  kTopicUnknown,       // the topic does not exist
  kTopicUnauthorized,  // we may not write to the topic
  kRefused,            // the broker rejects this message, or one in its company
};

enum class Reason : std::uint8_t {
  kNone,
  kTimeout,
  kTransport,
  kNotEnoughReplicas,
  kAuthentication,
  kTopic,
  kPurged,
  kFatal,
  kShutdown,   // kOutage, kTopic*
  kTooLarge,   // no later try can be better
  kMalformed,  // nor can it here: what the service wrote is no message
  kInvalid,
  kPolicy,  // kRefused
  kOther,
};

struct Report {
  ReportKind kind = ReportKind::kNone;
  Reason reason = Reason::kNone;
  bool maybe_persisted = false;  // kOutage only: a repeat of it may be a duplicate
  int code = 0;                  // the client's own code, for Publisher::Describe
};

// The two ways to the broker. What goes by kAlone is the only message of its request, so a refusal
// there is a judgement of that message.
enum class Road : std::uint8_t { kMain, kAlone };

enum class HandOver : std::uint8_t {
  kAccepted,  // exactly one report will follow, perhaps at once
  kFull,      // the local queue is full: wait for reports and try again
  kEnded,     // this delivery's generation has ended: nothing more goes out by this road
};

enum class GiveUpReason : std::uint8_t { kRefusal, kDeadline, kFatal, kShutdown, kOther };

// One batch on its way. Bound for life to the generation of producers that it began with: once that
// has ended, nothing more can be handed over. On kMain every report but kPersisted ends it, so that no
// later message of a unit overtakes one that did not arrive; except for what Publish itself refused
// (too large, malformed), which never was on its way: there the caller must hold back the unit.
//
// Used by one thread; reports come in from others and are visible as soon as report() shows them.
// Messages handed over must stay alive through the `memory` given to Publisher::Open; the publisher
// holds on to it as long as the client may still read it, also after this object is gone.
class Delivery {
 public:
  // If messages are unreported, gives up as GiveUp does: nobody would learn what became of them.
  virtual ~Delivery() = default;

  // `index` < the `size` given to Open, each used at most once.
  virtual HandOver Publish(const Message& message, std::size_t index, Road road) = 0;

  virtual const Report& report(std::size_t index) const = 0;
  virtual std::size_t unreported() const = 0;  // handed over without a report so far

  // Blocks until nothing is unreported, a report on kAlone or one other than kPersisted came since
  // the last call, the generation ended, or `until` has passed.
  virtual void Wait(TimePoint until) = 0;

  virtual bool ended() const = 0;  // the generation of kMain has ended, by whomever

  // False while some partition of the topic has persisted nothing of this generation. The broker does
  // not know the producer there yet, so that after a refused request it would accept the one that the
  // client had ready behind it. Until then a later message of a unit may be handed over by kMain only
  // when an earlier one of this delivery is reported persisted by kMain.
  virtual bool Established(std::string_view topic) const = 0;

  // Gives up, for everybody, each producer in which this delivery has unreported messages: nothing
  // more is handed over to it, what is queued is purged, and the reports of what was in flight follow
  // within a moment. (A trial by kAlone that fails so costs the main road nothing.) Does not block.
  virtual void GiveUp(GiveUpReason reason) = 0;
};

enum class TopicState : std::uint8_t { kUsable, kUnknown, kUnauthorized, kNoLeader, kUnreachable };

struct PublisherHealth {
  bool ever_connected = false;
  int brokers_up = 0;
  std::optional<TimePoint> all_down_since;  // set while no broker that was ever needed is connected
  std::string trouble;                      // the last one with a connection; empty: none, or it is over
  bool cannot_continue = false;             // old generations do not go away: restart the process
};

// The broker. Thread-safe.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Begins a delivery of at most `size` messages whose bytes are kept alive by `memory`. Null while
  // no generation can be made (the client backs off between two); try again in a moment.
  virtual std::unique_ptr<Delivery> Open(std::size_t size, std::shared_ptr<const void> memory) = 0;

  // Cheap for a topic that was found usable before in this generation; else asks the broker, for at
  // most `timeout`. Must be called before the first message of a topic is handed over, because the
  // client would make that message wait for up to a second.
  virtual TopicState CheckTopic(std::string_view topic, milliseconds timeout) = 0;
  // Always asks.
  virtual TopicState ProbeTopic(std::string_view topic, milliseconds timeout) = 0;
  virtual bool Probe(milliseconds timeout) = 0;  // does any broker answer?

  virtual PublisherHealth Health() const = 0;
  virtual std::string Describe(const Report& report) const = 0;  // for a person, one line
};

}  // namespace outbox
