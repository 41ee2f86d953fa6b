/* The log of the state directory (src/include/porter/control_bus.h: Commit, Post, Switch, Read, Listen), with a process that may
 * be killed between any two of its steps. A poster's steps are those that other processes can see: taking the lock, writing a
 * record, filling half a slot, storing the sequence, making and removing segments, each wake. Checked:
 *   - no id is given twice, and what is read of an id is what was committed as that id, in rising order;
 *   - a listener sleeps beyond an unread message only if a poster died between its commit and its wake; when all is still
 *     it has read, or counted as lost, every message since it began to listen;
 *   - what a listener counts as lost is indeed no longer kept.
 * Bounds: POSTERS that post POSTS messages (the second one less), LISTENERS, KILLS, segments of SEGMENT records. The head's sequence and the ids never
 * wrap within them. Each of these makes a variant that must fail, so that we know that the model can:
 *   DRAIN_LATE    the fifo is drained after the log was read
 *   WAKE_EARLY    the wake comes before the commit
 *   NO_LOCK       the lock does not lock
 *   ONE_SLOT      the head has one slot, filled in place
 *   NO_SECOND_LOOK   a reader does not look at the sequence again after it copied a slot
 *   PURGE_EARLY   segments are removed before the switch is committed
 *   CACHED        a poster does not look whether the listeners changed
 *   COMMIT_EARLY  the record is written after the commit
 *   NO_TIMER      nothing but a wake makes a listener look */
#ifndef POSTERS
#define POSTERS 2
#endif
#ifndef POSTS
#define POSTS 2
#endif
#ifndef LISTENERS
#define LISTENERS 1
#endif
#ifndef SEGMENT
#define SEGMENT 1
#endif
#ifndef KILLS
#define KILLS POSTERS
#endif
#define IDS (POSTERS * POSTS + 2)
#define FREE 255

typedef Slot { byte next, old, cur, generation };

byte lock = FREE;
byte sequence;
Slot slot[2];
byte record[IDS];         /* what lies in the log at an id: who wrote it, TORN while it is being written */
bool segment[IDS];        /* the file log/ID is there */
bool listens[LISTENERS];  /* the link in listen/ */
bool fifo[LISTENERS];     /* has a byte in it */
bool dead[POSTERS];
byte kills;

/* What nobody but the checker sees. */
byte committed[IDS];
bool owes[POSTERS];       /* committed, has not woken everybody yet */
bool late;                /* somebody died in that state */
#define TORN 99

#define HEAD slot[sequence % 2]

inline take(who) {
#ifdef NO_LOCK
  skip
#else
  atomic { lock == FREE -> lock = who }
#endif
}
inline give(who) {
  d_step { if :: lock == who -> lock = FREE :: else fi }
}

/* Fills the other slot in two steps, then stores the sequence. id: the message that this commits, 0: none. */
inline commit(id, token) {
#ifdef ONE_SLOT
  HEAD.next = s.next;
  d_step {
    HEAD.old = s.old; HEAD.cur = s.cur; HEAD.generation = s.generation;
    ghost_commit(id, token)
  }
#else
  slot[(sequence + 1) % 2].next = s.next;
  d_step { slot[(sequence + 1) % 2].old = s.old; slot[(sequence + 1) % 2].cur = s.cur; slot[(sequence + 1) % 2].generation = s.generation };
  d_step { sequence = sequence + 1; ghost_commit(id, token) }
#endif
}
inline ghost_commit(id, token) {
  if
  :: id ->
    assert(committed[id] == 0);    /* no id twice */
    committed[id] = token;
    owes[me] = true
  :: else
  fi
}

/* One step for each file, as for each wake. */
inline purge(older, current) {
  i = 1;
  do
  :: d_step {
      do
      :: i < IDS && !(segment[i] && i != older && i != current) -> i++
      :: else -> break
      od;
      if
      :: i < IDS -> segment[i] = false
      :: else
      fi
    };
    if
    :: i == IDS -> break
    :: else
    fi
  od
}

inline wake_all() {
  i = 0;
  do
  :: d_step {
      do
      :: i < LISTENERS && !listener[i] -> i++
      :: else -> break
      od;
      if
      :: i < LISTENERS -> fifo[i] = true; i++
      :: else -> i = FREE
      fi
    };
    if
    :: i == FREE -> break
    :: else
    fi
  od
}

inline load_locked() {
  d_step { s.next = HEAD.next; s.old = HEAD.old; s.cur = HEAD.cur; s.generation = HEAD.generation }
}

