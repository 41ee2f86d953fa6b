/* The log of the state directory (src/include/porter/control_bus.h: Commit, Post, Switch, Read, Listen) and its bell, with a process that may
 * be killed between any two of its steps. A poster's steps are those that other processes can see: taking the lock, writing a
 * record, filling half a slot, storing the sequence, making and removing segments, trimming the bell, ringing it. Checked:
 *   - no id is given twice, and what is read of an id is what was committed as that id, in rising order;
 *   - a listener sleeps beyond an unread message only if a poster died between its commit and its wake; when all is still
 *     it has read, or counted as lost, every message since it began to listen;
 *   - what a listener counts as lost is indeed no longer kept.
 * Bounds: POSTERS that post POSTS messages (the second one less; QUIET is one whose messages wake nobody here), LISTENERS, KILLS, segments of SEGMENT records. The head's sequence and the ids never
 * wrap within them. Each of these makes a variant that must fail, so that we know that the model can:
 *   EDGE_LATE     the edge is taken after the log was read
 *   WAKE_EARLY    the wake comes before the commit
 *   EMPTIED       the bell is trimmed to nothing
 *   NO_TRIM       it is not trimmed
 *   NO_EDGE_FIRST who begins to wait for the bell is not told of what is in it already
 *   NO_LOCK       the lock does not lock
 *   ONE_SLOT      the head has one slot, filled in place
 *   NO_SECOND_LOOK   a reader does not look at the sequence again after it copied a slot
 *   PURGE_EARLY   segments are removed before the switch is committed
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
#ifndef QUIET
#define QUIET FREE
#endif
#ifndef TRIM
#define TRIM 2
#endif
#define BELL 4            /* octets that the fifo holds */
#define IDS (POSTERS * POSTS + 2)
#define FREE 255

typedef Slot { byte next, old, cur };

byte lock = FREE;
byte sequence;
Slot slot[2];
byte record[IDS];         /* what lies in the log at an id: who wrote it, TORN while it is being written */
bool segment[IDS];        /* the file log/ID is there */
byte bell;                /* octets in it */
bool listens[LISTENERS];  /* waits for the bell */
bool edge[LISTENERS];     /* it was rung since he last looked */
bool dead[POSTERS];
bool over[POSTERS];       /* it has ended, in either way */
byte kills;

/* What nobody but the checker sees. */
byte committed[IDS];
bool owes[POSTERS];       /* committed, has not woken everybody yet */
bool late;                /* somebody died in that state */
bool quiet[IDS];          /* it was for nobody here */
#define TORN 99
#define STILL (over[0] && over[POSTERS - 1])

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
    HEAD.old = s.old; HEAD.cur = s.cur;
    ghost_commit(id, token)
  }
#else
  slot[(sequence + 1) % 2].next = s.next;
  d_step { slot[(sequence + 1) % 2].old = s.old; slot[(sequence + 1) % 2].cur = s.cur };
  d_step { sequence = sequence + 1; ghost_commit(id, token) }
#endif
}
inline ghost_commit(id, token) {
  if
  :: id ->
    assert(committed[id] == 0);    /* no id twice */
    committed[id] = token;
    quiet[id] = (QUIET == me);
    owes[me] = !quiet[id]
  :: else
  fi
}

/* One step for each file. */
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

/* One write into the fifo is an edge for all who wait for it, unless it is full. */
inline wake_all() {
  d_step {
    if
    :: bell < BELL ->
      bell++;
      i = 0;
      do
      :: i < LISTENERS -> edge[i] = listens[i]; i++
      :: else -> break
      od;
      i = 0
    :: else
    fi
  }
}

/* Looks how much is in it, then reads all but one. */
inline trim() {
#ifdef EMPTIED
  i = bell;
  bell = 0;
#else
#ifndef NO_TRIM
  i = (bell -> bell - 1 : 0);
  bell = bell - (bell < i -> bell : i);
#endif
#endif
  i = 0
}

/* Without the lock: a slot that was being filled shows by the sequence. */
inline load_free() {
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
  od
}

inline load_locked() {
  d_step { s.next = HEAD.next; s.old = HEAD.old; s.cur = HEAD.cur }
}

proctype Poster(byte me) {
  Slot s;
  byte i, id, posted;
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
      if :: s.next % TRIM == 0 -> trim() :: else fi;
      give(me);
#ifndef WAKE_EARLY
      if :: QUIET != me -> wake_all() :: else fi;
#endif
      skip;
      d_step { owes[me] = false; posted++; i = 0; id = 0 }
    :: else -> break
    od
  } unless { dead[me] };
  atomic { over[me] = true; d_step { s.next = 0; s.old = 0; s.cur = 0; i = 0; id = 0; posted = 0 } }
}

#if KILLS
/* kill -9: the kernel unlocks. */
inline kill(who) {
  dead[who] = true;
  kills++;
  if :: lock == who -> lock = FREE :: else fi;
  if :: owes[who] -> late = true; owes[who] = false :: else fi
}
proctype Killer() {
end:
  do
  :: d_step { kills < KILLS && !dead[0] && !over[0] -> kill(0) }
#if POSTERS > 1
  :: d_step { kills < KILLS && !dead[1] && !over[1] -> kill(1) }
#endif
  od
}
#endif

proctype Listener(byte me) {
  Slot s;
  byte q, cursor, first, i;
  load_free();
  skip;
  cursor = s.next;
  do
  :: skip;
look:
    load_free();
    do
    :: cursor < s.next ->
      first = (s.old -> s.old : s.cur);
      if
      :: cursor < first ->
        d_step {
          assert(cursor < (HEAD.old -> HEAD.old : HEAD.cur));
          cursor = first    /* and counts them */
        }
      :: else
      fi;
      first = (cursor >= s.cur -> s.cur : s.old);
      if
      :: segment[first] ->    /* open(2); what is open stays readable */
        d_step {
          assert(record[cursor] == committed[cursor] && committed[cursor] != 0);
          cursor++
        }
      :: else ->    /* ENOENT: switched meanwhile */
        assert(sequence != q);
        goto look
      fi
    :: else -> break
    od;
#ifdef EDGE_LATE
    edge[me] = false;
#endif
    skip;
    d_step { q = 0; first = 0; s.next = 0; s.old = 0; s.cur = 0 };
    d_step {
      if
      :: !listens[me] ->    /* EPOLL_CTL_ADD */
        listens[me] = true;
#ifndef NO_EDGE_FIRST
        edge[me] = (bell > 0)
#endif
      :: else
      fi
    };
sleep:
    if    /* epoll_wait(2): an edge of what is empty by now is none */
    :: atomic { edge[me] && bell -> edge[me] = false }
    :: atomic { edge[me] && !bell -> edge[me] = false }; goto sleep
    :: d_step {    /* nothing moves any more: here the timer would run out */
        STILL && !edge[me] ->
        i = cursor;
        do
        :: i < HEAD.next && quiet[i] -> i++
        :: else -> break
        od;
        first = (i == HEAD.next);
        i = 0
      };
      if
      :: first -> break
      :: else ->
        assert(late);    /* a lost wake-up */
#ifdef NO_TIMER
        assert(false)
#endif
      fi
    fi
  od
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
#if KILLS
    run Killer()
#endif
  }
}
