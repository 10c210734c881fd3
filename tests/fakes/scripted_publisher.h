// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "outbox/publisher.h"

namespace outbox::test {

// What was handed over, as a copy.
struct Published {
  std::int64_t id = 0;
  std::string message_id;
  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> payload;
  std::string headers = {};
  Road road = Road::kMain;
  int generation = 0;  // of kMain, counted from 1
};

// A broker and its client in memory that behave as the script says, by default well: each message is
// persisted before Publish returns. As with the real one, a main generation ends with its first
// report that is not kPersisted, and what was unreported in it is purged.
// Thread-safe; outlives its deliveries.
class ScriptedPublisher final : public Publisher {
 public:
  ScriptedPublisher();
  ~ScriptedPublisher() override;

  // The script. Answers to a message are looked for in this order: its id, its topic, kPersisted.
  void AnswerId(std::int64_t id, Report report, int times = 1);
  void AnswerTopic(const std::string& topic, Report report);  // until AnswerTopic(topic, kPersisted)
  void Hold();                                                // from now on nothing is reported
  void Release();                            // reports all, in the order of the hand-over, and goes on so
  void SetQueueLimit(std::size_t messages);  // more unreported ones are kFull
  void SetTopic(const std::string& topic, TopicState state);
  void SetReachable(bool reachable, TimePoint now = {});  // for probes and health only
  void SetOpens(bool opens);                              // false: Open returns null
  void SetCannotContinue();
  void SetEstablished(bool established);  // of every topic
  void EndGeneration();
  // Called with each message at its hand-over, without a lock; may call the script.
  void OnPublish(std::function<void(const Published&)> hook);

  // The story so far.
  std::vector<Published> handed_over() const;  // accepted, in order
  std::vector<Published> log() const;          // persisted, or perhaps persisted, in order
  int generations() const;
  std::vector<GiveUpReason> given_up() const;  // one for each producer
  std::vector<std::string> asked() const;      // topics that CheckTopic or ProbeTopic were called for

  std::unique_ptr<Delivery> Open(std::size_t size, std::shared_ptr<const void> memory) override;
  TopicState CheckTopic(std::string_view topic, milliseconds timeout) override;
  TopicState ProbeTopic(std::string_view topic, milliseconds timeout) override;
  bool Probe(milliseconds timeout) override;
  PublisherHealth Health() const override;
  std::string Describe(const Report& report) const override;

 private:
  class ScriptedDelivery;
  struct Flight;
  struct Waiting {
    std::shared_ptr<Flight> flight;
    std::size_t index;
    Published message;
  };

  HandOver HandOverTo(const std::shared_ptr<Flight>& flight, Published message, std::size_t index,
                      bool oversize);
  bool Ended(const Flight& flight) const;  // these hold mutex_
  Report AnswerTo(const Published& message);
  void ReportOne(const Waiting& waiting, Report report);
  void End(int generation, GiveUpReason reason);
  void EndAlone(GiveUpReason reason);
  bool Waits(const Flight& flight, Road road) const;
  void Purge(Road road);

  mutable std::mutex mutex_;
  std::condition_variable bell_;
  std::map<std::int64_t, std::vector<Report>> by_id_;  // protected by mutex_, like all below
  std::map<std::string, Report> by_topic_;
  std::map<std::string, TopicState, std::less<>> topics_;
  std::function<void(const Published&)> hook_;
  bool held_ = false;
  bool established_ = true;
  bool opens_ = true;
  bool reachable_ = true;
  bool cannot_continue_ = false;
  TimePoint down_since_{};
  std::size_t queue_limit_ = SIZE_MAX;
  int generation_ = 0;
  bool alive_ = false;  // generation_ is
  int alone_generation_ = 1;
  std::vector<Waiting> waiting_;
  std::vector<Published> handed_over_;
  std::vector<Published> log_;
  std::vector<GiveUpReason> given_up_;
  std::vector<std::string> asked_;
};

}  // namespace outbox::test
