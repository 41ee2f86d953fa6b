#!/bin/sh
# make install DESTDIR=: what package/modes lists, the pages and documents, below conf-home's directory and nowhere else.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
dest="$work/a root"
home=$dest$(head -n 1 "$top/conf-home")
install_porter() { DESTDIR=$dest B=$B "$top/package/install"; }
exits 'into a directory that is not there' 0 install_porter
modes() { while read -r name mode; do [ "0$(stat -c %a "$home/bin/$name")" = "$mode" ] || echo "$name"; done < "$top/package/modes"; }
is 'each program with its mode' "$(modes)" ''
is 'and no other' "$(find "$home/bin" -mindepth 1 -printf '%f\n' | sort)" "$(cut -d' ' -f1 "$top/package/modes" | sort)"
is 'all pages' "$(find "$home/man" -type f -printf '%f\n' | sort)" "$(find "$top/doc" -name '*.[1-8]' -printf '%f\n' | sort)"
# Each program's page, and what it must say.
lacking() {
  while read -r name _; do
    for section in NAME SYNOPSIS DESCRIPTION ENVIRONMENT 'EXIT STATUS' EXAMPLES; do
      grep -qx "\.Sh $section" "$top/doc/$name".[1-8] || echo "$name: $section"
    done
  done < "$top/package/modes"
}
is 'a page for each program, with all its sections' "$(lacking 2>&1)" ''
ok 'the messages' cmp "$top/src/proto/maildir.proto" "$home/doc/maildir.proto"
for interface in "$top"/src/proto/*.varlink; do ok "the interface ${interface##*/}" cmp "$interface" "$home/doc/${interface##*/}"; done
named() { cat "$home"/man/*/* "$home/doc/README.md" | grep -Eo '\bdoc/[a-z]+(\.[a-z]+)?' | sort -u | while read -r file; do [ -e "$home/$file" ] || echo "$file"; done; }
is 'the documents that pages name' "$(named)" ''
is 'nothing elsewhere' "$(find "$dest" -type f ! -path "$home/*")" ''
before=$(find "$home" -type f | sort)
exits 'over itself' 0 install_porter
is 'is the same' "$(find "$home" -type f | sort)" "$before"
finish
