"""Find: random filters against a plain evaluation; pages by bounds, mids, dates and starts."""
import random
from op import *

rnd = random.Random(7)
T = 1700000000
B = Box()
WORDS = ['apple', 'Äpfel', 'STRASSE', 'straße', 'tea', 'naïve', 'zoo', 'ｗｉｄｅ', 'kiwi']
FOLDERS = ['', 'A', 'B.c']
open(os.path.join(B.path, 'dovecot-keywords'), 'w').write('0 work\n1 later\n3 $Forwarded\n')
for f in FOLDERS[1:]:
    B.folder('.' + f)
open(os.path.join(B.path, '.A', 'dovecot-keywords'), 'w').write('0 later\n2 work\n')
KEYWORDS = {'': {'work': 'a', 'later': 'b', '$forwarded': 'd'}, 'A': {'later': 'a', 'work': 'c'}, 'B.c': {}}
rfc = lambda t: time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(t))
mails = []


def put_mail(i, folder):
    m = {'folder': folder, 'mid': '%d.M%dP1.h' % (T + rnd.randrange(30), i), 'flags': ''.join(sorted(c for c in 'FPSabcd' if rnd.random() < 0.4)),
         'from': rnd.choice(WORDS), 'to': rnd.choice(WORDS), 'cc': rnd.choice(WORDS), 'subject': ' '.join(rnd.choices(WORDS, k=2)), 'body': ' '.join(rnd.choices(WORDS, k=3)),
         'name': rnd.choice(['', rnd.choice(WORDS) + '.pdf']), 'x': rnd.choice([None, rnd.choice(WORDS)]), 'sent': T - rnd.randrange(40)}
    text = 'From: "%s" <f@x.example>\nTo: "%s" <t@x.example>\nCc: "%s" <c@x.example>\nSubject: %s\nDate: %s\nMessage-ID: <m%d@x>\n' % (
        m['from'], m['to'], m['cc'], m['subject'], time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(m['sent'])), i)
    if m['x']:
        text += 'X-Word: %s\n' % m['x']
    if m['name']:
        text += 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n--b\nContent-Type: application/pdf; name="%s"\n\nx\n--b--\n' % (m['body'], m['name'])
    else:
        text += 'Content-Type: text/plain; charset=utf-8\n\n%s\n' % m['body']
    m['size'] = len(text.encode())
    m['arrival'] = int(m['mid'].split('.')[0])
    m['id'] = 'm%d@x' % i
    B.put(m['mid'] + ':2,' + m['flags'], text=text, folder='.' + folder if folder else '')
    mails.append(m)


for i in range(60):
    put_mail(i, rnd.choice(FOLDERS))


def form(s):
    import unicodedata
    s = unicodedata.normalize('NFKD', s).casefold()
    return ''.join(c for c in unicodedata.normalize('NFD', s) if not unicodedata.combining(c)).replace('\xad', '')


def letters(s):
    """Each with its marks."""
    import unicodedata
    out = []
    for c in unicodedata.normalize('NFD', unicodedata.normalize('NFKD', s).casefold()).replace('\xad', ''):
        if unicodedata.combining(c) and out:
            out[-1] += c
        else:
            out.append(c)
    return out


def has(text, phrase, accents=False):
    if accents:
        t, p = letters(text), letters(phrase)
        return any(t[i:i + len(p)] == p for i in range(len(t) - len(p) + 1))
    return form(phrase) in form(text)


