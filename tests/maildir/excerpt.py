"""Excerpts: texts of 255 octets around the first hit, every hit marked, against a plain evaluation; what is marked and what is not."""
import html
import json
import random
import re
import unicodedata
from op import *

rnd = random.Random(11)
T = 1700000000
B = Box()
WORDS = ['apple', 'Äpfel', 'Straße', 'STRASSE', 're\u0301sume\u0301', 'résumé', 'so\xadft', 'ｗｉｄｅ', '会議室', '🙂🙂', 'a', 'tea', 'naïve', 'x' * 40, 'zoo\u200b\u200b', '<b>&amp;', 'việt', 'o', 'Øre']
DROPPED = '\xad\u200b'


def forms(s):
    """Of each character what is compared; nothing for one that does not count."""
    out = []
    for c in s:
        if c.isspace():
            out.append(' ')
            continue
        f = unicodedata.normalize('NFD', unicodedata.normalize('NFKD', c).casefold()) if c not in DROPPED else ''
        out.append(''.join(k for k in f if not unicodedata.combining(k)).replace('ø', 'o'))
    return out


def form(s):
    return re.sub(' +', ' ', ''.join(forms(s)))


def hits(text, phrase):
    """Stretches of characters, of a text whose white space is blanks already."""
    f = forms(text)
    joined, start = '', []
    for i, x in enumerate(f):
        start += [i] * len(x)
        joined += x
    start.append(len(text))
    out, at = [], 0
    p = form(phrase)
    while p and (k := joined.find(p, at)) >= 0:
        end = start[k + len(p) - 1] + 1
        while end < len(text) and not f[end]:
            end += 1
        out.append((start[k], end))
        at = k + len(p)
    return out


def marks(text, phrases):
    inside = [False] * (len(text) + 1)
    for p in phrases:
        for a, b in hits(text, p):
            inside[a:b] = [True] * (b - a)
    out, at = [], 0
    octets = lambda n: len(text[:n].encode())
    while at < len(text):
        if inside[at]:
            end = at
            while inside[end]:
                end += 1
            out += [octets(at), octets(end) - octets(at)]
            at = end
        at += 1
    return out


def one_blank(s):
    return re.sub(r'\s+', ' ', s)


def put(i, subject, body, kind='plain'):
    head = 'Subject: =?utf-8?b?%s?=\nContent-Type: text/%s; charset=utf-8\n\n' % (__import__('base64').b64encode(subject.encode()).decode(), kind)
    mid = '%d.M%dP1.h' % (T + i, i)
    B.put(mid + ':2,S', head + body + '\n')
    return mid


def excerpt(mid, f, **more):
    r = B.call('Fetch', mails=[{'mid': mid}], excerpt=f, **more)
    if B.code or not r.mails[0].head.HasField('excerpt'):
        ok(False, 'an excerpt: code %d' % B.code)
    return r.mails[0].head.excerpt


def random_text(n):
    return ''.join(rnd.choice(WORDS) + rnd.choice([' ', ' ', '\n', '  ', '\t', '. ', '\u3000']) for _ in range(n))


