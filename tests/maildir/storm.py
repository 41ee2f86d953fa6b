"""storm.py STEPS: for so many steps of each client, or for STORM_SECONDS: methods, IMAP sessions of Dovecot, and mblaze's mdeliver, mflag and
mrefile on one Maildir at the same time. Each mail has an owner, who alone stores, moves, copies and removes it, and alone changes its flags but
for those of mails that all share: there each client has a flag or a keyword of its own. Others wander: all but Dovecot move them. Folders are
renamed and removed meanwhile. In the end each mail is where its owner was told, once, with the flags that were said; and both see the same."""
import collections, random, re, threading
from dovecot import *
from mblaze_client import INSTALLED, Mblaze, Wandering

STEPS = int(sys.argv[1])
SECONDS = float(os.environ.get('STORM_SECONDS', '0'))
SEED = int(os.environ.get('SEED', '1'))
FOLDERS = ['', 'A', 'B']
FLAG_OF = {'S': '\\Seen', 'F': '\\Flagged', 'R': '\\Answered', 'D': '\\Draft'}
SHARED_FLAG = ['F', 'S', None, 'R', 'D', 'P']  # of mails that all share, each client's own; beside a keyword "own-N", but for mblaze
KEYWORDS = range(5)
os.chmod(work, 0o755)
box = OwnedBox('storm')
for f in FOLDERS[1:] + ['Q', 'R']:
    box.folder('.' + f)
give(box.path)
imap = Server(box.path, os.path.join(work, 'imap'))
lock = threading.Lock()
counts = collections.Counter()
faults = []
next_id = 0
mails = {}   # what is known: the folders it is in, its flags and keywords; sure: whether its owner was told how the last change ended
shared = {}  # id: what each client said last of its flag and its keyword
mblaze = Mblaze(box, FOLDERS)
wandering = Wandering(mblaze)


def new_id():
    global next_id
    with lock:
        next_id += 1
        return next_id


def text(i):
    return 'Subject: mail %d\nMessage-ID: <id%d@storm>\nFrom: a@example.org\n\nbody of id%d\n' % (i, i, i)


def fault(what):
    with lock:
        faults.append(what)
        print('# wrong: %s' % what, flush=True)


def names_of(disk):
    """The keywords of a folder by their letters."""
    path = os.path.join(disk, 'dovecot-keywords')
    return {chr(97 + int(l.split()[0])): l.split()[1] for l in open(path)} if os.path.exists(path) else {}


def going(step):
    return time.monotonic() < end if SECONDS else step < STEPS


def outcome(method, mail, r, **fields):
    """Whether it was done: none of these calls has a reason to fail."""
    o = r.outcomes[0] if r.outcomes else None
    mail.setdefault('said', []).append((method, fields))
    error = r.error if r.HasField('error') else o.error if o is not None and o.HasField('error') else None
    if error is None and o is not None:
        return o
    mail['sure'] = False
    fault('%s: %s' % (method, error))
    return None


class Owner:
    """Who has mails of his own."""

    def one(self):
        i = self.dice.choice(self.mine)
        m = mails[i]
        f = self.dice.choice(sorted(m['folders']))
        return i, m, f, m['folders'][f]


