#!/bin/sh
# ctlmsg-post, ctlmsg-listen, ctlmsg-info: against servers that mean harm, against tor, and with ctlmsg over s6-ipcserver and tcpserver.
# shellcheck disable=SC2016 # the handlers' $MSGTEXT and such are theirs
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

# said REPLIES PROGRAM ARG...: the program with those bytes (printf's) as all that the server ever says; what it sends is in $work/sent.
said() {
  # shellcheck disable=SC2059
  printf "$1" > "$work/replies"
  shift
  "$@" 6< "$work/replies" 7> "$work/sent"
}
sent() { tr -d '\r' < "$work/sent" | tr '\n' '|'; }
# dies NAME CODE WORDS COMMAND...: exits with CODE, and WORDS are on its stderr.
dies() {
  dies_name=$1 dies_code=$2 dies_words=$3
  shift 3
  exits "$dies_name" "$dies_code" "$@"
  case $(cat "$work/err") in
    *"$dies_words"*) result 0 "$dies_name: says so" ;;
    *) result 1 "$dies_name: says '$(cat "$work/err")'" ;;
  esac
}

# --- what they say ---
exits 'post' 0 said '250 OK\r\n250 OK\r\n250 closing connection\r\n' ctlmsg-post @all two 'words  "q" \'
is 'post: one command, its text verbatim' "$(sent)" 'AUTHENTICATE|POSTMESSAGE @all two words  "q" \|QUIT|'
exits 'post -n' 0 said '250 OK\r\n250 OK\n250 OK\r\n250 closing connection\r\n' ctlmsg-post -n me @you -x
is 'post -n: the name comes first' "$(sent)" 'AUTHENTICATE|CONTROLLERNAME me|POSTMESSAGE @you -x|QUIT|'
exits 'post: a server that goes before its answer to QUIT' 0 said '250 OK\r\n250 OK\r\n' ctlmsg-post @all x
exits 'info' 0 said '250 OK\r\n250-version=1.2=3\r\n250+config-text=\r\nA b\r\n..x\r\n\r\n.\r\n250-empty=\r\n250 OK\r\n' ctlmsg-info version config-text empty
is 'info: values only, in order' "$(tr '\n' '|' < "$work/out")" '1.2=3|A b|.x||'
is 'info: one command' "$(sent)" 'AUTHENTICATE|GETINFO version config-text empty|QUIT|'
exits 'info: messages' 0 said '250 OK\r\n250+recent-messages=\r\n650 POSTMESSAGE 7 a @all x y\r\n.\r\n250-new-messages=\r\n250 OK\r\n' ctlmsg-info recent-messages new-messages
is 'info: messages as ctlmsg-listen prints them' "$(cat "$work/out")" '7 a @all x y'
exits 'listen' 0 said '250 OK\r\n250 OK\r\n650 BW 1 2\r\n650 POSTMESSAGE 1 a @all one\r\n650-X\r\n650+Y\r\n650 POSTMESSAGE 9 a @all no\r\n.\r\n650 Y\r\n650 POSTMESSAGE 2 unset @me  two\t\r\n' ctlmsg-listen -c 2
is 'listen: lines' "$(cat "$work/out")" "$(printf '1 a @all one\n2 unset @me  two\t')"
is 'listen: commands' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|QUIT|'
exits 'listen prog' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all early\r\n250 OK\r\n650 POSTMESSAGE 2 a @me $(echo no) `x`\r\n' ctlmsg-listen -n me -c 2 sh -c 'echo "$MSGID,$MSGFROM,$MSGTO,$MSGTEXT"; readlink /proc/$$/fd/6 /proc/$$/fd/7; :'
is 'listen prog: its environment, and the connection is not its own' "$(cat "$work/out")" '1,a,all,early
2,a,me,$(echo no) `x`'
is 'listen -n: the events first, then the name' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|QUIT|'
exits 'listen prog: its code' 7 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @me x\r\n650 POSTMESSAGE 2 a @me x\r\n' ctlmsg-listen sh -c 'echo $MSGID; [ $MSGID = 2 ] && exit 7; :'
is 'listen prog: the second ended it' "$(cat "$work/out")" '1
2'
exits 'listen prog: killed' 111 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @me x\r\n' ctlmsg-listen sh -c 'kill -9 $$'
exits 'listen prog: none such' 127 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @me x\r\n' ctlmsg-listen /nonexistent
exits 'listen prog: not to be run' 126 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @me x\r\n' ctlmsg-listen /etc/passwd
exits 'listen prog: SIGPIPE is its own again, SIGCHLD default' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @me x\r\n' env --ignore-signal=CHLD ctlmsg-listen -c 1 sh -c 'grep -q "^SigIgn:.*$0\$" /proc/self/status' "$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/$$/status)"

