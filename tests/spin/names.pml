/* The connections and names of the state directory (src/include/porter/control_bus.h: Join, Claim, Leave), each a process that may
 * be killed between any two of its steps. A step is a system call that others can see the effect of. Always:
 *   - who was told that he has a name, and lives, is who that name leads to;
 *   - a name that leads to somebody alive leads to one who was told that he has it.
 *   - with LIST: a list of the names that was made without the lock, while their count stayed the same and even, shows who has had a name
 *     all the time with exactly one.
 * So no name has two holders, a change of name never leaves two names, or none, and no name is taken by nobody.
 * Bounds: CONNECTIONS, each of which joins once, claims CLAIMS times, and leaves in either way; KILLS; two names.
 * Each of these makes a variant that must fail:
 *   NO_LOCK         the lock does not lock
 *   CHECK_EARLY     whether the holder lives is looked at before the lock is taken
 *   LEAVE_UNLOCKED  who leaves removes his name after he closed his fifo, without the lock
 *   RENAME_TWICE    a change of name takes the new one, then gives up the old one
 *   NO_COUNT        changes of names are not counted (with LIST)
 *   COUNT_EARLY     a change is counted when it begins only (with LIST)
 *   REUSE           serials are used again, and the fifos of the dead are swept before their names */
#ifndef CONNECTIONS
#define CONNECTIONS 3
#endif
#ifndef CLAIMS
#define CLAIMS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define NAMES 2
#define NONE 255
#define SERIALS (CONNECTIONS + 1)

byte lock = NONE;
byte next_serial = 1;
byte conn[SERIALS + 1] = NONE;    /* conn/SERIAL: whose fifo; NONE: not there */
bool open[CONNECTIONS];           /* the fifo has its reader */
byte name[NAMES];                 /* name/N: the serial it links to; 0: not there */
byte link_new;                    /* name/.new */
bool dead[CONNECTIONS];
bool over[CONNECTIONS];           /* it has ended, in either way */
byte kills;

byte count;                       /* changes of names, odd during one */

byte has[CONNECTIONS] = NONE;     /* what he was told that he has; nobody but the checker sees it */

#define ALIVE(serial) (serial != 0 && conn[serial] != NONE && open[conn[serial]])

inline take() {
#ifndef NO_LOCK
  atomic { lock == NONE -> lock = me }
#else
  skip
#endif
}
inline give() {
  d_step { if :: lock == me -> lock = NONE :: else fi }
}

inline begin() {
#if defined(LIST) && !defined(NO_COUNT)
  d_step { if :: count % 2 == 0 -> count++ :: else fi }
#else
  skip
#endif
}
inline end_() {
#if defined(LIST) && !defined(NO_COUNT)
#ifdef COUNT_EARLY
  skip
#else
  d_step { if :: count % 2 == 0 -> count++ :: else fi; count++ }
#endif
#else
  skip
#endif
}

/* One step for each entry removed. */
inline sweep_names() {
  begin();
  i = 0;
  do
  :: d_step {
      do
      :: i < NAMES && (name[i] == 0 || ALIVE(name[i])) -> i++
      :: else -> break
      od;
      if :: i < NAMES -> name[i] = 0 :: else fi
    };
    if :: i == NAMES -> i = 0; break :: else fi
  od;
  end_()
}
inline sweep_fifos() {
  i = 1;
  do
  :: d_step {
      do
      :: i <= SERIALS && (conn[i] == NONE || open[conn[i]]) -> i++
      :: else -> break
      od;
      if :: i <= SERIALS -> conn[i] = NONE :: else fi
    };
    if :: i > SERIALS -> i = 0; break :: else fi
  od
}

inline look() {    /* taken: some fifo has no reader */
  d_step {
    i = 1;
    do
    :: i <= SERIALS && (conn[i] == NONE || open[conn[i]]) -> i++
    :: else -> break
    od;
    taken = (i <= SERIALS);
    i = 0
  };
  skip
}

inline join() {
  take();
#ifdef REUSE
  look();
  if :: taken -> sweep_fifos(); sweep_names() :: else fi;
  skip;
  d_step { taken = false; serial = 1; do :: conn[serial] != NONE -> serial++ :: else -> break od };
#else
  d_step { serial = next_serial; next_serial++ };
#endif
  open[me] = true;       /* conn/.new, made and opened */
  conn[serial] = me;     /* renamed */
  give();
  /* With LIST nobody sweeps: there would be too much to explore. */
#if !defined(REUSE) && !defined(LIST)
  look();
  if :: taken -> take(); sweep_names(); sweep_fifos(); give() :: else fi;
  skip;
  taken = false
#endif
}

