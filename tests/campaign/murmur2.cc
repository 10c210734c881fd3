// SPDX-License-Identifier: Apache-2.0
#include "campaign/murmur2.h"

#include <cstdint>

namespace outbox::campaign {
namespace {

constexpr std::uint32_t kMultiplier = 0x5bd1e995;
constexpr std::uint32_t kSeed = 0x9747b28c;

std::uint32_t ByteAt(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

std::uint32_t Murmur2(std::string_view text) {
  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(text.size());
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    std::uint32_t word =
        ByteAt(text, i) | ByteAt(text, i + 1) << 8 | ByteAt(text, i + 2) << 16 | ByteAt(text, i + 3) << 24;
    word *= kMultiplier;
    word ^= word >> 24;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
  }
  if (i < text.size()) {
    for (std::size_t rest = text.size(); rest-- > i;) hash ^= ByteAt(text, rest) << (8 * (rest - i));
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  return hash ^ (hash >> 15);
}

}  // namespace

int JavaPartition(std::string_view key, int partitions) {
  return static_cast<int>(Murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace outbox::campaign
