"""soak.py SECONDS: many clients on one Maildir, each with a log of what it was told. Each mail has an owner, who alone moves and
removes it and sets F; Dovecot sets R, mblaze S, on all. Some are everybody's: clients and mrefile move them. Who is told that something failed which cannot have failed says so."""
import collections, random, re, signal, threading
from dovecot import *
from mblaze_client import Mblaze
import client

SECONDS = float(sys.argv[1])
OPTIONS = os.environ.get('OPTIONS', '').split()  # of maildir-op, such as -I
CLIENTS, OWNERS = 20, 24  # 20, 21: Dovecot; 22: Python and mblaze; 23: everybody
FOLDERS = ['', 'A', 'B', 'C.D']
os.chmod(work, 0o755)
box = OwnedBox('soak')
far = OwnedBox('far')
for f in FOLDERS[1:]:
    box.folder('.' + f)
give(box.path)
imap = Server(box.path, os.path.join(work, 'imap'))
far_server = Server(far.path, os.path.join(work, 'far-home'))
stop = threading.Event()
lock = threading.Lock()
counts = collections.Counter()
faults = []
next_id = 0
copies = collections.Counter()  # of mails that mrefile copied where it could not rename (tests/maildir-mblaze.t)
# What is known of a mail: folder, mid, flag F, whether it is there; None where a call died and nobody was told.
mails = {}


def new_id(owner):
    global next_id
    with lock:
        next_id += 1
        return next_id * OWNERS + owner


def text(i):
    return 'Subject: mail xid%dx\nMessage-ID: <%d@soak>\nFrom: a@example.org\n\nbody of xid%dx\n' % (i, i, i)


def fault(who, what):
    with lock:
        faults.append('%s: %s' % (who, what))
        print('# wrong: %s: %s' % (who, what), flush=True)


def id_of(octets):
    found = re.search(rb'xid(\d+)x', octets)
    return int(found.group(1)) if found else None


def search(i):
    """Where it is, asked of a maildir-op that nobody kills: (folder, head) of each."""
    found = []
    for f in FOLDERS:
        r = box.call('Search', folder=f, pattern='body of xid%dx' % i)
        found += [(f, h) for h in r.found]
    return found


# --- 20 clients of version 3 ---
class Connection:
    def __init__(self):
        self.c = None

    def call(self, method, **fields):
        """The response; None where the call was killed."""
        try:
            if self.c is None:
                self.c = client.Client(pb, unix=os.path.join(work, 'socket'), timeout=120)
            r = self.c.call(method, getattr(pb, method + 'Req')(**fields))
        except (client.Closed, OSError):
            r = None
        if r is None or r.HasField('error') and r.error.code == pb.Error.TEMPORARY:
            self.close()
            counts['killed'] += 1
            return None
        if r.HasField('error'):
            self.close()
        return r

    def close(self):
        if self.c is not None:
            self.c.socket.close()
        self.c = None


def version3(k):
    c = Connection()
    dice = random.Random(k)
    mine = [i for i in mails if i % OWNERS == k]
    while not stop.is_set():
        try:
            step(c, dice, k, mine)
        except Exception as e:
            fault('client %d' % k, repr(e))
            c.close()
    c.close()


def unsure(m, i):
    """After a call that died: look."""
    found = search(i)
    if len(found) > 1:
        fault('client', 'mail %d is there %d times: %s' % (i, len(found), [(f, h.mid) for f, h in found]))
    m['there'] = bool(found)
    if found:
        m['folder'], m['mid'], m['F'] = found[0][0], found[0][1].mid, 'F' in found[0][1].flags


