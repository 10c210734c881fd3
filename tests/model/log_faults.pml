// SPDX-License-Identifier: Apache-2.0
// The broker, the side table's own way out, and what else happens to a reader.

inline Persist(id) {
  for (k : 1 .. IDS) { // first copies in order, nothing of an aborted transaction
    assert(k != id || status[k] != NONE);
    assert(k >= id || unit[k] != unit[id] || status[k] == NONE || (published & Bit(k)))
  }
  printf("persisted: message %d\n", id);
  published = published | Bit(id)
}

active proctype Broker() {
  byte r, id;
  do
  :: atomic {
      reader[0].wire || reader[READERS - 1].wire;
      select (r : 0 .. READERS - 1);
      select (id : 1 .. IDS);
      if
      :: !(reader[r].wire & Bit(id))
      :: (reader[r].wire & Bit(id)) ->
        reader[r].wire = reader[r].wire & ~Bit(id);
        if
        :: d_step { true -> Persist(id); reader[r].sent = reader[r].sent | Bit(id) }
        :: faults > 0 -> faults-- // not persisted: it goes out again
        :: refusals > 0 -> refusals--; d_step { Park(r, id) }
        fi
      fi;
      r = 0; id = 0
    }
  :: atomic { // an old producer's bytes arrive, or never do
      stray;
      select (id : 1 .. IDS);
      if
      :: (stray & Bit(id)) -> d_step { stray = stray & ~Bit(id); Persist(id) }
      :: (stray & Bit(id)) -> stray = stray & ~Bit(id)
      :: else
      fi;
      id = 0
    }
  :: atomic { // what is parked goes out from there, the first of a unit first
      parked;
      select (id : 1 .. IDS);
      d_step {
        found = (parked & Bit(id)) != 0;
        for (k : 1 .. IDS) {
          if :: k < id && unit[k] == unit[id] && (parked & Bit(k)) -> found = false :: else fi
        }
        if :: found -> Persist(id); parked = parked & ~Bit(id) :: else fi;
        id = 0
      }
    }
  od
}

active proctype World() {
  byte r;
  do
#if KILLS > 0
  :: atomic {
      kills > 0 -> select (r : 0 .. READERS - 1);
      if :: reader[r].on -> kills--; d_step { Forget(r) } :: else fi;
      r = 0
    }
#endif
#if LOSSES > 0
  :: atomic { guard != 0 && losses > 0 -> losses--; guard = 0 } // the reader does not know yet
#endif
  :: false
  od
}
