#!/bin/sh
# What doc/protocol.7 shows: its example octet for octet, its clients in Python and Perl, and what it says of endings.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
need_root protocol.t

# What stands between .\" begin NAME and .\" end, without its markup.
extract() {
  awk -v begin=".\\\\\" begin $1" '$0 == begin { on = 1; next } $0 == ".\\\" end" { on = 0 } on && !/^\.(Bd|Ed)/' "$top/doc/protocol.7" | sed 's/\\e/\\/g'
}
# What is run must be what a reader sees: "\n" that troff takes for its own is 0 there.
if command -v mandoc > /dev/null; then
  mandoc -Tascii "$top/doc/protocol.7" | col -bx | sed 's/^ *//' > "$work/page"
  sed -n 's/^\.\\" begin //p' "$top/doc/protocol.7" > "$work/examples"
  while read -r example; do
    is "the page shows $example as it is run" "$(extract "$example" | sed 's/^ *//' | grep -vxFf "$work/page")" ''
  done < "$work/examples"
else
  skip 'the page shows examples as they are run' 'no mandoc'
fi
account a
mkdir -p "$work/mail/ada/cur" "$work/mail/ada/new" "$work/mail/ada/tmp"
printf 'Subject: x\n\nx\n' > "$work/mail/ada/cur/1700000000.M1.h:2,S"
chown -R "$account" "$work/mail/ada"
echo "ada:{PLAIN}secret:$(id -u "$account"):$(id -g "$account")::" > "$work/users"
background s6-ipcserver -a 0600 -- "$work/socket" frame-auth -d 0 auth "$work/users" setuidgid maildir-enter "$work/mail/%u" \
  frame-read frame-write maildir-op 2> "$work/server.err"
wait_for listens "$work/socket"

extract example > "$work/example"
ok 'the example is in the page' grep -q '^S: 00 00 00 04 08 01 18 0e ' "$work/example"
cat > "$work/play.py" <<'END'
"""play.py SOCKET EXAMPLE HOW: says what C says, and must hear what S says, then end of file."""
import re, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
said = []
for line in open(sys.argv[2]):
    m = re.match(r"([CS]): ((?:[0-9a-f]{2} ?)+)", line)
    if m:
        said.append((m.group(1), bytes.fromhex(m.group(2))))
if sys.argv[3] == "pipelined":  # and one more request behind the failing one
    said = [x for x in said if x[0] == "C"] + [("C", bytes.fromhex("00000005") + b"Stats" + bytes(4))] + [x for x in said if x[0] == "S"]
for who, octets in said:
    if who == "C":
        s.sendall(octets)
        continue
    got = b""
    while len(got) < len(octets):
        piece = s.recv(len(octets) - len(got))
        if not piece:
            sys.exit("end of file after %r, want %r" % (got, octets))
        got += piece
    if got != octets:
        sys.exit("got %s, want %s" % (got.hex(" "), octets.hex(" ")))
rest = s.recv(1000)
if rest:
    sys.exit("more: %r" % rest)
END
ok 'the example, octet for octet, then end of file' /usr/bin/python3 "$work/play.py" "$work/socket" "$work/example" 'in turn'
ok 'the same requests at once: what is behind the error is not answered' /usr/bin/python3 "$work/play.py" "$work/socket" "$work/example" pipelined
sed 's/0c 61 64 61 00 73 65 63 72 65 74 00 00/0b 61 64 61 00 73 65 63 72 65 74 00/' "$work/example" > "$work/short"
ok 'the third field of the credentials may be left out' /usr/bin/python3 "$work/play.py" "$work/socket" "$work/short" 'in turn'

want='1 mails
2023-11-14T22:13:20Z x'
protoc --python_out="$work" --proto_path="$top/src/proto" "$top/src/proto/maildir.proto" || exit 111
extract python > "$work/client.py"
extract perl > "$work/client.pl"
for client in client.py client.pl; do ok "$client has some thirty lines" test "$(wc -l < "$work/$client")" -le 42; done
python_client() { /usr/bin/python3 "$work/client.py" "$@"; }
perl_client() { perl "$work/client.pl" "$@"; }
is 'the client in Python' "$(python_client "$work/socket" ada secret 2>&1)" "$want"
is 'the client in Perl' "$(perl_client "$work/socket" ada secret 2>&1)" "$want"
is 'its error' "$(python_client "$work/socket" ada wrong 2>&1 | sed -n '$s/:.*REFUSED/: REFUSED/p' | cut -d: -f1,2)" 'RuntimeError: REFUSED'
exits 'the other fails too' 255 perl_client "$work/socket" ada wrong

# --- what a web mail does, in protobuf and in JSON ---
background s6-ipcserver -a 0600 -- "$work/json" frame-auth -j -d 0 auth "$work/users" setuidgid maildir-enter "$work/mail/%u" \
  frame-read -j frame-write -j json-op maildir-op 2> "$work/json.err"
wait_for listens "$work/json"
# The client of the page, with messages in JSON.
cat > "$work/in_json.py" <<'END'
from google.protobuf import json_format
class InJson(Porter):
    def call(self, method, **fields):
        request = json_format.MessageToJson(getattr(pb, method + "Req")(**fields))
        self.send(method, request.encode())
        data = self.take(*struct.unpack(">I", self.take(4)))
        assert data.startswith(b"{")
        response = json_format.Parse(data, getattr(pb, method + "Resp")())
        if response.HasField("error"):
            raise RuntimeError(str(response.error))
        return response
