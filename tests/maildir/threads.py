"""Threads: random references against the rule, written plainly; pages; what a thread tells."""
import random, shutil
from op import *

rnd = random.Random(5)
T = 1700000000


def siphash(key, data):
    """SipHash-2-4."""
    mask = 2 ** 64 - 1
    k0, k1 = (int.from_bytes(key[i:i + 8], 'little') for i in (0, 8))
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
    rotate = lambda x, n: (x << n | x >> (64 - n)) & mask

    def turn(times):
        a, b, c, d = v
        for _ in range(times):
            a, c = (a + b) & mask, (c + d) & mask
            b, d = rotate(b, 13) ^ a, rotate(d, 16) ^ c
            a = rotate(a, 32)
            c, a = (c + b) & mask, (a + d) & mask
            b, d = rotate(b, 17) ^ c, rotate(d, 21) ^ a
            c = rotate(c, 32)
        v[:] = a, b, c, d
    data += bytes((-len(data) - 1) % 8) + bytes([len(data) & 255])
    for i in range(0, len(data), 8):
        w = int.from_bytes(data[i:i + 8], 'little')
        v[3] ^= w
        turn(2)
        v[0] ^= w
    v[2] ^= 255
    turn(4)
    return (v[0] ^ v[1] ^ v[2] ^ v[3]).to_bytes(8, 'little')


def key(id_, subject):
    return siphash(siphash(bytes(16), id_.encode()) + bytes(8), subject.encode()).hex()


def model(mails):
    table, ids, out = {}, [], {}
    for m in sorted(mails, key=lambda m: (m['arrival'], m['mid'], m['folder'])):
        keys = [key(r, m['base']) for r in m['refs']] + ([key(m['id'], m['base'])] if m['id'] else []) or [key(m['mid'], m['base'])]
        known = [table[k] for k in keys if k in table]
        if known:
            t = min(known)
        else:
            t = len(ids)
            ids.append(keys[0])
        for k in keys:
            table.setdefault(k, t)
        out.setdefault(ids[t], []).append(m)
    return out


B = Box()
B.folder('.Sent')
mails = []
SUBJECTS = [('Hello  World', 'helloworld'), ('Re: hello world', 'helloworld'), ('Re: [x] hello world', 'helloworld'), ('AW: [x] WG: Hello world', 'helloworld'), ('=?utf-8?b?5Zue5aSN77ya?= R: hello world', 'helloworld'), ('other', 'other'), ('', '')]
for i in range(80):
    subject, base = rnd.choice(SUBJECTS)
    m = {'folder': rnd.choice(['', '', 'Sent']), 'arrival': T + rnd.randrange(60), 'base': base, 'id': rnd.choice([None, '%d@x' % i, '%d@x' % i, '%d@x' % rnd.randrange(80)]),
         'refs': ['%d@x' % rnd.randrange(80) for _ in range(rnd.choice([0, 0, 1, 2, 3]))], 'flags': rnd.choice(['', 'S', 'FS']), 'from': 'p%d@x.example' % rnd.randrange(4)}
    m['mid'] = '%d.M%dP1.h' % (m['arrival'], i)
    text = 'From: %s\nSubject: %s\n' % (m['from'], subject) + ('Message-ID: <%s>\n' % m['id'] if m['id'] else '') + ('References: %s\n' % ' '.join('<%s>' % r for r in m['refs']) if m['refs'] else '')
    B.put(m['mid'] + ':2,' + m['flags'], text=text + '\nbody\n', folder='.Sent' if m['folder'] else '')
    mails.append(m)


def plain(r):
    return [(t.thread, [(n.folder, n.mid) for n in t.mails]) for t in r.threads]


def expect(mails, folders=None, told=None):
    """folders: those asked; told: those of which mails are told."""
    rows = []
    for id_, ms in model(mails).items():
        ms = [m for m in ms if told is None or m['folder'] in told]
        inside = [m for m in ms if folders is None or m['folder'] in folders]
        if inside:
            rows.append((max(m['arrival'] for m in inside), id_, [(m['folder'], m['mid']) for m in ms]))
    return [(i, ms) for _, i, ms in sorted(rows, reverse=True)]


