"""Fetch: what is asked of many mails in one call."""
import email, email.policy, glob, hashlib, re
from op import *

T = 1700000000
B = Box()
B.folder('.A')
B.folder('.B')
code = lambda f: pb.Error.Code.Name(f.error.code) if f.HasField('error') else None


def fetch(text, **what):
    name = '%d.M%dP1.h' % (T, fetch.n)
    fetch.n += 1
    path = B.put(name + ':2,S', text=text)
    r = B.call('Fetch', mails=[{'mid': name}], **what)
    os.unlink(path)
    return r.mails[0]


fetch.n = 0

# --- the lists of parts: RFC 8621 4.1.4's example ---
def leaf(letter, kind, disposition='', name=''):
    return 'Content-Type: %s%s\n%s\n%s\n' % (kind, '; name="%s"' % name if name else '', 'Content-Disposition: %s\n' % disposition if disposition else '', letter)


def multi(sub, *parts, depth=[0]):
    depth[0] += 1
    b = 'b%d' % depth[0]
    return 'Content-Type: multipart/%s; boundary=%s\n\n' % (sub, b) + ''.join('--%s\n%s' % (b, p) for p in parts) + '--%s--\n' % b


def letters(text, field):
    f = fetch('Subject: x\n' + text, tree=True)
    names = {}

    def walk(body, mime, inside):
        if body.HasField('multipart'):
            for p in body.multipart.parts:
                names[p.mime_header.path] = None
                walk(p.body, p.mime_header, inside)
    out = []
    for path in getattr(f, field):
        out.append(B.letters[path])
    return out


rfc = multi('mixed', leaf('A', 'text/plain', 'inline'),
            multi('mixed', multi('alternative', multi('mixed', leaf('B', 'text/plain', 'inline'), leaf('C', 'image/jpeg', 'inline'), leaf('D', 'text/plain', 'inline')),
                                 multi('related', leaf('E', 'text/html'), leaf('F', 'image/jpeg'))),
                  leaf('G', 'image/jpeg', 'attachment'), leaf('H', 'application/x-excel'), 'Content-Type: message/rfc822\n\nSubject: J\n\nj\n'),
            leaf('K', 'text/plain', 'inline'))
B.letters = {'1': 'A', '2.1.1.1': 'B', '2.1.1.2': 'C', '2.1.1.3': 'D', '2.1.2.1': 'E', '2.1.2.2': 'F', '2.2': 'G', '2.3': 'H', '2.4': 'J', '3': 'K'}
eq([letters(rfc, f) for f in ('text_body', 'html_body', 'attachments')], [list('ABCDK'), list('AEK'), list('CFGHJ')], 'the lists of RFC 8621\'s example')
B.letters = {'1': '1', '2': '2', '3': '3', '': '0'}
eq([letters(leaf('x', 'text/html'), f) for f in ('text_body', 'html_body', 'attachments')], [['1'], ['1'], []], 'HTML alone is both')
eq([letters(leaf('x', 'application/pdf'), f) for f in ('text_body', 'html_body', 'attachments')], [[], [], ['1']], 'a PDF alone is attached')
eq([letters(multi('alternative', leaf('x', 'text/plain')), f) for f in ('text_body', 'html_body')], [['1'], ['1']], 'an alternative of one')
eq([letters(multi('mixed', leaf('x', 'text/plain'), leaf('y', 'text/plain', '', 'y.txt')), f) for f in ('text_body', 'attachments')], [['1'], ['2']], 'a text with a name is attached')
eq([letters(multi('mixed', leaf('x', 'text/plain', '', 'x.txt'), leaf('y', 'image/png')), f) for f in ('text_body', 'html_body', 'attachments')], [['1', '2'], ['1', '2'], []], 'but not the first')


# the same algorithm as the RFC prints it, on every mail of the tests
def peer(part):
    def kind(p):
        return p['type']

    def parse(parts, multipart, inside, html, text, attached):
        tl, hl = (len(text) if text is not None else -1), (len(html) if html is not None else -1)
        for i, p in enumerate(parts):
            media = p['type'].split('/')[0] in ('image', 'audio', 'video')
            inline = p['disposition'] != 'attachment' and (p['type'] in ('text/plain', 'text/html') or media) and (i == 0 or (multipart != 'related' and (media or not p['name'])))
            if p['parts'] is not None:
                sub = p['type'].split('/')[1]
                parse(p['parts'], sub, inside or sub == 'alternative', html, text, attached)
            elif inline:
                if multipart == 'alternative':
                    target = {'text/plain': text, 'text/html': html}.get(p['type'], attached)
                    (attached if target is None else target).append(p['path'])
                    continue
                elif inside:
                    if p['type'] == 'text/plain':
                        html = None
                    if p['type'] == 'text/html':
                        text = None
                if text is not None:
                    text.append(p['path'])
                if html is not None:
                    html.append(p['path'])
                if (text is None or html is None) and media:
                    attached.append(p['path'])
            else:
                attached.append(p['path'])
        if multipart == 'alternative' and text is not None and html is not None:
            if tl == len(text) and hl != len(html):
                text += html[hl:]
            elif hl == len(html) and tl != len(text):
                html += text[tl:]
    out = [], [], []
    parse([part], 'mixed', False, out[0], out[1], out[2])
    return [out[1], out[0], out[2]]