def node(m, f):
    texts = {'from_': '"%s" <f@x.example>' % m['from'], 'to': m['to'] + ' <t@x.example>', 'cc': m['cc'] + ' <c@x.example>', 'bcc': '', 'subject': m['subject'], 'body': m['body'], 'file_name': m['name']}
    texts['from_'] = m['from'] + ' <f@x.example>'
    own = []
    accents = f.get('accents', False)
    for k in ('to', 'cc', 'subject', 'body', 'file_name'):
        if f.get(k):
            own.append(has(texts[k], f[k], accents))
    if f.get('from'):
        own.append(has(texts['from_'], f['from'], accents))
    if f.get('text'):
        own.append(any(has(t, f['text'], accents) for t in texts.values()))
    if f.get('header'):
        own.append(f['header'].lower() == 'x-word' and m['x'] is not None and has(m['x'], f.get('header_value', ''), accents))
    when = m['sent'] if f.get('sent') else m['arrival']
    if f.get('since'):
        own.append(rfc(when) >= f['since'])
    if f.get('before'):
        own.append(rfc(when) < f['before'])
    own.append(m['size'] >= f.get('min_size', 0))
    if f.get('max_size'):
        own.append(m['size'] < f['max_size'])
    if f.get('attachment'):
        own.append(bool(m['name']) == (f['attachment'] == 'YES'))
    own += [c in m['flags'] for c in f.get('flags', '')] + [c not in m['flags'] for c in f.get('no_flags', '')]
    named = KEYWORDS[m['folder']]
    bears = lambda k: named.get(k, '!') in m['flags'] or (k == '$forwarded' and 'P' in m['flags'])
    own += [bears(k) for k in f.get('keywords', [])] + [not bears(k) for k in f.get('no_keywords', [])]
    if f.get('folders'):
        own.append(m['folder'] in f['folders'])
    if f.get('no_folders'):
        own.append(m['folder'] not in f['no_folders'])
    if f.get('message_id'):
        own.append(f['message_id'] == m['id'])
    inner = [node(m, g) for g in f.get('filters', [])]
    if inner:
        own.append({'ALL': all(inner), 'ANY': any(inner), 'NONE': not any(inner)}[f.get('join', 'ALL')])
    return all(own)


def random_filter(depth):
    f = {}
    for k in rnd.sample(['text', 'from', 'to', 'cc', 'subject', 'body', 'file_name', 'header', 'since', 'before', 'min_size', 'max_size', 'attachment', 'flags', 'no_flags', 'keywords', 'no_keywords',
                         'folders', 'no_folders', 'message_id'], rnd.choice([0, 1, 1, 1, 2])):
        word = rnd.choice(WORDS + ['app', 'STRAS', 'naive', 'nai\u0308', 'ÄPF', 'apfel', 'wide', 'pdf', 'x.example', 'no such'])
        f[k] = {'since': rfc(T + rnd.randrange(-40, 30)), 'before': rfc(T + rnd.randrange(-40, 30)), 'min_size': rnd.randrange(150, 500), 'max_size': rnd.randrange(150, 500), 'attachment': rnd.choice(['YES', 'NO']),
                'flags': rnd.choice(['S', 'F', 'FS']), 'no_flags': rnd.choice(['S', 'F']), 'keywords': [rnd.choice(['work', 'later', '$forwarded', 'unheard'])], 'no_keywords': [rnd.choice(['work', '$forwarded'])],
                'folders': rnd.sample(FOLDERS, 2), 'no_folders': [rnd.choice(FOLDERS)], 'message_id': rnd.choice(mails)['id'], 'header': 'X-WORD'}.get(k, word)
        if k == 'header' and rnd.random() < 0.6:
            f['header_value'] = word
        if k in ('since', 'before'):
            f['sent'] = rnd.random() < 0.5
    if rnd.random() < 0.3:
        f['accents'] = True
    if depth and rnd.random() < 0.7:
        f['filters'] = [random_filter(depth - 1) for _ in range(rnd.randrange(1, 4))]
        f['join'] = rnd.choice(['ALL', 'ANY', 'NONE'])
    return f


ORDER = {'DATE': lambda m: m['sent'], 'SIZE': lambda m: m['size'], 'ARRIVAL': lambda m: m['arrival']}


def sort(list_, by, down):
    return sorted(list_, key=lambda m: (ORDER[by](m), m['mid'].encode(), m['folder'].encode()), reverse=down)


names = lambda r: [(h.folder, h.mid) for h in r.found]
want = lambda ms: [(m['folder'], m['mid']) for m in ms]


def random_filters(count, how, want=want, sort=sort):
    wrong, hits = [], 0
    for i in range(count):
        f, by, down = random_filter(3), rnd.choice(list(ORDER)), rnd.random() < 0.5
        expect = want(sort([m for m in mails if node(m, f)], by, down))
        r = B.call('Find', filter=f, sort={'parameter': by, 'direction': 'DESC' if down else 'ASC'}, limit=1000, total=True, heads='MIDS')
        hits += len(expect)
        if (names(r), r.total, r.first, r.last) != (expect, len(expect), True, True):
            wrong.append((f, by, down, len(names(r)), len(expect)))
    eq(wrong[:2], [], '%d random filters, %s, %d hits' % (count, how, hits))
    ok(hits > 500, 'enough of them hit')


random_filters(400, 'without an index')

