// SPDX-License-Identifier: Apache-2.0
// The size of the model, its state, and what PostgreSQL does with it.
#ifndef IDS
#define IDS 3 // messages
#endif
#ifndef XIDS
#define XIDS 5 // transactions, of writers and of claims
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef RELAYS
#define RELAYS 1 // the workers are divided among them
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef UNITS
#define UNITS 2
#endif
#ifndef REFUSALS
#define REFUSALS 0 // messages that the broker refuses
#endif
#ifndef FAULTS
#define FAULTS 0 // connections lost, commits failed, deadlines missed
#endif
#ifndef KILLS
#define KILLS 0 // relays that die
#endif
#ifndef CRASHES
#define CRASHES 0 // of the database server
#endif

// A message is its id. Status of a row; the waiting ones together.
#define NONE 0    // not committed: never drawn, of a running transaction, or of an aborted one
#define PENDING 1
#define LATER 2   // retrying, its backoff is not over
#define DUE 3     // retrying, its backoff is over
#define FAILED 4  // on_failed = "block": waits for a person
#define DONE 5    // sent, or discarded by a person
#define Waits(id) (status[id] >= LATER && status[id] <= FAILED)

#define Bit(n) (1 << (n))
#define LaneOf(id) (unit[id] % LANES)
#define NO_HOLD 255
#ifdef WRONG_NO_MARKER // a crash of the server goes unnoticed
#define SamePast(r) true
#else
#define SamePast(r) (memory[r].marker == marker)
#endif

// PostgreSQL.
byte next_xid = 1, last_ended, last_drawn, marker;
short running; // set of xids
byte status[IDS + 1], unit[IDS + 1];
byte lane_lock[LANES]; // a worker plus one
byte busy_units;       // their writers come one after the other
byte writer_xid[WRITERS], writer_id[WRITERS];
byte durable_xid, durable_id; // what a crash cannot take back

// Kafka.
short published; // ids that a topic holds, or whose place a person gave up

// What a relay remembers (scan_memory.h, lane_book.h).
typedef Memory {
  byte start[LANES];
  byte low[UNITS] = NO_HOLD; // of each hold: the lowest scan start while it lasted
  short waiting[LANES]; // signature: the waiting messages when the lane was last read
  byte pair[XIDS + 1]; // xid p -> last drawn id L; 0: none
  short own;           // our xids
  byte ours;           // lanes that our batches hold
  byte marker;
}
Memory memory[RELAYS];

// What the world sees of a worker's claim.
typedef Claim {
  bool open;       // has a transaction
  bool lost;       // ... that the server has ended
  bool forgotten;  // the memory was dropped since the claim began
  bool listening;  // to the delivery reports
  byte xid;
  short wire;      // handed over, not reported: of one producer generation
  short persisted, refused; // reports
}
Claim claim[WORKERS];

byte refusals = REFUSALS, faults = FAULTS, kills = KILLS, crashes = CRASHES;

hidden byte i, j, k, n, low, behind, blocked;
hidden short due, waits;
hidden short in_lane[LANES];

#define Assign(to) to = next_xid; running = running | Bit(next_xid); next_xid++

#define End(which) \
  running = running & ~Bit(which); \
  if :: which > last_ended -> last_ended = which :: else fi; \
  which = 0

// A commit is on disk, and with it all that was written before.
inline Durable(x) {
#if CRASHES > 0
  durable_id = last_drawn;
  if :: x > durable_xid -> durable_xid = x :: else fi
#else
  skip
#endif
}

inline Committed(id, x) { Durable(x) }

inline Forget(r) {
  for (k : 0 .. LANES - 1) { memory[r].start[k] = 0; memory[r].waiting[k] = 0 }
  for (k : 0 .. UNITS - 1) { memory[r].low[k] = NO_HOLD }
  for (k : 0 .. XIDS) { memory[r].pair[k] = 0 }
  memory[r].own = 0;
  for (k : 0 .. WORKERS - 1) {
    if :: k % RELAYS == r && claim[k].open -> claim[k].forgotten = true :: else fi
  }
}

// A claim's transaction ends, by whomever; its locks go with it.
inline EndClaim(w) {
  if :: claim[w].xid != 0 -> End(claim[w].xid) :: else fi;
  for (k : 0 .. LANES - 1) {
    if :: lane_lock[k] == w + 1 -> lane_lock[k] = 0 :: else fi
  }
}

// Which messages wait, and which are due: nothing of their unit waits before them.
inline Survey() {
  due = 0; waits = 0; behind = 0; blocked = 0;
  for (k : 0 .. LANES - 1) { in_lane[k] = 0 }
  for (i : 1 .. IDS) {
    if
    :: status[i] == PENDING && !(behind & Bit(unit[i])) -> due = due | Bit(i)
    :: status[i] == DUE && !(blocked & Bit(unit[i])) -> due = due | Bit(i)
    :: else
    fi;
    if
    :: Waits(i) ->
      waits = waits | Bit(i);
#ifndef WRONG_RETRY_PASSED // a retry does not hold its unit
      behind = behind | Bit(unit[i]);
#endif
      if :: status[i] != DUE -> blocked = blocked | Bit(unit[i]) :: else fi
    :: else
    fi;
    in_lane[LaneOf(i)] = in_lane[LaneOf(i)] | Bit(i)
  }
}

// "No committed message is passed over": it is above the scan start, or above where that returns when the
// hold of its unit ends.
inline NonePassed() {
  for (i : 1 .. IDS) {
    for (j : 0 .. RELAYS - 1) {
      if
      :: status[i] == PENDING && SamePast(j) ->
        low = memory[j].low[unit[i]];
        assert(i > memory[j].start[LaneOf(i)] || (low != NO_HOLD && i > low))
      :: else
      fi
    }
  }
  low = 0
}