def tree_of(mime, body):
    return {'type': mime.main_type + '/' + mime.sub_type, 'path': mime.path, 'name': mime.file_name,
            'disposition': 'attachment' if mime.content_dispo == pb.MIMEHeader.ATTACHMENT else '',
            'parts': [tree_of(p.mime_header, p.body) for p in body.multipart.parts] if mime.main_type == 'multipart' and not mime.opaque else None}


wrong = []
files = sorted(glob.glob(os.path.join(top, 'tests/mail/**/*.eml'), recursive=True))
for path in files:
    f = fetch(open(path, 'rb').read(), tree=True, texts='ALL', heads=True, preview=True, all_fields=True)
    if peer(tree_of(f.mail.head.mime, f.mail.body)) != [list(f.text_body), list(f.html_body), list(f.attachments)]:
        wrong.append(os.path.basename(path))
eq(wrong, [], 'the algorithm as the RFC prints it says the same of %d mails' % len(files))


# the same from trees of other readers: Python's email on our own mails; the corpus by its oracle, where it is at hand
def tree_read(document):
    """Of "multipart/mixed(text/plain,message/rfc822(text/plain))" and the leaves."""
    leaves, text = {l['path']: l for l in document['leaves']}, document['tree']

    def part(at, path, counts):
        end = re.compile('[(),]|$').search(text, at).start()
        kind, parts = text[at:end], None
        is_multipart = kind.startswith('multipart/')
        if end < len(text) and text[end] == '(':
            inside, at = [], end
            while text[at] != ')':
                p, at = part(at + 1, (path + '.' if path else '') + str(len(inside) + 1), counts and is_multipart)
                inside.append(p)
            end = at + 1
            parts = inside if is_multipart else None
        here = path if is_multipart else path or '1'
        l = leaves.get(here, {}) if counts else {}
        return {'type': kind, 'path': here, 'name': l.get('filename'), 'disposition': l.get('disposition') or '', 'parts': parts}, end
    return part(0, '', True)[0]


def disagree(documents, directory, known=()):
    """Those of which Fetch says other lists, or other texts in them; and how many texts were compared."""
    out, texts = [], 0
    for d in documents:
        notes = ' '.join(n for n in d['notes'] if isinstance(n, str) and n.startswith('AMBIGUOUS '))
        if not d.get('tree') or 'AMBIGUOUS tree' in notes or 'multipart without parts' in notes or (d['file'], 'tree') in known:
            continue
        with open(os.path.join(directory, d['file']), 'rb') as file:
            f = fetch(file.read(), tree=True, texts='TEXT_AND_HTML')
        said, want = [list(f.text_body), list(f.html_body), list(f.attachments)], peer(tree_read(d))
        if said != want and 'content-disposition' not in notes:
            out.append((d['file'], said, want))
        leaves = {l['path']: l.get('text_sha256_trim') for l in d['leaves']}
        for t in f.texts:
            unclear = (d['file'], 'text') in known or 'AMBIGUOUS %s:' % t.path in notes
            texts += bool(leaves.get(t.path)) and not unclear
            if leaves.get(t.path) and hashlib.sha256(t.text.rstrip('\n').encode()).hexdigest() != leaves[t.path] and not unclear:
                out.append((d['file'], t.path, t.text[:100]))
    return out, texts


sys.path.insert(0, os.path.join(top, 'tests', 'corpus'))
import compare, others  # noqa: E402
plain = [f for f in files if os.path.dirname(f).endswith('tests/mail')]
documents = [dict(others.read_python(path), file=path, notes=[]) for path in plain]
for d in documents:
    d['leaves'] = [{k: v for k, v in l.items() if k != 'text_sha256_trim'} for l in d['leaves']]  # of charsets it knows less