inline claim() {
#ifdef CHECK_EARLY
  taken = ALIVE(name[wanted]);
#endif
  take();
#ifndef CHECK_EARLY
  taken = ALIVE(name[wanted]);
#endif
  if
  :: taken
  :: !taken && mine != NONE ->
    begin();
#ifdef COUNT_EARLY
    count++;
#endif
#ifdef RENAME_TWICE
    name[wanted] = serial;
    d_step { name[mine] = 0; has[me] = wanted; mine = wanted };
#else
    d_step { name[wanted] = name[mine]; name[mine] = 0; has[me] = wanted; mine = wanted };
#endif
    end_()
  :: else ->
    begin();
#ifdef COUNT_EARLY
    count++;
#endif
    link_new = serial;
    d_step { name[wanted] = link_new; has[me] = wanted; mine = wanted };
    end_()
  fi;
  give()
}

proctype Connection(byte me) {
  byte i, serial, wanted, claims, mine = NONE;
  bool taken;
  {
    join();
    do
    :: atomic { claims < CLAIMS -> claims++; if :: wanted = 0 :: wanted = 1 fi };
      if
      :: mine != wanted -> claim()
      :: else    /* his own again: 250 */
      fi;
      d_step { taken = false; wanted = 0 }
    :: break
    od;
#ifdef LEAVE_UNLOCKED
    skip;
    d_step { has[me] = NONE; open[me] = false };
    if :: mine != NONE -> name[mine] = 0 :: else fi;
    conn[serial] = NONE;
#else
    if
    :: take();
      if :: mine != NONE -> begin() :: else fi;
      d_step { if :: mine != NONE -> name[mine] = 0 :: else fi; has[me] = NONE };
      conn[serial] = NONE;
      open[me] = false;
      if :: mine != NONE -> end_() :: else fi;
      give()
    :: d_step { has[me] = NONE; open[me] = false }    /* the lock could not be had in time */
    fi;
#endif
  } unless { dead[me] };
  atomic { over[me] = true; d_step { i = 0; serial = 0; wanted = 0; claims = 0; mine = 0; taken = false } }
}

#if KILLS
/* kill -9: the kernel closes the fifo and unlocks. */
inline kill(who) {
  dead[who] = true; open[who] = false; has[who] = NONE; kills++;
  if :: lock == who -> lock = NONE :: else fi
}
proctype Killer() {
end:
  do
  :: d_step { kills < KILLS && !dead[0] && !over[0] -> kill(0) }
  :: d_step { kills < KILLS && !dead[1] && !over[1] -> kill(1) }
#if CONNECTIONS > 2
  :: d_step { kills < KILLS && !dead[2] && !over[2] -> kill(2) }
#endif
  od
}
#endif

#ifdef LIST
/* Reads the fifos, then the links, one by one; once the count is another there is nothing to be said of the list. */
proctype Lister() {
  byte i, before;
  bool named[CONNECTIONS], seen[CONNECTIONS];
  byte names[CONNECTIONS];
  (next_serial > 1);    /* he has joined himself */
  before = count;
  if
  :: before % 2 == 0 ->
    d_step { i = 0; do :: i < CONNECTIONS -> named[i] = (has[i] != NONE); i++ :: else -> break od; i = 1 };
    do
    :: count == before && i <= SERIALS -> d_step { if :: ALIVE(i) -> seen[conn[i]] = true :: else fi; i++ }
    :: else -> break
    od;
    i = 0;
    do
    :: count == before && i < NAMES ->
      d_step { if :: name[i] != 0 && conn[name[i]] != NONE -> names[conn[name[i]]]++ :: else fi; i++ }
    :: else -> break
    od
  :: else
  fi;
  atomic {
    before = (before % 2 == 0 && count == before);
    d_step {
      i = 0;
      do
      :: i < CONNECTIONS ->
        assert(!before || !seen[i] || !named[i] || has[i] == NONE || names[i] == 1);
        seen[i] = false; named[i] = false; names[i] = 0;
        i++
      :: else -> break
      od;
      i = 0; before = 0
    }
  }
}
#endif

#define HOLDS(p) (has[p] == NONE || (name[has[p]] != 0 && conn[name[has[p]]] == p))
#define LEADS(n) (!ALIVE(name[n]) || has[conn[name[n]]] == n)

proctype Checker() {
  end: atomic {
    !(HOLDS(0) && HOLDS(1) && HOLDS(CONNECTIONS - 1) && LEADS(0) && LEADS(1)) -> assert(false)
  }
}

init {
  byte i;
  atomic {
    i = 0;
    do :: i < CONNECTIONS -> run Connection(i); i++ :: else -> break od;
#if KILLS
    run Killer();
#endif
#ifdef LIST
    run Lister();
#endif
    run Checker()
  }
}
