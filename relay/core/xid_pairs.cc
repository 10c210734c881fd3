// SPDX-License-Identifier: Apache-2.0
#include "core/xid_pairs.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

namespace outbox {
namespace {

template <typename Integer>
Integer Number(std::string_view& text, char stop) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || (length < text.size() && *end != stop)) {
    throw std::invalid_argument("not pairs of xid and id: " + std::string(text));
  }
  text.remove_prefix(std::min(text.size(), length + 1));
  return value;
}

}  // namespace

XidPairs XidPairs::Parse(std::string_view text) {
  XidPairs pairs;
  while (!text.empty()) {
    const auto xid = Number<Xid>(text, ':');
    pairs.Add(xid, Number<std::int64_t>(text, ','));
  }
  return pairs;
}

std::string XidPairs::Text() const {
  std::string text;
  for (const Pair& pair : pairs_) {
    if (!text.empty()) text += ',';
    text += std::to_string(pair.xid) + ':' + std::to_string(pair.last_drawn);
  }
  return text;
}

void XidPairs::Add(Xid xid, std::int64_t last_drawn) {
  // Of pairs with the same id the first says most.
  if (!pairs_.empty() && pairs_.back().last_drawn >= last_drawn) return;
  pairs_.push_back({xid, last_drawn});
  if (pairs_.size() <= kMost) return;
  // Every other one goes, so that old moments stay represented; the newest stays.
  std::size_t kept = 0;
  for (std::size_t i = pairs_.size() % 2 == 0 ? 1 : 0; i < pairs_.size(); i += 2) pairs_[kept++] = pairs_[i];
  pairs_.resize(kept);
}

std::int64_t XidPairs::Below(Xid xid) const {
  const auto above = std::lower_bound(pairs_.begin(), pairs_.end(), xid,
                                      [](const Pair& pair, Xid x) { return pair.xid < x; });
  return above == pairs_.begin() ? 0 : std::prev(above)->last_drawn;
}

void XidPairs::Prune(Xid oldest) {
  const auto above = std::lower_bound(pairs_.begin(), pairs_.end(), oldest,
                                      [](const Pair& pair, Xid x) { return pair.xid < x; });
  if (above != pairs_.begin()) pairs_.erase(pairs_.begin(), std::prev(above));
}

}  // namespace outbox
