#!/bin/sh
# maildir-op Find and Fetch, excerpts: where a filter's texts are in subject and text, against a plain evaluation.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/excerpt.py"
