#!/bin/sh
# Random commands of some connections, against a model of the bus: alone and in front of a tor. SEED=n STEPS=n repeats one.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/model.py" "$bin" "$work"
exit
