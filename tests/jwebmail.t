#!/bin/sh
# JWebmail 1.x on extractor-v1, as near as a test can get (tests/jwebmail/client.pl), in the three ways that qmail-authuser has;
# and its own modules, where JWEBMAIL_DIR names a checkout and libmojolicious-perl is there.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root jwebmail.t
extractor_home maildir-v1
authuser_setuid
account v; vmail=$account
account w; web=$account
account s; system=$account
chmod 755 "$work/qmail" "$work/qmail/users"
mkdir "$work/mail"
for user in setuid@example.org root@example.org "$system"; do "$top/tests/jwebmail/client.pl" make "$work/mail/$user" || exit 111; done
chown -R "$vmail" "$work/mail"; chown -R "$system" "$work/mail/$system"
printf '%s\n' 'setuid@example.org:geheim \Wort"' 'root@example.org:geheim' "$system:!" > "$work/qmail/users/authuser"
mkdir -p "$work/home/s" && chown "$system" "$work/home/s"
account_try usermod -p "$(perl -e 'print crypt("sys pass", q($6$porter$))')" "$system" || exit 111
chmod 755 "$work/home"
cp "$top/tests/jwebmail/client.pl" "$work/client.pl"
cd "$work/qmail" || exit 111

# Each run prints its own lines, numbered from where the last left off.
session() {
  session_name=$1; shift
  "$@" > "$work/session" 2> "$work/session.err"; session_code=$?
  sed "s,^\(.*ok [0-9]* - \),\1$session_name: ," "$work/session"
  tap_n=$((tap_n + $(grep -c '^\(not \)\{0,1\}ok ' "$work/session")))
  [ $session_code = 0 ] || { tap_bad=$((tap_bad + 1)); sed 's/^/# /' "$work/session.err"; }
}
client() { "$work/client.pl" $((tap_n + 1)) "$@"; }
# In each shape that its states have; the oldest starts Perl, which trusts nothing where uids differ.
for shape in head flat perl; do
  case $shape in perl) extractor=$home/bin/extractor-v1.pl ;; *) extractor=$home/bin/extractor-v1 ;; esac
  password='geheim \Wort"'
  session "setuid root ($shape)" runuser -u "$web" -- "$work/client.pl" $((tap_n + 1)) $shape "$work/setuid/qmail-authuser" "$extractor" \
    "$work/mail" "$vmail" setuid@example.org "$password"
  session "run as root ($shape)" client $shape "$authuser" "$extractor" "$work/mail" "$vmail" root@example.org geheim
  session "system account ($shape)" client $shape "$authuser" "$extractor" "$work/mail" "$system" "$system" 'sys pass'
done
if [ -n "${JWEBMAIL_DIR:-}" ]; then
  mkdir -p "$work/qmail/bin" && cp "$work/setuid/qmail-authuser" "$work/qmail/bin/" && chmod 4711 "$work/qmail/bin/qmail-authuser"
  "$top/tests/jwebmail/client.pl" make "$work/mail/ada" || exit 111
  chown -R "$vmail" "$work/mail/ada"
  echo ada@example.org:geheim >> "$work/qmail/users/authuser"
  cp "$top/tests/jwebmail/real.pl" "$work/real.pl"
  session 'JWebmail itself' runuser -u "$web" -- env JWEBMAIL_DIR="$JWEBMAIL_DIR" "$work/real.pl" $((tap_n + 1)) "$work/qmail" "$home/bin" "$work/mail" "$vmail"
else
  skip 'JWebmail itself' 'JWEBMAIL_DIR names no checkout of it'
fi
finish
