// SPDX-License-Identifier: Apache-2.0
// The size of the model of a log, its state, and what PostgreSQL does with it.
#ifndef IDS
#define IDS 2 // messages
#endif
#ifndef XIDS
#define XIDS 5 // transactions, of writers and of ticks
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef UNITS
#define UNITS 2
#endif
#ifndef REFUSALS
#define REFUSALS 0 // messages that the broker refuses
#endif
#ifndef FAULTS
#define FAULTS 0 // messages that are not persisted
#endif
#ifndef KILLS
#define KILLS 0 // readers that die
#endif
#ifndef LOSSES
#define LOSSES 0 // guards lost by a reader that goes on
#endif

// Of a row: a message is its id.
#define NONE 0 // not committed: never drawn, of a running transaction, or of an aborted one
#define PENDING 1

// Phases of a tick.
#define OVER 0
#define LATE 1
#define NEW 2

#define Bit(n) (1 << (n))

// PostgreSQL.
byte next_xid = 1, last_ended, last_drawn;
short running; // set of xids
byte status[IDS + 1], unit[IDS + 1], xid_of[IDS + 1];
byte busy_units; // their writers come one after the other
byte writer_xid[WRITERS], writer_id[WRITERS];
byte guard;      // a reader plus one
short parked;    // ids in the side table

// Kafka.
short published;
short stray; // handed over by readers that know nothing of it any more

// How far the log is read (log_ticks.h). S and F, S2 and L, and the pairs: by xid, 0 for none.
typedef Position {
  byte before_xmax, upto;
  short before_xip;
  byte xmax, last_drawn;
  short xip;
  byte pair[XIDS + 1];
  byte phase, last
}
Position stored;
byte version;

// A relay that reads (log_window.h).
typedef Reader {
  bool on, entered; // it has read progress, and which units are parked
  byte version;
  Position at;
  byte stage, drawn, xid, own; // of the beginning of a tick
  byte window[IDS], rows;    // what was read and is not done, in that order
  short sent, parking, wire; // of these: persisted, to be parked, in flight
  bool moved;                // at is further than stored
  byte held;                 // units that are parked, as it thinks
  bool asking;               // the table
  byte told, changed         // ... which says; what it may not know of yet
}
Reader reader[READERS];

byte refusals = REFUSALS, faults = FAULTS, kills = KILLS, losses = LOSSES;

hidden byte i, j, k, n, most, found;

#define Assign(to) to = next_xid; running = running | Bit(next_xid); next_xid++

#define End(which) \
  running = running & ~Bit(which); \
  if :: which > last_ended -> last_ended = which :: else fi; \
  which = 0

inline Committed(id, x) { xid_of[id] = x }
inline NonePassed() { skip }

#define Visible(x, xm, xi) ((x) < (xm) && !((xi) & Bit(x)))

inline Copy(to, from) {
  to.before_xmax = from.before_xmax; to.before_xip = from.before_xip; to.upto = from.upto;
  to.xmax = from.xmax; to.xip = from.xip; to.last_drawn = from.last_drawn;
  for (k : 1 .. XIDS) { to.pair[k] = from.pair[k] }
  to.phase = from.phase; to.last = from.last
}

// Units of a set of messages, into n.
inline UnitsOf(set) {
  n = 0;
  for (k : 1 .. IDS) { if :: (set) & Bit(k) -> n = n | Bit(unit[k]) :: else fi }
}

inline Forget(r) {
  stray = stray | reader[r].wire;
  if :: reader[r].xid != 0 -> End(reader[r].xid) :: else fi;
  if :: guard == r + 1 -> guard = 0 :: else fi;
  for (k : 0 .. IDS - 1) { reader[r].window[k] = 0 }
  for (k : 1 .. XIDS) { reader[r].at.pair[k] = 0 }
  reader[r].at.before_xmax = 0; reader[r].at.before_xip = 0; reader[r].at.upto = 0;
  reader[r].at.xmax = 0; reader[r].at.xip = 0; reader[r].at.last_drawn = 0;
  reader[r].at.phase = OVER; reader[r].at.last = 0;
  reader[r].on = false; reader[r].entered = false; reader[r].version = 0; reader[r].moved = false;
  reader[r].stage = 0; reader[r].drawn = 0; reader[r].own = 0; reader[r].rows = 0;
  reader[r].sent = 0; reader[r].parking = 0; reader[r].wire = 0;
  reader[r].held = 0; reader[r].asking = false; reader[r].told = 0; reader[r].changed = 0
}