# Between SETEVENTS and the recent messages, and twice: every message once, in order.
recent='250 OK\r\n250 OK\r\n650 POSTMESSAGE 4 a @all d\r\n650 BW 1 2\r\n650 POSTMESSAGE 6 a @all f\r\n250+recent-messages=\r\n650 POSTMESSAGE 2 a @all b\r\n650 POSTMESSAGE 4 a @all d\r\n650 POSTMESSAGE 5 a @me e\r\n.\r\n250 OK\r\n'
exits 'listen -r' 0 said "$recent"'650 POSTMESSAGE 7 a @all g\r\n250-messages-lost=0\r\n250 OK\r\n' ctlmsg-listen -r -c 5
is 'listen -r: recent ones first, none twice, in order' "$(cut -d ' ' -f 1 "$work/out" | tr '\n' ' ')" '2 4 5 6 7 '
exits 'listen -r: none' 0 said '250 OK\r\n250 OK\r\n250-recent-messages=\r\n250 OK\r\n650 POSTMESSAGE 1 a @all g\r\n' ctlmsg-listen -r -c 1
is 'listen -r: the first event' "$(cat "$work/out")" '1 a @all g'

# Ids that do not rise are a new bus; but the first events may be of recent messages.
exits 'listen: ids that go back' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 7 a @all x\r\n650 POSTMESSAGE 1 a @all y\r\n250-messages-lost=0\r\n250 OK\r\n650 POSTMESSAGE 1 a @all y\r\n250-messages-lost=0\r\n250 OK\r\n650 POSTMESSAGE 2 a @all z\r\n250-messages-lost=0\r\n250 OK\r\n' ctlmsg-listen -c 4
is 'listen: ids that go back: nothing is passed over' "$(cat "$work/out")" '7 a @all x
1 a @all y
1 a @all y
2 a @all z'
exits 'listen -r: ids that go back' 0 said '250 OK\r\n250 OK\r\n250+recent-messages=\r\n650 POSTMESSAGE 40 a @all b\r\n650 POSTMESSAGE 41 a @all d\r\n.\r\n250 OK\r\n650 POSTMESSAGE 40 a @all b\r\n650 POSTMESSAGE 41 a @all d\r\n250-messages-lost=0\r\n250 OK\r\n650 POSTMESSAGE 1 a @all n\r\n650 POSTMESSAGE 2 a @all o\r\n250-messages-lost=0\r\n250 OK\r\n650 POSTMESSAGE 40 a @all p\r\n650 POSTMESSAGE 42 a @all q\r\n250-messages-lost=0\r\n250 OK\r\n250-messages-lost=0\r\n250 OK\r\n' ctlmsg-listen -r -c 6
is 'listen -r: ids that go back: each once' "$(cut -d ' ' -f 1,4 "$work/out" | tr '\n' ' ')" '40 b 41 d 1 n 2 o 40 p 42 q '
exits 'listen -r: a new bus before the first event' 0 said '250 OK\r\n250 OK\r\n250+recent-messages=\r\n650 POSTMESSAGE 40 a @all b\r\n.\r\n250 OK\r\n650 POSTMESSAGE 1 a @all n\r\n250-messages-lost=0\r\n250 OK\r\n650 POSTMESSAGE 2 a @all o\r\n250-messages-lost=0\r\n250 OK\r\n' ctlmsg-listen -r -c 3
is 'listen -r: a new bus before the first event: its messages' "$(cut -d ' ' -f 1 "$work/out" | tr '\n' ' ')" '40 1 2 '

