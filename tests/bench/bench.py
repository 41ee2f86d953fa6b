"""What benchmarks in Python share: rows with their bounds, programs that are run for their processor time, mailboxes, and Dovecot's imap by itself."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
build = os.path.join(top, os.environ.get('B', 'build'))
op = build + '/bin/maildir-op'
floor = build + '/bench/floor'
os.makedirs(build + '/bench', exist_ok=True)
work = tempfile.mkdtemp(prefix='porter-bench.', dir=build)
null = os.open('/dev/null', os.O_RDWR)
missed = 0


def row(name, value, bound, unit=''):
    global missed
    good = value <= bound
    missed += not good
    print('%-76s %9.2f %-6s at most %8.2f  %s' % (name, value, unit, bound, 'ok' if good else 'MISSED'), flush=True)


def end():
    """Takes away what was made; where nothing failed, the exit code says whether a bound was missed."""
    shutil.rmtree(work)
    if sys.exc_info()[0] is None:
        sys.exit(missed != 0)


def make(*targets):
    subprocess.run(['make', '-s', 'B=' + build] + list(targets), cwd=top, check=True)


def box(size):
    """The mailbox of that name, such as 100k."""
    path = build + '/bench/m' + size
    if not os.path.isdir(path):
        make(path)
    return path


def run(argv, cwd, request=b'', out=None):
    """Processor milliseconds of one run, its request in a file."""
    with open(work + '/request', 'wb') as f:
        f.write(request)
    return run_on(argv, cwd, work + '/request', out)


def run_on(argv, cwd, path, out=None):
    """The same, with that file as its standard input."""
    fd = os.open(path, os.O_RDONLY)
    here = os.getcwd()
    os.chdir(cwd)
    pid = os.posix_spawn(argv[0], argv, dict(os.environ, LC_ALL='C.UTF-8'), file_actions=[
        (os.POSIX_SPAWN_DUP2, fd, 0), (os.POSIX_SPAWN_DUP2, null if out is None else out, 1), (os.POSIX_SPAWN_DUP2, null, 2)])
    _, status, used = os.wait4(pid, 0)
    os.chdir(here)
    os.close(fd)
    if status:
        sys.exit('bench: %s: status %d' % (' '.join(argv), status))
    return (used.ru_utime + used.ru_stime) * 1000


def medians(*calls, times):
    """The median of each, run in turn."""
    taken = [[] for _ in calls]
    for _ in range(times):
        for t, call in zip(taken, calls):
            t.append(call())
    return [statistics.median(t) for t in taken]


def message(kind, text):
    return subprocess.run([build + '/bin/json-to-message', kind], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def forget(path, *names):
    for name in names or ('porter.index', 'porter.search', 'porter.threads'):
        if os.path.exists(path + '/' + name):
            os.unlink(path + '/' + name)


def sh(command, path):
    return run(['/bin/sh', '-c', command], path)


def dovecot(path, commands, cold, begin='EXAMINE INBOX'):
    """Processor milliseconds of the imap process alone, on the mailbox, with indexes of its own. A command is text or octets."""
    home = work + '/dovecot'
    if cold:
        shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home, exist_ok=True)
    os.chmod(work, 0o755)
    as_other = []
    if os.geteuid() == 0:  # which it refuses
        for d in [home] + [os.path.join(path, d) for d in ('', 'cur', 'new', 'tmp')]:
            os.chown(d, 65534, 65534)
        as_other = ['/usr/bin/setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
    conf = work + '/dovecot.conf'
    with open(conf, 'w') as f:
        f.write('mail_location = maildir:%s:INDEX=%s/i:CONTROL=%s/c\nfirst_valid_uid = 1\nssl = no\nlog_path = /dev/null\nbase_dir = %s/run\n' % (path, home, home, home))
    imap = ['/usr/bin/env', '-i', 'USER=x', 'HOME=' + home] + as_other + ['/usr/lib/dovecot/imap', '-c', conf]
    p = subprocess.Popen(imap, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    refused = None
    # One after the other: what has not been said by the LOGOUT is dropped.
    for i, c in enumerate([begin] + commands + ['LOGOUT']):
        p.stdin.write(b'%d %s\r\n' % (i, c if isinstance(c, bytes) else c.encode()))
        p.stdin.flush()
        line = next((line for line in p.stdout if line.startswith(b'%d ' % i)), b'')
        if not line.startswith(b'%d OK' % i):
            refused = refused or '%.80r: %.100r' % (c, line)
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = status
    if status or refused:
        print('# dovecot: status %d: %s' % (status, refused))
        return float('nan')
    return (used.ru_utime + used.ru_stime) * 1000
