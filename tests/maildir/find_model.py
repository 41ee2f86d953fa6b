"""Find's filters, leaf by leaf and to 10 deep, against what an independent reader (plain_reader.py) has of each mail: on mails of all kinds as good
programs write them (varied_mails.py), where both must agree in everything, and on odd ones; without an index, with one, and with what that knows of texts."""
import glob
import random
import unicodedata
from op import *
import plain_reader
import varied_mails

SEED = int(os.environ.get('FIND_SEED', '3'))
rnd = random.Random(SEED)
T = 1700000000
FOLDERS = ['', 'A', 'B.c']
WHERE = ['text', 'from', 'to', 'cc', 'bcc', 'subject', 'body', 'file_name']
rfc = lambda t: time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(t))
FLAGS = ['', 'S', 'F', 'FS', 'RS', 'P']


# What a filter asks of a mail.
ASPECTS = {'text': 'text', 'body': 'body', 'file_name': 'name', 'attachment': 'attachment', **{k: 'head' for k in ('from', 'to', 'cc', 'bcc', 'subject', 'header', 'message_id')}}

# Odd mails that Python reads otherwise: in what, and the heading of doc/differences that says why. There the single filter's answer is taken for
# what joins are made of.
OTHERWISE = {
    # tests/mail/odd
    'addresses.eml': 'head',                # addresses are never dropped
    'base64-loose.eml': 'body',             # Transfer encodings
    'byte-order-mark.eml': 'head body',     # byte-order mark
    'encoded-message.eml': 'head body',     # messages in parts
    'folded-boundary.eml': 'body',          # a boundary that is not there
    'junk-among-fields.eml': 'head body',   # junk among the fields
    'mbox-line.eml': 'head body',           # heads: mbox's line, a blank before the colon
    'names.eml': 'name',                    # Parameters
    'qp-loose.eml': 'body',                 # Transfer encodings
    'no-boundary.eml': 'body',              # multipart without parts
    'repeated-fields.eml': 'head',          # repeated fields
    # ../shared/corpus
    'cpython__msg_25.txt.eml': 'head body attachment',                              # junk among the fields; a boundary that is not there
    'enmime__parts__multibase64.raw.eml': 'body',                                   # Transfer encodings
    'flanker__mailformed-headers.eml': 'body',                                      # a multipart without parts
    'imaptest__fetch-bodystructure.mbox.000.eml': 'body attachment',                # a boundary that is folded
    'imaptest__urlauth-binary.mbox.000.eml': 'head body name attachment',           # a boundary that is folded
    'james-project__mailbox__opensearch__src__test__resources__eml__bodyMakeTikaToFail.eml': 'body',  # what the rest of a boundary line may be
    'james-project__mailbox__store__src__test__resources__eml__oneHtmlAttachmentAndSomeTextInlined.eml': 'head body name attachment date',  # junk among the fields
    'mikel-mail__error_emails__content_transfer_encoding_empty.eml': 'body',        # malformed text
    'mikel-mail__plain_emails__raw_email_multiple_from.eml': 'head body',           # addresses are never dropped
    'mime4j__base64encoded-rfc822message-nested.msg.eml': 'head body name attachment',  # messages in parts
    'mime4j__missing-inner-boundary.msg.eml': 'body',                               # multipart without parts
    'mimekit__messages__delivery-status.anonymized.eml': 'head',                    # addresses are never dropped
    'mimekit__content-length.mbox.txt.011.eml': 'head body name attachment',        # heads of messages inside messages
    'php-mmp__issue116.eml': 'head body',                                           # charsets are what senders mean
    'rspamd__alternative-empty-related.eml': 'body',                                # multipart without parts
    'rspamd__broken_richtext.eml': 'body',                                          # text/enriched, NUL
    'rspamd__phish_sender.eml': 'head body',                                        # repeated fields; a boundary that is not there
    'spamassassin-t__nice__mime1.eml': 'body',                                      # text/richtext
    'stalwart__malformed__004.eml': 'body',                                         # a boundary that is not there
    'stalwart__malformed__005.eml': 'body',
    'stalwart__thirdparty__002.eml': 'body',                                        # labels that the octets refute
}