def step(c, dice, k, mine):
    what = dice.choices(['flag', 'move', 'list', 'stats', 'search', 'append', 'remove', 'pages', 'wander'], [30, 25, 6, 8, 2, 6, 2, 2, 8])[0]
    counts[what] += 1
    if what == 'stats':
        c.call('Stats', folder=dice.choice(FOLDERS))
    elif what == 'wander':
        wander(c, dice, k)
    elif what == 'append':
        i = new_id(k)
        f = dice.choice(FOLDERS)
        r = c.call('Append', folder=f, octets=text(i).encode())
        mails[i] = {'folder': f, 'mid': r.mid if r else None, 'F': False, 'there': True, 'acknowledged': r is not None}
        if r is None:
            unsure(mails[i], i)
        elif r.HasField('error'):
            fault('client %d' % k, 'Append: ' + r.error.text)
        mine.append(i)
    elif what == 'list' or what == 'pages':
        f = dice.choice(FOLDERS)
        seen, bound = collections.Counter(), None
        sort = pb.Sort(parameter=dice.choice(['ARRIVAL', 'SIZE', 'DATE']))
        while True:
            r = c.call('ListSearch', folder=f, limit=1000 if what == 'list' else 150, bound=bound, sort=sort)
            if r is None:
                return
            seen.update(h.mid for h in r.mail_heads)
            if r.last:
                break
            bound = r.last_bound
        for i in mine:
            m = mails[i]
            if m['there'] and m['folder'] == f and seen[m['mid']] != 1:
                fault('client %d' % k, 'mail %d is %d times on the pages of %s' % (i, seen[m['mid']], f))
    elif what == 'search':
        i = dice.choice(mine)
        m = mails[i]
        r = c.call('Search', folder=m['folder'], pattern='xid%dx' % i)
        if r is not None and len(r.found) != m['there']:
            fault('client %d' % k, 'Search finds mail %d %d times' % (i, len(r.found)))
    else:
        chosen = [i for i in dice.sample(mine, min(len(mine), dice.choice([1, 1, 1, 5]))) if mails[i]['there']]
        by_folder = collections.defaultdict(list)
        for i in chosen:
            by_folder[mails[i]['folder']].append(i)
        for f, ids in by_folder.items():
            change(c, dice, k, what, f, ids)


def wander(c, dice, k):
    """A mail that is everybody's is moved; it may just have gone from there."""
    i = dice.choice([i for i in list(mails) if i % OWNERS == 23])
    r = c.call('Find', filter=pb.Filter(message_id='%d@soak' % i), heads='MIDS', limit=10)
    if r is None or not r.found:
        return
    h = dice.choice(r.found)
    r = c.call('Move', mids=[h.mid], from_folder=h.folder, to_folder=dice.choice([x for x in FOLDERS if x != h.folder]))
    o = r.outcomes[0] if r is not None and r.outcomes else None
    if r is not None and (o is None or o.HasField('error') and o.error.code != pb.Error.NO_SUCH_MAIL):
        fault('client %d' % k, 'Move of mail %d, which is everybody\'s: %s' % (i, r))
    counts['wandered'] += o is not None and not o.HasField('error')


def change(c, dice, k, what, f, ids):
    names = [mails[i]['mid'] for i in ids]
    if what == 'flag':
        on = dice.random() < .5
        r = c.call('SetFlags', folder=f, mids=names, add='F' if on else '', remove='' if on else 'F')
    elif what == 'move':
        to = dice.choice([x for x in FOLDERS if x != f])
        r = c.call('Move', mids=names, from_folder=f, to_folder=to)
    else:
        ids, names = ids[:1], names[:1]
        r = c.call('Remove', folder=f, mids=names)
    for n, i in enumerate(ids):
        m = mails[i]
        o = r.outcomes[n] if r is not None and n < len(r.outcomes) else None
        if o is None:
            if r is not None:
                fault('client %d' % k, '%s of mail %d: %s' % (what, i, r.error.text))
            unsure(m, i)
        elif o.HasField('error'):
            fault('client %d' % k, '%s of mail %d in "%s": %s' % (what, i, f, o.error.text))
            unsure(m, i)
        elif what == 'remove':
            m['there'] = False
        else:
            m['mid'] = o.new_mid
            if what == 'flag':
                m['F'] = on
            else:
                m['folder'] = to


