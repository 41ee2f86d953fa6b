#!/bin/sh
# The interface's description as Debian's varlink-go reads it: Go is made of it, passes go vet, and a client on it talks to the door.
# varlink-go stops at the hyphen of mail-storage, so it gets a copy with mailstorage; what goes over the wire is spelt right again.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
for program in go varlink-go-interface-generator; do
  command -v $program > /dev/null || { echo "1..0 # SKIP varlink-go.t: $program is not installed (package/deps go)"; exit 0; }
done
[ -d /usr/share/gocode/src/github.com/varlink/go ] || { echo "1..0 # SKIP varlink-go.t: golang-github-varlink-go-dev is not installed (package/deps go)"; exit 0; }
GOPATH=$work/go:/usr/share/gocode GO111MODULE=off GOFLAGS='' GOCACHE=$work/cache HOME=$work GOTOOLCHAIN=local
export GOPATH GO111MODULE GOFLAGS GOCACHE HOME GOTOOLCHAIN
name=de.jmhoffmann.jwebmail.mail-storage
package=$work/go/src/jwebmail/dejmhoffmannjwebmailmailstorage
mkdir -p "$package" "$work/go/src/jwebmail/service" "$work/go/src/jwebmail/client"
cp "$top/src/proto/org.varlink.service.varlink" "$work/go/src/jwebmail/service/"
sed 's/mail-storage/mailstorage/g' "$top/src/proto/$name.varlink" > "$package/${name%mail-storage}mailstorage.varlink"
cd "$package" || exit 111
ok 'Go is made of the interface' varlink-go-interface-generator "${name%mail-storage}mailstorage.varlink"
ok 'go vet has nothing to say' go vet .
is 'not a word' "$(cat "$work/out" "$work/err")" ''
cd "$work/go/src/jwebmail/service" || exit 111
ok "Go is made of varlink's own" varlink-go-interface-generator org.varlink.service.varlink
ok 'go vet has nothing to say of it' go vet .

sed -i 's/\(jwebmail\.mail\)storage/\1-storage/g' "$package"/*.go
cp "$top/tests/varlink/client.go" "$work/go/src/jwebmail/client/main.go"
cd "$work/go/src/jwebmail/client" || exit 111
ok 'a client on it is built' go build -o "$work/client" .
box=$work/Maildir
mkdir -p "$box/cur" "$box/new" "$box/tmp"
printf 'Subject: old\nDate: Fri, 22 Feb 2019 11:06:00 +0100\n\ntext\n' > "$box/cur/1.a:2,S"
printf 'Subject: new\nDate: Sat, 23 Feb 2019 11:06:00 +0100\n\ntext\n' > "$box/new/2.b"
cd "$box" || exit 111
background s6-ipcserver -a 0600 -- "$work/socket" varlink-read varlink-call maildir-op
wait_for listens "$work/socket"
"$work/client" "$work/socket" "$box" > "$work/answers" 2>&1
is 'it talks to the door' "$(cat "$work/answers")" "porter porter man:varlink-read(1) [org.varlink.service $name]
true
true
2 1 114
1 true false new text
1 false true old
\"text\\n\" true
57
true
true
created [Made]"
is 'and what it changed is changed' "$(cd "$box" && echo new/* cur/* .Made/cur/*)" 'new/2.b cur/* .Made/cur/*'
finish