class Porter(Owner):
    """A client that calls methods."""

    def __init__(self, k):
        self.k, self.dice, self.mine = k, random.Random(100 * SEED + k), []
        self.name = 'own-%d' % k

    def run(self):
        step = 0
        while going(step):
            step += 1
            what = self.dice.choice(['append', 'flags', 'flags', 'move', 'move', 'copy', 'remove', 'shared', 'shared', 'wander', 'wander', 'look'] + (['folder'] if self.k == 2 else []))
            counts[what] += 1
            if what in ('flags', 'move', 'copy', 'remove') and not self.mine:
                what = 'append'
            getattr(self, what)()

    def check(self, i):
        """That each of its names is as was said, at once: nobody else changes this mail."""
        m = mails[i]
        for f, mid in m['folders'].items() if m['sure'] else ():
            disk = os.path.join(box.path, '.' + f if f else '')
            found = [n for p in ('new', 'cur') for n in os.listdir(os.path.join(disk, p)) if n.split(':2,')[0] == mid]
            names = names_of(disk)
            got = [({c for c in n.partition(':2,')[2] if c.isupper()}, {names.get(c, '?' + c) for c in n.partition(':2,')[2] if c.islower()}) for n in found]
            if found and any(g != (m['flags'], m['keywords']) for g in got):
                fault('mail %d in "%s" is %s, wanted %s %s; %s' % (i, f, found, m['flags'], m['keywords'], m['said'][-4:]))
                m['sure'] = False

    def append(self):
        i = new_id()
        f = self.dice.choice(FOLDERS)
        flags = self.dice.choice(['', 'S', 'F'])
        r = box.call('Append', folder=f, flags=flags, keywords=[self.name] if flags else [], octets=text(i).encode())
        if r.HasField('error'):
            return fault('Append: %s' % r.error)
        mails[i] = {'folders': {f: r.mid}, 'flags': set(flags), 'keywords': {self.name} if flags else set(), 'sure': True}
        self.mine.append(i)

    def flags(self):
        i, m, f, mid = self.one()
        word = 'w%d-%d' % (self.k, self.dice.randrange(4))
        add, on = self.dice.choice('SFRD'), self.dice.random() < .6
        change = dict(add=add, add_keywords=[word]) if on else dict(remove=add, remove_keywords=[word])
        r = box.call('SetFlags', folder=f, mids=[mid], anywhere=True, **change)
        if outcome('SetFlags', m, r, folder=f, **change):
            for have, x in ((m['flags'], add), (m['keywords'], word)):
                (have.add if on else have.discard)(x)
            self.check(i)

    def move(self):
        i, m, f, mid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x != f])
        o = outcome('Move', m, box.call('Move', mids=[mid], from_folder=f, to_folder=to), f=f, to=to)
        if o:
            del m['folders'][f]
            m['folders'][to] = o.new_mid
            self.check(i)

    def copy(self):
        i, m, f, mid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x != f])
        o = outcome('Copy', m, box.call('Copy', mids=[mid], from_folder=f, to_folder=to), f=f, to=to)
        if o:
            m['folders'].setdefault(to, o.new_mid)
            self.check(i)

    def remove(self):
        i, m, f, mid = self.one()
        if outcome('Remove', m, box.call('Remove', folder=f, mids=[mid]), f=f):
            del m['folders'][f]
            if not m['folders']:
                self.mine.remove(i)

    def shared(self):
        i = self.dice.choice(sorted(shared))
        s = shared[i]
        on, flag = self.dice.random() < .5, SHARED_FLAG[self.k]
        change = dict(add=flag or '', add_keywords=[self.name]) if on else dict(remove=flag or '', remove_keywords=[self.name])
        r = box.call('SetFlags', folder=s['folder'], mids=[s['mid']], **change)
        if outcome('SetFlags of a shared mail', s, r):
            s[self.k] = on

    def wander(self):
        """Of a mail that others move too it may be told that it has gone from there; and then nothing was done."""
        i = self.dice.choice(sorted(wandering.said))
        found = box.call('Find', folders=FOLDERS, filter={'message_id': 'id%d@storm' % i}, limit=10, heads='MIDS').found
        if not found:
            counts['wandering, not found'] += 1
            return
        h = self.dice.choice(found)
        on, flag = self.dice.random() < .5, SHARED_FLAG[self.k]
        if flag and self.dice.random() < .3:
            r = box.call('SetFlags', folder=h.folder, mids=[h.mid], **{'add' if on else 'remove': flag})
        else:
            flag = None
            r = box.call('Move', mids=[h.mid], from_folder=h.folder, to_folder=self.dice.choice([x for x in FOLDERS if x != h.folder]))
        if r.outcomes and r.outcomes[0].error.code == pb.Error.NO_SUCH_MAIL:
            counts['wandering, gone'] += 1
        elif r.HasField('error') or r.outcomes[0].HasField('error'):
            fault('of a mail that wanders: %s' % r)
        elif flag:
            wandering.said[i][flag] = on

    def look(self):
        f = self.dice.choice(FOLDERS)
        r = box.call('Find', folders=[f], limit=100000, heads='MIDS', sort={'parameter': 'ARRIVAL'})
        seen = collections.Counter(h.mid for h in r.found)
        for i in self.mine:
            mid = mails[i]['folders'].get(f)
            if mid and mails[i]['sure'] and seen[mid] != 1:
                fault('Find sees mail %d %d times in "%s"' % (i, seen[mid], f))

    def folder(self):
        """R is renamed and back; Q is removed where nobody has put anything into it."""
        r = box.call('RenameFolder', name='R', new_name='R-away')
        back = box.call('RenameFolder', name='R-away', new_name='R')
        if r.HasField('error') or back.HasField('error'):
            fault('RenameFolder: %s, %s' % (r.error, back.error))
        r = box.call('RemoveFolder', name='Q')
        if r.HasField('error') and r.error.code not in (pb.Error.FOLDER_NOT_EMPTY,):
            fault('RemoveFolder: %s' % r.error)
        counts['Q removed'] += not r.HasField('error')
        box.call('AddFolder', name='Q')
        # With force and what is in it: all of it is this client's.
        box.call('AddFolder', name='Z')
        box.call('Append', folder='Z', octets=text(0).encode())
        r = box.call('RemoveFolder', name='Z', force=True)
        if r.HasField('error') or r.mails != 1:
            fault('RemoveFolder with force: %s' % r)


