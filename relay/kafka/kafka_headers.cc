// SPDX-License-Identifier: Apache-2.0
#include "kafka/kafka_headers.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace outbox {
namespace {

constexpr std::string_view kId = "id";
constexpr std::string_view kType = "type";

void Add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  // Fails only for the header lists of received messages.
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

// Reads a JSON object into the headers: strings as they are, other values as compact JSON. Numbers keep
// their digits, for which a tree of values has only 64 bits.
class Members : public nlohmann::json_sax<nlohmann::json> {
 public:
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

  bool null() override { return Value("null"); }
  bool boolean(bool value) override { return Value(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Value(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Value(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& digits) override { return Value(digits); }
  bool string(string_t& value) override { return Value(depth_ == 1 ? value : Quoted(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return depth_ == 0 ? ++depth_ > 0 : Open('{'); }
  bool start_array(std::size_t) override { return depth_ > 0 && Open('['); }
  bool end_object() override { return depth_ == 1 ? --depth_ == 0 : Close('}'); }
  bool end_array() override { return Close(']'); }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      name_ = name;
      value_.clear();
    } else {
      Separate();
      value_ += Quoted(name) + ':';
    }
    first_ = true;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

  void Separate() {
    if (!first_) value_ += ',';
    first_ = false;
  }
  bool Value(const std::string& text) {
    if (depth_ == 0) return false;
    Separate();
    value_ += text;
    return depth_ > 1 || Keep();
  }
  bool Open(char bracket) {
    Separate();
    value_ += bracket;
    first_ = true;
    ++depth_;
    return true;
  }
  bool Close(char bracket) {
    value_ += bracket;
    first_ = false;
    return --depth_ > 1 || Keep();
  }
  // Of a name that stands twice, the last value counts.
  bool Keep() {
    if (const auto same = Find(); same < all_.size()) {
      all_[same].second = value_;
    } else {
      if (all_.size() >= kFew) places_.try_emplace(name_, all_.size());
      all_.emplace_back(name_, value_);
    }
    return true;
  }
  // A search through all would let a row with very many members hold its worker for minutes.
  std::size_t Find() const {
    const std::size_t first = std::min(all_.size(), kFew);
    for (std::size_t i = 0; i < first; ++i) {
      if (all_[i].first == name_) return i;
    }
    if (all_.size() <= kFew) return all_.size();
    const auto place = places_.find(name_);
    return place == places_.end() ? all_.size() : place->second;
  }

  static constexpr std::size_t kFew = 16;
  std::vector<std::pair<std::string, std::string>> all_;  // in the order of the row
  std::unordered_map<std::string, std::size_t> places_;   // of the names in all_ behind the first few
  std::string name_;
  std::string value_;
  bool first_ = true;  // nothing precedes in this object or array
  int depth_ = 0;
};

bool AddOwn(rd_kafka_headers_t* headers, const Message& message) {
  Members members;
  if (!nlohmann::json::sax_parse(message.headers, &members)) return false;
  for (const auto& [name, value] : members.all()) {
    if (name == kId || (name == kType && !message.type.empty())) continue;
    Add(headers, name, value);
  }
  return true;
}

}  // namespace

HeadersHandle MakeHeaders(const Message& message) {
  HeadersHandle headers(rd_kafka_headers_new(2));
  Add(headers.get(), kId, message.message_id);
  if (!message.type.empty()) Add(headers.get(), kType, message.type);
  if (!message.headers.empty() && !AddOwn(headers.get(), message)) return nullptr;
  return headers;
}

}  // namespace outbox
