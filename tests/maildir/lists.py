"""Conversations of mailing lists whose mails come in order, late and shuffled: what an independent reading of the rule has of them, mail by mail as they
arrive; and against union-find, which joins all that are linked whatever came first: nothing that it does not join, and all that it does where
mails name all they answer. Lists are made here, as programs write mails to lists; LISTS names files in mbox format of real ones."""
import glob
import itertools
import mailbox
import random
import re
from op import *
import plain_reader

rnd = random.Random(int(os.environ.get('LISTS_SEED', '2')))
T = 1700000000

# --- what a mail is keyed by: RFC 5256 2.1's base subject, in other languages too, and its ids ---

MARKS = 're|fwd?|aw|antw|antwort|wg|wtrlt|sv|vs|vb|vl|tr|r(?=:\\s)|i(?=:\\s)|odp|ynt|回复'


def base_subject(text):
    text, before = re.sub(r'\s+', ' ', text), None
    while text != before:
        before = text
        text = re.sub(r'(\s|\(fwd\))+$', '', text, flags=re.I)
        text = re.sub(r'^\s*(\[[^\[\]]*\]\s*)*(%s)\s*(\[[^\[\]]*\]\s*)?[:：]' % MARKS, '', text, flags=re.I).lstrip()
        text = re.sub(r'^\[[^\[\]]*\]\s*(?=.)', '', text)
        text = re.sub(r'^\[fwd:(.*)\]$', r'\1', text, flags=re.I)
    return re.sub(r'\s', '', text).casefold()


def keys_of(octets):
    m = plain_reader.Mail(octets)
    ids = [re.sub(r'\s', '', i + bare) for f in ('references', 'in-reply-to', 'message-id') for v in plain_reader.values(m.root, f)[:1] for i, bare in re.findall(r'<([^<>]*)>|([^\s<>]+@[^\s<>]+)', v)]
    subject = base_subject(m.heads[0].subject[0] if m.heads[0].subject else '')
    return [(i, subject) for i in ids if i]


def by_rule(order):
    """order: pairs of a name and its keys, as they arrive. A mail joins the oldest conversation that has one of its keys."""
    of_key, of, count = {}, {}, 0
    for name, keys in order:
        known = [of_key[k] for k in keys if k in of_key]
        count += not known
        of[name] = min(known) if known else count
        for k in keys:
            of_key.setdefault(k, of[name])
    return of


def by_union(order):
    parent = {}

    def root(x):
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x
    for name, keys in order:
        for k in keys:
            parent[root(k)] = root(('mail', name))
    return {name: root(('mail', name)) for name, _ in order}


def pairs(of):
    """Of mails that are together."""
    together = {}
    for name, t in of.items():
        together.setdefault(t, []).append(name)
    return {p for names in together.values() for p in itertools.combinations(sorted(names), 2)}


# --- a list that is made here ---

SUBJECTS = ['Question about the tide table', 'Patch for the harbour master', '[ANNOUNCE] lantern 2.1', 'Große Fähre, kleine Brücke', 'build fails on quay', 'Re-indexing berths', '', 'Fwd: from the old list',
            'Umlaute im Betreff', 'lists and their digests', 'RFC: a new berth plan', 'unsubscribe', '[PATCH 1/2] ropes: no knots', '会議の件']


class Made:
    def __init__(self, complete):
        self.complete, self.mails, self.serial = complete, [], 0

    def answer(self, parent):
        """parent: subject, id and references; or None."""
        self.serial += 1
        id_ = '%d.%s@%s' % (self.serial, rnd.choice(['CAF+x', 'abc$d', '2023']), rnd.choice(['mail.example', 'list.example']))
        subject = rnd.choice(SUBJECTS) if not parent else parent['subject']
        tagged = rnd.random() < .5
        if parent and not re.match(r'(\[berth\] )?(re|aw|fwd):', subject, re.I) or rnd.random() < .1:
            subject = rnd.choice(['Re: ', 'Re: ', 'Re: ', 'RE: ', 're:', 'Re[2]: '] + ([] if self.complete else ['AW: ', 'Fwd: ', 'Re: AW: ', 'Antw: ', 'SV: ', 'R: ', 'Ynt: ', '回复：', 'WG: AW: '])) + subject
        if tagged and '[berth]' not in subject:
            subject = '[berth] ' + subject if rnd.random() < .7 else subject.replace(': ', ': [berth] ', 1)
        if not self.complete and parent and rnd.random() < .03:
            subject = 'now for something else (was: %s)' % subject
        refs = parent['refs'] + [parent['id']] if parent else []
        return {'subject': subject, 'id': id_, 'refs': refs, 'octets': self.octets(subject, id_, refs)}

    def octets(self, subject, id_, refs):
        how = 'all' if self.complete else rnd.choices(['all', 'cut', 'last', 'reply', 'broken', 'bare', 'none'], [12, 3, 1, 1, 1, 1, 1])[0] if refs else 'all'
        field = subject if subject.isascii() else '=?utf-8?b?%s?=' % __import__('base64').b64encode(subject.encode()).decode()
        head = 'From: p%d@x.example\nTo: berth@list.example\nList-Id: <berth.list.example>\nSubject: %s\nMessage-ID: <%s>\n' % (rnd.randrange(9), field, id_)
        named = [] if how in ('none', 'reply') else refs[-1:] if how == 'last' else refs[:1] + refs[-2:] if how == 'cut' else refs
        if named and how == 'broken':
            # Folded inside of an id, words between them, brackets that nobody closed.
            head += 'References: %s\n' % ' and <'.join('<%s>' % r.replace('@', '@\n ', 1) for r in named)
        elif named and how == 'bare':
            # Without brackets, or with half of them.
            head += 'References: %s\n' % ' '.join(rnd.choice(['%s', '<%s', '%s>', '<%s>']) % r for r in named)
        elif named:
            head += 'References: %s\n' % rnd.choice([' ', '\n ', '\n\t', '']).join('<%s>' % r for r in dict.fromkeys(named))
        if refs and how not in ('none', 'last') and (how != 'all' or rnd.random() < .8):
            head += 'In-Reply-To: %s\n' % rnd.choice(['<%s>', '<%s>', 'Your message of "Mon, 1 Jan" <%s>']) % refs[-1]
        return (head + '\nhello\n').encode()

    def make(self, count):
        """In order of date; what some answer was never sent to the list."""
        open_ = []
        while len(self.mails) < count:
            m = self.answer(rnd.choice(open_[-15:]) if open_ and rnd.random() < .8 else None)
            open_.append(m)
            if self.complete or rnd.random() > .08:
                self.mails.append(m['octets'])
        return self.mails