class Dovecot:
    """A client that speaks IMAP; its session is opened anew at times."""

    def __init__(self, k):
        self.k, self.dice, self.mine, self.c = k, random.Random(100 * SEED + k), [], None
        self.name = 'own-%d' % k

    def run(self):
        step = 0
        while going(step):
            step += 1
            try:
                if self.c is None or self.dice.random() < .05:
                    self.close()
                    self.c = imap.client()
                self.step()
            except (imaplib.IMAP4.error, OSError) as e:
                counts['sessions that ended'] += 1
                self.c = None
        self.close()

    def close(self):
        try:
            if self.c:
                self.c.logout()
        except (imaplib.IMAP4.error, OSError):
            pass
        self.c = None

    def step(self):
        what = self.dice.choice(['append', 'flags', 'flags', 'move', 'copy', 'remove', 'shared', 'shared', 'wander', 'aside'])
        counts['imap ' + what] += 1
        if what in ('flags', 'move', 'copy', 'remove') and not self.mine:
            what = 'append'
        getattr(self, what)()

    def quoted(self, f):
        return '"%s"' % (f or 'INBOX')

    def store(self, f, i, flags):
        return self.c.append(self.quoted(f), flags, None, text(i).replace('\n', '\r\n').encode())[0] == 'OK'

    def append(self):
        i, f = new_id(), self.dice.choice(FOLDERS)
        if self.store(f, i, '(\\Seen %s)' % self.name):
            mails[i] = {'folders': {f: None}, 'flags': {'S'}, 'keywords': {self.name}, 'sure': True}
            self.mine.append(i)

    def aside(self):
        """Into folders that are renamed and removed meanwhile: what was acknowledged stays."""
        i, f = new_id(), self.dice.choice(['Q', 'R'])
        if self.store(f, i, None):
            mails[i] = {'folders': {f: None}, 'flags': set(), 'keywords': set(), 'sure': True}
            counts['aside, stored'] += 1

    def uid(self, i, f):
        self.c.select(self.quoted(f))
        found = self.c.uid('SEARCH', None, 'HEADER', 'MESSAGE-ID', 'id%d@storm' % i)[1][0].split()
        if len(found) != 1:
            fault('Dovecot finds mail %d %d times in "%s"' % (i, len(found), f))
        return found[0].decode() if found else None

    def one(self):
        i = self.dice.choice(self.mine)
        m = mails[i]
        f = self.dice.choice(sorted(m['folders']))
        if not m['sure']:
            self.mine.remove(i)
        return i, m, f, self.uid(i, f) if m['sure'] else None

    def changed(self, m, call):
        """Runs a command; where the session ends within it, nobody knows."""
        m['sure'] = False
        status = call()[0]
        m['sure'] = status == 'OK'
        return status == 'OK'

    def flags(self):
        i, m, f, uid = self.one()
        word = 'w%d-%d' % (self.k, self.dice.randrange(4))
        flag, on = self.dice.choice('SFRD'), self.dice.random() < .6
        if uid and self.changed(m, lambda: self.c.uid('STORE', uid, ('+' if on else '-') + 'FLAGS.SILENT', '(%s %s)' % (FLAG_OF[flag], word))):
            for have, x in ((m['flags'], flag), (m['keywords'], word)):
                (have.add if on else have.discard)(x)

    def move(self):
        i, m, f, uid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x not in m['folders']] or [None])
        if uid and to is not None and self.changed(m, lambda: self.c.uid('MOVE', uid, self.quoted(to))):
            del m['folders'][f]
            m['folders'][to] = None

    def copy(self):
        i, m, f, uid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x not in m['folders']] or [None])
        if uid and to is not None and self.changed(m, lambda: self.c.uid('COPY', uid, self.quoted(to))):
            m['folders'][to] = None
            m['copied'] = True  # flags are each copy's own from here on

    def remove(self):
        i, m, f, uid = self.one()
        if uid and self.changed(m, lambda: self.c.uid('STORE', uid, '+FLAGS.SILENT', '(\\Deleted)')) and self.changed(m, lambda: self.c.uid('EXPUNGE', uid)):
            del m['folders'][f]
            if not m['folders']:
                self.mine.remove(i)

    def shared(self):
        i = self.dice.choice(sorted(shared))
        s = shared[i]
        uid = self.uid(i, s['folder'])
        on, flag = self.dice.random() < .5, SHARED_FLAG[self.k]
        s[self.k] = None
        if uid and self.c.uid('STORE', uid, ('+' if on else '-') + 'FLAGS.SILENT', '(%s %s)' % (FLAG_OF[flag], self.name))[0] == 'OK':
            s[self.k] = on


    def wander(self):
        """A flag alone, of which nobody knows where it went: its MOVE beside another's is not one step (maildir-mblaze.t)."""
        f, i = self.dice.choice(FOLDERS), self.dice.choice(sorted(wandering.said))
        self.c.select(self.quoted(f))
        found = self.c.uid('SEARCH', None, 'HEADER', 'MESSAGE-ID', 'id%d@storm' % i)[1][0].split()
        if found:
            self.c.uid('STORE', found[0].decode(), self.dice.choice(['+', '-']) + 'FLAGS.SILENT', '(%s)' % FLAG_OF[SHARED_FLAG[self.k]])


