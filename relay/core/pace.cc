// SPDX-License-Identifier: Apache-2.0
#include "core/pace.h"

#include <algorithm>

namespace outbox {
namespace {

constexpr double kFirstShare = 0.1;  // of a limit, after an outage
constexpr std::size_t kSamples = 32;

double Seconds(TimePoint::duration time) { return std::chrono::duration<double>(time).count(); }

// The topic that has at least half of a batch, as far as a few looks can tell. So the price does not
// grow with the batch.
std::string_view CrowdIn(std::span<const Message> messages) {
  const std::size_t step = std::max<std::size_t>(1, messages.size() / kSamples);
  std::map<std::string_view, std::size_t> seen;
  std::size_t looks = 0;
  for (std::size_t i = 0; i < messages.size(); i += step, ++looks) ++seen[messages[i].topic];
  const auto most = std::max_element(seen.begin(), seen.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most != seen.end() && 2 * most->second >= looks ? most->first : std::string_view();
}

std::int64_t BytesOf(std::span<const Message> messages) {
  std::int64_t bytes = 0;
  for (const Message& message : messages) bytes += static_cast<std::int64_t>(message.bytes());
  return bytes;
}

}  // namespace

std::int64_t Credit::left(std::int64_t most) const {
  return limited() ? std::min(most, static_cast<std::int64_t>(std::max(left_, 0.0))) : most;
}

void Credit::Fill(TimePoint now, double share) {
  if (!limited()) return;
  if (filled_) left_ += rate_ * share * Seconds(now - *filled_);
  left_ = std::min(left_, std::max(1.0, rate_ * share));
  filled_ = now;
}

void Credit::Forfeit() { left_ = std::min(left_, 1.0); }

void Pace::Set(PaceSettings settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(settings);
  on_ = settings_.limited() || !settings_.by_topic.empty();
  messages_ = Credit(settings_.messages_per_second);
  bytes_ = Credit(settings_.bytes_per_second);
  std::erase_if(apart_, [this](const auto& item) {
    return item.second.crowding ? !settings_.limited() : !settings_.by_topic.contains(item.first);
  });
  for (const auto& [topic, limit] : settings_.by_topic) {
    Party& party = apart_[topic];
    party.messages = Credit(limit.messages);
    party.bytes = Credit(limit.bytes);
    party.crowding = false;
  }
}

std::optional<Pace::Grant> Pace::Take(TimePoint now, const std::vector<std::string>& held_topics) {
  if (!on()) return Grant{};
  const std::scoped_lock lock(mutex_);
  Fill(now);
  Rejoin(now);
  if (now < not_before_ || !messages_.any() || !bytes_.any()) return std::nullopt;
  Grant grant;
  Party* const party = Next(now, held_topics, grant.topic);
  if (party == nullptr) return std::nullopt;
  party->turn = ++turn_;
  party->out = true;
  grant.limited = messages_.limited() || bytes_.limited() || party != &others_;
  grant.messages = messages_.left(party->messages.left(kUnlimited));
  grant.bytes = bytes_.left(party->bytes.left(kUnlimited));
  // Put aside, for several may claim at once.
  grant.messages_aside = messages_.limited() ? grant.messages : 0;
  grant.bytes_aside = bytes_.limited() ? grant.bytes : 0;
  messages_.Spend(grant.messages_aside);
  bytes_.Spend(grant.bytes_aside);
  return grant;
}

void Pace::Fill(TimePoint now) {
  double share = 1;
  if (recovered_) {
    const double passed = Seconds(now - *recovered_) / std::max(0.001, Seconds(settings_.ramp));
    share = std::clamp(passed, kFirstShare, 1.0);
    if (passed >= 1) recovered_.reset();
  }
  messages_.Fill(now, share);
  bytes_.Fill(now, share);
  for (auto& [topic, party] : apart_) {
    party.messages.Fill(now, share);
    party.bytes.Fill(now, share);
  }
}

// Whoever has waited longest for a turn.
Pace::Party* Pace::Next(TimePoint now, const std::vector<std::string>& held_topics, std::string& topic) {
  Party* next = now >= others_.not_before ? &others_ : nullptr;
  for (auto& [name, party] : apart_) {
    if (std::find(held_topics.begin(), held_topics.end(), name) != held_topics.end()) {
      party.nothing_due = true;
      continue;
    }
    if (party.out || now < party.not_before || !party.messages.any() || !party.bytes.any()) continue;
    if (next != nullptr && next->turn <= party.turn) continue;
    next = &party;
    topic = name;
  }
  if (next == &others_) topic.clear();
  return next;
}

void Pace::Spent(const Grant& grant, const Claimed& claimed, TimePoint now) {
  if (!on()) return;
  const auto messages = static_cast<std::int64_t>(claimed.messages.size());
  const std::scoped_lock lock(mutex_);
  const std::int64_t bytes = BytesOf(claimed.messages);
  messages_.Spend(messages - grant.messages_aside);
  bytes_.Spend(bytes - grant.bytes_aside);
  const bool used_up = claimed.full && grant.limited;
  if (used_up && !(messages_.any() && bytes_.any())) not_before_ = now + kRest;
  const auto place = apart_.find(grant.topic);
  Party& party = place == apart_.end() ? others_ : place->second;
  party.out = false;
  party.nothing_due = claimed.nothing_due;
  if (&party == &others_) {
    if (claimed.full && settings_.limited() && separable_) SetApart(CrowdIn(claimed.messages));
    return;
  }
  party.messages.Spend(messages);
  party.bytes.Spend(bytes);
  if (claimed.messages.empty()) {
    party.not_before = now + kLook;
  } else if (used_up && !(party.messages.any() && party.bytes.any())) {
    party.not_before = now + kRest;
  }
  if (claimed.full || !party.last_full) party.last_full = now;
}

void Pace::SetApart(std::string_view crowd) {
  const auto crowding =
      std::count_if(apart_.begin(), apart_.end(), [](const auto& item) { return item.second.crowding; });
  if (crowd.empty() || static_cast<std::size_t>(crowding) >= kMostCrowding) return;
  apart_.try_emplace(std::string(crowd)).first->second.crowding = true;
}

void Pace::Rejoin(TimePoint now) {
  std::erase_if(apart_, [now](const auto& item) {
    const Party& party = item.second;
    return party.crowding && !party.out && party.last_full && now - *party.last_full > kRejoin;
  });
}

std::vector<std::string> Pace::apart() const {
  if (!on()) return {};
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> topics;
  for (const auto& item : apart_) topics.push_back(item.first);
  return topics;
}

bool Pace::nothing_due() const {
  const std::scoped_lock lock(mutex_);
  return others_.nothing_due &&
         std::all_of(apart_.begin(), apart_.end(), [](const auto& item) { return item.second.nothing_due; });
}

void Pace::OnRecovered(TimePoint now) {
  if (!on()) return;
  const std::scoped_lock lock(mutex_);
  recovered_ = now;
  messages_.Forfeit();
  bytes_.Forfeit();
  for (auto& item : apart_) {
    item.second.messages.Forfeit();
    item.second.bytes.Forfeit();
  }
}

}  // namespace outbox