# --- a list, asked for ---


def ids(box, *options):
    box.options = options
    r = box.call('Find', heads='MIDS', limit=100000, thread=True)
    return {h.mid: h.thread for h in r.found} if box.code == 0 else {}


serial = 0


def deliver(name, octets):
    """In that order: what is told after every thirty mails, with an index; at the end without one. Of each the number of the mail in octets."""
    global serial
    serial += 1
    box, number, told, changed = Box('list%d' % serial), {}, {}, 0
    for n, (i, o) in enumerate(octets):
        mid = '%d.M%dP1.h' % (T + n, n)
        number[mid] = i
        box.put(mid + ':2,', o, mtime=T + n)
        if n % 30 == 29 or n + 1 == len(octets):
            now = ids(box)
            changed += sum(now.get(mid) != t for mid, t in told.items())
            told = now
    order = [(i, keys_of(o)) for i, o in octets]
    expect = pairs(by_rule([(number[mid], keys or [('', mid)]) for mid, (_, keys) in zip(number, order)]))
    got, bare = ({number[mid]: t for mid, t in x.items()} for x in (told, ids(box, '-I')))
    eq((len(got), changed, pairs(got) - expect, expect - pairs(got)), (len(octets), 0, set(), set()), '%s: %d mails, %d pairs that belong together, as the rule has it, and no id became another' % (name, len(octets), len(expect)))
    eq((pairs(bare) - expect, expect - pairs(bare)), (set(), set()), name + ': the same without an index')
    shutil.rmtree(box.path)
    return pairs(got)


def orders(octets):
    numbered = list(enumerate(octets))
    yield 'in order', numbered
    late = {i for i, _ in numbered if rnd.random() < .3}
    yield 'three in ten come last', [x for x in numbered if x[0] not in late] + [x for x in numbered if x[0] in late]
    yield 'answers before what they answer', numbered[::-1]
    for i in range(3):
        yield 'shuffled', rnd.sample(numbered, len(numbered))


def check(name, octets, missed_most):
    """missed_most: of a hundred pairs that are linked, how many may be missed in the order of date; then in any other order."""
    linked = pairs(by_union([(i, keys_of(o)) for i, o in enumerate(octets)]))
    ok(len(linked) > 0, '%s: %d of its mails are in %d pairs that are linked' % (name, len({i for p in linked for i in p}), len(linked)))
    missed = []
    for how, order in orders(octets):
        got = deliver('%s, %s' % (name, how), order)
        eq(sorted(got - linked)[:3], [], 'none that are not linked')
        missed.append(len(linked - got))
    good = missed[0] <= missed_most[0] * len(linked) / 100 and max(missed) <= missed_most[1] * len(linked) / 100
    ok(good, '%s: of %d pairs that are linked %d are missed in order, %s in other orders' % (name, len(linked), missed[0], ', '.join(map(str, missed[1:]))))


check('a list whose mails name all they answer', Made(True).make(240), (0, 0))
check('a list as programs write to it', Made(False).make(240), (33, 33))

ours = [open(p, 'rb').read() for p in sorted(glob.glob(top + '/tests/mail/*.eml'))]
check('our own messages', ours, (0, 0))
corpus = [open(p, 'rb').read() for p in sorted(glob.glob(top + '/../shared/corpus/messages/*.eml'))]
corpus = [o for o in corpus if re.search(rb'^(references|in-reply-to|list-id):', o.split(b'\n\n')[0], re.I | re.M)]
if corpus:
    check('mails of other projects that answer something', corpus + ours, (0, 5))
else:
    skip('mails of other projects that answer something', '../shared/corpus is not there')
if os.environ.get('LISTS'):
    for path in os.environ['LISTS'].split():
        check(os.path.basename(path), [bytes(m) for m in mailbox.mbox(path)][:2000], (1, 5))
else:
    skip('real lists', 'LISTS names no files')
done()