# --- the others ---
def dovecot(k):
    dice = random.Random(100 + k)
    own = {}
    while not stop.is_set():
        try:
            c = imap.client()
            for _ in range(20):
                if stop.is_set():
                    break
                f = dice.choice(FOLDERS)
                c.select('"%s"' % (f or 'INBOX'))
                what = dice.random()
                if what < .3:
                    i = new_id(20 + k)
                    status, answer = c.append('"%s"' % (f or 'INBOX'), None, None, text(i).replace('\n', '\r\n').encode())
                    if status == 'OK':
                        mails[i] = {'folder': f, 'mid': None, 'F': False, 'there': True, 'acknowledged': True}
                elif what < .7:
                    uids = c.uid('SEARCH', None, 'ALL')[1][0].split()
                    if uids:
                        c.uid('STORE', b','.join(dice.sample(uids, min(5, len(uids)))), dice.choice(['+', '-']) + 'FLAGS', '(\\Answered)')
                else:
                    i = dice.choice([i for i in list(mails) if i % OWNERS == 20 + k])
                    status, found = c.uid('SEARCH', None, 'SUBJECT', 'xid%dx' % i)
                    if status == 'OK' and found[0]:
                        c.uid('MOVE', found[0].split()[0], '"%s"' % (dice.choice([x for x in FOLDERS if x != f]) or 'INBOX'))
                counts['dovecot'] += 1
            c.logout()
        except (imaplib.IMAP4.error, OSError, ConnectionError) as e:
            counts['dovecot disconnected'] += 1


def refile(programs, dice, f):
    """mrefile of one of a few mails that are its, or everybody's."""
    paths = sorted(programs.paths(f))
    for path in dice.sample(paths, min(len(paths), 40)):
        try:
            with open(path, 'rb') as file:
                i = id_of(file.read())
        except FileNotFoundError:
            continue
        if i is not None and i % OWNERS in (22, 23):
            new, copied = programs.refile(path, dice.choice([x for x in FOLDERS if x != f]))
            counts['mrefile'] += new is not None
            copies[i] += copied is not None
            return


def mblaze():
    dice, programs = random.Random(7), Mblaze(box, FOLDERS)
    while not stop.is_set():
        refile(programs, dice, dice.choice(FOLDERS))
        d = os.path.join(box.path, dice.choice([''] + ['.' + f for f in FOLDERS[1:]]))
        names = os.listdir(os.path.join(d, 'cur'))
        chosen = [os.path.join(d, 'cur', n) for n in dice.sample(names, min(3, len(names)))]
        subprocess.run(AS + ['mflag', dice.choice(['-S', '-s'])] + chosen, capture_output=True)
        if dice.random() < .1:
            i = new_id(22)
            if subprocess.run(AS + ['mdeliver', d], input=text(i).encode(), capture_output=True).returncode == 0:
                mails[i] = {'folder': None, 'mid': None, 'F': False, 'there': True, 'acknowledged': True}
        counts['mblaze'] += 1
        time.sleep(.02)


