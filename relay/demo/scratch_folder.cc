// SPDX-License-Identifier: Apache-2.0
#include "demo/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace outbox {
namespace {

// A Unix socket goes in here, and its whole path may have 107 bytes.
constexpr std::size_t kLongestParent = 60;

std::filesystem::path Parent() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return error || folder.native().size() > kLongestParent ? "/tmp" : folder;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string name = Parent() / "outbox-relay-demo-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  if (kept_) return;
  std::error_code ignored;  // nobody is left to do anything about it
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace outbox