# --- against a plain evaluation ---
wrong, with_hits, later = [], 0, 0
for i in range(150):
    subject, text = random_text(rnd.randrange(1, 5)).strip(), random_text(rnd.choice([1, 3, 10, 60, 900]))
    if rnd.random() < .3:
        text = 'filler and nothing else ' * rnd.choice([1, 800, 800]) + text
    kind = rnd.choice(['plain', 'plain', 'html'])
    mid = put(i, subject, text if kind == 'plain' else '<p>' + html.escape(text) + '</p>', kind)
    phrases = [rnd.choice(WORDS + ['pfel', 'strass', 'sse', 'e a', 'resume', '会', '🙂', 'wid', 'fil', 'no such', 'zoo a', 'ret']) for _ in range(rnd.choice([1, 1, 2, 3]))]
    f = {'join': 'ANY', 'filters': [{rnd.choice(['text', 'body', 'subject']): p} for p in phrases]}
    of = lambda *names: [p for p, g in zip(phrases, f['filters']) for k in g if k in names]
    x = excerpt(mid, f)
    # the subject
    in_subject = marks(one_blank(subject), of('text', 'subject'))
    if (x.subject, list(x.subject_marks)) != ((one_blank(subject), in_subject[:200]) if in_subject else ('', [])):
        wrong.append(('subject', phrases, x, in_subject))
    # the text
    whole = one_blank(text + '\n')
    bare = re.sub('[%s]' % DROPPED, '', whole)
    first = min((h[0] for p in of('text', 'body') for h in hits(whole, p)), default=None)
    if first is None:
        if x.text or x.text_marks:
            wrong.append(('no hit', phrases, x))
        continue
    with_hits += 1
    later += first > 5000
    if len(x.text.encode()) > 255 or re.sub('[%s]' % DROPPED, '', x.text) not in bare:
        wrong.append(('no stretch of it', phrases, x))
    got = list(x.text_marks)
    if got != marks(x.text, of('text', 'body')):
        wrong.append(('marks', phrases, x.text, got, marks(x.text, of('text', 'body'))))
    elif not got or forms(x.text.encode()[got[0]:got[0] + got[1]].decode())[0] != forms(whole[first:])[0]:
        wrong.append(('not the first', phrases, x.text, whole[first:first + 20]))
    # words before the hit, and what is behind it as far as there is room
    if len(x.text.encode()) < 250 and not bare.rstrip().endswith(re.sub('[%s]' % DROPPED, '', x.text).rstrip()) and len(x.text.encode()) < 240:
        wrong.append(('short', phrases, len(x.text.encode()), x.text))
eq(wrong[:3], [], '150 mails, %d with hits in the text' % with_hits)
ok(with_hits > 50 and later > 3, 'enough of them, and some far in it')

