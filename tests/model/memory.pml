// SPDX-License-Identifier: Apache-2.0
// What a relay remembers of the lanes, and how it reads by it. Used inside a worker.

// The scan starts of the claim's lanes move, after a commit or when there was nothing to settle.
// `left`: messages that were read and not settled.
inline Advance(r) {
  n = drawn; // a pair is noted, unless one of a lower xid says as much
  for (k : 1 .. XIDS) {
    if
    :: k < xid && memory[r].pair[k] >= drawn -> n = 0
    :: k > xid && memory[r].pair[k] <= drawn -> memory[r].pair[k] = 0
    :: else
    fi
  }
  memory[r].pair[xid] = n;
  for (k : 0 .. LANES - 1) {
    if
    :: lanes & Bit(k) ->
#if defined(WRONG_REMEMBERED_ID)
      n = drawn;
#elif defined(WRONG_TRUST_XIP)
      n = (trusted -> drawn : bound);
#else
      n = bound;
#endif
      if :: cut[k] != 0 && cut[k] < n -> n = cut[k] :: else fi;
#ifndef WRONG_HOLD_ENDED // a hold that the read obeyed may have ended since, by another claim of this relay
      for (i : 0 .. UNITS - 1) {
        if :: i % LANES == k && (under & Bit(i)) && memory[r].low[i] == NO_HOLD -> n = 0 :: else fi
      }
#endif
      if :: n > memory[r].start[k] -> memory[r].start[k] = n :: else fi;
#ifndef WRONG_PAST_UNSETTLED
      for (i : 1 .. IDS) {
        if
        :: left & Bit(i) && LaneOf(i) == k && i <= memory[r].start[k] -> memory[r].start[k] = i - 1
        :: else
        fi
      }
#endif
    :: else
    fi
  }
  printf("worker %d: lane 0 now starts at %d\n", me, memory[r].start[0]);
#ifndef WRONG_ADVANCE_EARLY // whose consequences are to be found, not itself
  NonePassed()
#endif
}

// The greatest L of a pair (p, L) with p below every foreign xid that is unfinished in the snapshot. A
// running transaction may stand at or above xmax, so all from there on counts as unfinished.
inline Bound(r) {
  n = xmax;
  for (k : 1 .. XIDS) {
    if :: k < n && (xip & ~memory[r].own & Bit(k)) -> n = k :: else fi
  }
#ifdef WRONG_TRUST_XIP
  trusted = (n == xmax);
#endif
  bound = 0;
  for (k : 1 .. XIDS) {
    if :: k < n && memory[r].pair[k] > bound -> bound = memory[r].pair[k] :: else fi
  }
}

// Lanes with work: something above the scan start, a retry that is due, or a change in what waits.
inline FindWork(r) {
  Survey();
  work = 0;
  for (k : 0 .. LANES - 1) {
    n = (memory[r].waiting[k] != 0 && memory[r].waiting[k] != (waits & in_lane[k]));
    for (i : 1 .. IDS) {
      if
      :: LaneOf(i) == k && (status[i] == DUE || (status[i] == PENDING && i > memory[r].start[k])) -> n = 1
      :: else
      fi
    }
    if
    :: memory[r].ours & Bit(k)
    :: !(memory[r].ours & Bit(k)) && n -> work = work | Bit(k)
    :: else -> assert(!SamePast(r) || !(due & in_lane[k])) // what is due is seen
    fi
  }
}

// Holds that are gone end, and the scan start returns to where it was; the others note how low it is.
inline BeginRead(r, lane) {
  for (k : 0 .. UNITS - 1) {
    if
    :: k % LANES == lane ->
      n = 0;
      for (i : 1 .. IDS) { if :: unit[i] == k && Waits(i) -> n = 1 :: else fi }
      low = memory[r].low[k];
      if
      :: !n && low != NO_HOLD ->
#ifndef WRONG_FORGET_HOLDS
        if :: low < memory[r].start[lane] -> memory[r].start[lane] = low :: else fi;
#endif
        memory[r].low[k] = NO_HOLD
      :: else
      fi
    :: else
    fi
  }
  for (i : 1 .. IDS) {
    if
    :: LaneOf(i) == lane && Waits(i) ->
      under = under | Bit(unit[i]);
      if
      :: memory[r].start[lane] < memory[r].low[unit[i]] -> memory[r].low[unit[i]] = memory[r].start[lane]
      :: else
      fi
    :: else
    fi
  }
  memory[r].waiting[lane] = waits & in_lane[lane]
}

// A full batch is cut at the row that it ends with; retries do not count.
inline ReadLane(r, lane) {
  BeginRead(r, lane);
  cut[lane] = 0;
  for (i : 1 .. IDS) {
    if
    :: due & in_lane[lane] & Bit(i) && status[i] == DUE -> batch = batch | Bit(i)
    :: due & in_lane[lane] & Bit(i) && status[i] == PENDING ->
      assert(i > memory[r].start[lane]);
      if
      :: !small || cut[lane] == 0 ->
        batch = batch | Bit(i);
        if :: small -> cut[lane] = i :: else fi
      :: else
      fi
    :: else
    fi
  }
}
