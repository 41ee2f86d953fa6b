#!/bin/sh
# extractor-v2 under qmail-authuser: the same octets and exit codes as version 3's.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root extractor.t
extractor_home maildir-v1 frame-read frame-write
account v
mkdir "$work/base"
echo 'user:secret' > "$work/qmail/users/authuser"
cd "$work/qmail" || exit 111
env WORK="$work" BIN="$bin" AUTHUSER_PATH="$authuser" HOME_BIN="$home/bin" SYSUSER="$account" BASE="$work/base" PYTHONDONTWRITEBYTECODE=1 \
  /usr/bin/python3 "$top/tests/extractor/equality.py"
