#!/bin/sh
# Confinement, proved by a program with a deliberate hole (tests/stub/hole.c) that is linked with the same: whatever who takes a program over
# tries, the kernel refuses. And that what must work does.
# shellcheck disable=SC2086 # one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root confine.t
if [ "$SANITIZED" ]; then echo '1..0 # SKIP confine.t: a build with sanitizers is not confined'; exit 0; fi
install -m 755 "$B/stub/hole" "$B/stub/lacking" "$B/stub/without-vdso" "$work/"
uid=47111
as() { setpriv --reuid $uid --regid $uid --clear-groups "$@"; }
mkdir "$work/mail"
for box in mine other; do
  mkdir -p "$work/mail/$box/cur" "$work/mail/$box/new" "$work/mail/$box/tmp" "$work/mail/$box/.Sub/cur" "$work/mail/$box/.Sub/tmp" "$work/mail/$box/.Sub/new"
  printf 'Subject: x\n\nx\n' | tee "$work/mail/$box/cur/1.M1P1.h:2,S" > "$work/mail/$box/.Sub/cur/2.M1P1.h:2,S"
  printf x | tee "$work/mail/$box/porter.index" > "$work/mail/$box/.Sub/porter.index"
done
ln -s ../other "$work/mail/mine/out"
mkdir "$work/run" "$work/run/bus" "$work/mail/mine/bus"
echo x | tee "$work/run/bus/head" > "$work/mail/mine/bus/head"
echo secret > "$work/mine.txt"
chown -R $uid:$uid "$work/mail" "$work/run" "$work/mine.txt"
cd "$work/mail/mine" || exit 111
if ! as "$work/hole" look list . > "$work/out" 2> "$work/err"; then
  echo "1..0 # SKIP confine.t: this kernel lacks a part: $(cat "$work/err")"
  exit 0
fi

hole() { as "$work/hole" "$@" < "$top/COPYING" 2> "$work/err"; }
refused() {  # KIND REASON ATTACK...
  kind=$1 reason=$2; shift 2
  is "$kind: $*: $reason" "$(hole $kind "$@")" "$reason"
}
stays() {  # KIND ATTACK...: a link or a rename across the line; the kernel has two words for that
  kind=$1; shift
  is "$kind: $*: refused" "$(hole $kind "$@" | sed 's/EXDEV/EACCES/')" EACCES
}
ended() {  # KIND CALL ATTACK...
  kind=$1 call=$2; shift 2
  hole $kind "$@" > "$work/out"
  is "$kind: $*: no such call" "$?$(cat "$work/out" "$work/err")" "111hole: fatal: system call $call is not allowed"
}
does() {
  kind=$1; shift
  is "$kind: $*: works" "$(hole $kind "$@")" "done"
}

# --- without confinement each of them works, so that a refusal means something ---
for attack in "open $work/mail/other/cur/1.M1P1.h:2,S" 'open /etc/passwd' "create /tmp/porter-hole-$$" "unlink /tmp/porter-hole-$$" fork run-memory socketpair memfd 'chdir /'; do
  does none $attack
done
hole none exec
is 'none: exec: works' $? 0
background setpriv --reuid $uid --regid $uid --clear-groups sleep 6000
victim=$!
wait_for as kill -0 $victim
does none kill $victim