r = B.call('Threads', limit=1000, total=True)
eq((B.code, plain(r), r.last, r.total), (0, expect(mails), True, len(expect(mails))), 'Threads: %d of 80 mails, as the rule says' % len(r.threads))
ok(len(r.threads) > 8 and max(len(t.mails) for t in r.threads) > 3, 'some are long')
r = B.call('Threads', folders=[''], with_folders=['Sent'], limit=1000)
eq(plain(r), expect(mails, ['']), 'with_folders adds mails, and no threads')
eq(plain(B.call('Threads', folders=['Sent'], limit=1000)), expect(mails, told=['Sent']), 'one folder: the ids are those of all')
B.options = ['-I']
eq(plain(B.call('Threads', limit=1000)), expect(mails), 'without an index')
eq(plain(B.call('Threads', folders=['Sent'], limit=1000)), expect([m for m in mails if m['folder'] == 'Sent']), 'and one folder: what it knows alone')
B.options = []
ok(os.path.exists(B.path + '/porter.threads') and os.path.exists(B.path + '/.Sent/porter.index'), 'the table lies in the mailbox, and small folders have an index')
got, bound = [], None
while True:
    r = B.call('Threads', limit=3, bound=bound)
    got += plain(r)
    if r.last:
        break
    bound = r.last_bound
eq(got, expect(mails), 'pages of three')
all_threads = B.call('Threads', limit=1000).threads
wrong = []
for options in [], ['-I']:
    B.options = options
    told = B.call('Threads', limit=1000).threads
    for when in sorted({t.newest for t in told} | {'2000-01-01T00:00:00Z', '2040-01-01T00:00:00+01:00'}):
        want = [t.thread for t in told if t.newest <= when]
        for limit, total in ((2, False), (1000, True)):
            r = B.call('Threads', limit=limit, total=total, bound={'date': when})
            if [t.thread for t in r.threads] != want[:limit] or r.last != (len(want) <= limit):
                wrong.append((options, when, limit))
eq(wrong, [], 'a date is a bound: the conversations whose newest mail is not younger')
B.options = []
eq(B.error('Threads', 4, bound={'date': 'x'}), (4, 'BAD_REQUEST'), 'unless it is none')
some = [got[3][0], got[1][0]]
r = B.call('Threads', threads=some + ['f' * 16, 'x'])
eq([t.thread for t in r.threads], sorted(some, key=[g[0] for g in got].index), 'some by id')
by_id = model(mails)
r = B.call('Threads', limit=1000, heads=True, preview=True)
wrong = []
for t in r.threads:
    ms = by_id[t.thread]
    new = ms[-1]
    if (t.mail_count, t.unread_count, set(t.flags), t.head.mid, t.head.folder, t.head.thread, [p.address for p in t.people], t.head.preview) != (
            len(ms), sum('S' not in m['flags'] for m in ms), set(''.join(m['flags'] for m in ms)), new['mid'], new['folder'], t.thread, list(dict.fromkeys(m['from'] for m in ms)), 'body'):
        wrong.append(t.thread)
eq(wrong, [], 'counts, flags, people, the newest head')

# --- one a thread ---
def first_of_each(box, down, **more):
    seen, out = set(), []
    of = {(n.folder, n.mid): t.thread for t in box.call('Threads', limit=1000, folders=more.get('folders', [])).threads for n in t.mails}
    for h in box.call('Find', sort={'parameter': 'ARRIVAL', 'direction': 'DESC' if down else 'ASC'}, limit=1000, heads='MIDS', **more).found:
        if of[(h.folder, h.mid)] not in seen:
            out.append((h.folder, h.mid))
        seen.add(of[(h.folder, h.mid)])
    return out


def pages(box, down, step, direction, **more):
    got, bound = [], None
    while True:
        r = box.call('Find', one_a_thread=True, sort={'parameter': 'ARRIVAL', 'direction': 'DESC' if down else 'ASC'}, limit=step, bound=bound, direction=direction, heads='MIDS', **more)
        page = [(h.folder, h.mid) for h in r.found]
        got = got + page if direction == 'AFTER' else page + got
        if not page or (r.last if direction == 'AFTER' else r.first):
            return got
        bound = r.last_bound if direction == 'AFTER' else r.first_bound


