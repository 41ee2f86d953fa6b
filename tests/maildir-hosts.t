#!/bin/sh
# Hosts that share a mailbox by NFS, as far as that is seen without it: to build/hook/another_host every file system is NFS. States and threads of one
# are the other's, whenever it was started; who waits without an index is not answered over and over; what another host moves while it is looked is
# met. `make nfs` has the rest.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" HOST="$B/hook/another_host" STUB="$B/stub" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/hosts.py"
