#!/bin/sh
# The state directory's algorithms as Promela models, every interleaving of them and every moment to be killed in (tests/spin/*.pml);
# and that each model fails where the algorithm is broken on purpose.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

# explored OPTIMISATION MODEL DEFINITION...: what spin's verifier says of it. Without partial order reduction, which does not mind "unless".
explored() {
  optimisation=$1 model=$2
  shift 2
  mkdir -p "$work/spin" && cd "$work/spin" || return
  { spin "$@" -a "$top/tests/spin/$model.pml" && cc "$optimisation" -w -DSAFETY -DNOREDUCE -DMEMLIM=1500 -o pan pan.c && ./pan -m100000; } 2>&1
  cd "$top" || return
}
# holds MODEL DEFINITION...: no error, and the search was complete.
holds() {
  explored -O2 "$@" > "$work/said"
  is "$*: no error" "$(grep -o 'errors: [0-9]*' "$work/said")" 'errors: 0'
  is "$*: all of it was seen" "$(grep -c 'search not completed\|depth too small\|limit\|error:\|Error:' "$work/said")" 0
  sed -n 's/^ *\([0-9]* states, stored\)/# \1/p' "$work/said"
}
# broken MODEL DEFINITION...: an assertion fails, soon: compiling takes longer than looking.
broken() {
  explored -O0 "$@" > "$work/said"
  is "$*: is found" "$(grep -o 'errors: [0-9]*' "$work/said")" 'errors: 1'
  ok "$*: by an assertion" grep 'pan:1: assertion violated' "$work/said"
}

holds log
holds log -DPOSTERS=1 -DPOSTS=5 -DSEGMENT=2
holds log -DPOSTERS=1 -DPOSTS=1 -DLISTENERS=2
holds log -DTRIM=1 -DQUIET=1 -DKILLS=0
for variant in EDGE_LATE WAKE_EARLY NO_LOCK ONE_SLOT NO_SECOND_LOOK PURGE_EARLY COMMIT_EARLY NO_TIMER NO_EDGE_FIRST; do
  broken log "-D$variant"
done
broken log -DNO_TRIM -DPOSTERS=1 -DPOSTS=5
broken log -DEMPTIED -DTRIM=1 -DQUIET=1 -DKILLS=0
holds names -DCLAIMS=1 -DKILLS=0
holds names -DCONNECTIONS=2 -DCLAIMS=3 -DKILLS=2
for variant in NO_LOCK CHECK_EARLY LEAVE_UNLOCKED RENAME_TWICE REUSE; do
  broken names -DCLAIMS=2 "-D$variant"
done
holds names -DCONNECTIONS=2 -DCLAIMS=2 -DKILLS=0 -DLIST
for variant in NO_COUNT COUNT_EARLY; do
  broken names -DCONNECTIONS=2 -DCLAIMS=2 -DLIST "-D$variant"
done
finish