# Losses: asked after a jump, told once, and no more asked of a server that does not know.
exits 'listen: losses' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n650 POSTMESSAGE 5 a @all x\r\n650 POSTMESSAGE 8 a @all x\r\n250-messages-lost=3\r\n250 OK\r\n250-messages-lost=5\r\n250 OK\r\n650 POSTMESSAGE 9 a @all x\r\n' ctlmsg-listen -c 4
is 'listen: what was lost' "$(sed 's/^[^0-9]*//;s/ .*//' "$work/err" | tr '\n' ' ')" '3 2 '
is 'listen: asked for each jump, one question at a time' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|GETINFO messages-lost|GETINFO messages-lost|QUIT|'
exits 'listen: a loss with the last message' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n650 POSTMESSAGE 5 a @all x\r\n650 POSTMESSAGE 6 a @all x\r\n250-messages-lost=3\r\n250 OK\r\n' ctlmsg-listen -c 2
is 'listen: is told as well' "$(sed 's/^[^0-9]*//;s/ .*//' "$work/err")" '3'
exits 'listen: a jump without a loss' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n650 POSTMESSAGE 5 a @all x\r\n250-messages-lost=0\r\n250 OK\r\n' ctlmsg-listen -c 2
is 'listen: nothing is said' "$(cat "$work/err")" ''
exits 'listen: messages-lost unknown' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 3 a @all x\r\n552 Unrecognized key "messages-lost"\r\n650 POSTMESSAGE 5 a @all x\r\n' ctlmsg-listen -c 2
is 'listen: asked once' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|GETINFO messages-lost|QUIT|'

# The program's replies: a line each to who posted, under our name.
one='250 OK\r\n250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 asker @me time\r\n'
exits 'listen MSGREPLY' 0 said "$one"'250 OK\r\n250 OK\r\n' ctlmsg-listen -n me -c 1 dash -c 'echo one  two >&$MSGREPLY; echo >&$MSGREPLY; printf last >&$MSGREPLY'
is 'listen MSGREPLY: lines are posted, empty ones not, the last one without its end too' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @asker one two|POSTMESSAGE @asker last|QUIT|'
exits 'listen MSGREPLY: is below 10' 0 said "$one" sh -c 'exec 3</dev/null 4</dev/null 5</dev/null 8</dev/null 9</dev/null; exec ctlmsg-listen -n me -c 1 sh -c "[ \$MSGREPLY -gt 2 ] && [ \$MSGREPLY -lt 10 ] && [ -p /proc/self/fd/\$MSGREPLY ]"'
exits 'listen MSGREPLY: none, and its own code' 5 said "$one"'250 OK\r\n' ctlmsg-listen -n me -c 1 sh -c 'echo bye >&$MSGREPLY; exit 5'
is 'listen MSGREPLY: the reply of one that fails is posted' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @asker bye|QUIT|'
exits 'listen MSGREPLY: what is no text' 0 said "$one"'250 OK\r\n' ctlmsg-listen -n me -c 1 sh -c 'printf "a\033b\nx\r\n" >&$MSGREPLY; head -c 8193 /dev/zero | tr "\0" y >&$MSGREPLY; echo >&$MSGREPLY; echo good >&$MSGREPLY'
is 'listen MSGREPLY: is not posted' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @asker good|QUIT|'
is 'listen MSGREPLY: and said' "$(grep -c 'warning: a line of the reply to asker is too long or not printable' "$work/err")" 3
exits 'listen MSGREPLY: nobody is there any more' 0 said "$one"'250 OK\r\n552 Invalid destination controller name\r\n650 POSTMESSAGE 2 b @me y\r\n250 OK\r\n' ctlmsg-listen -n me -c 2 sh -c 'for i in 1 2 3 4; do echo $i >&$MSGREPLY; [ $MSGID = 1 ] || exit 0; done'
is 'listen MSGREPLY: the rest is dropped, the next message is replied to' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @asker 1|POSTMESSAGE @asker 2|POSTMESSAGE @b 1|QUIT|'
is 'listen MSGREPLY: one warning' "$(cat "$work/err")" 'ctlmsg-listen: warning: unable to reply to asker: the server says: 552 Invalid destination controller name'
exits 'listen MSGREPLY: events that come meanwhile' 0 said "$one"'650 POSTMESSAGE 2 a @me x\r\n250 OK\r\n650 POSTMESSAGE 3 a @me x\r\n250 OK\r\n250 OK\r\n' ctlmsg-listen -n me -c 3 sh -c 'echo $MSGID; echo $MSGID >&$MSGREPLY'
is 'listen MSGREPLY: are not lost' "$(tr '\n' ' ' < "$work/out")" '1 2 3 '
exits 'listen MSGREPLY: a reply to messages-lost that is due' 0 said '250 OK\r\n250 OK\r\n250 OK\r\n650 POSTMESSAGE 4 a @me x\r\n650 POSTMESSAGE 5 a @me x\r\n250-messages-lost=2\r\n250 OK\r\n250 OK\r\n650 POSTMESSAGE 6 a @me x\r\n250 OK\r\n' ctlmsg-listen -n me -c 3 sh -c '[ $MSGID = 4 ] || echo $MSGID >&$MSGREPLY'
is 'listen MSGREPLY: is read before the post' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|GETINFO messages-lost|POSTMESSAGE @a 5|POSTMESSAGE @a 6|QUIT|'
is 'listen MSGREPLY: and told' "$(cat "$work/err")" 'ctlmsg-listen: warning: 2 messages were lost: too slow for them'
exits 'listen MSGREPLY: one that leaves a child behind' 0 said "$one"'250 OK\r\n' ctlmsg-listen -n me -c 1 sh -c 'echo now >&$MSGREPLY; sleep 60 > /dev/null 2>&1 & echo $! > "$0"' "$work/child"
kill "$(cat "$work/child")"
is 'listen MSGREPLY: is not waited for' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @asker now|QUIT|'

