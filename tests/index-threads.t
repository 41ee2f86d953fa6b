#!/bin/sh
# porter.threads: ids that never change, whatever is lost; its system calls failing and killing; rubbish in its place; many that make it at once.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/index_threads.py"