# --- pages ---
wrong = []
for by in ORDER:
    for down in (False, True):
        s = {'parameter': by, 'direction': 'DESC' if down else 'ASC'}
        expect = want(sort(mails, by, down))
        for step in (1, 7, 59, 60, 61):
            for direction in ('AFTER', 'BEFORE'):
                got, bound = [], None
                while True:
                    r = B.call('Find', sort=s, limit=step, bound=bound, direction=direction, heads='MIDS')
                    page = names(r)
                    got = got + page if direction == 'AFTER' else page + got
                    if (r.last if direction == 'AFTER' else r.first) or not page:
                        break
                    bound = r.last_bound if direction == 'AFTER' else r.first_bound
                if got != expect:
                    wrong.append((by, down, step, direction, len(got)))
eq(wrong, [], 'pages of 1, 7, 59, 60, 61 in both directions and three orders: each mail once')
s = {'parameter': 'ARRIVAL', 'direction': 'DESC'}
all_ = sort(mails, 'ARRIVAL', True)
r = B.call('Find', sort=s, limit=5, start=10, heads='MIDS', total=True)
eq((names(r), r.position, r.total, r.first, r.last), (want(all_[10:15]), 10, 60, False, False), 'start: so many behind the first')
r = B.call('Find', sort=s, limit=5, start=10, back=True, heads='MIDS', total=True)
eq((names(r), r.position), (want(all_[50:55]), 50), 'back: so many before the end')
r = B.call('Find', sort=s, limit=5, back=True, heads='MIDS')
eq((names(r), r.last), ([], True), 'none before the end')
mid = all_[20]
r = B.call('Find', sort=s, limit=3, bound={'id': mid['mid']}, heads='MIDS')
eq(names(r), want(all_[21:24]), 'a bound that is a mid alone')
r = B.call('Find', sort=s, limit=3, start=2, bound={'id': mid['mid']}, heads='MIDS')
eq(names(r), want(all_[23:26]), 'and a start')
r = B.call('Find', sort=s, limit=3, start=2, back=True, bound={'id': mid['mid']}, heads='MIDS')
eq(names(r), want(all_[18:21]), 'back from it')
r = B.call('Find', sort=s, limit=3, start=90, back=True, bound={'id': mid['mid']}, heads='MIDS')
eq((names(r), r.first), (want(all_[:3]), True), 'further back than there is')
eq(B.error('Find', 3, sort=s, bound={'id': 'gone'}), (3, 'NO_SUCH_MAIL'), 'a mid that has gone')
for down in (False, True):
    s = {'parameter': 'ARRIVAL', 'direction': 'DESC' if down else 'ASC'}
    t = mid['arrival']
    r = B.call('Find', sort=s, limit=100, bound={'date': rfc(t)}, heads='MIDS')
    eq(names(r), want([m for m in sort(mails, 'ARRIVAL', down) if (m['arrival'] <= t if down else m['arrival'] >= t)]), 'a date alone, %s' % s['direction'])
    r = B.call('Find', sort=s, limit=100, direction='BEFORE', bound={'date': rfc(t)}, heads='MIDS')
    eq(names(r), want([m for m in sort(mails, 'ARRIVAL', down) if (m['arrival'] > t if down else m['arrival'] < t)]), 'and what lies before it')
eq(B.error('Find', 4, sort={'parameter': 'SIZE'}, bound={'date': rfc(T)}), (4, 'BAD_REQUEST'), 'a date in the order by size')
eq(B.error('Find', 4, bound={'date': 'x'}), (4, 'BAD_REQUEST'), 'no date')

# --- one mail in several folders ---
C = Box('copies')
for f in ('.A', '.B'):
    C.folder(f)
for i in range(4):
    name = '%d.M%dP1.h:2,' % (T, i)
    path = C.put(name, text='Subject: x\n\n')
    for f in ('.A', '.B'):
        os.link(path, os.path.join(C.path, f, 'cur', name))
expect = [(f, '%d.M%dP1.h' % (T, i)) for i in range(4) for f in ('', 'A', 'B')]
for down in (False, True):
    s = {'direction': 'DESC' if down else 'ASC', 'parameter': 'ARRIVAL'}
    for direction in ('AFTER', 'BEFORE'):
        got, bound = [], None
        while True:
            r = C.call('Find', limit=2, bound=bound, sort=s, direction=direction)
            got = got + names(r) if direction == 'AFTER' else names(r) + got
            if not r.found or (r.last if direction == 'AFTER' else r.first):
                break
            bound = r.last_bound if direction == 'AFTER' else r.first_bound
        eq(got, expect[::-1] if down else expect, 'copies in three folders, pages of two, %s %s' % (s['direction'], direction))

