// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "e2e/faults_scene.h"

namespace outbox::test {

// Two transactions of one key, again and again: the first draws its id and stays open while others
// commit; the second, serialised behind it by the row that both change, inserts within a
// millisecond after its commit. Their keys share the lanes of the keys k0 to k<neighbours - 1>, whose
// load is what lures a scan past the first one. Several pairs are at work at once.
Expected MakePairs(const Stage& stage, int pairs, int neighbours);

}  // namespace outbox::test