for down in (False, True):
    want = first_of_each(B, down)
    for direction in ('AFTER', 'BEFORE'):
        eq([pages(B, down, n, direction) for n in (1, 4, 99)], [want] * 3, 'Find, one a thread: %s, %s' % ('descending' if down else 'ascending', direction))
want = first_of_each(B, True)
r = B.call('Find', one_a_thread=True, sort={'parameter': 'ARRIVAL', 'direction': 'DESC'}, start=3, limit=2, total=True, heads='MIDS')
eq(([(h.folder, h.mid) for h in r.found], r.position, r.total), (want[3:5], 3, len(want)), 'start, position, total')
I = Box('indexed')
for i in range(300):
    I.put('%d.M%dP1.h:2,' % (T + i, i), text='Subject: s\nMessage-ID: <%d@x>\nReferences: <%d@x>\n\n' % (i, i % 40))
for again in ('made', 'used'):
    want = first_of_each(I, True)
    eq((len(want), pages(I, True, 7, 'AFTER')), (40, want), '300 mails, an index is %s' % again)

# --- threads in heads, in filters, counted: with an index and without ---

of = {(m['folder'], m['mid']): id_ for id_, ms in model(mails).items() for m in ms}
for options in ((), ('-I',)):
    B.options = options
    way = 'without an index' if options else 'with one'
    r = B.call('Find', heads='MIDS', limit=1000, thread=True)
    eq({(h.folder, h.mid): h.thread for h in r.found}, of, 'Find MIDS has threads, ' + way)
    r = B.call('Find', limit=1000, thread=True)
    eq({(h.folder, h.mid): h.thread for h in r.found}, of, 'heads of Find, ' + way)
    eq({h.thread for h in B.call('Find', limit=1000).found}, {''}, 'not asked for, not told')
    r = B.call('Fetch', mails=[{'folder': f, 'mid': m} for f, m in of], heads=True, thread=True, anywhere=True)
    eq([m.head.thread for m in r.mails], list(of.values()), 'Fetch, ' + way)
    some = sorted(of.items())[:5]
    for ask in ({'thread': some[0][1]}, {'filters': [{'thread': some[0][1]}, {'thread': some[4][1]}], 'join': 'ANY'}, {'thread': some[1][1], 'flags': 'F'}, {'join': 'NONE', 'filters': [{'thread': some[2][1]}]}, {'thread': 'f' * 16}, {'thread': 'nonsense'}):
        def holds(f, m):
            if 'filters' in ask:
                return any(of[m['folder'], m['mid']] == g['thread'] for g in f['filters']) != (f['join'] == 'NONE')
            return of[m['folder'], m['mid']] == f['thread'] and ('flags' not in f or f['flags'] in m['flags'])
        eq(sorted((h.folder, h.mid) for h in B.call('Find', heads='MIDS', limit=1000, filter=ask).found), sorted((m['folder'], m['mid']) for m in mails if holds(ask, m)), 'filter %r, %s' % (list(ask), way))
    flagged = {i: ['F' in m['flags'] for m in ms] for i, ms in model(mails).items()}
    seen = {i: ['S' in m['flags'] for m in ms] for i, ms in model(mails).items()}
    for name, ask, holds in (('all', {'all_in_thread': {'flags': 'S'}}, lambda i: all(seen[i])), ('some', {'some_in_thread': {'flags': 'F'}}, lambda i: any(flagged[i])),
                             ('none', {'none_in_thread': {'flags': 'F'}}, lambda i: not any(flagged[i])), ('some not', {'some_in_thread': {'no_flags': 'S'}}, lambda i: not all(seen[i])),
                             ('some and all', {'join': 'ANY', 'filters': [{'some_in_thread': {'flags': 'F'}}, {'all_in_thread': {'no_flags': 'S'}}]}, lambda i: any(flagged[i]) or not any(seen[i]))):
        for folders in ([], [''], ['Sent']):
            got = B.call('Find', heads='MIDS', limit=1000, filter=ask, folders=folders)
            eq(sorted((h.folder, h.mid) for h in got.found), sorted((m['folder'], m['mid']) for m in mails if holds(of[m['folder'], m['mid']]) and (not folders or m['folder'] in folders)), '%s in thread, in %r, %s' % (name, folders, way))
    for f in ('', 'Sent'):
        inside = [m for m in mails if m['folder'] == f]
        r = B.call('FolderInfo', folders=['', 'Sent'], threads=True)
        got = [x for x in r.folders if x.name == f][0]
        eq((got.thread_count, got.unread_thread_count), (len({of[f, m['mid']] for m in inside}), len({of[f, m['mid']] for m in inside if 'S' not in m['flags']})), 'FolderInfo of %r, %s' % (f, way))