# --- more folders than a program has descriptors at first ---
M = Box('many')
for i in range(400):
    M.folder('.F%d' % i)
M.put('%d.M1P1.h:2,S' % T, folder='.F399')
eq(names(M.call('Find', heads='MIDS')), [('F399', '%d.M1P1.h' % T)], '400 folders')

# --- with an index and what it knows of texts ---
N = Box('narrowed')
for i in range(300):
    N.put('%d.M%dP1.h:2,' % (T + i, i), text='From: Zoë %d <z@x.example>\nSubject: Nummer %d\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nStraße %d\n--b\nContent-Type: a/b; name=f%d.bin\n\n\n--b--\n' % (i % 9, i, i % 7, i % 5))
for how in ('is not there', 'is made', 'is there', 'is there'):
    if how == 'is made':
        eq((len(N.call('List', end=9).mail_heads), os.path.exists(os.path.join(N.path, 'porter.index'))), (9, True), 'an index')
    for f, number in (({'text': 'STRASSE 3'}, 43), ({'body': 'strasse 3'}, 43), ({'subject': 'nummer 29'}, 11), ({'file_name': 'F4.bin'}, 60), ({'subject': 'strasse'}, 0), ({'from': 'nummer'}, 0), ({'from': 'zoe 8 <z@'}, 33), ({'header': 'From', 'header_value': 'zoe 7'}, 33),
                    ({'filters': [{'subject': 'nummer 2'}, {'body': 'strasse 2'}]}, 16), ({'sent': True, 'since': '2020-01-01T00:00:00Z'}, 300),
                    ({'join': 'NONE', 'filters': [{'text': 'strasse 3'}]}, 257), ({'text': 'nummer', 'join': 'ANY', 'filters': [{'body': 'strasse 1'}, {'file_name': 'f1.bin'}]}, 94)):
        eq((N.call('Find', filter=f, total=True, heads='MIDS').total, N.code), (number, 0), 'an index %s: %r' % (how, f))

# --- text that people take for the same, with accents and without; read, and by what an index knows of it ---
G = Box('folded')
SAME = [  # in the mail; what is looked for; found, found where accents count
    ('Straße', 'STRASSE', True, True), ('STRASSE', 'straße', True, True), ('Größe', 'grosse', True, False), ('Größe', 'GRÖSSE', True, True), ('re\u0301sume\u0301', 'résumé', True, True),
    ('résumé', 're\u0301sume\u0301', True, True), ('résumé', 'resume', True, False), ('so\xadft hyphen', 'soft hyphen', True, True), ('zero\u200bwidth', 'zerowidth', True, True),
    ('İstanbul', 'istanbul', True, False), ('İstanbul', 'İSTANBUL', True, True), ('ısı', 'isi', True, False), ('한국어', '\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165', True, True), ('ｆｕｌｌ　ｗｉｄｔｈ', 'full width', True, True),
    ('ｶﾞｷﾞ', 'ガギ', True, True), ('Łódź', 'lodz', True, False), ('Łódź', 'ŁÓDŹ', True, True), ('Ørsted', 'orsted', True, False), ('Æsir', 'aesir', True, False), ('ﬁnance', 'finance', True, True), ('việt', 'viet', True, False),
    ('việt', 'vie\u0323\u0302t', True, True), ('việt', 'vie\u0302\u0323t', True, True), ('việt', 'viêt', True, False), ('שָׁלוֹם', 'שלום', True, False), ('Ёлка', 'елка', True, False), ('two\n  words', 'two words', True, True), ('apart', 'a part', False, False)]
for n, (text, _, _, _) in enumerate(SAME):
    word = __import__('base64').b64encode(text.replace('\n', ' ').encode()).decode()
    name = ''.join('%%%02X' % c for c in text.replace('\n', ' ').encode())
    for k, mail in enumerate(('Subject: =?utf-8?b?%s?=\n\nx\n' % word, 'Content-Type: text/plain; charset=utf-8\n\n%s\n' % text,
                              "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\nContent-Disposition: attachment;\n filename*0*=utf-8''%s;\n filename*1*=%%2Ebin\n\nx\n--b--\n" % name)):
        G.put('%d.M%dP%d.h:2,' % (T + n, n, k), mail)