# --- places ---
wrong = []
for at in list(range(16150, 16400, 7)) + [40000]:
    mid = put(1000, 's', 'y' * (at % 50) + ' word' * (at // 5) + ' ' * (at % 5) + ' Nee\xaddle\u0301 end')
    x = excerpt(mid, {'text': 'needle'})
    if x.text.encode()[x.text_marks[0]:sum(x.text_marks[:2])].decode() != 'Nee\xaddle\u0301' or not x.text.endswith(' end ') and not x.text.endswith(' end'):
        wrong.append((at, x))
eq(wrong[:1], [], 'a hit wherever the pieces end that are read, with its marks')
mid = put(1001, 'subject', 'needle')
x = excerpt(mid, {'body': 'needle'})
eq((x.text.strip(), list(x.text_marks), x.subject), ('needle', [0, 6], ''), 'nothing else in it')
long = 'ä' * 400
mid = put(1002, long, 'before it ' + long + ' behind')
x = excerpt(mid, {'text': long})
eq((x.text, list(x.text_marks), x.subject == long, list(x.subject_marks)), ('ä' * 127, [0, 254], True, [0, 800]), 'a hit that is longer than the excerpt: its start, in whole characters')
mid = put(1003, 'a ' * 300, 'a' * 1000)
x = excerpt(mid, {'text': 'a'})
eq((len(x.subject_marks), len(x.text), list(x.text_marks)), (200, 255, [0, 255]), 'a hundred are marked; those that touch are one')
mid = put(1004, 'x', 'z' * 3000 + ' needle ' + 'z' * 3000)
x = excerpt(mid, {'text': 'needle'})
eq((len(x.text), x.text[x.text_marks[0]:][:6]), (255, 'needle'), 'a word without end around it')
mid = put(1005, 'x', 'a\u0301' * 10 + ('n' + '\u0301' * 5000 + 'eedle ') * 2)
x = excerpt(mid, {'text': 'needle'})
ok(0 < len(x.text.encode()) <= 255 and x.text_marks, 'marks by the thousand')
mid = put(1006, 'x', 'bell \x07 tab\t\x1b[31mneedle\x00')
ok(not re.search('[\0-\x1f\x7f]', excerpt(mid, {'text': 'needle'}).text), 'no control characters')

# --- accents ---
mid = put(1010, 'Résumé', 'resume resume résumé here')
x = excerpt(mid, {'text': 'résumé', 'accents': True})
eq((list(x.subject_marks), [x.text.encode()[a:a + n].decode() for a, n in zip(x.text_marks[::2], x.text_marks[1::2])]), ([0, 8], ['résumé']), 'where accents count, so they do here')
x = excerpt(mid, {'text': 'résumé'})
eq(len(x.text_marks), 6, 'else they do not')
mid = put(1011, 'x', 'e ' * 3000 + 'é')
eq(excerpt(mid, {'text': 'é', 'accents': True}).text.strip()[-3:], 'e é', 'behind many that are not')

# --- what is marked ---
mid = put(1020, 'needle', 'needle')
for f, want in (({'from': 'needle'}, ('', '')), ({'subject': 'needle'}, ('needle', '')), ({'body': 'needle'}, ('', 'needle')), ({'text': 'needle'}, ('needle', 'needle')), ({'flags': 'S'}, ('', '')), ({}, ('', '')),
                ({'join': 'NONE', 'filters': [{'text': 'needle'}]}, ('', '')), ({'join': 'NONE', 'text': 'needle', 'filters': [{'text': 'x'}]}, ('needle', 'needle')),
                ({'filters': [{'filters': [{'body': 'needle'}]}]}, ('', 'needle')), ({'text': '\xad'}, ('', '')), ({'file_name': 'needle'}, ('', ''))):
    x = excerpt(mid, f)
    eq((x.subject, x.text.strip()), want, 'of %r' % f)
B.put('%d.M1030P1.h:2,' % T, 'Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<style>needle</style><p>Some <b>nee</b>dle &lt;here&gt;</p>\n'
      '--b\nContent-Type: message/rfc822\n\nSubject: needle\n\nneedle inside\n--b\nContent-Type: a/b; name=needle\n\nneedle\n--b--\n')
x = excerpt('%d.M1030P1.h' % T, {'text': 'needle'})
eq((x.subject, x.text.strip(), list(x.text_marks)), ('', 'Some needle <here>', [5, 6]), 'of HTML what people read')
eq(excerpt('%d.M1030P1.h' % T, {'text': 'inside'}).text.strip(), 'needle inside', 'of a message inside too')

# --- control characters before a hit ---
for i, (text, want) in enumerate((('a' + 70 * '\x01' + 'needle', ('a needle', [2, 6])), ('a \x01 \x02\x85needle\x01 \x02b', ('a needle b', [2, 6])),
                                  ('a' + ' \xad\xad\xad\xad\x01' * 3 + 'needle', ('a \xad\xad\xad\xadneedle', [10, 6])))):
    x = excerpt(put(1100 + i, 'x', text), {'text': 'needle'})
    eq((x.text, list(x.text_marks)), want, 'they are one blank, and marks are where the hit is')

# --- calls ---
r = B.call('Find', filter={'body': 'needle', 'message_id': ''}, excerpt=True, limit=100)
ok(len(r.found) > 5 and all(h.excerpt.text_marks and not h.excerpt.subject for h in r.found), 'Find: an excerpt in each head')
ok(all(not h.HasField('excerpt') for h in B.call('Find', filter={'body': 'needle'}, limit=100).found), 'none where it is not asked')
ok(all(not h.HasField('excerpt') for h in B.call('Find', filter={'body': 'needle'}, limit=100, excerpt=True, heads='MIDS').found), 'none with mids alone')
eq([h.excerpt.text for h in B.call('Find', excerpt=True, limit=3).found], [''] * 3, 'without a filter it is empty')
eq(B.error('Fetch', 4, mails=[{'mid': mid}], excerpt={'text': 'x' * 1025}), (4, 'BAD_REQUEST'), 'Fetch: no such filter')
r = B.call('Fetch', mails=[{'mid': mid}], excerpt={'text': 'needle'}, texts='TEXT')
eq((r.mails[0].head.mid, r.mails[0].texts[0].text.strip(), r.mails[0].head.excerpt.subject), (mid, 'needle', 'needle'), 'Fetch: beside texts')
j = subprocess.run([bin_dir + '/message-to-json', 'FetchResp'], input=r.SerializeToString(), capture_output=True).stdout
eq(json.loads(j)['mails'][0]['head']['excerpt']['textMarks'], [0, 6], 'in JSON')
done()