eq((disagree(documents, '')[0], len(documents) > 30), ([], True), "the lists by Python's email of %d mails that keep to the rules" % len(documents))
corpus = os.path.join(top, '..', 'shared', 'corpus')
if os.path.exists(corpus):
    with open(os.path.join(top, 'tests', 'corpus', 'known')) as f:
        known = {tuple(l.split()[:2]) for l in f if l.strip() and l[0] != '#'}
    documents = list(compare.load(os.path.join(corpus, 'expected.jsonl')).values())
    out, texts = disagree(documents, os.path.join(corpus, 'messages'), known)
    eq((out, texts > 100), ([], True), 'the corpus, %d mails and %d texts' % (len(documents), texts))
else:
    print('# ../shared/corpus is not there')

# --- texts ---
alt = multi('alternative', leaf('plain', 'text/plain; charset=utf-8'), leaf('<p>html</p>', 'text/html'))
for texts, want in (('NO_TEXT', []), ('TEXT', ['1']), ('HTML', ['2']), ('TEXT_AND_HTML', ['1', '2']), ('ALL', ['1', '2'])):
    f = fetch('Subject: x\n' + alt, texts=texts)
    eq([t.path for t in f.texts], want, 'texts: ' + texts)
f = fetch('Content-Type: text/plain; charset=utf-8\n\nabcäß\r\nd\n', texts='TEXT')
eq((f.texts[0].text, f.texts[0].cut, f.texts[0].malformed), ('abcäß\nd\n', False, False), 'a text has LF')
for n, want in ((3, 'abc'), (4, 'abc'), (5, 'abcä'), (6, 'abcä'), (7, 'abcäß'), (8, 'abcäß\n')):
    f = fetch('Content-Type: text/plain; charset=utf-8\n\nabcäß\r\nd\n', texts='TEXT', text_max=n)
    eq((f.texts[0].text, f.texts[0].cut), (want, True), 'cut at %d, between characters' % n)
f = fetch('Content-Type: text/plain; charset=utf-8\n\nabc', texts='TEXT', text_max=3)
eq((f.texts[0].text, f.texts[0].cut), ('abc', False), 'as long as it may be: not cut')
for n, want in ((5, 'ab'), (8, 'ab'), (9, 'ab<b x=1>'), (11, 'ab<b x=1>c'), (14, 'ab<b x=1>c'), (20, 'ab<b x=1>c&auml;d')):
    f = fetch('Content-Type: text/html\n\nab<b x=1>c&auml;d</b>', texts='HTML', text_max=n)
    eq((f.texts[0].text, f.texts[0].cut), (want, True), 'HTML cut at %d: not inside a tag or an entity' % n)
for what, text, bad in (('an unknown charset', 'Content-Type: text/plain; charset=x-none\n\na', True), ('octets that are no UTF-8', b'Content-Type: text/plain; charset=utf-8\n\na\xff', True),
                        ('base64 that is cut', 'Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nQUJDR', True), ('an unknown encoding', 'Content-Transfer-Encoding: x-y\n\na', True),
                        ('what has no charset', b'Subject: x\n\na\xe4', False), ('U+FFFD that was sent', 'Content-Type: text/plain; charset=utf-8\n\na\ufffd', False),
                        ('octets that shift_jis has not', b'Content-Type: text/plain; charset=shift_jis\n\na\x80\xff', True)):
    eq(fetch(text, texts='TEXT').texts[0].malformed, bad, 'malformed: %s: %s' % (what, bad))

# --- fields ---
head = ('Received: one\nReceived: two\n  folded\nSubject: =?utf-8?q?=C3=A4?=\nTo: A: a@x.example, b@x.example;, "C, c" <c@x.example>\nMessage-ID: <1@x>\nReferences: <2@x> <3@x>\n'
        'Date: Fri, 1 Dec 2023 10:00:00 +0100\nList-Unsubscribe: <mailto:u@x.example>, <http://x.example/u>\nX-Two: first\nX-Two: second\n\n')
f = fetch(head, fields=[{'name': 'received', 'form': 'RAW', 'all': True}, {'name': 'X-TWO', 'form': 'TEXT'}, {'name': 'Subject', 'form': 'TEXT'}, {'name': 'subject'}, {'name': 'To', 'form': 'ADDRESSES'},
                        {'name': 'To', 'form': 'GROUPS'}, {'name': 'References', 'form': 'IDS'}, {'name': 'Date', 'form': 'DATE'}, {'name': 'List-Unsubscribe', 'form': 'URLS'}, {'name': 'None'}])
