#!/bin/sh
# make install DESTDIR=: what package/modes lists, the pages and documents, below conf-home's directory and nowhere else.
# shellcheck disable=SC2016 # another shell expands them
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
# tests/README is the map of the tests: extractor*.t and the like stand for all of that name.
unmapped() {
  for test in "$top"/tests/*.t; do
    test=${test##*/}
    front=${test%.t}
    grep -q -e "$test" -e "${front%%-*}\\*\\.t" "$top/tests/README" || echo "$test"
  done
}
is 'tests/README names each test' "$(unmapped)" ''
is 'nothing elsewhere' "$(find "$dest" -type f ! -path "$home/*")" ''
is 'nothing is stale' "$(DESTDIR=$dest "$top/package/stale")" ''
sed -i 's/^[0-9a-f]*\( libc.a\)/0\1/' "$home/doc/libraries"
exits 'a library that has changed since' 1 env DESTDIR="$dest" "$top/package/stale"
is 'is named' "$(cut -d' ' -f1 "$work/out")" libc.a
exits 'where nothing is installed' 111 env DESTDIR="$work/none" "$top/package/stale"
# What an attack with a memory fault would need: addresses that it knows, tables that it can write to, a stack that it can jump over.
hard() {
  while read -r name _; do
    readelf -h "$home/bin/$name" 2>/dev/null | grep -q 'Type: *DYN' || { head -c 2 "$home/bin/$name" | grep -q '#!' && continue; echo "$name: fixed addresses"; }
    readelf -dW "$home/bin/$name" | grep -q 'BIND_NOW' || echo "$name: lazy binding"
    readelf -lW "$home/bin/$name" | grep -q 'GNU_RELRO' || echo "$name: tables that can be written to"
    readelf -lW "$home/bin/$name" | grep -q 'GNU_STACK.* RW ' || echo "$name: a stack that can be run"
    readelf -sW "$home/bin/$name" | grep -q '__stack_chk_fail' || echo "$name: no canaries"
  done < "$top/package/modes"
}
for flag in -fstack-clash-protection -D_FORTIFY_SOURCE=3; do
  ok "conf-compile has $flag" sh -c 'head -n 1 "$1/conf-compile" | grep -q -e " $2"' sh "$top" $flag
done
if [ "$SANITIZED" ]; then skip 'hardened programs' 'built with sanitizers'; else is 'all programs are hardened' "$(hard)" ''; fi
ok 'the demo makes no secret before umask 077' sh -c '[ "$(grep -nE "^umask|> .*(password|users|credentials)" "$1/package/demo" | head -n 1 | cut -d: -f2)" = "umask 077" ]' sh "$top"
ok 'the demo leaves no index in a mailbox that it is given' grep -q "op='maildir-op -I'" "$top/package/demo"
before=$(find "$home" -type f | sort)
exits 'over itself' 0 install_porter
is 'is the same' "$(find "$home" -type f | sort)" "$before"
finish
