// SPDX-License-Identifier: Apache-2.0
// How a log is read (docs/design.md, "Log mode"), small enough to try every order of events. README.md says
// what is left out, and how to run it. Each atomic block is one statement, or one step between two.
// A -D that begins with WRONG_ makes one deliberate mistake, which must be found.
#include "log_state.pml"
#include "writers.pml"
#include "log_ticks.pml"

// The first of a unit in the window that is not done, if it is not on its way: into i. 0: that is none.
inline Choose(r, place) {
  i = reader[r].window[place];
  if
  :: place >= reader[r].rows || ((reader[r].sent | reader[r].parking | reader[r].wire) & Bit(i)) -> i = 0
  :: else
  fi;
  for (k : 0 .. IDS - 1) {
    j = reader[r].window[k];
    if
    :: k < place && i != 0 && unit[j] == unit[i] && !((reader[r].sent | reader[r].parking) & Bit(j)) -> i = 0
    :: else
    fi
  }
}

inline Park(r, id) {
  reader[r].parking = reader[r].parking | Bit(id);
  reader[r].held = reader[r].held | Bit(unit[id]);
  reader[r].changed = reader[r].changed | Bit(unit[id])
}

#ifdef WRONG_MOVE_EARLY // over what was read, before its reports
#define AtEnd(r) (reader[r].moved)
#else
#define AtEnd(r) (reader[r].moved && n == reader[r].rows)
#endif

// One transaction: progress moves over what is done, and what must be parked is.
inline Move(r) {
  n = 0; found = true;
  for (k : 0 .. IDS - 1) {
    if
    :: k < reader[r].rows && found && ((reader[r].sent | reader[r].parking) & Bit(reader[r].window[k])) -> n++
    :: else -> found = false
    fi
  }
  if
  :: n == 0 && !AtEnd(r) // nothing to write
  :: else ->
    if
    :: reader[r].version != version -> Forget(r) // somebody else has moved it
    :: else ->
      Copy(stored, reader[r].at);
      if
      :: AtEnd(r) ->
        reader[r].moved = false;
        if
        :: reader[r].at.phase == OVER -> // what led here says nothing more
          stored.before_xmax = 0; stored.before_xip = 0; stored.upto = 0;
          reader[r].at.before_xmax = 0; reader[r].at.before_xip = 0; reader[r].at.upto = 0
        :: else
        fi
      :: else ->
        stored.last = reader[r].window[n - 1];
        stored.phase = (stored.last <= stored.upto -> LATE : NEW)
      fi;
#if READERS > 1
      version++; reader[r].version = version;
#endif
      for (k : 0 .. IDS - 1) {
        j = reader[r].window[k];
        if
        :: k < n ->
          if
          :: reader[r].parking & Bit(j) ->
            parked = parked | Bit(j);
            reader[r].changed = reader[r].changed | Bit(unit[j])
          :: else
          fi;
          reader[r].sent = reader[r].sent & ~Bit(j);
          reader[r].parking = reader[r].parking & ~Bit(j)
        :: else
        fi
      }
      for (k : 0 .. IDS - 1) {
        if
        :: k + n < reader[r].rows -> reader[r].window[k] = reader[r].window[k + n]
        :: else -> reader[r].window[k] = 0
        fi
      }
      reader[r].rows = reader[r].rows - n;
      printf("reader %d moves progress: phase %d, last %d, up to %d, parked %d\n",
             r, stored.phase, stored.last, stored.last_drawn, parked)
    fi
  fi
}

active [READERS] proctype Log() {
  byte r = _pid - WRITERS, place;
  do
  :: d_step { // takes the guard, and goes on from the stored progress
      !reader[r].on && guard == 0 ->
      guard = r + 1;
      Copy(reader[r].at, stored);
      reader[r].version = version;
      reader[r].on = true
    }
  :: d_step {
      reader[r].on && !reader[r].entered ->
      UnitsOf(parked); reader[r].held = n; reader[r].entered = true
    }
  :: d_step {
      reader[r].entered && reader[r].at.phase == OVER && reader[r].rows == 0 && reader[r].stage == 0 ->
      Look(r)
    }
#ifndef WRONG_TRUST_XIP
  :: d_step { reader[r].stage == 1 && next_xid <= XIDS -> Assign(reader[r].xid); reader[r].stage = 2 }
  :: d_step { reader[r].stage == 2 -> reader[r].own = reader[r].xid; End(reader[r].xid); reader[r].stage = 3 }
#else
  :: d_step { reader[r].stage == 1 -> reader[r].stage = 3 }
#endif
  :: d_step {
      reader[r].stage == 3 ->
#ifdef WRONG_TRUST_XIP // as if a snapshot listed all that run: whoever is above it has yet to begin
      reader[r].own = last_ended;
#endif
      Begin(r); reader[r].own = 0; reader[r].stage = 0
    }
  :: d_step { reader[r].entered && reader[r].at.phase != OVER && reader[r].rows < IDS -> Read(r) }
  :: atomic { // hands over, or parks behind what is parked
      reader[r].entered && reader[r].rows > 0 ->
      select (place : 0 .. IDS - 1);
      d_step {
        Choose(r, place);
        place = 0;
        if
        :: i != 0 && (reader[r].held & Bit(unit[i])) -> Park(r, i)
        :: i != 0 && !(reader[r].held & Bit(unit[i])) -> reader[r].wire = reader[r].wire | Bit(i)
        :: else
        fi
      }
    }
  :: d_step { reader[r].entered && (reader[r].moved || reader[r].rows > 0) -> Move(r) }
  // Which units are parked? The answer may be old when it comes.
  :: d_step {
      reader[r].entered && !reader[r].asking && reader[r].held != 0 ->
      UnitsOf(parked); reader[r].told = n; reader[r].asking = true; reader[r].changed = 0
    }
  :: d_step {
      reader[r].asking ->
      UnitsOf(reader[r].parking);
#ifdef WRONG_UNPARK_EARLY
      n = 0; reader[r].changed = 0;
#endif
      reader[r].held = reader[r].told | (reader[r].held & (n | reader[r].changed));
      reader[r].asking = false; reader[r].told = 0; reader[r].changed = 0
    }
  od
}

#include "log_faults.pml"