v = list(f.fields)
eq([x.name for x in v], ['received', 'received', 'X-TWO', 'Subject', 'subject', 'To', 'To', 'References', 'Date', 'List-Unsubscribe'], 'fields in the order asked; one that is not there is not')
eq([v[0].raw, v[1].raw, v[4].raw], [b' one', b' two\n  folded', b' =?utf-8?q?=C3=A4?='], 'raw: the octets behind the colon')
eq([v[2].text, v[3].text], ['second', 'ä'], 'text: the last one, decoded')
eq([(a.name, a.address) for a in v[5].addresses], [('', 'a@x.example'), ('', 'b@x.example'), ('C, c', 'c@x.example')], 'addresses')
eq([(g.name, [a.address for a in g.addresses]) for g in v[6].groups], [('A', ['a@x.example', 'b@x.example']), ('', ['c@x.example'])], 'groups')
eq((list(v[7].ids), v[8].date, list(v[9].urls)), (['2@x', '3@x'], '2023-12-01T10:00:00+01:00', ['mailto:u@x.example', 'http://x.example/u']), 'ids, date, URLs')
f = fetch(head, all_fields=True)
m = email.message_from_string(head, policy=email.policy.compat32)
eq([(x.name, x.raw.decode().lstrip()) for x in f.fields], [(n, t) for n, t in m.items()], 'all fields, as Python\'s email has them')
f = fetch('Subject: x\n' + alt, tree=True, fields=[{'name': 'Content-Type', 'parts': True}])
eq([p.mime_header.fields[0].raw.strip() for p in f.mail.body.multipart.parts], [b'text/plain; charset=utf-8', b'text/html'], 'a field of every part')
eq(len(f.mail.head.mime.fields), 1, 'and of the mail')
eq(B.error('Fetch', 4, fields=[{'name': 'x', 'form': 7}]), (4, 'BAD_REQUEST'), 'no such form')
eq(B.error('Fetch', 4, fields=[{'name': ''}]), (4, 'BAD_REQUEST'), 'no name')
eq(B.error('Fetch', 4, fields=[{'name': 'x'}] * 101), (4, 'BAD_REQUEST'), '101 fields')
eq((B.call('Fetch', fields=[{'name': 'x'}] * 100), B.code)[1], 0, '100 fields')
eq(B.error('Fetch', 4, mails=[{'mid': 'x'}], texts=5), (4, 'BAD_REQUEST'), 'no such choice of texts')

# --- which mails ---
a, b, c = ['%d.M%dP2.h' % (T + i, i) for i in range(3)]
B.put(a + ':2,S', text='Subject: a\n\nbody', folder='')
B.put(b + ':2,', text='Subject: b\n\nbody', folder='.A')
os.link(os.path.join(B.path, '.A', 'cur', b + ':2,'), os.path.join(B.path, '.B', 'cur', b + ':2,S'))
r = B.call('Fetch', heads=True, mails=[{'mid': b, 'folder': 'A'}, {'mid': a}, {'mid': b}, {'mid': 'x'}, {'mid': a, 'folder': 'Nope'}, {'mid': a}])
eq([(f.mid, list(f.folders), f.head.header.subject, code(f)) for f in r.mails],
   [(b, ['A'], 'b', None), (a, [''], 'a', None), (b, [], '', 'NO_SUCH_MAIL'), ('x', [], '', 'NO_SUCH_MAIL'), (a, [], '', 'INVALID_FOLDER'), (a, [''], 'a', None)], 'in the order asked, each with its error')
r = B.call('Fetch', anywhere=True, heads=True, mails=[{'mid': b}, {'mid': a, 'folder': 'B'}, {'mid': b, 'folder': 'B'}, {'mid': 'x'}])
eq([(list(f.folders), f.head.flags, code(f)) for f in r.mails], [(['A', 'B'], '', None), ([''], 'S', None), (['B', 'A'], 'S', None), ([], '', 'NO_SUCH_MAIL')], 'anywhere: all folders, the one named first')
h = B.call('List', end=1, preview=True).mail_heads[0]
eq(B.call('Fetch', heads=True, preview=True, mails=[{'mid': a}]).mails[0].head, h, 'the head is that of a list')
eq(B.call('Fetch', tree=True, mails=[{'mid': a}]).mails[0].mail, B.call('Show', mid=a, bodies='NONE').mail, 'the tree is that of Show')
r = B.call('Fetch', mails=[{'mid': a}] * 501)
eq([code(f) for f in r.mails], [None] * 500 + ['TOO_LARGE'], '501 mails: the last one is to be asked for again')
B.put(c + ':2,S', text='Subject: large\n\n' + 'x' * (20 << 20))
r = B.call('Fetch', texts='TEXT', mails=[{'mid': c}] * 4 + [{'mid': a}])
eq([(code(f), len(f.texts[0].text) if f.texts else 0) for f in r.mails], [(None, 20 << 20)] * 3 + [('TOO_LARGE', 0)] * 2, 'an answer stops growing at 64 MiB')
done()
