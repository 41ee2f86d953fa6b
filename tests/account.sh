# Sourced by tests that switch to real accounts: temporary ones, removed at the end.
#
#   need_root TEST         ends the test, skipping it, where it does not run as root
#   account LETTER         makes a system account of this test's own; its name is in $account
#
# useradd and userdel lock the files they change, and give up at once where another test has them: so they are tried again.
accounts=

need_root() {
  [ "$(id -u)" = 0 ] && return 0
  echo "1..0 # SKIP $1: needs root, to become other accounts"
  exit 0
}
account_try() {
  tap_tries=0
  until "$@" > "$work/account.err" 2>&1; do
    tap_tries=$((tap_tries + 1))
    [ $tap_tries -lt 1000 ] || { cat "$work/account.err" >&2; return 1; }
    sleep 0.05
  done
}
account() {
  account=portert$$$1
  account_try useradd --system --no-create-home --user-group --shell /usr/sbin/nologin --home-dir "$work/home/$1" "$account" || exit 111
  accounts="$accounts $account"
}
test_cleanup() {
  for a in $accounts; do account_try userdel "$a"; done
}
