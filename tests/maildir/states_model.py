"""Clients with states of a mailbox that is changed at random, by maildir-op and by others: what the tests of states share. A client takes what Changes tells
it, and reads anew each mail that it is told of: when there is no more, it has to know exactly what is there, and it must not have been told of a mail that
nothing happened to. STATES_SEED."""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op import *  # noqa: E402,F403

SEED = int(os.environ.get('STATES_SEED', '1'))
R = random.Random(SEED)
OP = os.path.join(bin_dir, 'maildir-op')
T = 1700000000
B = Box()
os.chdir(B.path)
serial = 0
step = 0
LIMITS = [1, 2, 3, 50, 0]


prefix, options = [], []  # what runs maildir-op; its options


def ask(method, **fields):
    r = subprocess.run([*prefix, OP, *options, method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    response = getattr(pb, method + 'Resp').FromString(r.stdout)
    if r.returncode not in (0, 3) and not prefix:
        print('# %s: %d %r' % (method, r.returncode, r.stderr))
    return response


# --- what is there ---

def disk(name):
    return '.' + name if name else '.'


def folders():
    return [''] + sorted(d[1:] for d in os.listdir('.') if d[0] == '.' and os.path.isdir(d + '/cur'))


gone = {}  # how often a folder with that inode has gone: a later one may get the number


def identity(name):
    inode = os.stat(disk(name)).st_ino
    return inode, gone.get(inode, 0)


def files(name):
    """Where, file, base, inode of each mail."""
    for place in ('new', 'cur'):
        for e in os.scandir(os.path.join(disk(name), place)):
            yield place, e.name, e.name.split(':2,')[0], e.inode()


def truth():
    """What is said of each mid in each folder, whatever it is called: {directory: {mid: file}}."""
    out = {}
    for name in folders():
        bases = {}
        for place, file, base, inode in files(name):
            bases.setdefault(base, []).append((inode, place + '/' + file))
        here = out[identity(name)] = {}
        for base, found in bases.items():
            for inode, file in found:
                here[base if len(found) == 1 else '%s/%d' % (base, inode)] = file if len(found) > 1 else (inode, file)
    return out


def counts():
    out = {}
    for name in folders():
        mails = unread = octets = 0
        for place, file, base, inode in files(name):
            mails += 1
            unread += 'S' not in file.partition(':2,')[2]
            octets += os.stat(os.path.join(disk(name), place, file)).st_size
        out[identity(name)] = (name, mails, unread, octets)
    return out


touched = {}  # the step at which something last happened to a mid of a folder; folders by inode
last = {}


def note():
    """After each change: what it touched."""
    global last, step
    step += 1
    now = truth()
    for folder in set(now) | set(last):
        a, b = last.get(folder, {}), now.get(folder, {})
        for mid in set(a) | set(b):
            if a.get(mid) != b.get(mid):
                touched[mid] = step
    for inode, times in set(last) - set(now):
        gone[inode] = times + 1
    last = now


def view(asked):
    """{mid: {directory: what is said}} of these folders; none: all."""
    out = {}
    only = [identity(name) for name in asked]
    for directory, mails in last.items():
        if not asked or directory in only:
            for mid, said in mails.items():
                out.setdefault(mid, {})[directory] = said
    return out


# --- what happens ---

def write(path):
    """Mails of one base refer to the same, so that they are in one thread, with others."""
    about = sum(os.path.basename(path).split(':2,')[0].encode())
    with open('tmp/x', 'wb') as f:
        f.write(b'Subject: %d\nReferences: <%d@x>\n\n' % (about % 3, about % 11) + b'x' * R.randrange(50))
    os.rename('tmp/x', path)


def any_mail():
    all_of = [(name, *f) for name in folders() for f in files(name)]
    return R.choice(all_of) if all_of else None


def deliver():
    global serial
    serial += 1
    write(os.path.join(disk(R.choice(folders())), R.choice(['new/%d.M%dP1.h', 'cur/%d.M%dP1.h:2,', 'cur/%d.M%dP1.h:2,S']) % (T, serial)))


def place_mail(source, name, base, how=os.rename):
    """Under its base with some flags, in a folder; nothing where a file has the base: it would become a twin."""
    if any(b == base for _, _, b, _ in files(name)):
        return
    how(source, os.path.join(disk(name), 'cur', base + ':2,' + R.choice(['', 'S', 'FS'])))


def flag():
    m = any_mail()
    if m:
        name, place, file, base, _ = m
        to = os.path.join(disk(name), 'cur', base + ':2,' + ''.join(sorted(R.sample('DFRST', R.randrange(3)))))
        if not os.path.exists(to):
            os.rename(os.path.join(disk(name), place, file), to)


def elsewhere(how=os.rename):
    m = any_mail()
    if m:
        name, place, file, base, _ = m
        place_mail(os.path.join(disk(name), place, file), R.choice(folders()), base, how)


def copy():
    elsewhere(os.link)


def remove():
    m = any_mail()
    if m and R.random() < .7:
        os.unlink(os.path.join(disk(m[0]), m[1], m[2]))


def come_back():
    """A base that had gone, or not."""
    base = '%d.M%dP1.h' % (T, R.randrange(serial + 1))
    os.makedirs('spare', exist_ok=True)
    write('spare/' + base)
    place_mail('spare/' + base, R.choice(folders()), base)
    if os.path.exists('spare/' + base):
        os.unlink('spare/' + base)


def by_us():
    some = [m for m in (any_mail() for _ in range(R.randrange(1, 4))) if m]
    if not some:
        return
    name, mids = some[0][0], [m[3] for m in some]
    x = R.randrange(4)
    if x == 0:
        ask('SetFlags', folder=name, mids=mids, add=R.choice(['S', 'F', '']), remove=R.choice(['S', 'D', '']))
    elif x == 1:
        ask('Move', from_folder=name, mids=mids, to_folder=R.choice(folders()), add=R.choice(['', 'S']))
    elif x == 2:
        ask('Copy', from_folder=name, mids=mids, to_folder=R.choice(folders()))
    else:
        ask('Remove', folder=name, mids=mids[:1])


def many():
    for _ in range(R.randrange(3, 40)):
        R.choice([deliver, flag, flag, elsewhere, copy, remove, come_back])()


def folder():
    names = folders()
    x = R.randrange(3)
    if x == 0 and len(names) < 4:
        ask('AddFolder', name='F%d' % step)
    elif x == 1 and len(names) > 1:
        os.rename(disk(names[-1]), '.R%d' % step)
    elif len(names) > 2:
        for name in names[1:]:
            if not list(files(name)):
                ask('RemoveFolder', name=name)
                break


# --- clients ---

with_threads = False  # they have been asked for
threads = {}  # of each mid: an id never changes


def learn_threads():
    for t in ask('Threads', limit=1000).threads:
        for x in t.mails:
            threads[x.mid] = t.thread


class Client:
    def __init__(self, asked=()):
        self.asked = list(asked)
        self.begin(ask('FolderInfo', state=True).state)

    def begin(self, state):
        if with_threads:
            learn_threads()
        self.state = state
        self.known = view(self.asked)
        self.counts = counts()
        self.since = self.page_since = step
        self.page = False

    def names(self):
        return [n for n in self.asked if n in folders()] if self.asked else []

    def wrong(self, what, response):
        global bad
        bad += 1
        print('# step %d (seed %d), asked %s from %s: %s\n# %s' % (step, SEED, self.asked, self.state, what, str(response).replace('\n', ' ')[:1500]))

    def tell(self, response):
        """What it is told, taken in."""
        now, before = view(self.asked), self.since
        names = {identity(name): name for name in folders()}
        if with_threads:
            learn_threads()
            self.tell_threads(response, set(threads.get(mid) for mid in self.known), set(threads.get(mid) for mid in now))
        for c in response.changes:
            is_known, there = c.mid in self.known, now.get(c.mid)
            where = sorted(names[d] for d in there or {})
            if touched.get(c.mid, 0) <= before:
                self.wrong('nothing happened to %s' % c.mid, response)
            if is_known != (c.kind != c.NEW):
                self.wrong('%s is %s' % (c.mid, 'known' if is_known else 'not known'), response)
            if c.kind != c.GONE and sorted(c.folders) != where:
                self.wrong('%s is in %s' % (c.mid, where), response)
            if not there and (c.kind == c.CHANGED or (c.kind == c.NEW and not self.page)):
                self.wrong('%s is not there' % c.mid, response)
            if c.kind == c.GONE:
                self.known.pop(c.mid, None)
            else:
                self.known[c.mid] = there
        if len(set(c.mid for c in response.changes)) != len(response.changes):
            self.wrong('a mail is told twice', response)

    def tell_threads(self, response, before, now):
        """What is said of threads; in the middle of pages it is of moments that are not known here."""
        for c in response.changes:
            if c.thread != threads.get(c.mid, ''):
                self.wrong('the thread of %s is %s' % (c.mid, threads.get(c.mid)), response)
            if (c.thread_new and c.kind != c.NEW) or (c.thread_gone and c.kind != c.GONE):
                self.wrong('a thread turned with a mail that did not', response)
            elif not self.page and not response.more and (c.thread_new != (c.kind == c.NEW and c.thread not in before) or c.thread_gone != (c.kind == c.GONE and c.thread not in now)):
                self.wrong('the thread of %s was %s, is %s' % (c.mid, c.thread in before, c.thread in now), response)

    def tell_folders(self, response):
        want = set()
        now = counts()
        for i in set(now) | set(self.counts):
            a, b = self.counts.get(i), now.get(i)
            if self.asked and (not b or b[0] not in self.asked):
                continue
            if a != b:
                kind = 'NEW' if not a else 'GONE' if not b else 'CHANGED'
                want.add((kind, (b or a)[0], kind == 'CHANGED' and a[0] == b[0]))
        got = set((pb.Change.Kind.Name(f.kind), f.name, f.counts_only) for f in response.folders)
        if got != want:
            self.wrong('of folders %s was to be told, not %s' % (sorted(want), sorted(got)), response)

    def call(self, may_reset):
        """One answer. Clients that asked for folders which were renamed begin again."""
        global answers, resets
        if self.asked and set(self.names()) != set(self.asked):
            self.asked = []
            return self.begin(ask('FolderInfo', state=True).state)
        limit = R.choice(LIMITS)
        response = ask('Changes', state=self.state, folders=self.names(), limit=limit)
        answers += 1
        if response.HasField('error'):
            return self.wrong('an error', response)
        if response.reset:
            resets += 1
            if not may_reset(self) or response.changes or response.folders or response.more:
                self.wrong('a reset', response)
            return self.begin(response.state)
        if not self.page:
            self.tell_folders(response)
            self.counts = counts()
            self.page_since = step
        elif response.folders:
            self.wrong('folders are told again', response)
        self.tell(response)
        if limit and not any('/' in c.mid for c in response.changes) and len(response.changes) > limit:
            self.wrong('more than %d' % limit, response)
        self.page = response.state.count('.') > 2
        if self.page and not response.more:
            self.wrong('a page is the last', response)
        self.state = response.state
        if not self.page:
            # All up to the moment of the first page has been told.
            self.since = self.page_since
            if not response.more:
                self.since = step
                if self.known != view(self.asked):
                    a, b = self.known, view(self.asked)
                    self.wrong('known is not what is there: %s' % [(m, a.get(m), b.get(m)) for m in sorted(set(a) | set(b)) if a.get(m) != b.get(m)][:5], response)
                    self.begin(response.state)
        if not response.more and R.random() < .1:
            # Nothing changed: nothing is told.
            again = ask('Changes', state=self.state, folders=self.names())
            answers += 1
            if again.state != self.state or again.changes or again.folders or again.more or again.reset:
                self.wrong('something, where nothing happened', again)


def run(until, deeds, may_reset, clients):
    global answers
    while answers < until and bad < 10:
        R.choice(deeds)()
        note()
        for c in R.sample(clients, R.randrange(4, len(clients) + 1)):
            c.call(may_reset)
            while c.page and R.random() < .6:
                c.call(may_reset)


def new_clients():
    return [Client() for _ in range(8)] + [Client(R.sample(folders(), R.randrange(1, len(folders()) + 1))) for _ in range(4)]


bad = answers = resets = 0