# --- files: another mailbox of the same uid, the system's, /tmp ---
for kind in look folder change; do
  for path in "$work/mail/other/cur/1.M1P1.h:2,S" ../other/cur/1.M1P1.h:2,S out/cur/1.M1P1.h:2,S "$work/mine.txt" /etc/passwd /proc/self/environ /proc/$victim/environ /dev/null; do
    refused $kind EACCES open $path
  done
  for path in "$work/mail/other" .. / /tmp /proc; do refused $kind EACCES list $path; done
  refused $kind EACCES create "/tmp/porter-hole-$$"
  refused $kind EACCES create "$work/mail/other/tmp/x"
  refused $kind EACCES unnamed /tmp
  refused $kind EACCES unlink "$work/mail/other/cur/1.M1P1.h:2,S"
  refused $kind EACCES write "$work/mail/other/cur/1.M1P1.h:2,S"
  stays $kind rename "$work/mail/other/cur/1.M1P1.h:2,S" cur/stolen
  stays $kind rename cur/1.M1P1.h:2,S "$work/mail/other/cur/given"
  for call in symlinkat:symlink mknodat:mkfifo fchmodat:chmod fchownat:chown utimensat:utime truncate:truncate chroot:chroot chdir:chdir setxattr:setxattr; do
    ended $kind ${call%:*} ${call#*:} "$work/mail/other/cur/1.M1P1.h:2,S" x
  done
  ended $kind open_by_handle_at handle
  does $kind stat "$work/mail/other/cur/1.M1P1.h:2,S"   # said in doc/security.md: names and sizes can be probed
  does $kind open cur/1.M1P1.h:2,S
  does $kind list .Sub/cur
done
refused change EACCES mkdir "$work/mail/other/.New"
stays change link "$work/mail/other/cur/1.M1P1.h:2,S" cur/stolen

# --- the mailbox itself ---
for kind in look read folder; do
  for path in cur/1.M1P1.h:2,S cur .; do
    for call in fchmod:chmod-open fchown:chown-open utimensat:utime-open; do ended $kind ${call%:*} ${call#*:} $path; done
  done
  ended $kind mkdirat mkdir .New
  ended $kind linkat link cur/1.M1P1.h:2,S cur/2
done
refused files EACCES mkdir .New
refused files EACCES link cur/1.M1P1.h:2,S cur/2
for attack in 'write cur/1.M1P1.h:2,S' 'truncate-open cur/1.M1P1.h:2,S' 'create tmp/x' 'unlink cur/1.M1P1.h:2,S' 'rename cur/1.M1P1.h:2,S cur/2' \
  'write porter.index' 'unnamed tmp'; do
  refused look EACCES $attack
done
for attack in 'write cur/1.M1P1.h:2,S' 'truncate-open cur/1.M1P1.h:2,S' 'write .Sub/cur/2.M1P1.h:2,S' 'create cur/x' 'write .Sub/porter.index'; do refused folder EACCES $attack; done
does folder write porter.index
does folder create tmp/x
does folder rename tmp/x porter.index
for attack in 'create tmp/y' 'write tmp/y' 'link tmp/y .Sub/cur/y' 'rename tmp/y .Sub/cur/z' 'unlink .Sub/cur/z' 'mkdir .New' 'unnamed tmp' 'truncate-open .Sub/cur/y' 'chmod-open .Sub/cur/y' \
  'chown-open .Sub/cur/y' 'utime-open .Sub/cur/y'; do does change $attack; done

# --- everything else, in every program ---
for kind in look folder change writer watcher translator bus client; do
  while read -r call attack; do
    case $attack in *PID*) attack="${attack%PID}$victim" ;; esac
    ended $kind $call $attack
  done <<'END'
execve exec
clone fork
clone thread
clone3 clone3
unshare unshare
setns setns
mount mount
ptrace ptrace PID
process_vm_readv vm-read PID
kill kill PID
tgkill tgkill PID
rt_sigqueueinfo sigqueue PID
pidfd_open pidfd PID
socket socket unix /run/dbus/system_bus_socket
socket socket abstract x
socket socket tcp 25
socketpair socketpair
io_uring_setup io_uring
keyctl keyctl
add_key add_key
bpf bpf
perf_event_open perf
userfaultfd userfaultfd
memfd_create memfd
personality personality
prctl prctl
setuid setuid
prlimit64 setrlimit
ioctl ioctl
syslog syslog
mmap run-memory
mmap run-file
mprotect protect
END
  does $kind memory-plain
done
if [ "$(uname -m)" = x86_64 ]; then
  ended change 1073741863 x32
  is 'change: int80: no such call' "$(hole change int80; echo $?)" 111
fi
for kind in writer watcher translator client; do
  case $kind in
    writer) refused writer EACCES open /etc/passwd; refused writer EACCES create "$work/mail/other/tmp/x"; does writer unnamed tmp; refused writer EACCES unnamed "$work/mail/other/tmp" ;;
    *) ended $kind openat open cur/1.M1P1.h:2,S ;;
  esac
