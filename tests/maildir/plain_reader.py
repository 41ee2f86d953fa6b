"""What a mail says and whether a phrase is in it, by Python's email package, html.parser and unicodedata alone: the plain evaluation with which
Find's filters are compared. It takes mails as RFC 2045 to 2047, 2231 and 5322 have them; of the rest what doc/differences says in a word: labels
mean what senders mean, and octets without one are UTF-8 where they can be, else windows-1252."""
import base64
import datetime
import email
import email.policy
import email.message
import email.utils
import functools
import html.parser
import quopri
import re
import unicodedata

# --- octets to text ---

MEANT = {'iso-8859-1': 'windows-1252', 'latin1': 'windows-1252', 'iso-8859-9': 'windows-1254', 'iso-8859-8-i': 'iso-8859-8', 'gb2312': 'gb18030', 'gbk': 'gb18030', 'euc-kr': 'cp949', 'ks_c_5601-1987': 'cp949',
         'shift_jis': 'cp932', 'tis-620': 'cp874', 'windows-874': 'cp874'}


def decoded(octets, label):
    label = (label or '').lower()
    try:
        ''.encode(MEANT.get(label, label))
    except LookupError:
        label = ''
    if label in ('', 'us-ascii', 'ascii', 'unknown-8bit'):
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            text = octets.decode('windows-1252', 'replace')
    else:
        text = octets.decode(MEANT.get(label, label), 'replace')
    return text.removeprefix('\ufeff').replace('\0', '')


WORD = re.compile(r'=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=')


def unfolded(value):
    return re.sub(r'\r?\n(?=[ \t])', '', value).strip()


def raw(text):
    """Octets above 127 came in as surrogates."""
    return decoded(text.encode('utf-8', 'surrogateescape'), None)


def unbase64(text):
    text = re.sub('[^A-Za-z0-9+/]', '', text)
    return base64.b64decode(text[:len(text) - (len(text) % 4 == 1)] + '==')


def words(value):
    """Encoded words; neighbours of one charset are one text."""
    out, at, held, label = '', 0, b'', None
    value = unfolded(value)
    for w in WORD.finditer(value):
        between = value[at:w.start()]
        octets = unbase64(w[3]) if w[2] in 'bB' else quopri.decodestring(w[3].replace('_', ' '))
        neighbours = label is not None and not between.strip()
        if neighbours and w[1].lower() == label:
            held += octets
        else:
            out += (decoded(held, label) if label else '') + ('' if neighbours else raw(between))
            held, label = octets, w[1].lower()
        at = w.end()
    return out + (decoded(held, label) if label else '') + raw(value[at:])


# --- HTML ---

class Html(html.parser.HTMLParser):
    """Its text, blanks where lines and cells end."""
    APART = set('address article aside blockquote body br center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section table '
                'tbody tfoot thead tr ul td th caption img input'.split())
    HIDDEN = set('style script title noframes iframe noembed textarea'.split())

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.out, self.hidden = [], None

    def handle_starttag(self, tag, attrs):
        if tag in self.HIDDEN and not self.hidden:
            self.hidden = tag
        if tag in self.APART:
            self.out.append(' ')

    def handle_endtag(self, tag):
        if tag == self.hidden:
            self.hidden = None
        if tag in self.APART:
            self.out.append(' ')

    def handle_startendtag(self, tag, attrs):
        if tag in self.APART:
            self.out.append(' ')

    def handle_data(self, data):
        if not self.hidden:
            self.out.append(data)


def html_text(source):
    h = Html()
    h.feed(source)
    h.close()
    return ''.join(h.out).strip(' \t\r\n\f')


# --- a mail ---

FIELDS = ('from', 'sender', 'reply-to', 'to', 'cc', 'bcc')


def values(message, field):
    return [v for k, v in message.raw_items() if k.lower() == field]


def people(message, field):
    """Each as "name <address>"."""
    fields = [raw(unfolded(v)) for v in values(message, field)]
    empty = [re.fullmatch(r'([^:<>@,"]+):\s*;', v) for v in fields]  # groups without members, whose names are all there is
    pairs = [(e[1], '') for e in empty if e] + email.utils.getaddresses(fields)
    return ['%s <%s>' % (words(name), spec) for name, spec in pairs if name or spec]


class Head:
    def __init__(self, message):
        self.subject = [words(v) for v in values(message, 'subject')[:1]]
        self.people = {f: people(message, f) for f in FIELDS}

    def all(self):
        return self.subject + [p for f in FIELDS for p in self.people[f]]


def is_message(part):
    return part.get_content_type() in ('message/rfc822', 'message/global', 'message/news') and part.is_multipart()


