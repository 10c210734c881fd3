// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "outbox/settings.h"

namespace outbox {

enum class LogStyle {
  kTerminal,  // text with time, the level in colour
  kJournal,   // "<4>text": the journal knows the time, and takes the priority from the prefix
  kText,      // text with time
  kJson,      // one object a line
};

// The style for what stderr is connected to. `journal_stream` is $JOURNAL_STREAM, "device:inode", or
// null; a process below a service inherits the variable, so only an equal file descriptor counts.
LogStyle ChooseLogStyle(LogFormat format, int fd, const char* journal_stream);

// Newlines, tabs and other control characters as \n, \t, \x1b: a message is one line, and a topic's
// name cannot speak to somebody's terminal.
std::string EscapeControls(std::string_view text);

}  // namespace outbox