done
# --- ctlmsg: its state directory; what is around it only where that is its own, and holds nothing else ---
for kind in bus bus-around; do
  for path in "$work/mail/other/cur/1.M1P1.h:2,S" cur/1.M1P1.h:2,S out/cur/1.M1P1.h:2,S "$work/mine.txt" /etc/passwd /proc/self/environ /proc/$victim/environ /dev/null; do
    refused $kind EACCES open $path
  done
  for path in "$work" . .. / /tmp /proc; do refused $kind EACCES list $path; done
  refused $kind EACCES write cur/1.M1P1.h:2,S
  refused $kind EACCES create "/tmp/porter-hole-$$"
  refused $kind EACCES unlink cur/1.M1P1.h:2,S
  refused $kind EACCES mkdir .Another
  refused $kind EACCES mkfifo tmp/x
  refused $kind EACCES symlink x tmp/x
  for call in fchmodat:chmod fchownat:chown utimensat:utime truncate:truncate chroot:chroot chdir:chdir setxattr:setxattr mknodat:mknod; do
    ended $kind ${call%:*} ${call#*:} "$work/mail/other/cur/1.M1P1.h:2,S" x
  done
  ended $kind open_by_handle_at handle
  ended $kind linkat link cur/1.M1P1.h:2,S cur/2
done
stays bus-around rename cur/1.M1P1.h:2,S ../../run/bus/stolen
for path in ../../run/bus/head ../../run/around; do refused bus EACCES create $path.new; done
for attack in 'open bus/head' 'write bus/head' 'create bus/head.new' 'mkdir bus/conn' 'mkfifo bus/conn/1' 'symlink ../conn/1 bus/conn/2' 'unlink bus/conn/2' 'list bus/conn' unread getfl; do
  does bus $attack
done
for attack in 'open ../../run/bus/head' 'create ../../run/bus/head.new' 'mkfifo ../../run/1' 'mkdir ../../run/bus.new'; do does bus-around $attack; done
refused bus-around EACCES mkfifo ../../run/2   # there is a second directory now

ended change fcntl setown $$
ended change fcntl lock
for kind in look folder change; do ended $kind fcntl setfl; done   # the log: all programs of the server have it open
does change getfl
does change dupfd
does change tgkill-self
is 'abort ends it' "$(hole change abort > /dev/null; echo $?)" 134

# --- Landlock alone refuses what it can: both walls stand by themselves ---
refused files EACCES open /etc/passwd
refused files EACCES exec
/usr/bin/python3 - "$work/ready" <<'END' &
import socket, sys, time
a = socket.socket(socket.AF_UNIX); a.bind('\0porter-hole'); a.listen()
t = socket.socket(); t.bind(('127.0.0.1', 0)); t.listen()
open(sys.argv[1] + '.new', 'w').write(str(t.getsockname()[1]))
import os; os.rename(sys.argv[1] + '.new', sys.argv[1])
time.sleep(60)
END
tap_pids="$tap_pids $!"
wait_for test -s "$work/ready"
does none socket abstract porter-hole
does none socket tcp "$(cat "$work/ready")"
# Sockets to a port are Linux 6.7's, abstract ones and signals 6.12's.
since() { printf '%s\n' "$1" "$(uname -r)" | sort -CV; }
if since 6.7; then refused files EACCES socket tcp "$(cat "$work/ready")"; else skip 'files: socket tcp' 'older than Linux 6.7'; fi
if since 6.12; then
  refused files EPERM socket abstract porter-hole
  refused files EPERM kill $victim
else
  skip 'files: abstract sockets, signals' 'older than Linux 6.12'
fi

# --- a call that reads gives up all but its folder's index before it opens a mail; one that opens none need not ---
walls() { strace -o "$work/trace" -e trace=landlock_restrict_self,openat maildir-op "$1" < "$2" > "$work/out" 2>&1; }
printf '\022\0101.M1P1.h' > "$work/show"
for method in Show Raw ListSearch; do
  case $method in ListSearch) walls $method /dev/null ;; *) walls $method "$work/show" ;; esac
  is "$method: two walls stand before the mail is opened" "$(sed -n '/"1\.M1P1/{ s/.*/opened/p; q; }; s/^landlock_restrict_self.*/wall/p' "$work/trace" | tr '\n' ' ')" 'wall wall opened '
done
printf '\022\0101.M1P1.h\040\001' > "$work/show-thread"
maildir-op Show < "$work/show-thread" > /dev/null
walls Show "$work/show-thread"
is "Show with its thread, which is known: likewise" "$(sed -n '/"1\.M1P1/{ s/.*/opened/p; q; }; s/^landlock_restrict_self.*/wall/p' "$work/trace" | tr '\n' ' ')" 'wall wall opened '
walls Stats /dev/null
is 'Stats: no mail is opened, and one wall stands' "$(sed -n 's/.*"1\.M1P1.*/opened/p; s/^landlock_restrict_self.*/wall/p' "$work/trace")" wall

