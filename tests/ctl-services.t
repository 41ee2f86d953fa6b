#!/bin/sh
# The examples of services, and the recipe of the pages, with real accounts: tor's, ctlmsg's, a controller's, and one that may not.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
need_root ctl-services
account s; server=$account
account c; controller=$account
account x; stranger=$account
for a in "$server" "$controller"; do account_try usermod -aG debian-tor "$a"; done
as() { a=$1; shift; s6-setuidgid "$a" "$@"; }

# A tor as Debian sets it up: its directory, its socket and its cookie are group debian-tor's.
mkdir "$work/lib" && chown debian-tor: "$work/lib" && chmod 700 "$work/lib"
install -d -m 2755 -o debian-tor -g debian-tor "$work/run" "$work/run/tor"
: > "$work/defaults"
cat > "$work/torrc" <<END
DataDirectory $work/lib
DisableNetwork 1
SocksPort 0
ControlSocket $work/run/tor/control GroupWritable RelaxDirModeCheck
CookieAuthentication 1
CookieAuthFileGroupReadable 1
CookieAuthFile $work/run/tor/control.authcookie
Log err stderr
END
background s6-setuidgid debian-tor tor --quiet --defaults-torrc "$work/defaults" -f "$work/torrc"
wait_for listens "$work/run/tor/control"
wait_for test -s "$work/run/tor/control.authcookie"
cookie=$work/run/tor/control.authcookie

# The example, with this test's paths and accounts in place of its own.
example() {
  sed -e "s,/run/porter,$work/run/porter,g" -e "s,/run/tor,$work/run/tor,g" -e "s,@HOME@/bin/,$work/bin/,g" \
    -e "s/-o ctlmsg/-o $server/; s/-g ctlmsg/-g $server/; s/setuidgid ctlmsg/setuidgid $server/" "$top/doc/examples/$1"
}
mkdir -p "$work/bin"
for p in "$bin"/ctlmsg*; do [ "$p" = "$work/bin/${p##*/}" ] || cp "$p" "$work/bin/"; done
for p in porter-ctl porter-ctl-tor; do
  sed "s,^$(head -n 1 "$top/conf-home")/bin/,$work/bin/," "$B/bin/$p" > "$work/bin/$p.new" && chmod 755 "$work/bin/$p.new" && mv -f "$work/bin/$p.new" "$work/bin/$p"
  mkdir -p "$work/service/$p"
  example "s6/$p/run" > "$work/service/$p/run"
  chmod 755 "$work/service/$p/run"
  background s6-supervise "$work/service/$p"
  wait_for listens "$work/run/$p/control"
  wait_for as "$server" test -w "$work/run/$p/control"
done
stop_services() { for p in porter-ctl porter-ctl-tor; do s6-svc -dx "$work/service/$p"; done; }

tor_as() { a=$1; b=$2; shift 2; as "$a" s6-ipcclient -l 0 -- "$work/run/porter-ctl-tor/control" "$bin/$b" "$@"; }
exits 'in front: a controller in group debian-tor connects, with tor'"'"'s cookie' 0 tor_as "$controller" ctlmsg-info -k "$cookie" version
exits 'in front: and posts' 0 tor_as "$controller" ctlmsg-post -k "$cookie" -n gui @all hello
exits 'in front: as tor itself may' 0 tor_as debian-tor ctlmsg-info -k "$cookie" recent-messages
is 'in front: the message is there' "$(cut -d ' ' -f 2- "$work/out")" 'gui @all hello'
exits 'in front: who is not in the group does not connect' 111 tor_as "$stranger" ctlmsg-info version
ok 'in front: nor reads the cookie' sh -c "! s6-setuidgid $stranger cat '$cookie' 2> /dev/null"
ok 'in front: a controller cannot open the state directory' sh -c "! s6-setuidgid $controller ls '$work/run/porter-ctl-tor/bus' 2> /dev/null"
is 'in front: the socket and its group' "$(stat -c '%A %U %G' "$work/run/porter-ctl-tor/control")" "srw-rw---- $server debian-tor"

alone_as() { a=$1; b=$2; shift 2; as "$a" s6-ipcclient -l 0 -- "$work/run/porter-ctl/control" "$bin/$b" "$@"; }
exits 'alone: who is not in its group does not connect' 111 alone_as "$controller" ctlmsg-info version
account_try usermod -aG "$server" "$controller"
exits 'alone: who is in it does' 0 alone_as "$controller" ctlmsg-info version
stop_services
wait_for sh -c "! test -e '$work/service/porter-ctl/supervise/control' || ! s6-svok '$work/service/porter-ctl'"

# The others, as far as they can be tried here.
for f in "$top"/doc/examples/*/*/run; do ok "${f#"$top"/doc/examples/}: is sh" sh -n "$f"; done
finish
