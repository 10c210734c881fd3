// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "support/temp_dir.h"

namespace outbox::test {

// PEM files.
struct Certificate {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::filesystem::path both;  // key and certificate in one, as Kafka wants them
};

// A certificate authority of the test's own. What it issued goes with it. Used by one thread.
class Authority {
 public:
  struct Wanted {
    std::string name = "localhost";                    // whom it is for
    std::string hosts = "DNS:localhost,IP:127.0.0.1";  // where that answers
    bool expired = false;
  };

  explicit Authority(const std::string& name);

  const std::filesystem::path& certificate() const { return own_.certificate; }
  Certificate Issue(const Wanted& wanted);

 private:
  Certificate Files(const std::string& stem) const;

  TempDir dir_;
  Certificate own_;
  int issued_ = 0;
};

}  // namespace outbox::test
