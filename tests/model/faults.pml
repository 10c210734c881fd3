// SPDX-License-Identifier: Apache-2.0
// The broker, and what else happens to a relay.

// Puts the first of a unit that was handed over into its topic.
inline Persist(w, id) {
  for (i : 1 .. IDS) { // first copies in order, nothing of an aborted transaction
    assert(i != id || status[i] != NONE);
    assert(i >= id || unit[i] != unit[id] || status[i] == NONE || (published & Bit(i)))
  }
  printf("persisted: message %d from worker %d\n", id, w);
  published = published | Bit(id);
  claim[w].wire = claim[w].wire & ~Bit(id);
  if :: claim[w].listening -> claim[w].persisted = claim[w].persisted | Bit(id) :: else fi
}

// The rest of the unit is purged: what a generation puts into a partition is a prefix of what it was given.
inline Purge(w, id) {
#ifdef WRONG_GAPS
  claim[w].wire = claim[w].wire & ~Bit(id)
#else
  for (i : 1 .. IDS) {
    if :: unit[i] == unit[id] -> claim[w].wire = claim[w].wire & ~Bit(i) :: else fi
  }
#endif
}

active proctype Broker() {
  byte w, id;
  do
  :: atomic {
      claim[0].wire || claim[WORKERS - 1].wire;
      select (w : 0 .. WORKERS - 1);
      select (id : 1 .. IDS);
      d_step { // the first of its unit
        n = (claim[w].wire & Bit(id)) != 0;
        for (i : 1 .. IDS) {
          if :: i < id && unit[i] == unit[id] && (claim[w].wire & Bit(i)) -> n = 0 :: else fi
        }
        if :: !n -> id = 0 :: else fi
      }
      if
      :: id == 0
      :: id != 0 -> d_step { Persist(w, id); id = 0 }
      :: id != 0 && faults > 0 -> faults--; d_step { Purge(w, id); id = 0 }
      :: id != 0 && !claim[w].listening -> d_step { Purge(w, id); id = 0 }
      :: id != 0 && claim[w].listening && refusals > 0 ->
        refusals--;
        d_step { claim[w].refused = claim[w].refused | Bit(id); Purge(w, id); id = 0 }
      fi;
      w = 0
    }
  od
}

// The server ends a claim's transaction, perhaps because its relay is frozen. That finds out later.
inline EndByServer(w) {
  if
  :: claim[w].open && !claim[w].lost -> claim[w].lost = true; EndClaim(w)
  :: else
  fi
}

inline Crash() {
  for (j : 0 .. WORKERS - 1) { EndByServer(j) }
  for (j : 0 .. WRITERS - 1) { EndWriter(j) }
  for (i : 1 .. IDS) { if :: i > durable_id -> unit[i] = 0 :: else fi }
  marker++;
  last_drawn = durable_id;
  next_xid = durable_xid + 1;
  last_ended = durable_xid
}

// Another server goes on, a replica that had got nothing yet: the farthest that a past can be another one.
inline FailOver() {
  for (i : 1 .. IDS) { status[i] = NONE; unit[i] = 0 }
  published = 0; durable_id = 0; durable_xid = 0; last_drawn = 0; last_ended = 0; next_xid = 1
}

active proctype World() {
  byte id;
  do
#if REFUSALS > 0
  :: atomic { // a backoff is over, or a person retries or discards what failed, under the lane's lock
      select (id : 1 .. IDS);
      if
      :: status[id] == LATER -> status[id] = DUE
      :: status[id] == FAILED && lane_lock[LaneOf(id)] == 0 -> status[id] = DUE
      :: status[id] == FAILED && lane_lock[LaneOf(id)] == 0 ->
        status[id] = DONE;
        published = published | Bit(id)
      :: else
      fi;
      id = 0
    }
#endif
#if FAULTS > 0
  :: atomic { faults > 0 -> faults--; select (id : 0 .. WORKERS - 1); d_step { EndByServer(id); id = 0 } }
#endif
#if KILLS > 0
  :: atomic { // a relay dies; its workers are those of the next one
      kills > 0 -> kills--;
      select (id : 0 .. RELAYS - 1);
      d_step {
        Forget(id);
        for (j : 0 .. WORKERS - 1) { if :: j % RELAYS == id -> EndByServer(j) :: else fi }
        id = 0
      }
    }
#endif
#if CRASHES > 0
  :: atomic {
      crashes > 0 -> crashes--;
      do // a commit that nobody has been told of may be on disk
      :: id < WRITERS && writer_id[id] != 0 && writer_xid[id] != 0 ->
        d_step { status[writer_id[id]] = PENDING; Durable(writer_xid[id]) };
        id++
      :: id < WRITERS -> id++
      :: else -> break
      od;
      if
      :: id = 0
      :: !claim[0].wire && !claim[WORKERS - 1].wire -> id = 1
      fi;
      d_step {
        Crash();
        if :: id == 1 -> FailOver() :: else fi;
        id = 0
      }
    }
#endif
  :: false
  od
}