# --- limits ---
is 'a limit on processor time ends a call' "$(hole second processor > /dev/null 2>&1; echo $?)" 137
refused limits ENOMEM memory
refused limits EAGAIN fork

# --- which calls there are at all: each is in the table with its reason; a new one shows here ---
want='brk clock_gettime clock_nanosleep close exit_group getpid gettid madvise mremap munmap ppoll read restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn setitimer write'
sweep() { hole "$1" sweep | sort | tr '\n' ' '; }
words() { printf '%s\n' "$@" | sort -u | tr '\n' ' '; }
# Older kinds of processors have the older calls too.
epoll=epoll_pwait
time=
if [ "$(uname -m)" = x86_64 ]; then
  want="$want poll"
  epoll="$epoll epoll_wait"
  time='time'
fi
case $(uname -m) in x86_64 | aarch64)
  is 'frame-auth: no call but these' "$(sweep watcher)" "$(words $want wait4 shutdown)"
  is 'frame-write: no call but these' "$(sweep writer)" "$(words $want wait4 lseek pwrite64 openat sendfile pread64 fallocate)"
  is 'json-op: no call but these' "$(sweep translator)" "$(words $want wait4 lseek newfstatat fstat pread64 writev ftruncate pwrite64 getrandom)"
  is 'ctlmsg: no call but these' "$(sweep bus)" "$(words $want $epoll epoll_create1 epoll_ctl inotify_init1 inotify_add_watch openat newfstatat fstat \
    getdents64 readlinkat mkdirat symlinkat renameat unlinkat pread64 pwrite64 fallocate flock sched_yield fchmod geteuid shutdown getrandom sysinfo)"
  is 'ctlmsg-post: no call but these' "$(sweep client)" "$(words $want readv writev getrandom)"
  reads="$time openat dup pread64 readv lseek newfstatat fstat statx faccessat2 getdents64 writev pwrite64 ftruncate renameat renameat2 unlinkat flock
    statfs fstatfs uname sysinfo geteuid getrandom landlock_create_ruleset landlock_add_rule landlock_restrict_self"
  is 'maildir-op that reads: no call but these' "$(sweep look)" "$(words $want $reads)"
  is 'maildir-op that changes: nor but these' "$(sweep change)" "$(words $want $reads linkat mkdirat copy_file_range sendfile splice fsync sync_file_range \
    fchmod fchown)" ;;
esac

# --- kernels that lack a part ---
session() { printf 'AUTHENTICATE\r\nCONTROLLERNAME a\r\nPOSTMESSAGE @a x\r\n'; }
for part in landlock seccomp; do
  exits "without $part: goes on with the rest" 0 as "$work/lacking" $part maildir-op Stats
  exits "without $part: -S does not" 111 as "$work/lacking" $part maildir-op -S Stats
  is "without $part: -S says what is lacking" "$(grep -ci "^maildir-op: fatal: unable to .*$part.*: Function not implemented" "$work/err")" 1
  session > "$work/session"
  is "without $part: ctlmsg goes on with the rest" "$(as "$work/lacking" $part ctlmsg bus.$part < "$work/session" | grep -c '250 OK')" 3
  exits "without $part: ctlmsg -S does not" 111 as "$work/lacking" $part ctlmsg -S bus.$part
done
exits 'with all: -S goes on' 0 as maildir-op -S Stats
is 'with all: ctlmsg -S goes on' "$(as ctlmsg -S bus.all < "$work/session" | grep -c '250 OK')" 3

# --- a kernel without vDSO: the time is a system call ---
without_vdso() { as "$work/without-vdso" "$@"; }
exits 'without vDSO: maildir-op' 0 without_vdso maildir-op -S Stats
exits 'without vDSO: maildir-op, which waits' 0 without_vdso maildir-op -S Wait < /dev/null
is 'without vDSO: json-op' "$(printf '{}' | without_vdso json-op maildir-op Stats)" "$(printf '{}' | as json-op maildir-op Stats)"
is 'without vDSO: frame-write' "$(without_vdso frame-write -d tmp echo x | od -c)" "$(as frame-write -d tmp echo x | od -c)"
is 'without vDSO: ctlmsg' "$(without_vdso ctlmsg -S bus.vdso < "$work/session" | grep -c '250 OK')" 3
finish
