"""Each fault: a clear reply to what is ours, the connection lives, tor's commands pass, and all is well when the fault is gone."""
import fcntl, os, shutil, signal, socket, subprocess, time
from ctl import *

tor = Tor()


def broken(how, s, want, works_again=None, commands=('POSTMESSAGE @all x', 'CONTROLLERNAME a', 'GETINFO new-messages', 'GETINFO version recent-messages', 'SETEVENTS POSTMESSAGE')):
    """want: how replies to our commands begin."""
    c = s.conn()
    got = [c.ask(x)[0] for x in commands]
    ok(all(g.startswith(want) and len(g) > len(want) for g in got), '%s: %s' % (how, got[0]), got)
    equal(c.ask('GETINFO version')[-1], '250 OK', how + ": tor's commands pass, the connection lives")
    if works_again:
        works_again()
        equal([c.ask(x)[-1] for x in ('SETEVENTS POSTMESSAGE', 'CONTROLLERNAME a', 'POSTMESSAGE @a x')], ['250 OK'] * 3, how + ': tried again, and well when it is over')
        ok((c.event() or '').endswith(' a @a x'), how + ': with events')
    c.close()
    err = open(s.err).read()
    ok(err.startswith('ctlmsg: warning: unable to ') and err.count('\n') <= 4, how + ': on stderr too', err)


