// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "e2e/faults_scene.h"

namespace outbox::test {

// Two transactions of one key, again and again: the first draws its id and stays open while others
// commit; the second, serialised behind it by the row that both change, inserts within a
// millisecond after its commit. What lures a scan past the first one are its neighbours in the lane:
// those of a load of the keys k0 to k<neighbours - 1>, and one that was open before it and commits
// after it has drawn its id. When that is the last transaction that ended, the first one's xid is at
// or above the xmax of the next snapshot; but others that are open at the same time hide that.
struct Pairs {
  int count;
  int at_once = 6;
  int neighbours = 4;
};
Expected MakePairs(const Stage& stage, const Pairs& pairs);

}  // namespace outbox::test
