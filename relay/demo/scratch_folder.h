// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace outbox {

// A new folder that only we may enter, removed at the end with all that is in it unless it is kept.
class ScratchFolder {
 public:
  ScratchFolder();  // below $TMPDIR; throws std::system_error
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  void Keep() { kept_ = true; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace outbox