class Mails:
    """A mailbox, and of each mail in it what the plain reader says."""

    def __init__(self, name):
        self.box = Box(name)
        for f in FOLDERS[1:]:
            self.box.folder('.' + f)
        self.all, self.read, self.facts, self.source = [], {}, {}, {}

    def put(self, octets, source=None):
        i = len(self.all)
        folder, flags = FOLDERS[max(0, i % 6 - 3)], FLAGS[i % 5]
        which = (folder, '%d.M%dP1.h' % (T + i * 60, i))
        self.box.put(which[1] + ':2,' + flags, octets, folder='.' + folder if folder else '')
        self.all.append(which)
        self.read[which] = plain_reader.Mail(octets)
        self.facts[which] = {'size': len(octets), 'flags': flags, 'arrival': T + i * 60, 'folder': folder}
        self.source[which] = source

    def otherwise(self, which, f):
        """Whether the plain reader says nothing of what that filter asks of this mail."""
        asked = {ASPECTS[k] for k in f if k in ASPECTS} | ({'date'} if f.get('sent') else set())
        said = OTHERWISE.get(self.source[which], '')
        return any(a in said for a in asked) or ('text' in asked and any(a in said for a in ('head', 'body', 'name')))

    def find(self, f):
        r = self.box.call('Find', filter=f, limit=100000, total=True, heads='MIDS')
        got = {(h.folder, h.mid) for h in r.found}
        return got if (self.box.code, r.total, len(got), r.unread_files) == (0, len(r.found), len(r.found), 0) else (self.box.code, r)

    # --- the plain evaluation of one filter without those in it ---

    def holds(self, which, f):
        m, facts = self.read[which], self.facts[which]
        accents = f.get('accents', False)
        own = [plain_reader.has(m.texts(k), f[k], accents) for k in WHERE if f.get(k)]
        if f.get('header'):
            own.append(any(plain_reader.has([v], f.get('header_value', ''), accents) for v in m.values(f['header'])))
        when = m.sent() if f.get('sent') else facts['arrival']
        if when is None:
            when = facts['arrival']
        if f.get('since'):
            own.append(rfc(when) >= f['since'])
        if f.get('before'):
            own.append(rfc(when) < f['before'])
        own.append(facts['size'] >= f.get('min_size', 0))
        if f.get('max_size'):
            own.append(facts['size'] < f['max_size'])
        own += [c in facts['flags'] for c in f.get('flags', '')] + [c not in facts['flags'] for c in f.get('no_flags', '')]
        if f.get('folders'):
            own.append(facts['folder'] in f['folders'])
        if f.get('no_folders'):
            own.append(facts['folder'] not in f['no_folders'])
        if f.get('attachment'):
            own.append(m.has_attachment() == (f['attachment'] == 'YES'))
        if f.get('message_id'):
            own.append(m.message_id() == f['message_id'])
        return all(own)

    def evaluate(self, f):
        said = self.find(f) if any(self.otherwise(w, f) for w in self.all) else set()
        return {w for w in self.all if (w in said if self.otherwise(w, f) else self.holds(w, f))}

    # --- what may be asked ---

    def phrase(self, where):
        """A stretch of a text that some mail has there, written in another way; now and then one that hardly any has."""
        text = ''
        while not plain_reader.compared(text).strip():
            m, how = self.read[rnd.choice(self.all)], rnd.random()
            # Now and then what lies in the file, markup and fields that nobody reads among it.
            texts = m.texts(where if how < .8 else 'text') if how < .9 else m.octets.decode('utf-8', 'ignore').replace('\0', '').splitlines()
            text = ' '.join(rnd.choice(texts)[:20000].split()) if texts else ''
        a = rnd.randrange(len(text))
        p = text[a:a + rnd.choice([1, 2, 3, 5, 8, 14, 30])]
        p = rnd.choice([str, str, str, str.upper, str.lower, str.casefold, lambda s: unicodedata.normalize('NFD', s), lambda s: unicodedata.normalize('NFC', s), wide, lambda s: s.replace(' ', ' \n '),
                        lambda s: s[:1] + '\xad' + s[1:], lambda s: s[:2] + '\u200d' + s[2:], without_marks, lambda s: s[::-1], lambda s: s + 'x', lambda s: s + ' ' + rnd.choice(texts)[:3].replace('\0', '')])(p)
        return p if plain_reader.compared(p).strip() else 'the'

    def leaf(self):
        where = rnd.choice(WHERE + ['text', 'body', 'subject', 'header', 'other'])
        if where == 'other':
            t = rfc(T + rnd.randrange(-24000, 36000))
            return rnd.choice([{'min_size': rnd.randrange(3000)}, {'max_size': rnd.randrange(1, 9000)}, {'flags': rnd.choice('SF')}, {'no_flags': rnd.choice('SF')}, {'folders': rnd.sample(FOLDERS, 2)},
                               {'no_folders': [rnd.choice(FOLDERS)]}, {'since': t}, {'before': t}, {'sent': True, 'since': t}, {'sent': True, 'before': t},
                               {'message_id': self.read[rnd.choice(self.all)].message_id() or 'none'}, {'attachment': rnd.choice(['YES', 'NO'])}, {}])
        f = {where: self.phrase(where)} if where != 'header' else self.header()
        if rnd.random() < .3:
            f['accents'] = True
        if rnd.random() < .1:
            second = rnd.choice(WHERE)
            f[second] = f.get(second) or self.phrase(second)
        return f

    def header(self):
        field = rnd.choice(['X-Note', 'x-note', 'SUBJECT', 'Bcc', 'Message-ID', 'No-Such'])
        f = {'header': field}
        values = [v for m in self.read.values() for v in m.values(field) if plain_reader.compared(v).strip()]
        if values and rnd.random() < .8:
            v = rnd.choice(values)
            a = rnd.randrange(len(v))
            p = v[a:a + rnd.choice([1, 3, 8])]
            f['header_value'] = p if plain_reader.compared(p).strip() else v
        return f

    def tree(self, levels, leaves):
        """A filter of so many levels exactly, and the mails that it has. leaves: pairs of a filter and its mails."""
        own, mine = rnd.choice(leaves) if levels == 1 or rnd.random() < .2 else ({}, set(self.all))
        if levels == 1:
            return own, mine
        join = rnd.choice(['ALL', 'ANY', 'ANY', 'NONE'])
        parts = [self.tree(levels - 1, leaves)] + [self.tree(rnd.randrange(1, min(levels, 4)), leaves) for _ in range(rnd.randrange(3))]
        rnd.shuffle(parts)
        sets = [x for _, x in parts]
        inner = set.intersection(*sets) if join == 'ALL' else set.union(*sets) if join == 'ANY' else set(self.all) - set.union(*sets)
        return {**own, 'join': join, 'filters': [p for p, _ in parts]}, mine & inner


