// SPDX-License-Identifier: Apache-2.0
// Where a reader goes on, and what it reads.

// Into n: below which no id belongs to a transaction that was unfinished in a snapshot and has ended.
inline LateFrom(r, old_xmax, old_xip, top) {
  n = top;
#ifndef WRONG_ID_CURSOR // what was passed stays passed
  found = false;
  for (k : 1 .. XIDS) {
    if
    :: !found && (old_xip & Bit(k)) && k <= last_ended && !(running & Bit(k)) ->
      found = true;
      most = 0;
      for (j : 1 .. XIDS) {
        if :: j < k && reader[r].at.pair[j] > most -> most = reader[r].at.pair[j] :: else fi
      }
      if :: most < n -> n = most :: else fi
    :: else
    fi
  }
#endif
}

// Is there anything to read? If not, everything is done that is committed: "nothing is lost".
inline Look(r) {
  LateFrom(r, reader[r].at.xmax, reader[r].at.xip, reader[r].at.last_drawn);
  if
  :: last_drawn > reader[r].at.last_drawn || n < reader[r].at.last_drawn ->
    reader[r].stage = 1; reader[r].drawn = last_drawn
  :: else ->
    for (k : 1 .. IDS) {
      assert(status[k] == NONE || reader[r].version != version || ((published | parked) & Bit(k)))
    }
  fi
}

// Of pairs with the same id the first says most; no transaction needs those below it that had ended.
inline Pair(r) {
  found = false;
  for (k : 1 .. XIDS) { if :: reader[r].at.pair[k] >= reader[r].drawn -> found = true :: else fi }
  if :: !found -> reader[r].at.pair[reader[r].own] = reader[r].drawn :: else fi;
  i = 1; // the oldest that has not ended
  do :: i <= last_ended && !(running & Bit(i)) -> i++ :: else -> break od;
  found = false;
  for (k : 1 .. XIDS) {
    j = XIDS + 1 - k;
    if
    :: j < i && reader[r].at.pair[j] != 0 && found -> reader[r].at.pair[j] = 0
    :: j < i && reader[r].at.pair[j] != 0 && !found -> found = true
    :: else
    fi
  }
}

// L and p are known; S2 is taken. What a pair says of xids above p holds for ever.
inline Begin(r) {
  LateFrom(r, reader[r].at.xmax, reader[r].at.xip, reader[r].at.last_drawn);
  reader[r].at.before_xmax = reader[r].at.xmax;
  reader[r].at.before_xip = reader[r].at.xip;
  reader[r].at.upto = reader[r].at.last_drawn;
  reader[r].at.xmax = last_ended + 1;
  reader[r].at.xip = running & (Bit(last_ended + 1) - 1);
  reader[r].at.last_drawn = reader[r].drawn;
  Pair(r);
  reader[r].at.phase = LATE;
  reader[r].at.last = n;
  reader[r].moved = true;
  reader[r].drawn = 0;
  Enter(r);
  printf("reader %d begins a tick: p %d, xmax %d, xip %d, late from %d to %d, new to %d\n", r, reader[r].own,
         reader[r].at.xmax, reader[r].at.xip, n, reader[r].at.upto, reader[r].at.last_drawn)
}

// Leaves phases that have nothing more.
inline Enter(r) {
  if
  :: reader[r].at.phase == LATE && reader[r].at.last >= reader[r].at.upto ->
    reader[r].at.phase = NEW; reader[r].at.last = reader[r].at.upto
  :: else
  fi;
  if
  :: reader[r].at.phase == NEW && reader[r].at.last >= reader[r].at.last_drawn ->
    reader[r].at.phase = OVER; reader[r].at.last = 0
  :: else
  fi
}

#define Due(r, id) \
  (status[id] != NONE && Visible(xid_of[id], reader[r].at.xmax, reader[r].at.xip) && \
   !(reader[r].at.phase == LATE && Visible(xid_of[id], reader[r].at.before_xmax, reader[r].at.before_xip)))

// The next chunk: of one row, or what is left of the phase without any.
inline Read(r) {
  most = (reader[r].at.phase == LATE -> reader[r].at.upto : reader[r].at.last_drawn);
  i = 0;
  for (k : 1 .. IDS) {
#ifdef WRONG_XID_ORDER // in the order in which the transactions began
    found = false;
    for (j : 0 .. IDS - 1) { if :: j < reader[r].rows && reader[r].window[j] == k -> found = true :: else fi }
    if
    :: !found && (reader[r].at.phase == LATE || k > reader[r].at.upto) && k <= most &&
       !((published | parked) & Bit(k)) && Due(r, k) && (i == 0 || xid_of[k] < xid_of[i]) -> i = k
    :: else
    fi
#else
    if :: i == 0 && k > reader[r].at.last && k <= most && Due(r, k) -> i = k :: else fi
#endif
  }
  if
  :: i != 0 ->
    reader[r].window[reader[r].rows] = i;
    reader[r].rows++;
#ifndef WRONG_XID_ORDER
    reader[r].at.last = i;
#endif
    printf("reader %d reads message %d\n", r, i)
  :: else -> reader[r].at.last = most
  fi;
  reader[r].moved = true;
  Enter(r)
}
