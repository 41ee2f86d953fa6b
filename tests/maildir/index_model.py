"""The model test: a mailbox is changed at random, by maildir-op and by others; after each step every method answers the same, octet for octet,
from the index, without one, and told to keep none. INDEX_STEPS: how many steps (240)."""
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op import *  # noqa: E402,F403

STEPS = int(os.environ.get('INDEX_STEPS', '200'))
SEED = int(os.environ.get('INDEX_SEED', '1'))
R = random.Random(SEED)
OP = os.path.join(os.environ['BIN'], 'maildir-op')
T = 1700000000
B = Box()
os.chdir(B.path)
B.folder('.Other')
serial = 0
SUBJECTS = ['Re: lunch', 'lunch', 'Straße', 'strasse', '=?utf-8?q?Gr=C3=BC=C3=9Fe?=', '', None, 'x' * 300, 'needle in here']
SENDERS = ['Anna <a@example.org>', 'anna <b@example.org>', 'Zoë <z@example.org>', 'b@example.org', '', None]
DATES = ['Thu, 26 Nov 2020 13:00:0%d +0000' % i for i in range(4)] + ['nonsense', None]


def mail():
    fields = [('From', R.choice(SENDERS)), ('Subject', R.choice(SUBJECTS)), ('Date', R.choice(DATES))]
    if R.random() < .5:
        fields.append(('Message-ID', '<%d@x>' % R.randrange(1000)))
    if R.random() < .3:
        fields.append(('References', ' '.join('<%d@x>' % R.randrange(1000) for _ in range(R.randrange(1, 5)))))
    text = ' '.join(R.choice(['needle', 'hay', 'größe', 'word', 'smith', 'xyz']) for _ in range(R.randrange(0, 30)))
    return (''.join('%s: %s\n' % f for f in fields if f[1] is not None) + '\n' + text + '\n').encode()


def base():
    global serial
    serial += 1
    x = R.random()
    if x < .7:
        return '%d.M%dP1.host' % (T + R.randrange(60), serial)
    if x < .8:
        return 'odd%%%d\xe9\x7f' % serial
    if x < .9:
        return 'é!%d;x' % serial
    if x < .95:
        return '%d.M%dP1.host,U=%d' % (T, serial, serial)
    return 'l' * 200 + str(serial)


def write(path, octets):
    with open('tmp/x', 'wb') as f:
        f.write(octets)
    os.utime('tmp/x', (T, T + R.randrange(60)))
    os.rename('tmp/x', path)


def deliver():
    octets = mail()
    b = base()
    if R.random() < .6 and len(b) < 200:
        b += ',S=%d' % len(octets)
    if R.random() < .6:
        write('new/' + b, octets)
    else:
        write('cur/' + b + R.choice([':2,', ':2,S', ':2,FS', '', ';2,S', ':2,Sab', ':1,x']), octets)


def names():
    return sorted((p, e.name) for p in ('new', 'cur') for e in os.scandir(p) if e.is_file(follow_symlinks=False) and not e.name.startswith('.'))


def stem(n):
    for c in ':;!':
        if c + '2,' in n or c + '1,' in n:
            return n[:n.rindex(c)]
    return n


def flag():
    p, n = R.choice(names())
    to = stem(n) + ':2,' + ''.join(sorted(R.sample('DFRST', R.randrange(4))))
    if not os.path.exists('cur/' + to):
        os.rename(p + '/' + n, 'cur/' + to)


def back_to_new():
    p, n = R.choice(names())
    if not os.path.exists('new/' + stem(n)):
        os.rename(p + '/' + n, 'new/' + stem(n))


def remove():
    if len(names()) > 205:
        os.unlink(os.path.join(*R.choice(names())))


def twin():
    p, n = R.choice(names())
    to = 'cur/' + stem(n)[:240] + ':2,' + R.choice(['T', 'F', 'PS'])
    if not os.path.exists(to):
        write(to, mail())


def link():
    p, n = R.choice(names())
    to = R.choice(['new/' + stem(n), 'cur/' + stem(n)[:240] + ':2,R'])
    if not os.path.exists(to):
        os.link(p + '/' + n, to)


def rubbish():
    os.makedirs('cur/directory', exist_ok=True)
    if not os.path.lexists('cur/link'):
        os.symlink('/etc/passwd', 'cur/link')
    write('cur/.hidden', b'x')


def many():
    for _ in range(R.randrange(20, 80)):
        R.choice([deliver, flag, remove])()