# --- ask ---
exits 'ask' 0 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 you @me old\r\n250 OK\r\n650 POSTMESSAGE 2 you @me older\r\n250 OK\r\n650 POSTMESSAGE 3 you @all x\r\n650 POSTMESSAGE 4 other @me x\r\n650 BW 1 2\r\n650 POSTMESSAGE 5 you @me the  "answer" \r\n650 POSTMESSAGE 6 you @me more\r\n' ctlmsg-ask -n me @you what time
is 'ask: the first answer to us from there, after the question' "$(cat "$work/out")" 'the  "answer" '
is 'ask: what is said' "$(sent)" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME me|POSTMESSAGE @you what time|QUIT|'
exits 'ask: refused' 3 said '250 OK\r\n250 OK\r\n250 OK\r\n552 Invalid destination controller name\r\n' ctlmsg-ask @you x
is 'ask: its name is nobody else'"'"'s' "$(sent | sed 's/ask_[0-9a-f]\{16\}|/ask_HEX|/')" 'AUTHENTICATE|SETEVENTS POSTMESSAGE|CONTROLLERNAME ask_HEX|POSTMESSAGE @you x|'
dies 'ask: its name is taken' 3 '553 ' said '250 OK\r\n250 OK\r\n553 Controller name already in use\r\n' ctlmsg-ask -n me @you x
dies 'ask: the server goes' 111 'closed the connection' said '250 OK\r\n250 OK\r\n250 OK\r\n250 OK\r\n' ctlmsg-ask @you x
for wrong in '' @you '@all x' '@ALL x' '@unset x' '@Unset x' 'you x' '-n a-b @you x' '-t x @you x' '-z @you x'; do
  # shellcheck disable=SC2086
  exits "ask $wrong" 100 said '250 OK\r\n250 OK\r\n' ctlmsg-ask $wrong
done

# --- post -i ---
exits 'post -i' 0 said '250 OK\r\n250-last-message-id=0\r\n250 OK\r\n250 OK\r\n250-last-message-id=42\r\n250 OK\r\n' ctlmsg-post -i @all x
is 'post -i: the id' "$(cat "$work/out")" 42
is 'post -i: the key is asked for first' "$(sent)" 'AUTHENTICATE|GETINFO last-message-id|POSTMESSAGE @all x|GETINFO last-message-id|QUIT|'
exits 'post -i: where it is unknown' 3 said '250 OK\r\n552 Unrecognized key "last-message-id"\r\n250 OK\r\n' ctlmsg-post -i @all x
is 'post -i: nothing is posted' "$(sent)" 'AUTHENTICATE|GETINFO last-message-id|'

# --- when the server says no ---
dies 'authentication refused' 3 '515 Authentication failed' said '515 Authentication failed: no\r\n' ctlmsg-post @all x
dies 'name refused' 3 '553 Controller name already in use' said '250 OK\r\n553 Controller name already in use\r\n' ctlmsg-post -n me @all x
is 'name refused: nothing was posted' "$(sent)" 'AUTHENTICATE|CONTROLLERNAME me|'
dies 'post refused' 3 '552 Invalid destination' said '250 OK\r\n552 Invalid destination controller name\r\n' ctlmsg-post @you x
dies 'key refused' 3 'Unrecognized key "a\x1b[2J"' said '250 OK\r\n552-Unrecognized key "a\033[2J"\r\n552 Unrecognized key "b"\r\n' ctlmsg-info a b
is 'key refused: no value' "$(cat "$work/out")" ''
dies 'events refused' 3 '552 Unrecognized event' said '250 OK\r\n552 Unrecognized event "POSTMESSAGE"\r\n' ctlmsg-listen

