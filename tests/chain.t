#!/bin/sh
# The whole chain of version 3 behind s6-ipcserver and tcpserver, as root, with a client that shares nothing with it.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root chain.t

python=/usr/bin/python3
account a; a=$account; a_ids=$(id -u "$a"):$(id -g "$a")
account b; b_ids=$(id -u "$account"):$(id -g "$account")

# --- mailboxes and users ---
mail=$work/mail/ex.org
mkdir -p "$mail" "$work/home" && chmod 755 "$work/mail" "$mail" "$work/home"
maildir() {
  mkdir "$1" "$1/cur" "$1/new" "$1/tmp" && chmod 700 "$1"
}
maildir "$mail/a"; maildir "$mail/b"; maildir "$mail/half"; maildir "$mail/curlink"; maildir "$work/outside"
printf 'Subject: one\n\n1\n' > "$mail/a/new/1000000000.M1P1.host"
printf 'Subject: two\n\n2\n' > "$mail/a/cur/1000000001.M1P1.host:2,S"
rmdir "$mail/half/tmp" "$mail/curlink/cur"
ln -s new "$mail/curlink/cur"
ln -s a "$mail/link"
ln -s ex.org "$work/mail/link.org"
: > "$mail/file"
chown -R "$b_ids" "$mail/b"
chown -R "$a_ids" "$mail/a" "$mail/half" "$mail/curlink" "$mail/file" "$work/outside"

hash() { mkpasswd -m sha512crypt -R 1000 "$1"; }
ha=$(hash 'secret of a'); hb=$(hash 'secret of b')
{
  echo "# users of the test"
  echo "a@ex.org:$ha:$a_ids::$work/home/a:"
  echo "b@ex.org:{CRYPT}$hb:$b_ids::$work/home/b:"
  echo "locked@ex.org:!$ha:$a_ids"
  echo "nologin@ex.org:$ha:$a_ids::::nologin"
  echo "nets@ex.org:$ha:$a_ids::::allow_nets=127.0.0.1"
  echo "none@ex.org::$a_ids"
  echo "root@ex.org:$ha:0:0"
  echo "minus@ex.org:$ha:4294967295:4294967295"
  echo "nouid@ex.org:$ha"
  for user in ..@ex.org .@ex.org a/b@ex.org a@.. a@../../etc "$(printf 'c\001')@ex.org" a @ex.org link@ex.org a@link.org \
    gone@ex.org file@ex.org half@ex.org curlink@ex.org; do echo "$user:$ha:$a_ids"; done
} > "$work/users"
# b's password, but a's uid: b's mailbox is not a's to enter.
{ sed '/^b@/d' "$work/users"; echo "b@ex.org:$ha:$a_ids"; } > "$work/users-mixed"

snapshot() { find "$work/mail" "$work/outside" -printf '%P %y %s %m %U %T@ %C@ %l\n' | sort; }

# --- servers: the caller's environment is no help to a client ---
listen() {  # unix|tcp NAME prog...: starts a server; its address is in $address, its pid in $server
  kind=$1; name=$2; shift 2
  if [ "$kind" = unix ]; then
    address=$work/$name.sock
    background env AUTHUSER=b@ex.org USER=b UID=0 GID=0 GIDLIST=0 HOME="$work/outside" MAILDIR="$work/outside" PORTER_STATUS=1 \
      s6-ipcserver -a 0666 -c 200 -C 200 -- "$address" "$@" 2>>"$work/$name.err"
    server=$!
    wait_for s6-ipcclient "$address" true
  else
    background env AUTHUSER=b@ex.org USER=b UID=0 GID=0 GIDLIST=0 HOME="$work/outside" MAILDIR="$work/outside" PORTER_STATUS=1 \
      tcpserver -1 -HRl0 -c 200 -b 200 127.0.0.1 0 "$@" > "$work/$name.port" 2>>"$work/$name.err"
    server=$!
    wait_for test -s "$work/$name.port"
    address=$(cat "$work/$name.port")
  fi
}
# The cases of a group, one after the other, into a file.
cases() {  # OUTPUT GROUP KIND NAME [ARG...]
  output=$1; group=$2; log=$work/$4.codes; kind=$3; shift 4
  "$python" "$top/tests/chain/driver.py" "$group" "$log" "$kind" "$address" "$@" > "$output" 2> "$output.err" ||
    { echo "1 $kind: the cases of $group were run"; sed 's/^/# /' "$output.err"; } >> "$output"
}
results() {  # a result for each case in the file
  while read -r code name; do
    case $code in '#'*) echo "# $name" ;; *) result "$code" "$name" ;; esac
  done < "$1"
}
drive() {  # GROUP KIND NAME [ARG...]
  cases "$work/drive.out" "$@"
  results "$work/drive.out"
}
# Cases that wait for deadlines: they run beside all others, on a server of their own, and are told at the end.
later=
drive_later() {  # GROUP KIND NAME
  cases "$work/$3.later" "$@" &
  later="$later $!:$work/$3.later"
}
logged() {  # KIND NAME prog...: a server whose chain logs its exit codes
  kind=$1; name=$2; shift 2
  : > "$work/$name.codes"
  listen "$kind" "$name" "$stub/log-exit" "$work/$name.codes" "$@"
  wait_for_quiet "$work/$name.codes" "$kind"
}
# The connection that saw whether the server listens ends with a line of its own in the log.
wait_for_quiet() {
  [ "$2" = tcp ] || wait_for test -s "$1"
}

template=$work/mail/%d/%n
before=$(snapshot)
for kind in unix tcp; do
  logged "$kind" "$kind-short" frame-auth -d 0 -t 1 auth "$work/users" setuidgid maildir-enter "$template" frame-read -t 1 frame-write -t 1 maildir-op
  drive_later patience "$kind" "$kind-short"

  logged "$kind" "$kind-big" frame-auth -d 0 -t 20 auth "$work/users" setuidgid maildir-enter "$template" frame-read -t 20 frame-write -t 4 "$stub/big-op"
  drive_later big "$kind" "$kind-big"
done
for kind in unix tcp; do
  logged "$kind" "$kind" frame-auth -d 0 -t 200 auth "$work/users" setuidgid maildir-enter "$template" frame-read -t 200 frame-write -t 200 maildir-op
  drive good "$kind" "$kind"
  drive credentials "$kind" "$kind" "$ha"
  drive frames "$kind" "$kind"
  drive crowd "$kind" "$kind"

  logged "$kind" "$kind-mixed" frame-auth -d 0 auth "$work/users-mixed" setuidgid maildir-enter "$template" frame-read frame-write maildir-op
  drive mailboxes "$kind" "$kind-mixed"

  logged "$kind" "$kind-touch" frame-auth -d 0 "$stub/touch-check" "$work/$kind.touched"
  drive first "$kind" "$kind-touch"
  ok "$kind: no checker was started for what is no Auth frame" test ! -e "$work/$kind.touched"

  listen "$kind" "$kind-plain" frame-auth -d 0 -v auth "$work/users" setuidgid maildir-enter "$template" frame-read frame-write maildir-op
  drive process "$kind" "$kind" "$server" "${a_ids%:*}" "${a_ids#*:}"
  ok "$kind: -v says who came, from where, and what became of it" grep -Eq '^frame-auth: (ip|uid) [0-9.]+: accepted: "a@ex.org"$' "$work/$kind-plain.err"
done
for waiting in $later; do
  wait "${waiting%%:*}"
  results "${waiting#*:}"
done
is 'nothing was changed by any of them' "$(snapshot)" "$before"
finish