for i in range(200):
    G.put('%d.M%dP9.h:2,' % (T - i, i), 'Subject: other\n\nnothing\n')
for how in ('read', 'an index', 'an index', 'what it knows of texts'):
    wrong = []
    for n, (text, phrase, plain, strict) in enumerate(SAME):
        for accents, found in ((False, plain), (True, strict)):
            for k, field in enumerate(('subject', 'body', 'file_name')):
                r = G.call('Find', filter={field: phrase, 'accents': accents}, limit=1000, heads='MIDS')
                if (('%d.M%dP%d.h' % (T + n, n, k)) in [h.mid for h in r.found]) != found or G.code:
                    wrong.append((text, phrase, field, accents, G.code))
            if n % 5 == 0 and ('%d.M%dP1.h' % (T + n, n) in [h.mid for h in G.call('Find', filter={'text': phrase, 'accents': accents}, limit=1000, heads='MIDS').found]) != found:
                wrong.append((text, phrase, 'text', accents))
    eq(wrong[:3], [], 'forms of text, by %s' % how)
    G.call('List', end=1)
ok(os.path.exists(os.path.join(G.path, 'porter.search')), 'there was something to know')
if shutil.which('strace'):
    # What no mail has opens none of those behind the first 24, which are others: each has its bits there, and what was found above passed them.
    log = os.path.join(work, 'opened')
    subprocess.run(['strace', '-qq', '-o', log, '-e', 'trace=openat', os.path.join(bin_dir, 'maildir-op'), 'Find'], input=pb.FindReq(filter={'text': 'qvxzjkwq'}).SerializeToString(), cwd=G.path, stdout=subprocess.DEVNULL)
    opened = [l for l in open(log) if '.h:2,' in l]
    eq((len(opened) <= 24, [l for l in opened if 'P9.h' not in l]), (True, []), 'all of it went through porter.search')

for i in range(60, 360):
    put_mail(i, rnd.choice(['', '', '', 'A']))
B.call('List', end=1)
ok(os.path.exists(os.path.join(B.path, 'porter.index')), 'an index of the inbox')
random_filters(200, 'with an index')
ok(os.path.exists(os.path.join(B.path, 'porter.search')), 'and what it knows of texts')

# --- pages by starts alone, from both ends ---
wrong = []
for by in ORDER:
    for down in (False, True):
        s = {'parameter': by, 'direction': 'DESC' if down else 'ASC'}
        expect = want(sort(mails, by, down))
        ahead = [x for n in range(0, len(mails) + 37, 37) for x in names(B.call('Find', sort=s, limit=37, start=n, heads='MIDS'))]
        back = []
        for n in range(37, len(mails) + 37, 37):
            back = names(B.call('Find', sort=s, limit=37 if n <= len(mails) else len(mails) % 37, start=n, back=True, heads='MIDS')) + back
        if ahead != expect or back != expect:
            wrong.append((by, down, len(ahead), len(back)))
eq(wrong, [], 'pages by starts, from the first and from the end')


# --- pages while mail comes and goes: what is there all the time is seen once, nothing twice ---
def come_and_go(spared, doomed):
    """Some mails are removed, but for the one spared and with the one doomed; others come. Those that went."""
    chosen = rnd.sample(mails, 5)
    gone = [m for m in mails if (m in chosen and (m['folder'], m['mid']) != spared) or (m['folder'], m['mid']) == doomed]
    for m in gone:
        for place in ('new', 'cur'):
            at = os.path.join(B.path, '.' + m['folder'] if m['folder'] else '', place)
            for n in os.listdir(at):
                if n.split(':')[0] == m['mid']:
                    os.unlink(os.path.join(at, n))
    mails[:] = [x for x in mails if x not in gone]
    for _ in range(5):
        come_and_go.serial += 1
        put_mail(come_and_go.serial, rnd.choice(FOLDERS))
    return {(m['folder'], m['mid']) for m in gone}


come_and_go.serial = 1000


