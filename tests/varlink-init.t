#!/bin/sh
# Init of varlink-read: paths, users, links and races of a client that is not believed.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/varlink/init.py"