class Mail:
    """heads: its own, then those of messages in it; bodies: texts of text parts; names: of files; outside: pairs of a part that lies in no message,
    and the type of what it lies in."""

    def __init__(self, octets):
        self.heads, self.bodies, self.names, self.outside = [], [], [], []
        self.root = email.message_from_bytes(octets, policy=email.policy.compat32)
        self.octets = octets
        self.heads.append(Head(self.root))
        self.walk(self.root, '', self.outside)

    def name(self, part):
        plain = email.message.Message()
        for field in 'Content-Type', 'Content-Disposition':
            for v in values(part, field.lower())[:1]:
                plain[field] = raw(unfolded(v))
        return words(plain.get_filename() or '')

    def walk(self, part, around, outside):
        kind = part.get_content_type()
        outside.append((part, around))
        self.names += filter(None, [self.name(part)])
        if part.get_content_maintype() == 'multipart' and part.is_multipart():
            for p in part.get_payload():
                self.walk(p, kind, outside)
        elif is_message(part):
            inner = part.get_payload(0)
            self.heads.append(Head(inner))
            self.walk(inner, kind, [])
        elif part.get_content_maintype() == 'text':
            text = self.text(part)
            self.bodies.append(html_text(text) if part.get_content_subtype() == 'html' else text)

    @staticmethod
    def text(part):
        return decoded(part.get_payload(decode=True) or b'', part.get_content_charset())

    def has_attachment(self):
        """By doc/differences."""
        bodies = [p for p, _ in self.outside if p.get_content_type() in ('text/plain', 'text/html', 'text/enriched', 'text/markdown') and p.get_content_disposition() in (None, 'inline')]
        sources = ''.join(self.text(p) for p, _ in self.outside if p.get_content_type() == 'text/html')
        return any(self.is_attachment(p, around, bodies[:1], sources) for p, around in self.outside)

    def is_attachment(self, part, around, body, sources):
        kind, above = part.get_content_type(), part.get_content_maintype()
        if above == 'multipart':
            return kind == 'multipart/encrypted'
        if kind in ('application/pgp-signature', 'application/pkcs7-signature', 'message/delivery-status', 'message/disposition-notification', 'text/rfc822-headers'):
            return False
        if (above == 'message' and around in ('multipart/report', 'multipart/digest')) or part in body:
            return False
        if above in ('image', 'audio', 'video') and part['content-id']:
            return 'cid:' + part['content-id'].strip().strip('<>') not in sources
        return part.get_content_disposition() not in (None, 'inline') or above != 'text' or kind == 'text/calendar' or self.name(part) != ''

    def texts(self, where):
        """What a filter of that name looks into."""
        if where == 'text':
            return [t for h in self.heads for t in h.all()] + self.bodies + self.names
        if where == 'body':
            return self.bodies
        if where == 'file_name':
            return self.names
        return self.heads[0].subject if where == 'subject' else self.heads[0].people[where]

    def values(self, field):
        return [words(v) for v in values(self.root, field.lower())]

    def message_id(self):
        ids = re.findall(r'<([^<>]*)>', ''.join(values(self.root, 'message-id')[:1]))
        return re.sub(r'\s', '', ids[0]) if ids else None

    def sent(self):
        """Seconds since 1970, or None."""
        for v in values(self.root, 'date')[:1]:
            try:
                date = email.utils.parsedate_to_datetime(unfolded(v))
            except ValueError:
                return None
            return int((date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp())


# --- text that is compared ---

MARKS = ((0x300, 0x36f), (0x483, 0x489), (0x591, 0x5c7), (0x610, 0x61a), (0x64b, 0x65f), (0x670, 0x670), (0x6d6, 0x6ed), (0x8d3, 0x8ff), (0x1ab0, 0x1aff), (0x1dc0, 0x1dff), (0x20d0, 0x20ff), (0xfe20, 0xfe2f))
UNSEEN = ((0xad, 0xad), (0x34f, 0x34f), (0x61c, 0x61c), (0x180b, 0x180f), (0x200b, 0x200f), (0x202a, 0x202e), (0x2060, 0x206f), (0xfe00, 0xfe0f), (0xfeff, 0xfeff), (0xe0100, 0xe01ef))
LETTERS = {'ø': 'o', 'ł': 'l', 'đ': 'd', 'ħ': 'h', 'ŧ': 't', 'ı': 'i', 'æ': 'ae', 'œ': 'oe', 'ð': 'd', 'þ': 'th'}


def within(ranges, c):
    return any(a <= ord(c) <= b for a, b in ranges)


def is_mark(c):
    return unicodedata.category(c)[0] == 'M' and within(MARKS, c)


def plain_width(c):
    kind, _, point = unicodedata.decomposition(c).partition('> ')
    return chr(int(point, 16)) if kind in ('<wide', '<narrow') else c


def folded(text):
    """Case, width, and letters taken apart; what is not seen is gone, and white space is one blank."""
    before = None
    while before != text:
        before = text
        text = unicodedata.normalize('NFD', ''.join(map(plain_width, text)).casefold())
    text = ''.join(c for c in text if not within(UNSEEN, c))
    return re.sub(r'\s+', ' ', text)


@functools.lru_cache(None)
def compared(text):
    text = ''.join(LETTERS.get(c, c) for c in folded(text) if not is_mark(c))
    return re.sub(' +', ' ', text)


@functools.lru_cache(None)
def accented(text):
    """Each letter with its marks between NULs. Where the text begins with marks, they may be the last of some letter."""
    out = ''
    for c in unicodedata.normalize('NFD', folded(text)):
        out += c if is_mark(c) else '\0' + c
    return out + '\0' if out else ''


def has(texts, phrase, accents):
    return any(compared(phrase) in compared(t) and (not accents or accented(phrase) in accented(t)) for t in texts)