def walk(by, how, direction):
    """Pages of 37 to the other end, each from the bound that the one before gave, its mail alone, or that mail's date."""
    ahead, down = direction == 'AFTER', rnd.random() < .5
    kept, seen, bound, s = {(m['folder'], m['mid']) for m in mails}, [], None, {'parameter': by, 'direction': 'DESC' if down else 'ASC'}
    while True:
        r = B.call('Find', sort=s, limit=37, bound=bound, direction=direction, heads='MIDS')
        page = names(r)
        # Of one second's mails a page from a date tells all again; one in front of a date has none of them.
        seen += [x for x in page if how != 'date' or x not in seen]
        if B.code or not page or (r.last if ahead else r.first):
            return (kept, seen) if not B.code else (B.code, page)
        last = page[-1 if ahead else 0]
        bound = r.last_bound if ahead else r.first_bound
        if how == 'id':
            bound = {'id': last[1], 'folder': last[0]}
        elif how == 'date':
            bound = {'date': rfc(int(last[1].split('.')[0]))}
        # A bound as it came is a place still where its mail has gone; a mail alone is not.
        kept -= come_and_go(last if how == 'id' else None, last if how == 'bound' and rnd.random() < .5 else None)


wrong = []
for options in ((), ('-I',)):
    B.options = options
    for by, how, direction in [(by, how, d) for by in ORDER for how in ('bound', 'id') for d in ('AFTER', 'BEFORE')] + [('ARRIVAL', 'date', 'AFTER')]:
        kept, seen = walk(by, how, direction)
        if not isinstance(kept, set) or len(seen) != len(set(seen)) or not kept <= set(seen):
            wrong.append((by, how, direction, kept if not isinstance(kept, set) else (len(seen) - len(set(seen)), sorted(kept - set(seen))[:3])))
    eq(wrong, [], 'pages while mail comes and goes, by bounds, by mails, by dates' + (', without an index' if options else ''))
B.options = ()
mid = [m for m in mails if m['folder'] != 'B.c'][0]

# --- heads, folders, limits ---
r = B.call('Find', folders=['A', 'A', ''], limit=1, preview=True, state=True, filter={'message_id': mid['id']})
eq(r.state, B.call('Changes', folders=['', 'A']).state, 'the state of its folders')
eq([[h.mid for h in B.call('Find', filter={'message_id': id}, heads='MIDS').found] for id in (mid['id'], '<%s>' % mid['id'], '<%s' % mid['id'], '<>')],
   [[m['mid'] for m in mails if m['id'] == mid['id']]] * 2 + [[]] * 2, 'a Message-ID as heads tell it, or as it stands in a mail')
eq(B.error('Find', 3, folders=['Nope']), (3, 'INVALID_FOLDER'), 'no such folder')
h = B.call('Find', folders=[''], limit=1, preview=True).found[0]
l = B.call('List', end=1, preview=True).mail_heads[0]
ok(h.mid == l.mid and h.header == l.header and h.preview == l.preview, 'a head is that of a list')
deep = {'text': 'apple'}
for i in range(9):
    deep = {'filters': [deep]}
eq((B.call('Find', filter=deep, total=True).total > 0, B.code), (True, 0), 'filters 10 deep')
eq(B.error('Find', 4, filter={'filters': [deep]}), (4, 'BAD_REQUEST'), '11 deep')

eq((B.call('Find', filter={'join': 'ANY', 'filters': [{'text': 'apple'}] * 199}), B.code)[1], 0, '200 filters')
eq(B.error('Find', 4, filter={'filters': [{}] * 200}), (4, 'BAD_REQUEST'), '201')
eq((B.call('Find', filter={'text': 'x' * 1024}), B.code)[1], 0, 'a phrase of 1024 octets')
for bad in ({'text': 'x' * 1025}, {'since': 'x'}, {'flags': 'x'}, {'keywords': ['a b']}, {'join': 5}, {'attachment': 7}, {'header_value': 'x'}, {'filters': [{'before': 'y'}]}):
    eq(B.error('Find', 4, filter=bad), (4, 'BAD_REQUEST'), 'no filter: %.30r' % bad)
eq(B.error('Find', 4, direction=9), (4, 'BAD_REQUEST'), 'no direction')
eq(B.error('Find', 4, heads=9), (4, 'BAD_REQUEST'), 'no heads')
eq(B.error('Find', 4, sort={'parameter': 9}), (4, 'BAD_REQUEST'), 'no order')
if os.getuid():
    os.chmod(os.path.join(B.path, 'cur', [n for n in os.listdir(os.path.join(B.path, 'cur'))][0]), 0)
    eq(B.call('Find', folders=[''], filter={'text': 'apple'}, total=True).unread_files, 1, 'a mail that cannot be read is counted')
done()
