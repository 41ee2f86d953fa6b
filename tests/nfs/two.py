"""two.py SECONDS [OPTION...]: two hosts on one mailbox, /tmp/c1/box and /tmp/c2/box; maildir-op has these options. First what one of them answers at
once after the other was answered; then both at once for so long: each mail has an owner, who alone moves and removes it and sets F; the
other host sets S. In the end each mail is where its owner was told, once, with its octets and these flags, on both hosts."""
import collections, os, random, subprocess, sys, threading, time
sys.path.insert(0, '/mnt')
import maildir_pb2 as pb

SECONDS, OPTIONS = float(sys.argv[1]), sys.argv[2:]
FOLDERS = ['', 'A', 'B']
counts, wrong, lock = collections.Counter(), [], threading.Lock()
took = []


def call(host, method, options=OPTIONS, **fields):
    begun = time.monotonic()
    r = subprocess.run(['/mnt/maildir-op', *options, method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd='/tmp/c%d/box' % host, capture_output=True)
    took.append(time.monotonic() - begun)
    response = getattr(pb, method + 'Resp')()
    try:
        response.ParseFromString(r.stdout)
    except Exception:
        bad('%s: no answer: %d %r' % (method, r.returncode, r.stderr))
    if r.returncode not in (0, 3):
        bad('%s: %d %r' % (method, r.returncode, r.stderr[:200]))
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


# --- both at once ---
class Owner(threading.Thread):
    """One of those who work on a host; knows what it was told of its own mails."""

    def __init__(self, k, owners):
        super().__init__()
        self.k, self.host, self.owners, self.mails, self.last, self.dice = k, 1 + k % 2, owners, {}, 0, random.Random(k)

    def run(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                self.step()
            except Exception as e:
                bad('owner %d: %r' % (self.k, e))

    def step(self):
        what = self.dice.choices(['append', 'move', 'flag', 'remove', 'see', 'list', 'stats', 'find'], [25, 20, 20, 5, 15, 8, 8, 4])[0]
        mine = [i for i, m in self.mails.items() if m]
        if what in ('move', 'flag', 'remove') and not mine:
            return
        counts[what] += 1
        if what == 'append':
            self.last += 1
            i, folder = self.last * self.owners + self.k, self.dice.choice(FOLDERS)
            r = call(self.host, 'Append', folder=folder, octets=octets(i))
            if r.HasField('error'):
                bad('Append: ' + r.error.text)
            self.mails[i] = [folder, r.mid, False]
        elif what == 'move':
            m, to = self.mails[self.dice.choice(mine)], self.dice.choice(FOLDERS)
            r = call(self.host, 'Move', from_folder=m[0], to_folder=to, mids=[m[1]])
            if not outcomes(r):
                bad('Move of %s from %r to %r: %s' % (m[1], m[0], to, r))
            else:
                m[0], m[1] = to, r.outcomes[0].new_mid or r.outcomes[0].mid
        elif what == 'flag':
            m = self.mails[self.dice.choice(mine)]
            r = call(self.host, 'SetFlags', folder=m[0], mids=[m[1]], **{'remove' if m[2] else 'add': 'F'})
            if not outcomes(r):
                bad('SetFlags of %s in %r: %s' % (m[1], m[0], r))
            m[2] = not m[2]
        elif what == 'remove':
            i = self.dice.choice(mine)
            m = self.mails[i]
            r = call(self.host, 'Remove', folder=m[0], mids=[m[1]])
            if not outcomes(r):
                bad('Remove of %s in %r: %s' % (m[1], m[0], r))
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
                found[i].append((folder, name))
    for o in owners:
        for i, m in o.mails.items():
            places = found.pop(i, [])
            if len(places) != (m is not None):
                bad('mail %d: %s, told %s' % (i, places, m))
            elif m and (places[0][0] != m[0] or ('F' in places[0][1].rpartition(':2,')[2]) != m[2]):
                bad('mail %d: %s, told %s' % (i, places, m))
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
        with open('/tmp/export/box/.%s/cur/%d.M%dP0.h:2,' % (f, 1700000000 + n, n), 'wb') as out:
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


owners = [Owner(k, 4) for k in range(4)]
took.clear()
before = idle()
for o in owners:
    o.start()
for o in owners:
    o.join()
after = idle()
took.sort()
print('seconds a call: median %.2f, longest %.2f; the processor was idle for %.0f of %.0f s' % (took[len(took) // 2], took[-1], after[1] - before[1], after[0] - before[0]))
left = judge(owners)
print('%d calls by four on two hosts: %s' % (sum(counts.values()), dict(counts)))
print('mails that were told stored: %d; in tmp: %d; wrong: %d' % (sum(map(lambda o: len(o.mails), owners)), len(left), len(wrong)), flush=True)
sys.exit(1 if wrong else 0)
