// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "demo/view.h"

namespace outbox {

// Standard output as a person sees it: redrawn in place on a terminal, one line after the other
// anywhere else. Nothing else may write there between Begin and End. Used by one thread.
class Screen {
 public:
  Screen();
  ~Screen() { End(); }

  bool live() const { return live_; }  // a terminal that can move its cursor
  bool unicode() const { return unicode_; }
  bool gone() const { return gone_; }  // nobody reads any more

  void Draw(const std::vector<Line>& lines);   // over what was drawn last; cut to the terminal's size
  void Print(const std::vector<Line>& lines);  // below, to stay
  void Print(const std::string& text) { Print({{{text}}}); }
  void End();  // what was drawn last stays; the cursor is back

 private:
  void TakeOver();  // no cursor, and keys that are pressed do not show
  std::string Inked(const Line& line, std::size_t width) const;
  void Write(const std::string& text);

  const bool live_;
  const bool colour_;
  const bool unicode_;
  std::size_t drawn_ = 0;  // lines above the cursor that are ours
  bool taken_over_ = false;
  bool gone_ = false;
};

}  // namespace outbox