for kind in ('in front', 'alone'):
    def server(statedir=None, **kw):
        return Server(statedir=statedir, tor=tor if kind == 'in front' else None, options=['-r', '0'], **kw)

    def directory(mode=0o700, owner=0):
        d = state()
        os.mkdir(d)
        os.chmod(d, mode)
        if owner:
            os.chown(d, owner, owner)
        return d

    # --- who owns it, what it is ---
    if os.geteuid() == 0:
        d = directory(owner=4711)
        broken(kind + ', owned by another', server(d), '551 ', lambda: os.chown(d, 0, 0))
    d = directory()
    os.mkdir(d + '/log')
    open(d + '/log/current', 'w').close()
    open(d + '/somebody', 'w').close()
    broken(kind + ', not a state directory', server(d), '551 ', lambda: os.unlink(d + '/somebody'))
    ok(os.path.exists(d + '/log/current'), kind + ': nothing goes that has no name of ours')
    d = state()
    s = server(d)
    s.conn().close()
    os.chmod(d, 0o755)
    broken(kind + ', open to others', s, '551 ', lambda: os.chmod(d, 0o700))
    d = path('none') + '/state'
    s = server(d)
    broken(kind + ', nowhere', s, '551 ')
    os.mkdir(os.path.dirname(d))
    equal(s.conn('a').info('list-controllers'), ['a'], kind + ', nowhere: who connects when that is over is well')
    d = state()
    open(d, 'w').close()
    broken(kind + ', a file', server(d), '551 ', lambda: os.unlink(d))
    d = directory(0o777)
    s = server(d)
    c = s.conn('made')
    equal((os.stat(d).st_mode & 0o777, c.info('list-controllers')), (0o700, ['made']), kind + ', an empty directory is made ours')
    c.close()
    for what, content in (('empty', b''), ('short', b'porterBS'), ('garbage', os.urandom(4096)), ('zeros', bytes(4096)), ('of another format', b'porterBS' + b'\3' + bytes(4087))):
        d = state()
        s = server(d)
        s.conn().close()
        wait_until(lambda: not os.listdir(d + '/conn'))
        with open(d + '/head', 'wb') as f:
            f.write(content)
        broken('%s, a head that is %s' % (kind, what), s, '551 ', lambda: shutil.rmtree(d))

    d = state()
    s = server(d)
    s.conn().close()
    wait_until(lambda: not os.listdir(d + '/conn'))
    os.unlink(d + '/bell')
    open(d + '/bell', 'w').close()
    broken('%s, a bell that is no fifo' % kind, s, '551 ', lambda: shutil.rmtree(d))
    # What was removed in part is made anew.
    for what in ('bell', 'head', 'log', 'conn', 'name'):
        d = state()
        s = server(d)
        a = s.conn('a', True)
        subprocess.run(['rm', '-r', d + '/' + what], check=True)
        b = s.conn('b')
        equal(b.ask('POSTMESSAGE @all x'), ['250 OK'], '%s, without its %s: who comes has a name, and posts' % (kind, what))
        a.ask('GETINFO list-controllers')
        equal(sorted(b.info('list-controllers')), ['a', 'b'], '%s, without its %s: and finds who was there' % (kind, what))
        a.close(), b.close()
        s.stop()

    # --- a log that nobody reads ---
    unread, log = os.pipe()
    os.set_blocking(log, False)
    try:
        while True:
            os.write(log, b'x' * 4096)
    except BlockingIOError:
        os.set_blocking(log, True)
    ours, theirs = socket.socketpair()
    start([CTLMSG] + (['-f', '-s', tor.socket] if kind == 'in front' else []) + [path('none') + '/state'], stdin=theirs, stdout=theirs, stderr=log)
    theirs.close()
    c = Conn(ours)
    c.want(tor.auth if kind == 'in front' else 'AUTHENTICATE')
    ok(c.ask('POSTMESSAGE @all x')[0].startswith('551 '), kind + ', a log that nobody reads: a reply all the same')
    equal(c.ask('GETINFO version')[-1], '250 OK', kind + ', a log that nobody reads: the connection goes on')
    c.close()
    for fd in (unread, log):
        os.close(fd)

    # --- the log ---
    for what in ('garbage', 'zeros', 'cut short', 'gone'):
        s = server()
        a, b = s.conn('a', True), s.conn('b')
        a.want('POSTMESSAGE @all one')
        a.event()
        segment = s.statedir + '/log/1'
        if what == 'gone':
            os.unlink(segment)
        elif what == 'cut short':
            os.truncate(segment, 10)
        else:
            with open(segment, 'r+b') as f:
                f.write(os.urandom(262144) if what == 'garbage' else bytes(262144))
        got = b.ask('GETINFO recent-messages')[0]
        ok(got.startswith('551 '), '%s, a segment that is %s: %s' % (kind, what, got))
        equal(b.ask('GETINFO version')[-1], '250 OK', "%s, a segment that is %s: tor's commands pass" % (kind, what))
        b.want('POSTMESSAGE @a two')
        e = a.event()
        ok(e is not None and e.endswith(' b @a two'), '%s, a segment that is %s: posting goes on' % (kind, what), e)
        equal([x.split(' ')[2] for x in b.info('recent-messages') or []], [], '%s, a segment that is %s: and reading; what was there is gone' % (kind, what))
        b.want('POSTMESSAGE @all three')
        equal((a.event()[-5:], b.info('recent-messages')[-1][-5:]), ('three', 'three'), '%s, a segment that is %s: all is well then' % (kind, what))
        b.info('new-messages')
        equal([x.info('messages-lost') for x in (a, b)], ['0', '1'], '%s, a segment that is %s: what was lost is counted' % (kind, what))
        for x in (a, b):
            x.close()
        s.stop()

    # --- fifos and names of nobody ---
    s = server()
    a = s.conn('a', True)
    os.mkfifo(s.statedir + '/conn/77.0')
    os.symlink('../conn/77.0', s.statedir + '/name/ghost')
    os.symlink('../conn/78.0', s.statedir + '/name/dangling')
    os.symlink('nonsense', s.statedir + '/name/strange')
    equal([a.ask('POSTMESSAGE @%s x' % n)[0][:4] for n in ('ghost', 'dangling', 'strange')], ['552 ', '552 ', '551 '], kind + ', a fifo without a reader: nobody has that name')
    equal(a.info('list-controllers'), ['a'], kind + ', it is not in the list')
    a.want('POSTMESSAGE @all x')
    equal(a.event()[-1], 'x', kind + ', it does not hold up others')
    equal([a.ask('CONTROLLERNAME ' + n) for n in ('ghost', 'dangling', 'strange')], [['250 OK']] * 3, kind + ', its name can be claimed')
    b = s.conn('b')
    equal([x for x in os.listdir(s.statedir + '/conn') if x.startswith('77')], [], kind + ', the next who comes sweeps it away')
    for x in (a, b):
        x.close()

    # --- the lock ---
    s = server()
    a, b = s.conn('a', True), s.conn('b')
    d = os.open(s.statedir, os.O_RDONLY)
    fcntl.flock(d, fcntl.LOCK_EX)
    begin = time.monotonic()
    b.send('POSTMESSAGE @all x')
    a.send('GETINFO version')
    equal(a.reply()[-1], '250 OK', kind + ', the lock is held: others go on')
    got = b.reply()[0]
    took = time.monotonic() - begin
    ok(got.startswith('551 ') and took >= 0.99, '%s, after a second: %s' % (kind, got), took)
    c = s.conn()
    equal(c.ask('GETINFO version')[-1], '250 OK', kind + ', who comes meanwhile can use tor')
    os.close(d)
    b.want('POSTMESSAGE @all y')
    equal((a.event()[-1], c.info('list-controllers')[0]), ('y', 'a'), kind + ', and all goes on when it is free')
    for x in (a, b, c):
        x.close()

    # --- descriptors ---
    results = []
    for limit in range(4, 16):
        s = server(wrap=['prlimit', '--nofile=%d' % limit, '--'] if shutil.which('prlimit') else ['s6-softlimit', '-o', str(limit)])
        try:
            c = s.conn()
        except (Closed, OSError):
            continue  # not even tor could be reached
        got = [c.ask(x)[-1] for x in ('SETEVENTS POSTMESSAGE', 'CONTROLLERNAME a', 'POSTMESSAGE @all x', 'GETINFO recent-messages', 'GETINFO list-controllers')]
        results.append((limit, [g[:4] for g in got], c.ask('GETINFO version')[-1]))
        c.close()
        s.stop()
    full = [r for r in results if r[1] == ['250 '] * 5]
    some = [r for r in results if r not in full]
    ok(full and len(some) > 1 and all(g in ('451 ', '551 ', '250 ') for r in some for g in r[1]) and all(r[2] == '250 OK' for r in results),
       kind + ', no descriptors left: 451, and tor\'s commands pass; %d are enough' % min([r[0] for r in full], default=0), results)
    s = server(wrap=['prlimit', '--nofile=24', '--'])
    listeners = [Server(statedir=s.statedir, options=['-r', '0']).conn(None, True)]
    more = Server(statedir=s.statedir)
    listeners += [more.conn(None, True) for i in range(40)]
    c = s.conn()
    took = []
    for i in range(3):
        c.want('POSTMESSAGE @all %d' % i)
        begin = time.monotonic()
        equal([x.event() is not None for x in listeners], [True] * 41, '%s, more listeners than descriptors: all are woken, time %d' % (kind, i))
        took.append(time.monotonic() - begin)
    # A timer begins anew with each message, so that whoever was not woken is late each time.
    ok(min(took) < 4, '%s, and before their timers' % kind, took)
    for x in listeners + [c]:
        x.close()

    # --- disks ---
    mount = WORK + '/tmpfs'

    def remount(how):
        return subprocess.run(['mount', '-o', 'remount,' + how, mount], stderr=subprocess.DEVNULL).returncode == 0

    os.makedirs(mount, exist_ok=True)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'porter-test', mount], stderr=subprocess.DEVNULL).returncode:
        skip(kind + ', full and read-only disks', 'cannot mount a tmpfs')
        continue

    def fill(leave=0):
        with open(mount + '/filler', 'wb', buffering=0) as f:
            try:
                while True:
                    f.write(b'x' * 4096)
            except OSError:
                pass
            f.truncate(f.tell() - leave)

    fill()
    broken(kind + ', a full disk', server(mount + '/state'), '451 Resource exhausted', lambda: os.unlink(mount + '/filler'))
    for leave in range(4096, 300000, 28672):
        shutil.rmtree(mount + '/state', ignore_errors=True)
        fill(leave)
        s = server(mount + '/state')
        c = s.conn()
        got = c.ask('POSTMESSAGE @all x')[0]
        if not (got.startswith('451 Resource exhausted') or got == '250 OK'):
            ok(False, '%s, a disk with %d left' % (kind, leave), got)
        os.unlink(mount + '/filler')
        got = c.ask('POSTMESSAGE @all x')[0]
        if got != '250 OK':
            ok(False, '%s, a disk with %d left, emptied' % (kind, leave), got)
        c.close()
        s.stop()
    ok(True, kind + ', a disk with little left: 451 or well')
    shutil.rmtree(mount + '/state')
    s = server(mount + '/state')
    a, c = s.conn('a', True), s.conn('c')
    fill()
    got = []
    for i in range(60):
        got.append(c.ask('POSTMESSAGE @a %d %s' % (i, 'x' * 8000))[0])
        if got[-1] == '250 OK':
            a.event()
    n = got.index(next(g for g in got if g != '250 OK'))
    ok(n > 25 and set(got[n:]) == {got[n]} and got[n].startswith('451 Resource exhausted'), '%s, the disk fills up: what the segment has room for goes on, then %s' % (kind, got[n]), n, got[n:])
    equal(c.ask('GETINFO version')[-1], '250 OK', kind + ", a full disk: tor's commands pass")
    equal(len(c.info('recent-messages')), 0, kind + ', and messages can be read')
    os.unlink(mount + '/filler')
    c.want('POSTMESSAGE @a well')
    ok(a.event().split(' ')[2] == str(n + 1), kind + ', well when there is room; no id was used up')
    for x in (a, c):
        x.close()
    # They leave before the server is stopped, and they with it.
    ok(wait_until(lambda: not os.listdir(mount + '/state/conn')), kind + ', all have left')
    s.stop()
    # A file that is open to be written keeps a disk from becoming read-only, and so does a directory that was removed, as long as the kernel
    # has what confined a process to it: until a moment after that process is no zombie any more.
    stop_all()
    ok(wait_until(lambda: remount('ro')), kind + ', a disk becomes read-only')
    if kind == 'in front':
        tor = Tor()
    broken(kind + ', a read-only disk', server(mount + '/state'), '551 ', lambda: remount('rw'))
    stop_all()
    equal(subprocess.run(['umount', mount]).returncode, 0, kind + ', nobody has the disk any more')
done()