B.options = ()
eq(B.call('FolderInfo').folders[0].thread_count, 0, 'not asked for, not counted')
for ask in ({'all_in_thread': {'text': 'x'}}, {'some_in_thread': {'flags': 'F', 'filters': [{'flags': 'S'}]}}, {'none_in_thread': {'min_size': 1}}):
    eq(B.error('Find', 4, filter=ask), (4, 'BAD_REQUEST'), '%s asks for more than flags' % list(ask)[0])
one = [m for m in mails if not m['folder']][0]
for f, more in (('ListSearch', {'limit': 1000}), ('List', {'end': 1000})):
    r = B.call(f, thread=True, **more)
    eq({h.mid: h.thread for h in r.mail_heads}, {m: t for (f, m), t in of.items() if not f}, f + ' has them')
eq(B.call('Show', mid=one['mid'], thread=True).thread, of['', one['mid']], 'Show, too')
r = B.call('Append', folder='Sent', flags='S', octets=b'Subject: other\nMessage-ID: <fresh@x>\n\n', thread=True)
eq(r.thread, key('fresh@x', 'other'), 'Append tells the thread that a mail begins')
r = B.call('Append', octets=b'Subject: Re: other\nReferences: <fresh@x>\n\n', thread=True)
eq(r.thread, key('fresh@x', 'other'), 'or joins, from another folder')
ok(not B.call('Append', octets=b'Subject: Re: other\nReferences: <fresh@x>\n\n').thread, 'where that is asked')

# --- keywords: letters are a folder's own ---
K = Box('keyworded')
K.folder('.Other')
with open(K.path + '/dovecot-keywords', 'w') as f:
    f.write('0 Work\n')
with open(K.path + '/.Other/dovecot-keywords', 'w') as f:
    f.write('0 Play\n1 Work\n')
K.put('1.M1P1.h:2,a', text='Subject: a\nMessage-ID: <a@x>\n\n')
K.put('2.M1P1.h:2,a', text='Subject: a\nReferences: <a@x>\n\n', folder='.Other')
K.put('3.M1P1.h:2,b', text='Subject: b\nMessage-ID: <b@x>\n\n', folder='.Other')
K.put('4.M1P1.h:2,', text='Subject: b\nReferences: <b@x>\n\n')
for options in ((), ('-I',)):
    K.options = options
    for ask, want in (({'some_in_thread': {'keywords': ['work']}}, '1234'), ({'some_in_thread': {'keywords': ['play']}}, '12'), ({'all_in_thread': {'no_keywords': ['play']}}, '34'), ({'none_in_thread': {'keywords': ['play']}}, '34'), ({'all_in_thread': {'keywords': ['work']}}, '')):
        eq(sorted(h.mid[0] for h in K.call('Find', filter=ask, heads='MIDS').found), list(want), 'keywords: %r%s' % (ask, ', -I' if options else ''))

# --- threads that lie before the bound, behind which their first mails lie ---
W = Box('walk')
for i in range(600):
    W.put('%d.M%dP1.h:2,' % (T + i, i), text='Subject: w\nMessage-ID: <w%d@x>\n\n' % i, mtime=T + i)
    W.put('%d.M%dP1.h:2,' % (T + 5000 + i, i), text='Subject: w\nReferences: <w%d@x>\n\n' % i, mtime=T + 5000 + i)
W.put('1.M1P1.h:2,', mtime=1)
last = W.call('Threads', limit=600).last_bound
ask = {'limit': 1, 'bound': last}
r = W.call('Threads', **ask)
eq(([[m.mid for m in t.mails] for t in r.threads], r.last), ([['1.M1P1.h']], True), 'the page behind 600 others')
strace = shutil.which('strace')
if strace:
    log = os.path.join(work, 'reads')
    subprocess.run([strace, '-qq', '-o', log, '-e', 'trace=pread64', os.path.join(bin_dir, 'maildir-op'), 'Threads'],
                   input=pb.ThreadsReq(**ask).SerializeToString(), cwd=W.path, stdout=subprocess.DEVNULL)
    all_records = sum(', 32768, ' in l for l in open(log)) // 2
    ok(0 < all_records < 20, 'for which all records are read some times, not for every few threads that are passed over (%d)' % all_records)

