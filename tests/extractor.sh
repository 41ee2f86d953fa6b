# shellcheck shell=sh disable=SC2154
# Sourced, behind account.sh, by the tests of the extractors: a home of porter's that any account can reach, and
# qmail-authuser in the ways that it is installed.
#
#   extractor_home PROGRAM...   copies the programs and the scripts of versions 1 and 2 to $home/bin
#   authuser                    qmail-authuser: the real one where AUTHUSER_PROG names it, or the double; setuid root in $work/setuid
home=$work/porter
extractor_home() {
  mkdir -p "$home/bin" "$work/setuid" "$work/qmail/users"
  for program in setuidgid maildir-enter maildir-op "$@"; do cp "$bin/$program" "$home/bin/" || exit 111; done
  for script in "$top"/src/run/extractor-v[0-9]* "$top"/src/run/extractor-varlink; do
    sed "s,@HOME@,$home,g" "$script" > "$home/bin/${script##*/}" && chmod 755 "$home/bin/${script##*/}" || exit 111
  done
}
authuser=${AUTHUSER_PROG:-$B/stub/qmail-authuser}
authuser_setuid() {
  cp "$authuser" "$work/setuid/qmail-authuser" && chown 0:0 "$work/setuid/qmail-authuser" && chmod 4711 "$work/setuid/qmail-authuser" || exit 111
}