proctype Poster(byte me) {
  Slot s;
  byte i, id, posted, generation = FREE;
  bool listener[LISTENERS];
  {
    do
    :: posted < POSTS - me ->
      take(me);
      load_locked();
      if
      :: s.next - s.cur == SEGMENT ->
#ifdef PURGE_EARLY
        purge(s.cur, s.next);
#endif
        segment[s.next] = true;    /* log/.new is made, then renamed */
        d_step { s.old = s.cur; s.cur = s.next };
        commit(0, 0);
#ifndef PURGE_EARLY
        purge(s.old, s.cur)
#endif
      :: else
      fi;
#ifndef COMMIT_EARLY
      record[s.next] = TORN;
      record[s.next] = 1 + me * POSTS + posted;
#endif
#ifdef WAKE_EARLY
      wake_all();
#endif
      skip;
      d_step { id = s.next; s.next = s.next + 1 };
      commit(id, 1 + me * POSTS + posted);
#ifdef COMMIT_EARLY
      record[id] = 1 + me * POSTS + posted;
#endif
      if
#ifdef CACHED
      :: generation == FREE ->
#else
      :: generation != s.generation ->
#endif
        d_step {
          generation = s.generation;
          i = 0;
          do
          :: i < LISTENERS -> listener[i] = listens[i]; i++
          :: else -> break
          od;
          i = 0
        }
      :: else
      fi;
      give(me);
#ifndef WAKE_EARLY
      wake_all();
#endif
      skip;
      d_step { owes[me] = false; posted++; i = 0; id = 0 }
    :: else -> break
    od
  } unless { dead[me] }
}

/* kill -9: the kernel unlocks. */
proctype Killer() {
  byte i;
  do
  :: kills < KILLS ->
    atomic {
      if
      :: i = 0
      :: POSTERS > 1 -> i = 1
      fi;
      if
      :: !dead[i] ->
        dead[i] = true;
        kills++;
        if :: lock == i -> lock = FREE :: else fi;
        if :: owes[i] -> late = true; owes[i] = false :: else fi
      :: else
      fi;
      i = 0
    }
  :: break
  od
}

proctype Listener(byte me) {
  Slot s;
  byte q, cursor, first, start, seen, lost, i;
  take(POSTERS + me);
  load_locked();
  listens[me] = true;
  d_step { cursor = s.next; start = s.next; s.generation++ };
  commit(0, 0);
  give(POSTERS + me);
  do
  ::
#ifndef DRAIN_LATE
    fifo[me] = false;
#endif
look:
    do
    ::
      d_step { q = sequence; s.next = slot[q % 2].next };
      d_step { s.old = slot[q % 2].old; s.cur = slot[q % 2].cur };
      if
#ifndef NO_SECOND_LOOK
      :: sequence != q -> skip
#endif
      :: else -> break
      fi
    od;
    do
    :: cursor < s.next ->
      first = (s.old -> s.old : s.cur);
      if
      :: cursor < first ->
        d_step {
          assert(cursor < (HEAD.old -> HEAD.old : HEAD.cur));
          lost = lost + first - cursor;
          cursor = first
        }
      :: else
      fi;
      first = (cursor >= s.cur -> s.cur : s.old);
      if
      :: segment[first] ->    /* open(2); what is open stays readable */
        d_step {
          assert(record[cursor] == committed[cursor] && committed[cursor] != 0);
          seen++;
          cursor++
        }
      :: else ->    /* ENOENT: switched meanwhile */
        assert(sequence != q);
        goto look
      fi
    :: else -> break
    od;
#ifdef DRAIN_LATE
    fifo[me] = false;
#endif
    skip;
    d_step { q = 0; first = 0; s.next = 0; s.old = 0; s.cur = 0 };
    if    /* poll(2) */
    :: fifo[me]
    :: timeout ->    /* nothing moves any more: here the timer would run out */
      if
      :: cursor == HEAD.next -> break
      :: else ->
        assert(late);    /* a lost wake-up */
#ifdef NO_TIMER
        assert(false)
#endif
      fi
    fi
  od;
  assert(seen + lost == HEAD.next - start)
}

init {
  byte i;
  atomic {
    HEAD.next = 1;
    HEAD.cur = 1;
    segment[1] = true;
    i = 0;
    do :: i < POSTERS -> run Poster(i); i++ :: else -> break od;
    i = 0;
    do :: i < LISTENERS -> run Listener(i); i++ :: else -> break od;
    run Killer()
  }
}
