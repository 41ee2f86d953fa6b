#!/bin/sh
# The fuzz targets on what they have found before (tests/fuzz/inputs), and those of the mail reader on our own messages:
# they hold the tree, the paths, twice-the-same and wrapped-in-a-message as properties.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
for target in "$B"/replay/*; do
  name=$(basename "$target")
  case $name in *.*) continue ;; mail_*|mime) set -- "$top"/tests/mail/*.eml "$top"/tests/mail/odd/*.eml ;; *) set -- ;; esac
  for input in "$top/tests/fuzz/inputs/$name"/*; do [ ! -f "$input" ] || set -- "$@" "$input"; done
  if [ $# = 0 ]; then skip "$name" "it has found nothing yet"; else ok "$name, $# inputs" "$target" "$@"; fi
done
finish
