// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "support/temp_dir.h"

namespace outbox::test {

// A file system of the test's own, in memory, that can be full. It lies in a mount namespace of this process
// and its children, and is gone with them, however they end. Used by one thread.
class SmallDisk {
 public:
  // Whether mounting is allowed. If so, this process has its own mount namespace from now on: to be called
  // before there are threads.
  static bool Allowed();

  explicit SmallDisk(std::int64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return dir_.path(); }
  void Fill();  // to the last byte
  void Free();  // what Fill took

 private:
  TempDir dir_;
};

}  // namespace outbox::test