def wide(s):
    return ''.join(chr(ord(c) + 0xfee0) if '!' <= c <= '~' else c for c in s)


def without_marks(s):
    return ''.join(c for c in unicodedata.normalize('NFD', s) if not plain_reader.is_mark(c))


def differ(mails, got, want):
    """Which mails are told and should not be, or the other way round."""
    return ('too many', sorted(got - want)[:3], 'too few', sorted(want - got)[:3]) if isinstance(got, set) else got


def check(mails, leaves, trees, how):
    wrong, some = [], 0
    for f, want in leaves:
        got = mails.find(f)
        some += 0 < len(want) < len(mails.all)
        if got != want:
            wrong.append((f, differ(mails, got, want), [mails.source[w] for w in list(got ^ want)[:4]] if isinstance(got, set) else ''))
    eq(wrong[:3], [], '%d filters, %s' % (len(leaves), how))
    ok(some > len(leaves) // 2, 'of which %d have some mails and not all' % some)
    wrong, some = [], 0
    for i in range(trees):
        f, want = mails.tree(10 if i % 2 else rnd.randrange(2, 11), leaves)
        got = mails.find(f)
        some += 0 < len(want) < len(mails.all)
        if got != want:
            wrong.append((f, differ(mails, got, want), [mails.source[w] for w in list(got ^ want)[:4]] if isinstance(got, set) else ''))
    eq(wrong[:1], [], '%d filters of filters, half of them 10 deep, %s' % (trees, how))
    ok(some > trees // 5, 'of which %d have some mails and not all' % some)


# --- mails as good programs write them ---
V = Mails('varied')
maker, misread = varied_mails.Varied(rnd), []
for i in range(240):
    octets, truth = maker.mail()
    V.put(octets)
    m = V.read[V.all[-1]]
    plain = lambda texts: sorted(plain_reader.compared(t).strip() for t in texts)
    said = (plain(m.bodies), plain(m.names), [plain(h.all()) for h in m.heads])
    if said != (plain(truth['bodies']), plain(truth['names']), [plain([t for texts in h.values() for t in texts]) for h in truth['heads']]):
        misread.append((i, said))
eq(misread[:1], [], 'the plain reader has of each of %d varied mails what was written into it' % len(V.all))
leaves = [(f, V.evaluate(f)) for f in (V.leaf() for _ in range(int(os.environ.get('FIND_LEAVES', '250'))))]
leaves += [({'text': w}, set()) for w in varied_mails.UNSEEN]
V.box.options = ('-I',)
check(V, leaves, 150, 'varied mails, without an index')
V.box.options = ()
for folder in FOLDERS:
    V.box.call('FolderInfo', state=True)
ok(os.path.exists(os.path.join(V.box.path, 'porter.index')), 'each folder has an index')
check(V, leaves, 150, 'varied mails, with an index')

# --- odd ones ---
O = Mails('odd')
for path in sorted(glob.glob(top + '/tests/mail/*.eml')) + sorted(glob.glob(top + '/tests/mail/odd/*.eml')) + sorted(glob.glob(top + '/../shared/corpus/messages/*.eml')):
    with open(path, 'rb') as file:
        O.put(file.read(), os.path.basename(path))
leaves = [(f, O.evaluate(f)) for f in (O.leaf() for _ in range(int(os.environ.get('FIND_LEAVES', '250'))))]
for options, how in ((('-I',), 'without an index'), ((), 'with one')):
    O.box.options = options
    if not options:
        O.box.call('FolderInfo', state=True)
    check(O, leaves, 100, '%d odd mails, %s' % (len(O.all), how))
done()