def python():
    # As the account: Python's mailbox makes files as whoever runs it.
    code = '''
import mailbox, sys
box = mailbox.Maildir(sys.argv[1], create=False)
for line in sys.stdin:
    n = int(line)
    m = mailbox.MaildirMessage('Subject: mail xid%dx\\nMessage-ID: <%d@soak>\\n\\nbody of xid%dx\\n' % (n, n, n))
    if n % 2:
        m.set_flags('S')
    box.add(m)
    print(n, flush=True)
'''
    p = subprocess.Popen(AS + ['/usr/bin/python3', '-c', code, box.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not stop.is_set():
        i = new_id(22)
        print(i, file=p.stdin, flush=True)
        if int(p.stdout.readline()) == i:
            mails[i] = {'folder': None, 'mid': None, 'F': False, 'there': True, 'acknowledged': True}
        counts['python'] += 1
        time.sleep(.2)
    p.stdin.close()
    p.wait()


def mbsync():
    conf = os.path.join(work, 'mbsyncrc')
    with open(conf, 'w') as f:
        f.write('IMAPAccount far\nTunnel "%s"\nTimeout 0\n\nIMAPStore far\nAccount far\n\nMaildirStore near\nInbox %s\nSubFolders Maildir++\n\n'
                'Channel all\nFar :far:\nNear :near:\nPatterns INBOX A B\nSync All\nCreate Far\nExpunge Far\nSyncState %s/state-\n' % (' '.join(far_server.command()), box.path, far_server.home))
    while not stop.is_set():
        r = subprocess.run(AS + ['env', '-i', 'HOME=' + far_server.home, 'mbsync', '-c', conf, 'all'], capture_output=True)
        counts['mbsync %d' % r.returncode] += 1
        for l in r.stderr.decode(errors='replace').splitlines():
            if 'duplicate UID' in l:
                fault('mbsync', l)
        time.sleep(.5)


def killer():
    """kill -9, of maildir-ops that frame-write runs in this box."""
    dice = random.Random(3)
    while not stop.is_set():
        time.sleep(dice.uniform(.05, .3))
        ours = []
        for p in os.listdir('/proc'):
            try:
                if p.isdigit() and open('/proc/%s/comm' % p).read() == 'maildir-op\n' and os.readlink('/proc/%s/cwd' % p) == box.path:
                    parent = open('/proc/%s/stat' % p).read().split(') ')[1].split()[1]
                    if open('/proc/%s/comm' % parent).read() == 'frame-write\n':
                        ours.append(int(p))
            except OSError:
                pass
        if ours:
            attempt = dice.choice(ours)
            try:
                os.kill(attempt, signal.SIGKILL)
                counts['kill -9'] += 1
            except OSError:
                pass


# --- beginning, end ---
for i in range(1, 1501):
    n = new_id(i % OWNERS)
    f = FOLDERS[i % len(FOLDERS)]
    name = '%d.M%dP1.soak' % (1700000000 + n, n)
    box.put(name + (':2,' if i % 3 else ''), text=text(n), folder='.' + f if f else '', sub='cur' if i % 3 else 'new')
    mails[n] = {'folder': f, 'mid': name, 'F': False, 'there': True, 'acknowledged': True}
give(box.path)
server = subprocess.Popen(['s6-ipcserver', '-1', '-c', '40', '-C', '40', '-a', '0777', '--', os.path.join(work, 'socket')] + AS + ['frame-read', 'frame-write', 'maildir-op'] + OPTIONS,
                          cwd=box.path, stdout=subprocess.PIPE, stderr=open(os.path.join(work, 'server.log'), 'wb'))
server.stdout.readline()  # it listens: the path is there a moment before
threads = [threading.Thread(target=version3, args=(k,)) for k in range(CLIENTS)] + [threading.Thread(target=dovecot, args=(k,)) for k in (0, 1)]
threads += [threading.Thread(target=t) for t in (mblaze, python, mbsync, killer)]
without = os.environ.get('WITHOUT', '').split(',')  # to find out whose fault it is: WITHOUT=mbsync,killer tests/soak/run 30
threads = [t for t in threads if t._target.__name__ not in without]
for t in threads:
    t.start()
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    time.sleep(min(30, max(.1, end - time.monotonic())))
    print('# %s' % dict(counts), flush=True)
stop.set()
for t in threads:
    t.join(120)
server.terminate()
server.wait()

found = collections.defaultdict(list)
for f in FOLDERS:
    for n in box.ls('.' + f if f else ''):
        with open(os.path.join(box.path, '.' + f if f else '', n), 'rb') as file:
            found[id_of(file.read())].append((f, n))
lost = [i for i, m in mails.items() if m['there'] and m['acknowledged'] and not found[i]]
doubled = [i for i in found if i is not None and len(found[i]) > 1 + copies[i]]
back = [i for i, m in mails.items() if not m['there'] and found[i]]
moved = [i for i, m in mails.items() if i % OWNERS < CLIENTS and m['there'] and found[i] and found[i][0][0] != m['folder']]
flags = [i for i, m in mails.items() if i % OWNERS < CLIENTS and m['there'] and found[i] and ('F' in found[i][0][1].split(':2,')[-1]) != m['F'] and ':2,' in found[i][0][1]]
ok(len(mails) > 1500 and not lost, '%d mails, none lost' % len(mails))
ok(not doubled, 'none doubled, but for %d that mrefile copied itself' % sum(copies.values()))
ok(not back, 'none back that was removed')
ok(not moved, 'each in the folder that its owner was told')
ok(not flags, 'flags as the log says')
ok(not faults, 'no false error: %s' % dict(counts))
ok(counts['kill -9'] > 0 and counts['mbsync 0'] > 0 and counts['dovecot'] > 0 and counts['mblaze'] > 0 and counts['mrefile'] > 0 and counts['python'] > 0, 'all took part')
for name, list_ in (('lost', lost), ('doubled', doubled), ('back', back), ('moved', moved), ('flags', flags)):
    for i in list_[:5]:
        print('# %s: %d: %s, log: %s' % (name, i, found[i], mails[i] if i in mails else None))
eq(imap.complaints(), [], 'Dovecot had nothing to say')
done()
