// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/value.h"
#include "outbox/settings.h"

// What each type of a setting is called, how it is read from a value (false: not such a value) and
// how it stands in a file. One set of overloads for each type that occurs in Settings.
namespace outbox {

using TopicNames = std::map<std::string, std::string, std::less<>>;
using TopicLimits = std::map<std::string, PaceLimit, std::less<>>;

std::string Takes(const std::string&);
std::string Takes(const TopicNames&);
std::string Takes(const TopicLimits&);
std::string Takes(bool);
std::string Takes(int);
std::string Takes(std::int64_t);
std::string Takes(milliseconds);
std::string Takes(const std::optional<seconds>&);
std::string Takes(const std::vector<std::string>&);
std::string Takes(const std::vector<DayWindow>&);
std::string Takes(const Secret&);

bool Read(const Value& value, std::string& result);
bool Read(const Value& value, bool& result);
bool Read(const Value& value, int& result);
bool Read(const Value& value, std::int64_t& result);  // a size in bytes
bool Read(const Value& value, milliseconds& result);
bool Read(const Value& value, std::optional<seconds>& result);  // "never" is null
bool Read(const Value& value, std::vector<std::string>& result);
bool Read(const Value& value, std::vector<DayWindow>& result);
bool Read(const Value& value, Secret& result);
// Of one topic.
bool Read(const std::string& topic, const Value& value, TopicNames& result);
bool Read(const std::string& topic, const Value& value, TopicLimits& result);

std::string Show(const std::string& value);
std::string Show(bool value);
std::string Show(int value);
std::string Show(std::int64_t value);
std::string Show(milliseconds value);
std::string Show(const std::optional<seconds>& value);
std::string Show(const std::vector<std::string>& value);
std::string Show(const std::vector<DayWindow>& value);
std::string Show(const Secret& value);
std::string Show(const TopicNames& value);
std::string Show(const TopicLimits& value);

// The words of an enumeration, specialised for each one below.
template <typename E>
inline constexpr int kWords = 0;
template <>
inline constexpr std::pair<PoolerMode, std::string_view> kWords<PoolerMode>[] = {
    {PoolerMode::kAuto, "auto"}, {PoolerMode::kNone, "none"}, {PoolerMode::kTransaction, "transaction"}};
template <>
inline constexpr std::pair<Completion, std::string_view> kWords<Completion>[] = {
    {Completion::kMark, "mark"}, {Completion::kDelete, "delete"}, {Completion::kLog, "log"}};
template <>
inline constexpr std::pair<OnFailed, std::string_view> kWords<OnFailed>[] = {{OnFailed::kSkip, "skip"},
                                                                             {OnFailed::kBlock, "block"}};
template <>
inline constexpr std::pair<MessageTimestamp, std::string_view> kWords<MessageTimestamp>[] = {
    {MessageTimestamp::kCreatedAt, "created_at"}, {MessageTimestamp::kPublish, "publish"}};
template <>
inline constexpr std::pair<WakeUp, std::string_view> kWords<WakeUp>[] = {{WakeUp::kPoll, "poll"},
                                                                         {WakeUp::kNotify, "notify"}};
template <>
inline constexpr std::pair<CadenceMode, std::string_view> kWords<CadenceMode>[] = {
    {CadenceMode::kContinuous, "continuous"},
    {CadenceMode::kInterval, "interval"},
    {CadenceMode::kWindows, "windows"},
    {CadenceMode::kManual, "manual"}};
template <>
inline constexpr std::pair<LogLevel, std::string_view> kWords<LogLevel>[] = {{LogLevel::kTrace, "trace"},
                                                                             {LogLevel::kDebug, "debug"},
                                                                             {LogLevel::kInfo, "info"},
                                                                             {LogLevel::kWarn, "warn"},
                                                                             {LogLevel::kError, "error"}};
template <>
inline constexpr std::pair<LogFormat, std::string_view> kWords<LogFormat>[] = {
    {LogFormat::kAuto, "auto"}, {LogFormat::kText, "text"}, {LogFormat::kJson, "json"}};

template <typename E>
concept Enumeration = std::is_enum_v<E>;

template <Enumeration E>
std::string Takes(E) {
  std::string words;
  for (const auto& [value, word] : kWords<E>)
    words += (words.empty() ? "" : ", ") + Quoted(std::string(word));
  return "one of " + words;
}

template <Enumeration E>
bool Read(const Value& value, E& result) {
  if (value.kind != Value::Kind::kText && value.kind != Value::Kind::kString) return false;
  for (const auto& [candidate, word] : kWords<E>) {
    if (word != value.text) continue;
    result = candidate;
    return true;
  }
  return false;
}

template <Enumeration E>
std::string Show(E value) {
  for (const auto& [candidate, word] : kWords<E>) {
    if (candidate == value) return Quoted(std::string(word));
  }
  return {};
}

}  // namespace outbox
