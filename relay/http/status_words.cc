// SPDX-License-Identifier: Apache-2.0
#include "http/status_words.h"

namespace outbox {

Markup ClassOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return " class=good";
    case Tone::kWarning:
      return " class=warning";
    case Tone::kBad:
      return " class=bad";
  }
  return "";
}

const char* NoteOn(const RoughCount& count) {
  switch (count.precision) {
    case RoughCount::Precision::kExact:
      return "";
    case RoughCount::Precision::kAbout:
      return "estimate";
    case RoughCount::Precision::kAtLeast:
      return "or more";
  }
  return "";
}

}  // namespace outbox
