// SPDX-License-Identifier: Apache-2.0
// The claim protocol of docs/design.md, small enough to try every order of events. README.md says what is
// left out, and how to run it. Each atomic block is one statement, or a part of one where its parts matter.
// A -D that begins with WRONG_ makes one deliberate mistake, which must be found.
#include "state.pml"
#include "writers.pml"
#include "memory.pml"

inline Settle() {
  for (i : 1 .. IDS) {
    if
    :: batch & claim[me].persisted & Bit(i) -> status[i] = DONE
    :: batch & claim[me].refused & Bit(i) -> status[i] = (gave_up -> FAILED : LATER)
    :: else
    fi
  }
}

inline Left() {
  left = 0;
  for (i : 1 .. IDS) {
    if
    :: batch & Bit(i) && !((claim[me].persisted | claim[me].refused) & Bit(i)) && status[i] == PENDING ->
      left = left | Bit(i)
    :: else
    fi
  }
}

inline CloseClaim() {
  for (k : 0 .. LANES - 1) { cut[k] = 0 }
  EndClaim(me);
  memory[r].ours = memory[r].ours & ~lanes;
  claim[me].open = false; claim[me].lost = false;
  claim[me].forgotten = false; claim[me].listening = false;
  claim[me].persisted = 0; claim[me].refused = 0;
  xmax = 0; xip = 0; mark = 0; small = 0;
  xid = 0; drawn = 0; bound = 0; lanes = 0; under = 0; batch = 0; left = 0;
#ifdef WRONG_TRUST_XIP
  trusted = 0;
#endif
  gave_up = 0
}

// The connection is gone: a new one knows nothing of the past.
inline Reconnect() { d_step { Forget(r); CloseClaim() }; goto look }

active [WORKERS] proctype Worker() {
  byte me = _pid - WRITERS, r = (_pid - WRITERS) % RELAYS;
  byte work, under, lanes, xmax, xid, drawn, bound, mark;
  byte cut[LANES];
  short xip, batch, left;
  bool small, gave_up;
#ifdef WRONG_TRUST_XIP
  bool trusted;
#endif
look: // BEGIN; the snapshot of the statement that takes lanes, and what it finds
  atomic {
    // Of a relay's idle workers the first goes on: they are alike.
    claim[me].wire == 0 && (me < RELAYS || claim[me - RELAYS].open || claim[me - RELAYS].wire);
    d_step { FindWork(r) };
    if :: next_xid > XIDS || (work == 0 && SamePast(r)) -> work = 0; goto look :: else fi;
    d_step {
      claim[me].open = true;
      xmax = last_ended + 1;
      xip = running & (Bit(xmax) - 1);
      mark = marker
    }
  }
take: // locks and the last drawn id; to read that before the locks would only make it lower
  atomic {
    if :: claim[me].lost -> Reconnect() :: else fi;
    d_step {
      for (k : 0 .. LANES - 1) {
        if :: work & Bit(k) && lane_lock[k] == 0 -> lane_lock[k] = me + 1; lanes = lanes | Bit(k) :: else fi
      }
      work = 0;
      drawn = last_drawn
    }
  }
own_xid:
  atomic {
    if :: claim[me].lost -> Reconnect() :: else fi;
    if
#ifndef WRONG_NO_MARKER
    :: memory[r].marker != mark -> // another past
      d_step { memory[r].marker = mark; Forget(r); CloseClaim() };
      goto look
    :: memory[r].marker == mark && lanes == 0 ->
#else
    :: lanes == 0 ->
#endif
      d_step { CloseClaim() }; goto look
    :: else
    fi;
    next_xid <= XIDS;
    d_step {
      Assign(claim[me].xid);
      xid = claim[me].xid
#ifdef WRONG_DRAWN_AFTER_XID
    };
  };
  atomic {
    d_step {
      drawn = last_drawn
#endif
    }
  }
read: // a later statement, with a snapshot of its own
  atomic {
    if :: claim[me].lost -> Reconnect() :: else fi;
    if :: small = false :: small = true fi;
    d_step {
      if :: !claim[me].forgotten -> memory[r].own = memory[r].own | Bit(xid) :: else fi;
      Bound(r);
      memory[r].ours = memory[r].ours | lanes;
      Survey();
      for (j : 0 .. LANES - 1) {
        if :: lanes & Bit(j) -> ReadLane(r, j) :: else fi
      }
    }
    printf("worker %d reads from %d: xid %d, last drawn %d, bound %d, set of messages %d\n",
           me, memory[r].start[0], xid, drawn, bound, batch);
    xmax = 0; xip = 0; mark = 0; small = 0;
    if
    :: batch == 0 -> // nothing to settle: what was read is true without a commit
      d_step { if :: !claim[me].forgotten -> Advance(r) :: else fi; CloseClaim() };
      goto look
    :: else -> d_step { claim[me].wire = batch; claim[me].listening = true }
    fi
  }
settle: // when there is a report for each, or the deadline is over, and late bytes are on their way
  atomic {
    if
    :: claim[me].wire == 0
    :: claim[me].wire != 0 && faults > 0 -> faults--
    fi;
    claim[me].listening = false;
    if :: claim[me].refused == 0 :: claim[me].refused != 0 :: claim[me].refused != 0 -> gave_up = true fi;
#ifdef WRONG_ADVANCE_EARLY // before the commit is known to have succeeded
    d_step { Left(); if :: !claim[me].forgotten -> Advance(r) :: else fi; left = 0 };
#endif
    if :: claim[me].lost -> Reconnect() :: else fi;
    if
    :: (claim[me].persisted | claim[me].refused) == 0 -> d_step { CloseClaim() }; goto look // rolled back
    :: faults > 0 -> faults--; d_step { CloseClaim() }; goto look // a statement failed
    :: (claim[me].persisted | claim[me].refused) != 0 ->
      d_step { Left(); Settle(); Durable(xid); EndClaim(me) }; // COMMIT
      printf("worker %d commits: persisted %d, refused %d\n", me, claim[me].persisted, claim[me].refused);
      if
      :: true
      :: faults > 0 -> faults--; Reconnect() // no answer to it
      fi
    fi
  }
learn: // only now does the memory move
  d_step { if :: !claim[me].forgotten -> Advance(r) :: else fi; CloseClaim() };
  goto look
}

#include "faults.pml"
