// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/snapshot.h"

namespace outbox {

// Which ids a transaction can own, from its xid alone. A *pair* (p, L) says: L was the last drawn id
// before a transaction of ours got its xid p. Rows get their xid before their id, so every transaction
// with an xid above p owns only ids above L. That stays true for ever on its server; dropping a pair is
// always sound. At most 256 are kept.
class XidPairs {
 public:
  static constexpr std::size_t kMost = 256;

  // Reads "p:L,p:L,...". Throws std::invalid_argument.
  static XidPairs Parse(std::string_view text);
  std::string Text() const;

  // Both must not be lower than those of the last pair.
  void Add(Xid xid, std::int64_t last_drawn);
  // A transaction with this xid owns only ids above the result; 0: nothing is known.
  std::int64_t Below(Xid xid) const;
  // Forgets what no transaction at or above `oldest` needs.
  void Prune(Xid oldest);

 private:
  struct Pair {
    Xid xid;
    std::int64_t last_drawn;
  };
  std::vector<Pair> pairs_;  // ascending in both
};

}  // namespace outbox
