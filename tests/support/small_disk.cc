// SPDX-License-Identifier: Apache-2.0
#include "support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace outbox::test {
namespace {

const char kFiller[] = "filler";

}  // namespace

bool SmallDisk::Allowed() {
  static const bool allowed =
      unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return allowed;
}

SmallDisk::SmallDisk(std::int64_t bytes) {
  const std::string size = "mode=0755,size=" + std::to_string(bytes);
  if (mount("outbox-test", path().c_str(), "tmpfs", 0, size.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), "mount " + path().string());
}

SmallDisk::~SmallDisk() { umount2(path().c_str(), MNT_DETACH); }

void SmallDisk::Fill() {
  const int file = open((path() / kFiller).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::system_error(errno, std::generic_category(), "filler");
  static const std::array<char, 1 << 20> block{};
  // Ever smaller pieces, until not one page is left.
  for (std::size_t size = block.size(); size >= 4096;) {
    if (write(file, block.data(), size) <= 0) size /= 2;
  }
  const int error = errno;
  close(file);
  if (error != ENOSPC) throw std::system_error(error, std::generic_category(), "filler");
}

void SmallDisk::Free() {
  std::error_code ignored;
  std::filesystem::remove(path() / kFiller, ignored);
}

}  // namespace outbox::test
