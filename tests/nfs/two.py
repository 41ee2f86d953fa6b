"""two.py SECONDS [OPTION...]: two hosts on one mailbox, /tmp/c1/box and /tmp/c2/box; maildir-op has these options. First what one of them answers at
once after the other was answered, how late Wait is and what Changes tell, and what is counted while the other flags; then both at once for so long: each mail has an owner, who alone moves and removes it and sets F; the
other host sets S. One changing call in KILLS is killed at some moment of its time (0: none); its owner leaves that mail alone then. Every RESTARTS
seconds the server stops for two seconds (0: never). In the end each mail is where its owner was told, once, with its octets and these flags,
on both hosts; one whose call was killed is as it was before or as it was to become, and may have two names then
(src/lib/maildir/change_name.c, rule 2)."""
import collections, os, random, subprocess, sys, threading, time
sys.path.insert(0, '/mnt')
import maildir_pb2 as pb

SECONDS, OPTIONS = float(sys.argv[1]), sys.argv[2:]
KILLS, RESTARTS = int(os.environ['KILLS']), int(os.environ['RESTARTS'])
FOLDERS = ['', 'A', 'B']
counts, wrong, lock = collections.Counter(), [], threading.Lock()
took, took_by = [], {}


def call(host, method, options=OPTIONS, part=None, **fields):
    """The response. With part, a share of the time that this method took last: None if it was killed after that."""
    begun = time.monotonic()
    p = subprocess.Popen(['/mnt/host%d' % host, *options, method], cwd='/tmp/c%d/box' % host, env={**os.environ, 'EARLIER': '3600'}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    octets = getattr(pb, method + 'Req')(**fields).SerializeToString()
    try:
        out, err = p.communicate(octets, timeout=part and part * took_by.get(method, 1))
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        return None
    took_by[method] = time.monotonic() - begun
    took.append(took_by[method])
    response = getattr(pb, method + 'Resp')()
    try:
        response.ParseFromString(out)
    except Exception:
        bad('%s: no answer: %d %r' % (method, p.returncode, err))
    if p.returncode not in (0, 3):
        bad('%s: %d %r' % (method, p.returncode, err[:200]))
    return response


def bad(what):
    with lock:
        wrong.append(what)
        print('# wrong: ' + what, flush=True)


def octets(i):
    return b'Subject: mail xid%dx\nMessage-ID: <%d@two>\nFrom: a@example.org\n\n%s\nend of %d\n' % (i, i, b'x' * (i * 37 % 5000), i)


# --- what the other host sees ---
def lag(name, tries, change, seen):
    """change by one host, and for how long the other does not see it."""
    waits = []
    for k in range(tries):
        a, b = (1, 2) if k % 2 else (2, 1)
        want = change(a, k)
        answered = time.monotonic()
        n = 0
        while not seen(b, want):
            n += 1
            if time.monotonic() - answered > 70:
                bad('%s: not seen in 70 s' % name)
                break
            time.sleep(0.05)
        waits.append((time.monotonic() - answered) if n else 0)
    stale = [w for w in waits if w]
    print('%-34s %3d of %3d answers behind%s' % (name, len(stale), tries, ', until %.1f s later at most' % max(stale) if stale else ''), flush=True)


def outcomes(r):
    return [o for o in r.outcomes if not o.HasField('error')]


def lags(tries):
    marks = {}

    def append(a, k):
        call(a, 'Append', folder='A', octets=octets(10**6 + k))
        return call(a, 'Stats', folder='A').mail_count

    def move(a, k):
        mid = call(a, 'List', folder='A', end=1, sort=dict(parameter='ARRIVAL', direction='DESC')).mail_heads[0].mid
        call(a, 'Move', from_folder='A', to_folder='B', mids=[mid])
        return mid

    def flag(a, k):
        mid = call(a, 'List', folder='B', end=1).mail_heads[0].mid
        marks[mid] = 'FP' if marks.get(mid) != 'FP' else 'R'
        call(a, 'SetFlags', folder='B', mids=[mid], add=marks[mid], exactly=True)
        return mid

    def make(a, k):
        name = 'New%d' % time.monotonic_ns()
        call(3 - a, 'Stats', folder=name)  # it is known there that there is none
        call(a, 'AddFolder', name=name)
        return name

    lag('a mail that is new: Stats', tries, append, lambda b, want: call(b, 'Stats', folder='A').mail_count == want)
    lag('moved: List of where it is now', tries, move, lambda b, mid: any(h.mid == mid for h in call(b, 'List', folder='B', end=1000).mail_heads))
    lag('flags: List', tries, flag, lambda b, mid: [h.flags for h in call(b, 'List', folder='B', end=1000).mail_heads if h.mid == mid] == [marks[mid]])
    lag('flags: Show', tries, flag, lambda b, mid: call(b, 'Show', folder='B', mid=mid).flags == marks[mid])
    lag('a folder that was known not to be', tries, make, lambda b, name: not call(b, 'Stats', folder=name).HasField('error'))
    lag('its name: Folders', tries, make, lambda b, name: name in call(b, 'Folders').folders)
    for name in call(1, 'Folders').folders:
        if name.startswith('New'):
            call(1, 'RemoveFolder', name=name)
    for options in (OPTIONS, OPTIONS + ['-I']):
        spins(options)
        lacking(tries, options)
    all_waits(tries)


def settled_state(host, options):
    """A state that another call can find to be the same."""
    while True:
        state = call(host, 'Wait', options=options).state
        if not state.endswith('?'):
            return state
        time.sleep(0.5)


def changes(host, state):
    """What changed since: resets, and mids with what became of them."""
    told, more = [], True
    while more:
        r = call(host, 'Changes', state=state)
        told += ['reset'] * r.reset + [(c.mid, pb.Change.Kind.Name(c.kind)) for c in r.changes]
        state, more = r.state, r.more
    return told


def waits(what, tries, change, options=OPTIONS):
    """One host waits, the other changes something some seconds later. change gives what Changes are to tell."""
    behind, dice = [], random.Random(1)
    for k in range(tries):
        a, b = (1, 2) if k % 2 else (2, 1)
        state, answers = settled_state(b, options), []
        waiter = threading.Thread(target=lambda: answers.append((call(b, 'Wait', options=options, state=state, seconds=100), time.monotonic())))
        waiter.start()
        time.sleep(dice.uniform(0.5, 8))
        want = change(a, k)
        changed = time.monotonic()
        waiter.join()
        if not answers[0][0].changed:
            bad('Wait, %s: ends without having seen it' % what)
        behind.append(answers[0][1] - changed)
        for host in (a, b) if '-I' not in options else ():
            told = changes(host, state)
            if told != want:
                bad('Changes on host %d, %s: %s instead of %s' % (host, what, told, want))
    print('%-34s answered %s s later' % ('Wait, %s%s' % (what, ', -I' if '-I' in options else ''), ', '.join('%.1f' % s for s in sorted(behind))), flush=True)


def all_waits(tries):
    def append(a, k):
        return [(call(a, 'Append', folder='A', octets=octets(3 * 10**6 + k)).mid, 'NEW')]

    def flag(a, k):
        mid = call(a, 'List', folder='A', end=2).mail_heads[1].mid
        call(a, 'SetFlags', folder='A', mids=[mid], add='FP' if k % 2 else 'R', exactly=True)
        return [(mid, 'CHANGED')]

    def move(a, k):
        mid = call(a, 'List', folder='A', end=1).mail_heads[0].mid
        call(a, 'Move', from_folder='A', to_folder='B', mids=[mid])
        return [(mid, 'CHANGED')]

    def remove(a, k):
        mid = call(a, 'List', folder='B', end=1).mail_heads[0].mid
        call(a, 'Remove', folder='B', mids=[mid])
        return [(mid, 'GONE')]

    def make(a, k):
        call(a, 'AddFolder', name='Wait%d' % k)
        return []

    def drop(a, k):
        call(a, 'RemoveFolder', name='Wait%d' % k)
        return []

    for what, change in (('a new mail', append), ('flags', flag), ('a move', move), ('a removal', remove), ('a new folder', make), ('a folder that goes', drop)):
        waits(what, tries, change)
    for what, change in (('a new mail', append), ('flags', flag)):
        waits(what, tries, change, OPTIONS + ['-I'])


def lacking(tries, options):
    """Counts of one host that lack a mail, as the other flags one of 3000 every tenth of a second."""
    place, over, odd = '/tmp/c1/box/.Big/cur/', threading.Event(), []
    if not os.path.exists('/tmp/export/box/.Big'):
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs('/tmp/export/box/.Big/' + sub)
        for n in range(3000):
            with open('/tmp/export/box/.Big/cur/%d.M%dP0.big-%s:2,' % (1700000000 + n, n, 'x' * 40), 'wb') as out:
                out.write(octets(0))
        call(2, 'List', folder='Big', end=1)

    def flag():
        names, dice = os.listdir(place), random.Random(2)
        while not over.wait(0.1):
            i = dice.randrange(len(names))
            name = names[i].partition(':')[0] + (':2,' if names[i].endswith('S') else ':2,S')
            os.rename(place + names[i], place + name)
            names[i] = name

    other = threading.Thread(target=flag)
    other.start()
    for k in range(5 * tries):
        count = call(2, 'Stats', options=options, folder='Big').mail_count
        if count != 3000:
            odd.append(count)
    over.set()
    other.join()
    if odd:
        bad('Stats while the other host flags: %s of 3000' % odd)
    print('%-34s %3d of %3d counts wrong' % ('flags meanwhile: Stats%s' % (', -I' if '-I' in options else ''), len(odd), 5 * tries), flush=True)


def spins(options):
    """How often in ten seconds a client is answered that waits again and again, and the mailbox changed just before."""
    state, answers = call(1, 'Wait', options=options).state, 0
    call(2, 'Append', folder='A', octets=octets(4 * 10**6))
    begun = time.monotonic()
    while time.monotonic() - begun < 10:
        state = call(1, 'Wait', options=options, state=state, seconds=max(1, round(begun + 10 - time.monotonic()))).state
        answers += 1
    print('%-34s %d answers in %.0f s' % ('Wait in a loop%s' % (', -I' if '-I' in options else ''), answers, time.monotonic() - begun), flush=True)


# --- both at once ---
class Owner(threading.Thread):
    """One of those who work on a host; knows what it was told of its own mails: folder, id, F. unsettled: what a mail may be whose call was killed."""

    def __init__(self, k, owners):
        super().__init__()
        self.k, self.host, self.owners, self.mails, self.unsettled, self.last, self.dice = k, 1 + k % 2, owners, {}, {}, 0, random.Random(k)

    def run(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                self.step()
            except Exception as e:
                bad('owner %d: %r' % (self.k, e))

    def change(self, i, becomes, method, **fields):
        """The response of a method that makes its mail i become that, or None: it was killed."""
        r = call(self.host, method, part=self.dice.uniform(0, 1.2) if KILLS and self.dice.randrange(KILLS) == 0 else None, **fields)
        if r is None:
            counts['killed'] += 1
            self.unsettled[i] = [self.mails.pop(i, None), becomes]
        return r

    def step(self):
        what = self.dice.choices(['append', 'move', 'flag', 'remove', 'see', 'list', 'stats', 'find'], [25, 20, 20, 5, 15, 8, 8, 4])[0]
        mine = [i for i, m in self.mails.items() if m]
        if what in ('move', 'flag', 'remove') and not mine:
            return
        counts[what] += 1
        if what == 'append':
            self.last += 1
            i, folder = self.last * self.owners + self.k, self.dice.choice(FOLDERS)
            r = self.change(i, [folder, None, False], 'Append', folder=folder, octets=octets(i))
            if r and r.HasField('error'):
                bad('Append: ' + r.error.text)
            if r:
                self.mails[i] = [folder, r.mid, False]
        elif what == 'move':
            i, to = self.dice.choice(mine), self.dice.choice(FOLDERS)
            m = self.mails[i]
            r = self.change(i, [to, None, m[2]], 'Move', from_folder=m[0], to_folder=to, mids=[m[1]])
            if r and not outcomes(r):
                bad('Move of %s from %r to %r: %s' % (m[1], m[0], to, r))
            elif r:
                m[0], m[1] = to, r.outcomes[0].new_mid or r.outcomes[0].mid
        elif what == 'flag':
            i = self.dice.choice(mine)
            m = self.mails[i]
            r = self.change(i, [m[0], None, not m[2]], 'SetFlags', folder=m[0], mids=[m[1]], **{'remove' if m[2] else 'add': 'F'})
            if r and not outcomes(r):
                bad('SetFlags of %s in %r: %s' % (m[1], m[0], r))
            if r:
                m[2] = not m[2]
        elif what == 'remove':
            i = self.dice.choice(mine)
            m = self.mails[i]
            r = self.change(i, None, 'Remove', folder=m[0], mids=[m[1]])
            if r and not outcomes(r):
                bad('Remove of %s in %r: %s' % (m[1], m[0], r))
            if r:
                self.mails[i] = None
        elif what == 'see':
            # Anybody's: it may have gone meanwhile.
            folder = self.dice.choice(FOLDERS)
            heads = call(self.host, 'List', folder=folder, end=1000).mail_heads
            if heads:
                r = call(self.host, 'SetFlags', folder=folder, mids=[self.dice.choice(heads).mid], add='S')
                counts['seen' if outcomes(r) else 'seen too late'] += 1
        elif what == 'list':
            mids = [h.mid for h in call(self.host, 'List', folder=self.dice.choice(FOLDERS), end=1000).mail_heads]
            if len(set(mids)) != len(mids):
                bad('List names a mail twice')
        elif what == 'stats':
            call(self.host, 'Stats', folder=self.dice.choice(FOLDERS))
        else:
            # What it was told it finds at once: nobody else moves these.
            i = self.dice.choice(mine) if mine else None
            if i:
                m = self.mails[i]
                r = call(self.host, 'Find', folders=[m[0]], filter=dict(message_id='%d@two' % i), limit=5)
                if [h.mid for h in r.found] != [m[1]]:
                    bad('Find of %d in %r: %s' % (i, m[0], [h.mid for h in r.found]))


def two_names(places, may):
    """Whether that is one mail whose call was killed after its last name was linked, before its fresh one was unlinked."""
    become = may[-1]
    return len(may) == 2 and become and len(places) == 2 and places[0][2] == places[1][2] and all((p[0], flagged(p)) == (become[0], become[2]) for p in places)


def flagged(place):
    return 'F' in place[1].rpartition(':2,')[2]


def judge(owners):
    found = collections.defaultdict(list)
    for folder in FOLDERS:
        path = '/tmp/export/box/' + ('.' + folder if folder else '')
        for sub in ('new', 'cur'):
            for name in os.listdir(path + '/' + sub):
                if name.startswith('.nfs'):
                    continue
                with open('%s/%s/%s' % (path, sub, name), 'rb') as f:
                    text = f.read()
                i = int(text.split(b'xid', 1)[1].split(b'x', 1)[0])
                if i >= 10**6 or i == 0:
                    continue
                if text != octets(i):
                    bad('mail %d is not whole' % i)
                found[i].append((folder, name, os.stat('%s/%s/%s' % (path, sub, name)).st_ino))
    for o in owners:
        for i, may in [(i, [m]) for i, m in o.mails.items()] + list(o.unsettled.items()):
            places = found.pop(i, [])
            if two_names(places, may):
                counts['two names'] += 1
            elif [(p[0], flagged(p)) for p in places] not in [[(m[0], m[2])] if m else [] for m in may]:
                bad('mail %d: %s, told %s' % (i, places, may))
    if found:
        bad('nobody made %s' % dict(found))
    left = [n for n in os.listdir('/tmp/export/box/tmp')]
    for folder in FOLDERS:
        answers = {(host, *o): call(host, 'List', options=list(o), folder=folder, end=1000, sort=dict(parameter='SUBJECT')).SerializeToString() for host in (1, 2) for o in ((), ('-I',))}
        if len(set(answers.values())) != 1:
            bad('%r: hosts, with an index and without, answer differently' % folder)
    return left


os.makedirs('/tmp/export/box', exist_ok=True)
for f in FOLDERS:
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs('/tmp/export/box/%s/%s' % ('.' + f if f else '', sub))
# Enough for an index.
for n in range(250):
    for f in ('A', 'B'):
        with open('/tmp/export/box/.%s/cur/%d.M%dP0.%s:2,' % (f, 1700000000 + n, n, f), 'wb') as out:
            out.write(octets(0))
for host in (1, 2):
    for f in FOLDERS:
        call(host, 'List', folder=f, end=10)
call(1, 'FolderInfo', state=True)
print('# options of maildir-op: %s; indexes: %s' % (OPTIONS, os.path.exists('/tmp/export/box/.A/porter.index')), flush=True)
lags(int(os.environ["TRIES"]))


def idle():
    with open('/proc/uptime') as f:
        return [float(x) for x in f.read().split()]


def restart():
    """The server stops, and starts."""
    end = time.monotonic() + SECONDS
    while RESTARTS and time.monotonic() + RESTARTS < end:
        time.sleep(RESTARTS)
        subprocess.run(['rpc.nfsd', '0'], check=True)
        time.sleep(2)
        subprocess.run(['rpc.nfsd', '--no-nfs-version', '3', '--no-udp', '4'], check=True)
        counts['restarts'] += 1


owners = [Owner(k, 4) for k in range(4)]
restarter = threading.Thread(target=restart)
restarter.start()
took.clear()
before = idle()
for o in owners:
    o.start()
for o in owners + [restarter]:
    o.join()
after = idle()
took.sort()
print('seconds a call: median %.2f, longest %.2f; the processor was idle for %.0f of %.0f s' % (took[len(took) // 2], took[-1], after[1] - before[1], after[0] - before[0]))
left = judge(owners)
print('%d calls by four on two hosts: %s' % (sum(counts.values()), dict(counts)))
print('mails that were told stored: %d; whose call was killed: %d, with two names: %d; in tmp: %d; wrong: %d' % (
    sum(len(o.mails) for o in owners), sum(len(o.unsettled) for o in owners), counts['two names'], len(left), len(wrong)), flush=True)
sys.exit(1 if wrong else 0)
