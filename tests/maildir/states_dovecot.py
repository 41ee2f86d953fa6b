"""Sessions of Dovecot's imap change a mailbox; after each step, a client of porter that has only states is told by Changes exactly the mails to which
something happened, and where they are; or that it has to begin anew. STATES_SEED."""
import random
from dovecot import *

STEPS = 120
R = random.Random(int(os.environ.get('STATES_SEED', '1')))
FOLDERS = ['', 'A']
os.chmod(work, 0o755)
box = OwnedBox('box')
box.folder('.A')
for i in range(40):
    box.put('%d.M%dP1.h:2,' % (1700000000 + i, i), folder=R.choice(['', '.A']))
give(box.path)
imap = Server(box.path, os.path.join(work, 'imap'))


def there():
    """{mid: {(folder, file)}}, each mail with its flags and the letters of its keywords."""
    out = {}
    for f in FOLDERS:
        for n in box.ls('.' + f if f else ''):
            out.setdefault(n.split('/')[1].split(':2,')[0], set()).add((f, n))
    return out


def quoted(f):
    return '"%s"' % (f or 'INBOX')


def deliver(c):
    deliver.serial = getattr(deliver, 'serial', 0) + 1
    return c.append(quoted(R.choice(FOLDERS)), R.choice(['', '(\\Seen)', '(word)']), None, b'Subject: new %d\r\n\r\nbody\r\n' % deliver.serial)


def some(c):
    """A folder, selected, and the UIDs of some of its mails; None: it is empty."""
    f = R.choice(FOLDERS)
    c.select(quoted(f))
    uids = c.uid('SEARCH', None, 'ALL')[1][0].decode().split()
    return f, ','.join(R.sample(uids, min(len(uids), R.randrange(1, 4)))) or None


def flag(c):
    f, uids = some(c)
    return c.uid('STORE', uids, R.choice(['+', '-', '']) + 'FLAGS', R.choice(['(\\Seen)', '(\\Flagged word)', '(other)'])) if uids else ('OK',)


def carry(c, how):
    f, uids = some(c)
    return c.uid(how, uids, quoted('' if f else 'A')) if uids else ('OK',)


def expunge(c):
    f, uids = some(c)
    if not uids:
        return 'OK',
    c.uid('STORE', uids, '+FLAGS', '(\\Deleted)')
    return c.expunge()


DEEDS = {'append': deliver, 'flags': flag, 'move': lambda c: carry(c, 'MOVE'), 'copy': lambda c: carry(c, 'COPY'), 'expunge': expunge}
state, known = box.call('FolderInfo', state=True).state, there()
wrong, refused, resets, told = [], [], 0, dict.fromkeys(DEEDS, 0)
sessions = [imap.client(), imap.client()]
for step in range(STEPS):
    what = R.choice(sorted(DEEDS) + ['append', 'flags'])
    status = DEEDS[what](R.choice(sessions))[0]
    if status != 'OK':
        refused.append((step, what, status))
    now, changes = there(), []
    # Pages of two and more: a move is one mail, in another folder.
    while True:
        r = box.call('Changes', state=state, limit=R.choice([2, 50, 0]))
        if r.HasField('error'):
            wrong.append((step, what, str(r.error)))
            break
        changes += r.changes
        state = r.state
        if r.reset or not r.more:
            break
    if r.reset:
        resets += 1
    else:
        differ = {m for m in set(known) | set(now) if known.get(m) != now.get(m)}
        kinds = {m: 'NEW' if m not in known else 'GONE' if m not in now else 'CHANGED' for m in differ}
        got = {c.mid: pb.Change.Kind.Name(c.kind) for c in changes}
        places = {c.mid: sorted(c.folders) for c in changes if c.kind != c.GONE}
        if got != kinds or len(changes) != len(got) or places != {m: sorted(f for f, n in now[m]) for m in differ if m in now}:
            wrong.append((step, what, got, kinds, places))
        told[what] += len(got)
    known = now
for c in sessions:
    c.logout()
eq(refused[:3], [], 'Dovecot did as it was told')
eq(wrong[:3], [], 'after each of %d steps, exactly what had happened or a reset (%d)' % (STEPS, resets))
ok(all(told.values()) and resets * 10 < STEPS, 'changes were told of each kind of step: %s' % told)
eq([os.path.exists(os.path.join(box.path, n)) for n in ('porter.index', 'porter.states')], [True, True], 'by the index and its states')
eq(imap.complaints(), [], 'Dovecot had nothing to say')
done()
