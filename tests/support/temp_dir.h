// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace outbox::test {

// A new folder below $TMPDIR, removed with all that is in it. Others may enter it: servers run as
// other users.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string ReadFile(const std::filesystem::path& path);  // empty if there is none
void WriteFile(const std::filesystem::path& path, const std::string& text);

}  // namespace outbox::test
