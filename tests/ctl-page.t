#!/bin/sh
# The programs that ctlmsg-protocol(7) shows, as they stand there.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
background s6-ipcserver -- "$work/bus" ctlmsg "$work/state"
wait_for listens "$work/bus"
for what in stem txtorcon; do
  page=$top/doc/ctlmsg-protocol.7
  awk -v "what=$what" '$0 == ".\\\" run: " what { found = 1; next } found && /^\.Bd/ { inside = 1; next } inside && /^\.Ed/ { exit } inside' "$page" \
    | sed -e 's/\\e/\\/g' -e "s,/run/porter-ctl-tor/control,$work/bus," > "$work/page-$what.py"
  exits "$what" 0 timeout 60 /usr/bin/python3 -W ignore "$work/page-$what.py"
  is "$what: what it prints" "$(cat "$work/out")" 'gui @all volume=11 "and more"'
done
# A name is not kept over stem's reconnect(), the events are.
cat >> "$work/page-stem.py" <<'END'
import stem_closes
controller.reconnect()
assert 'gui' not in controller.get_info('list-controllers').split()
assert controller.msg('CONTROLLERNAME gui').is_ok()
controller.msg('POSTMESSAGE @gui again')
assert messages.get(timeout=50).rstrip('\r\n').endswith(' @gui again')
controller.close()
END
exits "stem: reconnect()" 0 env PYTHONPATH="$top/tests/ctl" timeout 60 /usr/bin/python3 -W ignore "$work/page-stem.py"
finish