porter = InJson(*sys.argv[1:4])
END
web_mail() {  # HOW SOCKET CLIENT: each example behind that
  for f in Drafts Sent; do mkdir -p "$work/mail/ada/.$f/cur" "$work/mail/ada/.$f/new" "$work/mail/ada/.$f/tmp"; done
  chown -R "$account" "$work/mail/ada"
  for example in compose conversation threads poll search; do
    { extract python | sed '/^porter = /,$d'; cat "$3"; echo 'page = porter.call("ListSearch", limit=20, sort={"direction": "DESC"})'; extract $example; } > "$work/$example.py"
    /usr/bin/python3 "$work/$example.py" "$2" ada secret > "$work/$example.out" 2>&1
  done
  is "$1: a draft, its successor, a reply with a file" "$(cat "$work/compose.out")" 'Re: x attachment'
  is 'the draft has gone, the mail is answered' "$(ls "$work/mail/ada/.Drafts/cur" "$work/mail/ada/.Drafts/new" "$work/mail/ada/cur")" "$work/mail/ada/.Drafts/cur:

$work/mail/ada/.Drafts/new:

$work/mail/ada/cur:
1700000000.M1.h:2,FRS"
  is 'a conversation' "$(sed "s/^20[0-9-]*T[0-9:]*Z /when /" "$work/conversation.out")" "x 1
when ['x\\n']"
  is 'conversations: from a mail, those not answered, their number' "$(cat "$work/threads.out")" "[''] 0
[]
 1 0
Drafts 0 0
Sent 1 0"
  is 'polling' "$(cat "$work/poll.out")" "False
True
CHANGED ['']"
  is 'searching as one types, with what was found' "$(cat "$work/search.out")" "1 [D]ear Bob, here it is.
1 [De]ar Bob, here it is.
1 [Dear B]ob, here it is."
}
as_it_was() {
  rm -r "$work/mail/ada/.Drafts" "$work/mail/ada/.Sent"
  mv "$work/mail/ada/cur/"* "$work/mail/ada/cur/1700000000.M1.h:2,S"
}
web_mail 'in JSON' "$work/json" "$work/in_json.py"
as_it_was
echo 'porter = Porter(*sys.argv[1:4])' > "$work/in_protobuf.py"
web_mail 'in protobuf' "$work/socket" "$work/in_protobuf.py"
printf 'ada\0secret\0\0' > "$work/credentials"
extract shell > "$work/shell"
is 'from a shell' "$(cd "$work" && SOCK=$work/socket PATH=$bin:$PATH sh ./shell)" 'Sent: Dear Bob, here it is.'
extract shell-draft >> "$work/shell"
is 'a draft from a shell' "$(cd "$work" && SOCK=$work/socket PATH=$bin:$PATH sh ./shell | tail -n 1)" '"25"'
is 'it has replaced the one before it' "$(cat "$work"/mail/ada/.Drafts/cur/*)" 'Subject: hello

Dear Bob'
as_it_was

# --- messages in JSON ---
extract php > "$work/client.php"
ok 'client.php has some thirty lines' test "$(wc -l < "$work/client.php")" -le 32
php_client() { php "$work/client.php" "$@"; }
is 'the client in PHP' "$(php_client "$work/json" ada secret 2>&1)" "$want"
is 'its error' "$(php_client "$work/json" ada wrong 2>&1 | grep -c 'Uncaught Exception: REFUSED: user or password not accepted')" 1
cp "$top/tests/maildir/old_server.py" "$work"  # the account may not be able to read this checkout
background s6-ipcserver -a 0600 -- "$work/old" frame-auth -j -d 0 auth "$work/users" setuidgid maildir-enter "$work/mail/%u" \
  /usr/bin/python3 "$work/old_server.py" json-op maildir-op 2> "$work/old.err"
wait_for listens "$work/old"
is 'of a server that does not know KeepOpen it says so' "$(php_client "$work/old" ada secret 2>&1 | grep -c 'Uncaught Exception: UNSUPPORTED: no such method')" 1

# --- varlink ---
background s6-ipcserver -a 0600 -- "$work/varlink" frame-auth -d 0 auth "$work/users" setuidgid maildir-enter "$work/mail/%u" \
  varlink-read varlink-call maildir-op 2> "$work/varlink.err"
wait_for listens "$work/varlink"
extract varlink > "$work/varlink.py"
ok 'varlink.py has some thirty lines' test "$(wc -l < "$work/varlink.py")" -le 34
varlink_client() { /usr/bin/python3 "$work/varlink.py" "$@"; }
is 'the client of varlink' "$(varlink_client "$work/varlink" ada secret 2>&1)" "$want"
is 'its end' "$(varlink_client "$work/varlink" ada wrong 2>&1 | tail -n 1)" 'EOFError: the connection ended'
cd "$work/mail/ada" || exit 111
sed -n '/^mail=/,/^\.Ed/p' "$top/doc/varlink-read.1" | sed '/^\.Ed/d; s/\\e/\\/g' > "$work/by-hand"
is 'the calls by hand in varlink-read(1)' "$(sh "$work/by-hand")" '{"parameters":{}}
{"parameters":{"mail_count":1,"unread_count":0,"byte_size":14}}'
sed -n '/^printf.*varlink-call/p' "$top/doc/varlink-call.1" | sed 's/\\e/\\/g' > "$work/by-hand"
is 'the call in varlink-call(1)' "$(sh "$work/by-hand")" '{"parameters":{"mail_count":1,"unread_count":0,"byte_size":14}}'
finish