class Person(Owner):
    """Somebody with mblaze: programs that rename by path."""

    def __init__(self, k):
        self.k, self.dice, self.mine = k, random.Random(100 * SEED + k), []

    def run(self):
        step = 0
        while going(step):
            step += 1
            what = self.dice.choice(['append', 'flags', 'flags', 'move', 'move', 'copy', 'remove', 'shared', 'shared', 'wander', 'wander', 'wander', 'aside'])
            if what in ('flags', 'move', 'copy', 'remove') and not self.mine:
                what = 'append'
            counts['mblaze ' + what] += 1
            getattr(self, what)()

    def store(self, f):
        i = new_id()
        mid = mblaze.deliver(f, text(i), self.dice.random() < .5)
        if mid:
            mails[i] = {'folders': {f: mid}, 'flags': set(), 'keywords': set(), 'sure': True}
        return i if mid else None

    def append(self):
        i = self.store(self.dice.choice(FOLDERS))
        if i is None:
            return fault('mdeliver')
        self.mine.append(i)

    def insist(self, m, f, mid, act):
        """act(path) until it has done it: Dovecot takes mails from new to cur, and others rename those that all share. What it gave."""
        for _ in range(200):
            path = mblaze.find(f, mid)
            done = path and act(path)
            if done:
                return done
        m['sure'] = False
        fault('mblaze: %s in "%s" was not to be had' % (mid, f))
        return None

    def flags(self):
        i, m, f, mid = self.one()
        flag, on = self.dice.choice('SFRD'), self.dice.random() < .6
        if self.insist(m, f, mid, lambda path: mblaze.flag(path, flag, on)) and 'copied' not in m:
            (m['flags'].add if on else m['flags'].discard)(flag)

    def refiled(self, i, m, f, mid, to):
        def act(path):
            new, copied = mblaze.refile(path, to)
            if copied:
                fault('mrefile copied mail %d' % i)
            return new
        new = self.insist(m, f, mid, act)
        if new:
            del m['folders'][f]
            m['folders'][to] = new
        return new

    def move(self):
        i, m, f, mid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x not in m['folders']] or [None])
        if to is not None:
            self.refiled(i, m, f, mid, to)

    def copy(self):
        i, m, f, mid = self.one()
        to = self.dice.choice([x for x in FOLDERS if x not in m['folders']] or [None])
        new = to is not None and self.insist(m, f, mid, lambda path: mblaze.refile(path, to, keep=True)[0])
        if new:
            m['folders'][to] = new
            m['copied'] = True

    def remove(self):
        i, m, f, mid = self.one()
        if self.insist(m, f, mid, mblaze.remove):
            del m['folders'][f]
            if not m['folders']:
                self.mine.remove(i)

    def aside(self):
        """Into folders that are renamed and removed meanwhile: what was delivered stays."""
        counts['aside, delivered'] += self.store(self.dice.choice(['Q', 'R'])) is not None

    def shared(self):
        s = shared[self.dice.choice(sorted(shared))]
        on = self.dice.random() < .5
        if self.insist(s, s['folder'], s['mid'], lambda path: mblaze.flag(path, SHARED_FLAG[self.k], on)):
            s[self.k] = on

    def wander(self):
        """What has another name by now stays where it is."""
        i = self.dice.choice(sorted(wandering.said))
        f, path = wandering.find(i)
        if not path:
            counts['wandering, not found'] += 1
        elif self.dice.random() < .3:
            on = self.dice.random() < .5
            if mblaze.flag(path, SHARED_FLAG[self.k], on):
                wandering.said[i][SHARED_FLAG[self.k]] = on
        else:
            new, copied = mblaze.refile(path, self.dice.choice([x for x in FOLDERS if x != f]))
            counts['mblaze refiled'] += new is not None
            if copied:
                counts['copied by mrefile itself'] += 1
                wandering.copied(i, copied)


