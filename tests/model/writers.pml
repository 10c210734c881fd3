// SPDX-License-Identifier: Apache-2.0
// A service's transactions: xid, then id, as the order of the columns has it. They may commit late, abort,
// or write no message at all.
#ifdef WRONG_ID_FIRST // the id is drawn before the xid
#define MayAssign (writer_id[_pid] != 0)
#define MayDraw (writer_xid[_pid] == 0)
#else
#define MayAssign (last_drawn < IDS)
#define MayDraw (writer_xid[_pid] != 0)
#endif

inline Draw(u) {
  d_step {
    MayDraw && writer_id[_pid] == 0 && last_drawn < IDS && u <= last_drawn && u < UNITS && !(busy_units & Bit(u)) ->
    last_drawn++;
    writer_id[_pid] = last_drawn;
    unit[last_drawn] = u;
    busy_units = busy_units | Bit(u);
    printf("writer %d draws id %d for unit %d, xid %d\n", _pid, last_drawn, u, writer_xid[_pid])
  }
}

inline EndWriter(w) {
  if
  :: writer_id[w] != 0 ->
    busy_units = busy_units & ~Bit(unit[writer_id[w]]);
    if :: status[writer_id[w]] == NONE -> unit[writer_id[w]] = 0 :: else fi
  :: else
  fi;
  if :: writer_xid[w] != 0 -> End(writer_xid[w]) :: else fi;
  writer_id[w] = 0
}

active [WRITERS] proctype Writer() {
  do
  :: d_step {
      writer_xid[_pid] == 0 && MayAssign && next_xid <= XIDS && (_pid == 0 || writer_xid[_pid - 1] != 0) ->
      Assign(writer_xid[_pid])
    }
  :: Draw(0)
  :: Draw(1)
  :: d_step {
      writer_xid[_pid] != 0 && writer_id[_pid] != 0 ->
      status[writer_id[_pid]] = PENDING; // from here on it is visible
      printf("writer %d commits message %d\n", _pid, writer_id[_pid]);
      Committed(writer_id[_pid], writer_xid[_pid]);
      EndWriter(_pid);
      NonePassed()
    }
  :: d_step { writer_xid[_pid] != 0 -> EndWriter(_pid) } // abort
  od
}
