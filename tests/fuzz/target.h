// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// What each target defines: takes any bytes, and returns 0 if all that must hold of them holds. The fuzzer
// makes the bytes up; the ordinary tests feed what is kept in corpus/.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace outbox::test {

inline std::string_view AsText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Both the fuzzer and Catch2 report an abort, with the input that led to it.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "this must hold, and does not: %s\n", what);
  std::abort();
}

}  // namespace outbox::test
