// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "demo/child_process.h"
#include "demo/scratch_folder.h"

namespace outbox {

// A PostgreSQL server of our own in a folder, as fast as a machine gives: it forgets everything with
// the machine's power (fsync is off). It listens on a Unix socket in the folder and nowhere else, so
// that it needs no password to keep others out. Made and destroyed by the main thread.
class ScratchPostgres {
 public:
  // Creates and starts it. Throws StoreUnavailable if PostgreSQL is not installed or does not start.
  explicit ScratchPostgres(const ScratchFolder& folder);

  std::string conninfo() const;
  const std::string& version() const { return version_; }
  // The commands that bring a kept one back to life, connect to it, and end it.
  std::string Revival() const;

 private:
  void Start(const ScratchFolder& folder);

  const std::filesystem::path binaries_;
  const std::filesystem::path folder_;
  const std::optional<UnixUser> user_;
  std::string version_;
  std::unique_ptr<ChildProcess> server_;
};

// The folder with initdb and postgres: from `path` ("/bin:/usr/bin"), else the newest one in a folder of
// versions, as Debian has it. None: there is none.
std::optional<std::filesystem::path> FindPostgres(const std::string& path,
                                                  const std::filesystem::path& versions);

}  // namespace outbox
