// SPDX-License-Identifier: Apache-2.0
#include "config/read_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "config/config_error.h"

namespace outbox {

namespace {

constexpr std::size_t kLargest = 1 << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::string ReadSmallFile(const std::string& path, const std::string& origin) {
  // stdio, because a stream does not say why it failed.
  const auto fail = [&](const std::string& why) {
    throw ConfigError(origin + ": cannot read " + path + ": " + why);
  };
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) fail(std::strerror(errno));
  std::string text(kLargest + 1, '\0');
  errno = 0;
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) fail(std::strerror(errno));
  if (text.size() > kLargest) fail("larger than 1 MiB");
  return text;
}

}  // namespace outbox
