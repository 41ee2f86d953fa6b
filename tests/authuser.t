#!/bin/sh
# What of qmail-authuser porter counts on, and that auth -q lets in whom it lets in. AUTHUSER_PROG names the real one: then it is that
# which is looked at, else the double in tests/stub.
# shellcheck disable=SC2016,SC2317 # functions are called by name
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
authuser=${AUTHUSER_PROG:-$B/stub/qmail-authuser}

mkdir -p "$work/users" "$work/none"
cd "$work" || exit 111
cat > users/authuser <<'END'
# a comment:secret
joe:old
joe:%5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
Ann@Example.Org:first
ann@example.org:second  
bob@example.org:=equals
two:ab
one:a
md5:%5f4dcc3b5aa765d61d8327deb882cf99
sha1:%5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8
tab:pass	 	
white space:and words
colon:a:b:c
@example.org:the domain
@example.org:the last domain
!gone@example.org:x
!@closed.example:x
@closed.example:domain
ann@closed.example:hers
empty:
END
login() {  # USER PASSWORD COMMAND...
  printf '%s\0%s\0\0' "$1" "$2" > credentials; shift 2
  "$@" 3< credentials
}
both() {  # USER PASSWORD WANT
  login "$1" "$2" "$authuser" true > /dev/null 2>&1; theirs=$?
  login "$1" "$2" auth -q users/authuser true > /dev/null 2>&1; ours=$?
  is "$1 with '$2': qmail-authuser, auth -q" "$theirs $ours" "$3 $3"
}
both joe old 1
both joe password 0
both JOE password 0
both joe Password 1
both ann@example.org first 1
both ANN@example.ORG second 0
both ann@example.org 'second ' 1
both bob@example.org =equals 0
both bob@example.org equals 1
both two ab 0
both md5 password 0
both sha1 password 0
both tab pass 0
both 'white space' 'and words' 0
both colon a:b:c 0
both eve@example.org 'the domain' 1
both eve@Example.Org 'the last domain' 0
both gone@example.org 'the last domain' 1
both ann@closed.example hers 1
both eve@closed.example domain 1
both '# a comment' secret 1
both nobody x 1
both two '' 1
printf '@:any\n*:all\n' > none/authuser
cp users/authuser authuser
cp none/authuser users/authuser
both eve any 0
both eve all 1
printf '*:all\n' > users/authuser
both eve@x.org all 0
cp authuser users/authuser

# What it takes, and auth -q does not.
theirs() { login "$1" "$2" "$authuser" true; }
ours() { login "$1" "$2" auth -q users/authuser true; }
for row in 'the token typed as a password|joe|%5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8' 'an empty entry and no password|empty|' \
  'a user called as a domain is|@example.org|the last domain'; do
  IFS='|' read -r name user password <<END
$row
END
  exits "qmail-authuser takes $name" 0 theirs "$user" "$password"
  exits 'auth -q does not' 1 ours "$user" "$password"
done

# Its codes.
exits 'a token of one octet' 2 theirs one a
exits 'auth -q refuses' 1 ours one a
cd none || exit 111
exits 'no users file: a refusal' 1 sh -c '"$1" true 3< ../credentials' sh "$authuser"
cd .. || exit 111
exits 'descriptor 3 is closed: temporary' 111 sh -c '"$1" true 3<&-' sh "$authuser"
exits 'more than 512 octets' 2 login "$(printf %0600d 0)" x "$authuser" true
if [ "$(id -u)" = 0 ]; then
  account v; vmail=$account
  account s
  account_try usermod -p "$(mkpasswd -m sha512crypt -R 1000 secret)" "$account"
  echo "$account:!" > users/authuser
  exits 'a system account without a home: temporary' 111 theirs "$account" secret
  mkdir -p "$work/home/s" && chmod 755 "$work/home" && chown "$account" "$work/home/s"
  is 'with one: who it is, and where' "$(login "$account" secret "$authuser" sh -c 'id -un; pwd; echo $USER $HOME')" "$account
$work/home/s
$account $work/home/s"
  theirs "$account" wrong > out 2>&1
  is 'a wrong password: some code, and no word' "$(case $? in 0 | 111) echo $? ;; esac; cat out)" ''
  exits 'it becomes nobody else' 5 login "$account" secret "$authuser" "$bin/setuidgid" -e -u "$vmail" true
  exits 'and stays who it is' 0 login "$account" secret "$authuser" "$bin/setuidgid" -e -u "$account" true
  exits 'auth -q knows no system accounts' 1 ours "$account" secret
fi
finish