def run(method, request, *options):
    r = subprocess.run([OP, *options, method], input=request.SerializeToString(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return r.returncode, r.stdout


def mids():
    code, out = run('ListSearch', pb.ListSearchReq(limit=1000, sort=pb.Sort(parameter=R.randrange(5))), '-I')
    return [h.mid for h in pb.ListSearchResp.FromString(out).mail_heads]


def by_us():
    some = R.sample(mids(), 3) + ['nobody']
    x = R.randrange(4)
    if x == 0:
        run('SetFlags', pb.SetFlagsReq(mids=some, add=R.choice(['S', 'FR', '']), remove=R.choice(['S', 'D', ''])))
    elif x == 1:
        run('Move', pb.MoveReq(mids=some[:1], to_folder='Other'))
    elif x == 2 and len(names()) > 205:
        run('Remove', pb.RemoveReq(mids=some[:1]))
    else:
        run('SetFlags', pb.SetFlagsReq(add='S'))


def filters(depth):
    f = pb.Filter(join=R.choice([0, 0, 1, 2]), accents=R.random() < .3)
    for name in R.sample(['text', 'from', 'to', 'subject', 'body', 'header', 'message_id', 'flags', 'no_flags', 'min_size', 'attachment', 'since', 'sent'], R.choice([0, 1, 1, 2])):
        value = {'flags': 'S', 'no_flags': 'F', 'min_size': 120, 'attachment': 1, 'since': '2020-11-26T13:00:02Z', 'sent': True, 'header': 'References', 'message_id': '%d@x' % R.randrange(1000)}
        setattr(f, name, value.get(name, R.choice(['needle', 'grosse', 'größe', 'anna', 'zoe', 'lunch', 'strasse', 'nothing of it'])))
    if depth and R.random() < .5:
        f.filters.extend(filters(depth - 1) for _ in range(R.randrange(1, 3)))
    return f


def questions():
    sort = pb.Sort(parameter=R.randrange(5), direction=R.randrange(2))
    yield 'Stats', pb.StatsReq()
    yield 'Stats', pb.StatsReq(folder='Other')
    start = R.choice([0, 0, R.randrange(300)])
    yield 'List', pb.ListReq(start=start, end=start + R.choice([1, 50, 400]), sort=sort)
    bound = None
    code, out = run('ListSearch', pb.ListSearchReq(limit=R.randrange(1, 200), sort=sort), '-I')
    page = pb.ListSearchResp.FromString(out)
    if R.random() < .8:
        bound = R.choice([page.first_bound, page.last_bound, pb.Bound(id=page.last_bound.id, param=page.first_bound.param)])
    yield 'ListSearch', pb.ListSearchReq(limit=R.choice([1, 20, 50]), sort=sort, bound=bound, direction=R.randrange(2), preview=R.random() < .3)
    word = R.choice(['needle', 'größe', 'GRÖSSE', 'smith word', 'xy', 'absent', 'lunch'])
    yield 'ListSearch', pb.ListSearchReq(limit=R.choice([1, 20]), sort=sort, bound=bound, direction=R.randrange(2), search=word)
    if R.random() < .3:
        yield 'Search', pb.SearchReq(pattern=word)
    yield 'Find', pb.FindReq(folders=R.choice([[''], ['', 'Other'], []]), filter=filters(2), sort=sort, limit=R.choice([1, 20, 50]), direction=R.randrange(2), start=R.choice([0, 0, 3]), back=R.random() < .2,
                             total=R.random() < .5, heads=R.randrange(2), preview=R.random() < .3, excerpt=R.random() < .5)
    heads = [h.mid for h in page.mail_heads]
    for mid in R.sample(heads, min(2, len(heads))) + [R.choice(heads).split('/')[0], 'nobody']:
        yield 'Show', pb.ShowReq(mid=mid)
        yield 'Raw', pb.RawReq(mid=mid)


def wrong(method, request, way, kept, index):
    sys.stdout.write('# step %d (seed %d): %s %s: %s\n' % (step, SEED, method, str(request).replace('\n', ' '), way))
    sys.stdout.write('# want %.300r\n# got  %.300r\n' % (kept, index))
    if os.environ.get('INDEX_KEEP'):
        shutil.copytree('.', os.environ['INDEX_KEEP'], symlinks=True, dirs_exist_ok=True)


for _ in range(230):
    deliver()
bad = asked = used = 0
for step in range(STEPS):
    R.choice([deliver, deliver, flag, flag, flag, back_to_new, remove, twin, link, rubbish, many, by_us, by_us])()
    if R.random() < .1:
        run('Stats', pb.StatsReq())
        flag()
    for method, request in questions():
        want = run(method, request, '-I')
        got = run(method, request)
        asked += 1
        if got != want:
            bad += 1
            wrong(method, request, 'with the index', want, got)
    used += os.path.exists('porter.index')
    if R.random() < .1 and os.path.exists('porter.index'):
        for name in R.choice([['porter.index'], ['porter.search'], ['porter.index', 'porter.search']]):
            if os.path.exists(name):
                os.unlink(name)
        for method, request in questions():
            asked += 1
            if run(method, request) != run(method, request, '-I'):
                bad += 1
                wrong(method, request, 'after it was deleted', None, None)
    if bad > 20:
        break
eq(bad, 0, '%d answers after %d steps are the same with the index, without, and with -I' % (asked, step + 1))
ok(used > STEPS // 2, 'and there was one')
eq(sorted(os.listdir('tmp')), [], 'nothing is left in tmp')
done()