# --- before ---
for n in range(30):
    i = new_id()
    f, mid = ('', 'A')[n % 2], '%d.M%dP1.storm' % (1700000000 + n, n)
    box.put(mid + ':2,', text=text(i), folder='.' + f if f else '')
    shared[i] = {'folder': f, 'mid': mid, 'sure': True, **{k: False for k in range(len(SHARED_FLAG))}}
for n in range(6):
    i = new_id()
    f = FOLDERS[n % len(FOLDERS)]
    wandering.add(i, box.put('%d.M%dP2.storm:2,' % (1700000100 + n, n), text=text(i), folder='.' + f if f else ''))
give(box.path)


def uids():
    c = imap.client()
    out = {}
    for f in FOLDERS:
        c.select('"%s"' % (f or 'INBOX'), readonly=True)
        answer = c.uid('FETCH', '1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])')[1]
        seen = {}
        for a in answer:
            if isinstance(a, tuple):
                uid, flags = re.search(rb'UID (\d+)', a[0]).group(1), re.search(rb'FLAGS \(([^)]*)\)', a[0]).group(1)
                seen[int(re.search(rb'id(\d+)@', a[1]).group(1))] = (int(uid), sorted(x for x in flags.decode().split() if x != '\\Recent'))
        out[f] = (c.status('"%s"' % (f or 'INBOX'), '(UIDVALIDITY)')[1][0], seen)
    c.logout()
    return out


uids_before = uids()
end = time.monotonic() + SECONDS
clients = [Porter(0), Porter(1), Porter(2), Dovecot(3), Dovecot(4)] + [Person(5)] * INSTALLED
threads = [threading.Thread(target=c.run) for c in clients]
for t in threads:
    t.start()
for t in threads:
    t.join()

# --- what is there ---
there = collections.defaultdict(dict)  # id: folder: (flags, keywords)
doubled = []
for f in FOLDERS + ['Q', 'R', 'R-away']:
    disk = os.path.join(box.path, '.' + f if f else '')
    if not os.path.isdir(disk):
        continue
    names = names_of(disk)
    for n in box.ls('.' + f if f else ''):
        i = int(re.search(r'id(\d+)@', open(os.path.join(disk, n)).read()).group(1))
        flags = n.split(':2,')[1] if ':2,' in n else ''
        if i in wandering.said:
            wandering.seen(i, os.path.join(disk, n))
        elif f in there[i]:
            doubled.append((i, f))
        there[i][f] = ({c for c in flags if c.isupper()}, {names.get(c, '?' + c) for c in flags if c.islower()})