# --- a date as a bound of ListSearch ---
for down in (False, True):
    when = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(T + 100))
    r = I.call('ListSearch', bound={'date': when}, limit=3, sort={'parameter': 'ARRIVAL', 'direction': 'DESC' if down else 'ASC'})
    eq([int(h.mid.split('.')[0]) - T for h in r.mail_heads], [100, 99, 98] if down else [100, 101, 102], 'ListSearch from a date, %s' % ('descending' if down else 'ascending'))
eq(I.error('ListSearch', 4, bound={'date': 'x'}), (4, 'BAD_REQUEST'), 'no date')

# --- odd ones ---
O = Box('odd')
O.folder('.Copy')
O.put('1.M1P1.h:2,', text='Subject: a\nMessage-ID: <a@x>\nReferences: <b@x>\n\n', mtime=T)
O.put('2.M1P1.h:2,', text='Subject: a\nMessage-ID: <b@x>\nReferences: <a@x>\n\n', mtime=T + 1)
O.put('3.M1P1.h:2,', text='Subject: a\nMessage-ID: <c@x>\nReferences: <c@x>\n\n', mtime=T + 2)
O.put('4.M1P1.h:2,', text='Subject: b\nMessage-ID: <d@x>\nReferences: %s\n\n' % ' '.join('<r%d@x>' % i for i in range(10000)), mtime=T + 3)
O.put('5.M1P1.h:2,', text='no head', mtime=T + 4)
O.put('6.M1P1.h:2,', text='Subject: b\nMessage-ID: <e@x>\nIn-Reply-To: <d@x>\nContent-Type: application/zip\n\nx', mtime=T + 5)
os.link(os.path.join(O.path, 'cur', '6.M1P1.h:2,'), os.path.join(O.path, '.Copy', 'cur', '6.M1P1.h:2,'))
r = O.call('Threads')
eq([([n.mid[0] for n in t.mails], t.mail_count, t.has_attachment) for t in r.threads], [(['4', '6'], 2, True), (['5'], 1, False), (['3'], 1, False), (['1', '2'], 2, False)],
   'cycles, references to itself, 10,000 of them, no head; one mail in two folders is one')
H = Box('ids')
for i, head in enumerate(['Message-ID: a@x>', 'References: <a@x>', 'In-Reply-To: a@x', 'References: <b@x> a@x', 'References: <c@x>\nIn-Reply-To: <a@x>', 'In-Reply-To: =?utf-8?q?=3Ca=40x=3E?=',
                          'In-Reply-To: Message from p@x of 10 Jul', 'In-Reply-To: Your message to p@x of 11 Jul', 'Message-ID: 1234567', 'In-Reply-To: 1234567', 'In-Reply-To: none', 'In-Reply-To: none']):
    H.put('%d.M1P1.h:2,' % (T + i), text='Subject: a\n%s\n\n' % head, mtime=T + i)
for options in ((), ('-I',)):
    H.options = options
    eq([[int(n.mid.split('.')[0]) - T for n in t.mails] for t in H.call('Threads').threads], [[11], [10], [8, 9], [7], [6], [0, 1, 2, 3, 4, 5]], 'ids without brackets, with one, encoded, In-Reply-To beside References%s' % (', -I' if options else ''))
eq(O.error('Threads', 3, folders=['Nope']), (3, 'INVALID_FOLDER'), 'no such folder')
eq(O.error('Threads', 4, bound={'param': 'x', 'id': 'y'}), (4, 'BAD_REQUEST'), 'no bound')
before = [t.thread for t in r.threads]
O.put('7.M1P1.h:2,', text='Subject: a\nMessage-ID: <f@x>\nReferences: <a@x> <c@x>\n\n', mtime=T + 9)
after = {t.thread: len(t.mails) for t in O.call('Threads').threads}
eq((sorted(after) == sorted(before), after[before[3]], after[before[2]]), (True, 3, 1), 'a late mail that links two threads: it joins the older, and both keep their ids')
done()