# --- servers that break or mean harm ---
dies 'nothing at all' 111 'closed the connection' said '' ctlmsg-post @all x
dies 'a reply cut in its line' 111 'within a line' said '250 OK\r\n250 O' ctlmsg-post @all x
dies 'a reply cut after its line' 111 'closed the connection' said '250 OK\r\n250-version=1\r\n' ctlmsg-info version
dies 'a block without its end' 111 'closed the connection' said '250 OK\r\n250+x=\r\nabc\r\n' ctlmsg-info x
dies 'listen: the server goes' 111 'closed the connection' said '250 OK\r\n250 OK\r\n' ctlmsg-listen
dies 'a line that is none' 111 'none of this protocol' said 'SSH-2.0-x\r\n' ctlmsg-post @all x
dies 'an empty line' 111 'none of this protocol' said '250 OK\r\n\r\n' ctlmsg-post @all x
dies 'a NUL' 111 'none of this protocol' said '250 OK\r\n250 O\000K\r\n' ctlmsg-post @all x
dies 'a reply to nothing' 111 'reply to nothing' said '250 OK\r\n250 OK\r\n250 OK\r\n' ctlmsg-listen
dies 'a message with an escape' 111 'malformed message' said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @b \033[2J\r\n' ctlmsg-listen
dies 'a message without text' 111 'malformed message' said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @b\r\n' ctlmsg-listen
dies 'a recent message that is none' 111 'malformed message' said '250 OK\r\n250 OK\r\n250+recent-messages=\r\n650 POSTMESSAGE x\r\n.\r\n250 OK\r\n' ctlmsg-listen -r
dies 'lost: no number' 111 'messages-lost is malformed' said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 3 a @b x\r\n250-messages-lost=99999999999999999999\r\n250 OK\r\n' ctlmsg-listen
dies 'lost: fewer than before' 111 'messages-lost is malformed' said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 3 a @b x\r\n250-messages-lost=2\r\n250 OK\r\n650 POSTMESSAGE 9 a @b x\r\n250-messages-lost=1\r\n250 OK\r\n' ctlmsg-listen

long=$(head -c 65531 /dev/zero | tr '\0' x)
exits 'the longest line' 0 said "250 OK\r\n250-x=${long#xx}\r\n250 OK\r\n" ctlmsg-info x
is 'the longest line: whole' "$(wc -c < "$work/out")" 65530
dies 'a line one octet longer' 111 'too long' said "250 OK\r\n250-x=${long#x}\r\n250 OK\r\n" ctlmsg-info x
{ printf '250 OK\r\n'; head -c 3000000 /dev/zero | tr '\0' 2; } > "$work/endless"
dies 'a line without end' 111 'too long' sh -c 'ctlmsg-info x 6< "$1" 7> /dev/null' - "$work/endless"
{ printf '250 OK\r\n250 OK\r\n'; yes "650 POSTMESSAGE 1 a @all $(printf %08000d 0)" | head -n 600; } > "$work/endless"
dies 'events without end before a reply' 111 'too much before its reply' sh -c 'ctlmsg-listen -r 6< "$1" 7> /dev/null' - "$work/endless"

mkfifo "$work/silent" "$work/full"
exec 8<> "$work/silent" 9<> "$work/full"
dies 'a server that never answers' 111 'timed out' sh -c 'ctlmsg-post -T 1 @all x 6<&8 7> /dev/null'
printf '250 OK\r\n250 OK\r\n650 POSTMESSAGE 3 a @all x\r\n' >&8
dies 'a server that never says what was lost' 111 'timed out' sh -c 'ctlmsg-listen -T 1 6<&8 7> /dev/null'
printf '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n' >&8
exits 'listen -t' 0 sh -c 'ctlmsg-listen -T 1 -t 1 6<&8 7> /dev/null'
is 'listen -t: what came in time' "$(cat "$work/out")" '1 a @all x'
printf '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n' >&8
dies 'listen -t -c: too few' 111 'too few' sh -c 'ctlmsg-listen -T 1 -t 1 -c 2 6<&8 7> /dev/null'
dd if=/dev/zero of=/dev/fd/9 bs=4096 oflag=nonblock > /dev/null 2>&1
dies 'a server that never reads' 111 'unable to write to the server' sh -c 'ctlmsg-post -T 1 @all x 6<&8 7>&9'
exec 8>&- 9>&-
dies 'no connection' 111 'unable to use the connection' sh -c 'exec ctlmsg-post @all x 6<&- 7>&-'
exits 'info: standard output is full' 111 said '250 OK\r\n250-version=1\r\n250 OK\r\n' sh -c 'ctlmsg-info version > /dev/full'
exits 'listen: standard output is full' 111 said '250 OK\r\n250 OK\r\n650 POSTMESSAGE 1 a @all x\r\n' sh -c 'ctlmsg-listen > /dev/full'
exits 'a server that is gone: no SIGPIPE' 111 sh -c 'mkfifo "$1"; exec 8<> "$1" 7> "$1" 8>&-; exec ctlmsg-post @all x 6< /dev/null' - "$work/gone"

# --- wrong usage: nothing is sent ---
for wrong in '' @all 'all x' '@ x' '@a-b x' '-n a-b @all x' '-w x @all x' '-T x @all x' '-z @all x'; do
  # shellcheck disable=SC2086
  exits "post $wrong" 100 said '250 OK\r\n250 OK\r\n' ctlmsg-post $wrong
  is "post $wrong: nothing sent" "$(sent)" ''
done
exits 'post: an empty text' 100 said '250 OK\r\n250 OK\r\n' ctlmsg-post @all ''
exits 'post: a line end in the text' 100 said '250 OK\r\n250 OK\r\n' ctlmsg-post @all "$(printf 'x\r\nQUIT')"
is 'post: a line end in the text: nothing sent' "$(sent)" ''
exits 'post: 8192 octets' 0 said '250 OK\r\n250 OK\r\n' ctlmsg-post @all "$(printf %08192d 0)"
exits 'post: 8193 octets' 100 said '250 OK\r\n250 OK\r\n' ctlmsg-post @all "$(printf %08193d 0)"
exits 'listen -c x' 100 said '' ctlmsg-listen -c x
exits 'listen -n @x' 100 said '' ctlmsg-listen -n @x
exits 'info without a key' 100 said '' ctlmsg-info
exits 'info: a key with a line end' 100 said '' ctlmsg-info "$(printf 'a\r\nSIGNAL HALT')"

# --- the cookie ---
head -c 32 /dev/urandom > "$work/cookie"
zeros=$(printf %064d 0)
dies 'a server that does not know the cookie' 111 'does not know the cookie' said "250 AUTHCHALLENGE SERVERHASH=$zeros SERVERNONCE=$zeros\r\n250 OK\r\n" ctlmsg-post -k "$work/cookie" @all x
is 'it learns nothing of it' "$(sent | sed 's/[0-9A-Fa-f]\{64\}/NONCE/')" 'AUTHCHALLENGE SAFECOOKIE NONCE|'
for reply in 'AUTHCHALLENGE' "AUTHCHALLENGE SERVERHASH=00 SERVERNONCE=$zeros" "AUTHCHALLENGE SERVERHASH=$zeros SERVERNONCE=" \
  "AUTHCHALLENGE SERVERHASH=$zeros SERVERNONCE=0" "AUTHCHALLENGE SERVERHASH=$zeros SERVERNONCE=${zeros}x" "AUTHCHALLENGE SERVERHASH=$zeros SERVERNONCE=$zeros$zeros$zeros" OK; do
  dies "250 $(echo "$reply" | cut -c 1-60)" 111 'AUTHCHALLENGE is malformed' said "250 $reply\r\n250 OK\r\n" ctlmsg-post -k "$work/cookie" @all x
done
dies 'safe cookies unknown' 3 '510 Unrecognized command' said '510 Unrecognized command "AUTHCHALLENGE"\r\n' ctlmsg-post -k "$work/cookie" @all x
dies 'no cookie file' 111 'unable to read the cookie file' said '' ctlmsg-post -k "$work/nothing" @all x
printf short > "$work/short"
dies 'a short cookie' 111 '32 octets' said '' ctlmsg-post -k "$work/short" @all x
head -c 33 /dev/zero > "$work/long"
dies 'a long cookie' 111 '32 octets' said '' ctlmsg-post -k "$work/long" @all x

# --- a real tor ---
mkdir -m 0700 "$work/tor"
: > "$work/defaults"
cat > "$work/torrc" <<END
DataDirectory $work/tor
DisableNetwork 1
SocksPort 0
ControlSocket $work/tor/control
CookieAuthentication 1
CookieAuthFile $work/tor/cookie
Log err stderr
END
background tor --quiet --defaults-torrc "$work/defaults" -f "$work/torrc"
wait_for listens "$work/tor/control"
wait_for test -s "$work/tor/cookie"
exits 'tor: info with its cookie' 0 s6-ipcclient -l 0 -- "$work/tor/control" ctlmsg-info -k "$work/tor/cookie" version config-text circuit-status
is 'tor: its version, and a block' "$(sed -n '1s/^\(0\.[0-9]*\).*/\1/p' "$work/out") $(grep -c '^DisableNetwork 1' "$work/out")" '0.4 1'
dies 'tor: another cookie' 111 'does not know the cookie' s6-ipcclient -l 0 -- "$work/tor/control" sh -c 'exec ctlmsg-info -k "$0" version' "$work/cookie"
dies 'tor: no cookie' 3 '515 Authentication failed' s6-ipcclient -l 0 -- "$work/tor/control" ctlmsg-info version
dies 'tor: no such key' 3 '552 Unrecognized key "nonsense"' s6-ipcclient -l 0 -- "$work/tor/control" sh -c 'exec ctlmsg-info -k "$0" nonsense' "$work/tor/cookie"

# --- with ctlmsg, over s6-ipcserver ---
background s6-ipcserver -c 50 -C 50 -- "$work/bus" ctlmsg "$work/state"
wait_for listens "$work/bus"
unix() { s6-ipcclient -l 0 -- "$work/bus" "$@"; }
exits 'nobody listens' 0 unix ctlmsg-post @all first
dies 'nobody is there' 3 '552 Invalid destination controller name' unix ctlmsg-post @you x
exits 'info: recent' 0 unix ctlmsg-info recent-messages
is 'info: the message' "$(cat "$work/out")" '1 unset @all first'
alone() { [ "$(unix ctlmsg-info list-controllers)" = unset ]; }
wait_for alone  # who was refused leaves when his connection's process sees its end
exits 'info: several' 0 unix ctlmsg-info list-controllers new-messages messages-lost
is 'info: alone, nothing new, nothing lost' "$(tr '\n' ' ' < "$work/out")" 'unset 0 '

has_line() { grep -q "$1" "$2"; }
connected() { unix ctlmsg-info list-controllers | grep -q "^$1\$"; }
background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-listen -n ear -r > "$0/heard" 2> "$0/ear.err"' "$work"
ear=$!
wait_for connected ear
exits 'post to a name' 0 unix ctlmsg-post -n mouth @ear 'a  "b" \'
exits 'post to all' 0 unix ctlmsg-post @all "$(printf 'tab\there')"
wait_for has_line tab "$work/heard"
is 'heard: the recent one and both' "$(cat "$work/heard")" "$(printf '1 unset @all first\n2 mouth @ear a  "b" \\\n3 unset @all tab\there')"
dies 'its name is in use' 3 '553 Controller name already in use' unix ctlmsg-listen -n ear
exits 'the name of who posted is free at once' 0 unix ctlmsg-post -n mouth @ear x
kill "$ear"; wait "$ear" 2>/dev/null
exits 'the name of who was killed is free' 0 unix ctlmsg-listen -n ear -t 1
background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-post -w 10 @slow found' "$work"
waiting=$!
two_unset() { [ "$(unix ctlmsg-info list-controllers | grep -c unset)" = 2 ]; }
wait_for two_unset
exits 'the one that post -w waits for' 0 unix ctlmsg-listen -n slow -c 1
is 'post -w: it came' "$(sed 's/^[0-9]* //' "$work/out")" 'unset @slow found'
wait "$waiting"
is 'post -w: in time' $? 0
dies 'post -w: nobody came' 3 '552 Invalid destination' unix ctlmsg-post -w 1 @nobody x

# A conversation, with what a shell would stumble over.
background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-listen -n oracle -c 3 sh -c "exec s6-ipcclient -l 0 -- \"\$0\" ctlmsg-post -w 9 @asker \"\$MSGFROM: \$MSGTEXT\"" "$0/bus"' "$work"
wait_for connected oracle
for word in '$(id)' "'; id" '-n x'; do
  background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-listen -n asker -c 1 sh -c "printf %s \"\$MSGTEXT\"" > "$0/answer"' "$work"
  asker=$!
  wait_for connected asker
  exits "a question: $word" 0 unix sh -c 'exec ctlmsg-post -n me @oracle "$0"' "$word"
  wait "$asker"
  is "the answer: $word" "$(cat "$work/answer")" "me: $word"
done

# Ask and answer, with the responder of the page.
background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-listen -n clock sh -c "case \$MSGTEXT in time) echo noon >&\$MSGREPLY; echo more >&\$MSGREPLY ;; esac" 2> "$0/clock.err"' "$work"
wait_for connected clock
exits 'a question' 0 unix ctlmsg-ask @clock time
is 'its answer' "$(cat "$work/out")" noon
exits 'another' 0 unix ctlmsg-ask -t 0 @clock time
dies 'one that it does not know' 111 'no answer came in time' unix ctlmsg-ask -t 1 @clock weather
dies 'a question to nobody' 3 '552 ' unix ctlmsg-ask @nobody time
exits 'the id of a message' 0 unix ctlmsg-post -i @all with an id
is 'is the one that it has' "$(unix ctlmsg-info recent-messages | tail -n 1)" "$(cat "$work/out") unset @all with an id"

# A listener whose program is slow misses what the log no longer holds, and says how much; the others do not wait for it.
mkfifo "$work/gate"
background sh -c 'exec s6-ipcclient -l 0 -- "$0/bus" ctlmsg-listen -n slow sh -c "
  echo \"\$MSGID\" >> \"\$0/slow.ids\"; [ \"\$MSGTEXT\" != wait ] || read -r _ < \"\$0/gate\"; case \$MSGTEXT in last) exit 9 ;; esac" "$0" 2> "$0/slow.err"; ' "$work"
slow=$!
wait_for connected slow
unix ctlmsg-post @slow wait
wait_for test -s "$work/slow.ids"
# shellcheck disable=SC2016
unix /usr/bin/python3 -c '
import os
text = b"x" * 8000
out = b"AUTHENTICATE\r\n" + b"POSTMESSAGE @all " + text + b"\r\n"
got = 0
os.write(7, out)
for i in range(200):
    while got < i + 2: got += os.read(6, 65536).count(b"\n")
    os.write(7, b"POSTMESSAGE @all " + text + b"\r\n")
while got < 202: got += os.read(6, 65536).count(b"\n")
'
unix ctlmsg-post @all last
echo go > "$work/gate"
wait "$slow"
is 'a slow listener: the last one came' $? 9
first=$(sed -n 1p "$work/slow.ids") last=$(sed -n '$p' "$work/slow.ids") heard=$(wc -l < "$work/slow.ids")
lost=$(sed -n 's/^ctlmsg-listen: warning: \([0-9]*\) messages were lost.*/\1/p' "$work/slow.err" | awk '{ n += $1 } END { print n + 0 }')
is 'a slow listener: heard and lost are all there were' $((heard + lost)) $((last - first + 1))
ok 'a slow listener: something was lost' test "$lost" -gt 50
is 'a slow listener: ids rise' "$(sort -n -u "$work/slow.ids" | cmp - "$work/slow.ids" && echo yes)" yes

# --- with a cookie, and over TCP ---
background s6-ipcserver -- "$work/locked" ctlmsg -c "$work/new-cookie" "$work/state"
wait_for listens "$work/locked"
locked() { s6-ipcclient -l 0 -- "$work/locked" "$@"; }
dies 'ctlmsg -c: no cookie' 3 '515 ' locked ctlmsg-info version
exits 'ctlmsg -c: its cookie' 0 locked ctlmsg-info -k "$work/new-cookie" version
dies 'ctlmsg -c: another cookie' 111 'does not know the cookie' locked ctlmsg-info -k "$work/cookie" version

tcpserver -1 -RHDl0 127.0.0.1 0 ctlmsg "$work/state" > "$work/port" 2> /dev/null &
tap_pids="$tap_pids $!"
wait_for test -s "$work/port"
tcp() { tcpclient -RHDl0 127.0.0.1 "$(sed 's/.*[^0-9]//' "$work/port")" "$@"; }
exits 'tcp: post' 0 tcp ctlmsg-post @all "over tcp"
exits 'tcp: info' 0 tcp ctlmsg-info recent-messages
is 'tcp: the message' "$(tail -n 1 "$work/out" | cut -d ' ' -f 2-)" 'unset @all over tcp'
background sh -c 'exec tcpclient -RHDl0 127.0.0.1 "$1" ctlmsg-listen -n far -c 1 > "$0/far"' "$work" "$(sed 's/.*[^0-9]//' "$work/port")"
far=$!
wait_for connected far
exits 'tcp: from here to there' 0 unix ctlmsg-post @far hello
wait "$far"
is 'tcp: it came' "$(cut -d ' ' -f 2- "$work/far")" 'unset @far hello'
finish