where = [(i, sorted(m['folders']), sorted(there[i])) for i, m in mails.items() if m['sure'] and sorted(m['folders']) != sorted(there[i])]
marked = [(i, m['flags'], m['keywords'], there[i], m.get('said', [])[-6:]) for i, m in mails.items() if m['sure'] and not m.get('copied') and any(x != (m['flags'], m['keywords']) for x in there[i].values())]
wrong = []
for i, s in shared.items():
    flags, keywords = there[i].get(s['folder'], (None, None))
    if flags is None or list(there[i]) != [s['folder']]:
        wrong.append((i, 'lost'))
        continue
    for k, flag in enumerate(SHARED_FLAG):
        if s[k] is not None and ((k in KEYWORDS and ('own-%d' % k in keywords) != s[k]) or (flag and (flag in flags) != s[k])):
            wrong.append((i, k, s, flags, keywords))
eq(where[:3], [], '%d mails, each where its owner was told, and nowhere else' % len(mails))
eq(doubled, [], 'none twice in a folder')
eq(marked[:int(os.environ.get('SHOWN', '3'))], [], 'with the flags and keywords that were said')
eq(wrong[:3], [], 'of 30 mails that all share, each client\'s flag and keyword as it said last')
eq(wandering.wrong()[:3], [], 'of 6 that all move, each there once, but for %d that mrefile copied itself, with the flags that were said' % counts['copied by mrefile itself'])
if INSTALLED:
    ok(SECONDS or STEPS < 100 or counts['mblaze refiled'] > 5, 'mrefile moved some: %d' % counts['mblaze refiled'])
else:
    skip('mflag and mrefile in the storm', 'mblaze is not installed')
ok(sum(not m['sure'] for m in mails.values()) * 20 <= len(mails), 'of nearly all it is known: %s' % dict(counts))
ok(not faults, 'no false error')

# --- both see the same ---
def heads_of(f):
    out, bound = [], None
    while True:
        r = box.call('Find', folders=[f], limit=1000, bound=bound, sort={'parameter': 'ARRIVAL'})
        out += r.found
        if r.last or not r.found:
            return out
        bound = r.last_bound


after = uids()
differ = []
for f in FOLDERS:
    # P is a flag that Dovecot leaves as it is, and does not show.
    heads = {int(re.search(r'id(\d+)', h.header.message_id).group(1)): sorted([FLAG_OF.get(c, c) for c in h.flags if c != 'P'] + list(h.keywords)) for h in heads_of(f)}
    theirs = {i: x[1] for i, x in after[f][1].items()}
    differ += [(f, i, heads.get(i), theirs.get(i)) for i in set(heads) | set(theirs) if wandering.copies[i] == 0 and sorted(heads.get(i) or []) != sorted(theirs.get(i) or []) or (i in heads) != (i in theirs)]
eq(differ[:3], [], 'Dovecot sees what porter sees, flags and keywords too')
moved = [(f, i) for f in FOLDERS for i in shared if i in uids_before[f][1] and after[f][1].get(i, (0,))[0] != uids_before[f][1][i][0]]
# A mail that is renamed while Dovecot reads the directory can be missing in what it reads: it gives it another UID then, whoever renamed it.
changes = sum(counts[who + x] for who in ('', 'mblaze ') for x in ('flags', 'move', 'copy', 'remove', 'append', 'shared', 'wander'))
ok(len(moved) <= 1 + changes // 5000 and [after[f][0] for f in FOLDERS] == [uids_before[f][0] for f in FOLDERS], 'UIDs and UIDVALIDITY stay: %d changed in %d calls' % (len(moved), changes))
# Of folders that are renamed or removed under it, Dovecot says that files have gone, as when it does so itself.
eq([l for l in imap.complaints() if not re.search(r'/\.[QRZ](-away)?/|Mailbox [QRZ]', l)], [], 'Dovecot had nothing else to say')
done()
