// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "demo/scratch_folder.h"
#include "demo/scratch_postgres.h"
#include "support/catch.h"

namespace outbox {
namespace {

void Install(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "initdb") << "x";
  std::ofstream(folder / "postgres") << "x";
}

}  // namespace

TEST_CASE("PostgreSQL is found on the path first, else the newest one, else not at all") {
  const ScratchFolder folder;
  const std::string path = (folder / "bin").string() + ":" + (folder / "sbin").string();
  CHECK_FALSE(FindPostgres(path, folder / "versions"));
  Install(folder / "versions/9/bin");
  Install(folder / "versions/15/bin");
  std::filesystem::create_directories(folder / "versions/16/bin");  // a client without a server
  CHECK(FindPostgres(path, folder / "versions") == folder / "versions/15/bin");
  Install(folder / "sbin");
  CHECK(FindPostgres(path, folder / "versions") == folder / "sbin");
}

TEST_CASE("a scratch folder is gone with its object, with all that is in it, unless it is kept") {
  std::filesystem::path path;
  {
    const ScratchFolder folder;
    path = folder.path();
    Install(folder / "deep/er");
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {
    ScratchFolder folder;
    path = folder.path();
    folder.Keep();
  }
  CHECK(std::filesystem::remove_all(path) == 1);
}

}  // namespace outbox
