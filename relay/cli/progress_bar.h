// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>

namespace outbox {

// One line on a terminal that tells how far long work is; nothing where nobody watches.
class ProgressBar {
 public:
  ProgressBar(std::ostream& out, bool watched) : out_(out), watched_(watched) {}
  ~ProgressBar() { End(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Show(double done, const std::string& text);  // 0 to 1
  void End();                                       // leaves the line to others

 private:
  std::ostream& out_;
  const bool watched_;
  bool shown_ = false;
};

// Whether a person watches stderr.
bool ErrorsAreWatched();

}  // namespace outbox
