"""Mails as good programs write them, of all kinds: the texts in them, and their octets. Charsets and their encoded words, transfer encodings,
multiparts, HTML, names of files by RFC 2231 and as people write them, messages in messages, either line end. Nothing here reads a mail."""
import base64
import quopri
import time
import urllib.parse

# Words, and labels under which all of them can be written.
LANGUAGES = [
    ('berth harbour lantern tide Quay no.7 e-mail', ['us-ascii', 'utf-8', 'iso-8859-1', 'utf-7']),
    ('Grüße Straße Müller Übung heiß Größe', ['iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-8']),
    ('réunion été déjà façade Noël cœur', ['windows-1252', 'iso-8859-15', 'utf-8', 'utf-7']),
    ('Żółta łódź gęś źdźbło ćma Łąka', ['iso-8859-2', 'windows-1250', 'utf-8']),
    ('Đorđe žaba çay İstanbul ısı güneş', ['utf-8', 'utf-16']),
    ('İstanbul ısı güneş şeker çay', ['iso-8859-9', 'windows-1254', 'utf-8']),
    ('Ørsted Æsir blåbær smørrebrød þing ðað', ['iso-8859-1', 'windows-1252', 'utf-8']),
    ('Отчёт за май Ёлка подъезд щи', ['koi8-r', 'windows-1251', 'iso-8859-5', 'utf-8']),
    ('Καλημέρα σας κόσμος Ιδέα ίσως', ['iso-8859-7', 'windows-1253', 'utf-8', 'utf-16']),
    ('שלום עולם דואר', ['iso-8859-8', 'windows-1255', 'utf-8']),
    ('שָׁלוֹם עוֹלָם', ['utf-8']),
    ('مرحبا السلام بريد', ['windows-1256', 'iso-8859-6', 'utf-8']),
    ('مُحَمَّد أَهلا', ['utf-8']),
    ('会議室 日本語の件名 カタカナ ガギグ', ['iso-2022-jp', 'euc-jp', 'shift_jis', 'utf-8']),
    ('ﾊﾝｶｸ ｶﾞｷﾞ ｗｉｄｅ　ｔｅｘｔ', ['utf-8', 'shift_jis']),
    ('会议通知 北京 附件', ['gb2312', 'gbk', 'gb18030', 'utf-8']),
    ('會議通知 臺北 附檔', ['big5', 'utf-8']),
    ('한국어 제목 회의 첨부', ['euc-kr', 'ks_c_5601-1987', 'utf-8', 'iso-2022-kr']),
    ('สวัสดี ประชุม', ['tis-620', 'windows-874', 'utf-8']),
    ('Việt Nam tiếng đường', ['utf-8']),
    ('नमस्ते दुनिया पत्र', ['utf-8', 'utf-16']),
    ('🙂 ✈️ 👩‍👩‍👧 café ﬁnance ①②', ['utf-8']),
    ('re\u0301sume\u0301 so\xadft zero\u200bwidth', ['utf-8']),
]


def written(text, label):
    """Fails where it cannot be written so."""
    return text.encode({'windows-874': 'cp874', 'ks_c_5601-1987': 'cp949'}.get(label, label))


for line, labels in LANGUAGES:
    for label in labels:
        written(line, label)

UNSEEN = ('hiddenstyle', 'hiddenscript', 'hiddentitle', 'hiddencomment', 'hiddenattribute')


class Varied:
    def __init__(self, rnd):
        self.rnd, self.serial = rnd, 0
        self.utf8 = False  # this mail has UTF-8 throughout, in its fields as it is (RFC 6532)

    def text(self, low=1, high=5, language=None):
        line = (language or self.rnd.choice(LANGUAGES))[0].split(' ')
        return ' '.join(self.rnd.choice(line) for _ in range(self.rnd.randrange(low, high + 1)))

    def label(self, language, *but):
        labels = ['utf-8'] if self.utf8 else [l for l in language[1] if l not in but]
        return self.rnd.choice(labels or ['utf-8'])

    # --- fields ---

    def encoded(self, text, label, before):
        """Encoded words of at most 75 characters, each of whole characters."""
        rnd, out, piece = self.rnd, [], ''
        kind = rnd.choice('BQbq')

        def word(piece):
            octets = written(piece, label)
            if kind in 'Bb':
                inside = base64.b64encode(octets).decode()
            else:
                inside = ''.join(chr(o) if chr(o).isalnum() and o < 128 else '_' if o == 32 else '=%02X' % o for o in octets)
            return '=?%s?%s?%s?=' % (rnd.choice([label, label.upper()]), kind, inside)
        for c in text:
            if len(word(piece + c)) + (before if not out else 1) > rnd.choice([40, 75]) and piece:
                out.append(word(piece))
                piece = ''
            piece += c
        return self.eol_fold.join(out + [word(piece)])

    def field_text(self, language, before=10):
        """What stands in a field, and what it means."""
        text, label = self.text(1, 6, language), self.label(language, 'utf-7', 'utf-16')
        ascii_ = text.isascii()
        if ascii_ and self.rnd.random() < .7:
            return self.eol_fold.join(text.split(' ')) if self.rnd.random() < .3 else text, text
        if self.utf8 and self.rnd.random() < .7:
            return text, text
        if self.rnd.random() < .2:
            # A word that is plain stands beside them.
            return 'Plain ' + self.encoded(text, label, before + 6), 'Plain ' + text
        return self.encoded(text, label, before), text

    def address(self):
        rnd = self.rnd
        self.serial += 1
        language = rnd.choice(LANGUAGES)
        spec = '%s%d@%s.example' % (rnd.choice(['anna', 'bo.b', 'c-d', 'info']), rnd.randrange(40), rnd.choice(['one', 'two', 'mail.three']))
        how = rnd.random()
        if how < .15:
            return spec, ' <%s>' % spec
        if how < .35:
            name = self.text(1, 2, LANGUAGES[0])
            return '"%s, \\"%s\\"" <%s>' % (name, 'jr', spec), '%s, "jr" <%s>' % (name, spec)
        if how < .45:
            name = self.text(1, 2, LANGUAGES[0]).replace('.', '')
            return '%s (%s)' % (spec, name), '%s <%s>' % (name, spec)
        if how < .55 and self.utf8:
            name = self.text(1, 2, language)
            return '"%s" <%s>' % (name, spec), '%s <%s>' % (name, spec)
        text, name = self.field_text(rnd.choice([l for l in LANGUAGES if '.' not in l[0]]), 6)
        return '%s%s<%s>' % (text, rnd.choice([' ', self.eol_fold]), spec), '%s <%s>' % (name, spec)

    def addresses(self):
        both = [self.address() for _ in range(self.rnd.choice([1, 1, 2, 4]))]
        joined = (',' + self.eol_fold).join(a for a, _ in both)
        if self.rnd.random() < .15:
            joined = 'friends: ' + joined + ';'
        return joined, [b for _, b in both]

    # --- parts: their octets, head and body ---

    def transfer(self, octets, safe7):
        rnd = self.rnd
        lines_short = all(len(l) < 900 for l in octets.split(b'\n'))
        kinds = ['base64', 'quoted-printable'] + (['8bit'] if lines_short else []) + (['7bit', ''] if safe7 and lines_short else [])
        # Line ends of what is no text octet by octet (UTF-16) are not the mail's.
        kind = rnd.choice(kinds) if b'\0' not in octets else 'base64'
        if kind == 'base64':
            octets = base64.encodebytes(octets)
        elif kind == 'quoted-printable':
            octets = quopri.encodestring(octets)
            if octets.endswith(b'=\n'):
                octets = octets[:-2]
        field = 'Content-Transfer-Encoding: %s\n' % rnd.choice([kind, kind.upper()]) if kind else ''
        return field, octets

    def lines(self, language):
        return ''.join(self.text(1, 7, language) + self.rnd.choice(['\n', '\n', '\n\n', '  \n', ' \n']) for _ in range(self.rnd.randrange(1, 6)))

    def text_part(self, truth, kind=None, language=None, picture=None):
        rnd = self.rnd
        language = language or rnd.choice(LANGUAGES)
        label = self.label(language)
        kind = kind or rnd.choice(['plain', 'plain', 'html', 'calendar', 'csv'])
        text = self.lines(language)
        source = self.html(text, truth, picture) if kind == 'html' else text
        if kind != 'html':
            truth['bodies'].append(text)
        octets = written(source, label)
        seven = all(o < 128 and o not in b'\x1b\x0e\x0f' for o in octets) or label.startswith('iso-2022') or label == 'utf-7'
        field, octets = self.transfer(octets, seven)
        typed = 'text/' + kind
        if label != 'us-ascii' or rnd.random() < .5:
            typed += '; ' + rnd.choice(['charset=%s', 'charset="%s"', 'format=flowed; charset=%s', 'Charset=%s']) % rnd.choice([label, label.upper()])
        elif kind == 'plain' and rnd.random() < .5:
            return field, octets
        return 'Content-Type: %s\n%s' % (rnd.choice([typed, typed.replace('; ', ';\n ')]), field), octets

    def html(self, text, truth, picture):
        """What people see of it is text, word by word."""
        rnd, out, seen = self.rnd, [], ''

        def shown(word):
            how = rnd.random()
            if how < .2:
                return ''.join('&#%d;' % ord(c) if rnd.random() < .5 else '&#x%x;' % ord(c) for c in word)
            if how < .4 and len(word) > 1:
                k = rnd.randrange(1, len(word))
                return rnd.choice(['%s<b>%s</b>', '%s<!-- hiddencomment > -->%s', '<span class="hiddenattribute > x">%s</span>%s', '%s&shy;%s', '%s<font color=red>%s</font>']) % (word[:k], word[k:])
            if how < .5:
                return word.replace('ü', '&uuml;').replace('ß', '&szlig;').replace('é', '&eacute;').replace('Ø', '&Oslash;')
            return word
        for line in text.split('\n'):
            words = line.split()
            if not words:
                continue
            out.append(rnd.choice(['<p>%s</p>', '<div>%s</div>', '%s<br>', '%s<BR/>', '<table><tr><td>%s</td></tr></table>', '<ul><li>%s</ul>', '<h1>%s</h1>', '<blockquote>%s</blockquote>'])
                       % rnd.choice([' ', '\n', '&nbsp;', '&#32; '][:3]).join(map(shown, words)))
            seen += ' '.join(words) + '\n'
        truth['bodies'].append(seen)
        head = rnd.choice(['', '<!DOCTYPE html>\n<html><head><title>hiddentitle</title><style type="text/css">p.hiddenstyle { x: "<p>" }</style>\n<script>if (1 < 2) hiddenscript("</p>")</script></head>\n<body bgcolor=\'white\'>'])
        return head + '\n'.join(out) + ('<img alt="hiddenattribute" src="cid:%s">' % picture if picture else '') + ('</body></html>' if head else '') + '\n'

    def named(self, name, value):
        """A parameter, as it can be written."""
        rnd = self.rnd
        if value.isascii():
            return rnd.choice(['%s="%s"', '%s=%s' if ' ' not in value and '/' not in value else '%s="%s"', "%s*=us-ascii'en'%s"]) % (name, value if rnd.random() < .5 else value) \
                if ' ' not in value else '%s="%s"' % (name, value)
        label = rnd.choice([l for line, labels in LANGUAGES for l in labels if l in ('utf-8', 'iso-8859-2', 'koi8-r', 'windows-1252', 'gb18030', 'euc-jp') and encodes(value, l)] or ['utf-8'])
        coded = urllib.parse.quote(value.encode(label), safe='')
        if rnd.random() < .3 and name == 'name':
            return 'name="%s"' % self.encoded(value, 'utf-8', 10)
        if len(coded) < 40 and rnd.random() < .6:
            return "%s*=%s'%s'%s" % (name, label, rnd.choice(['', 'de']), coded)
        pieces, at = [], 0
        while at < len(coded):
            end = at + rnd.randrange(6, 40)
            # An escape is not cut in two.
            while end < len(coded) and '%' in coded[max(at, end - 2):end]:
                end += 1
            pieces.append(coded[at:end])
            at = end
        return (';' + self.eol_fold).join("%s*%d*=%s%s" % (name, i, label + "''" if not i else '', p) for i, p in enumerate(pieces))

    def file_part(self, truth, picture=None):
        rnd = self.rnd
        name = self.text(1, 3).replace('/', '-') + rnd.choice(['.pdf', '.txt', '.tar.gz', ''])
        truth['names'].append(name)
        typed = rnd.choice(['image/png', 'image/jpeg'] if picture else ['application/pdf', 'application/octet-stream', 'image/png', 'text/plain'])
        head = 'Content-Type: %s' % typed
        where = rnd.choice(['name', 'filename', 'both'])
        if where != 'filename':
            head += ';' + self.eol_fold + self.named('name', name)
        if picture:
            head += '\nContent-ID: <%s>' % picture
        head += '\nContent-Disposition: %s' % rnd.choice(['attachment', 'inline'])
        if where != 'name':
            head += ';' + self.eol_fold + self.named('filename', name)
        body = bytes(rnd.randrange(256) for _ in range(rnd.randrange(100)))
        if typed == 'text/plain':
            text = self.text(1, 5, LANGUAGES[0])
            truth['bodies'].append(text)
            body = text.encode()
        return head + '\nContent-Transfer-Encoding: base64\n', base64.encodebytes(body)

    def multipart(self, kind, parts, more='', preamble=''):
        self.serial += 1
        boundary = self.rnd.choice(['=_b%d', '--b%d', 'b%d (x)', 'b%d']) % self.serial
        body = preamble.encode() + b''.join(b'--' + boundary.encode() + b'\n' + h.encode() + b'\n' + b + (b'' if b.endswith(b'\n') and self.rnd.random() < .5 else b'\n') for h, b in parts)
        return 'Content-Type: multipart/%s;%sboundary="%s"%s\n' % (kind, self.eol_fold, boundary, more), body + b'--' + boundary.encode() + b'--\n'

    def message_part(self, truth, depth):
        head, body = self.mail_of(truth, depth - 1, inside=True)
        return 'Content-Type: message/rfc822\n', head.encode() + b'\n' + body

    def part(self, truth, depth):
        rnd, more = self.rnd, self.rnd.random()
        if depth <= 0 or more < .3:
            return self.text_part(truth)
        if more < .45:
            language = rnd.choice(LANGUAGES)
            return self.multipart('alternative', [self.text_part(truth, 'plain', language), self.text_part(truth, 'html', language)])
        if more < .55:
            picture = 'pic%d@x.example' % rnd.randrange(9)
            return self.multipart('related', [self.text_part(truth, 'html', picture=picture if rnd.random() < .7 else None), self.file_part(truth, picture)], '; type="text/html"')
        if more < .65:
            return self.multipart('signed', [self.part(truth, depth - 1), ('Content-Type: application/pgp-signature\n', b'-----BEGIN\n')], '; micalg=pgp-sha512; protocol="application/pgp-signature"')
        if more < .72:
            return self.multipart('digest', [('', m.encode() + b'\n' + b) for m, b in [self.mail_of(truth, depth - 2, True) for _ in range(2)]])
        if more < .78:
            return self.multipart('report', [self.text_part(truth, 'plain'), ('Content-Type: message/delivery-status\n', b'Reporting-MTA: dns; hiddenstatus.example\n\nFinal-Recipient: rfc822; x@y\nAction: failed\n'), self.message_part(truth, depth)],
                                  '; report-type=delivery-status')
        parts = [self.part(truth, depth - 1)] + [self.file_part(truth) if rnd.random() < .6 else self.message_part(truth, depth - 1) for _ in range(rnd.randrange(1, 4))]
        return self.multipart('mixed', parts, preamble=rnd.choice(['', '', 'hiddenpreamble\n']))

    # --- mails ---

    def mail_of(self, truth, depth, inside=False):
        """Head and body, of lines that end in LF. truth is told what stands in it."""
        rnd = self.rnd
        self.eol_fold = rnd.choice(['\n ', '\n ', '\n\t'])
        head, own = '', {}
        language = rnd.choice(LANGUAGES)
        for field, likely in (('From', .95), ('Sender', .1), ('Reply-To', .2), ('To', .9), ('Cc', .4), ('Bcc', .1)):
            if rnd.random() < likely:
                field_is, own[field.lower()] = self.addresses()
                head += '%s: %s\n' % (rnd.choice([field, field, field.upper()]), field_is)
        if rnd.random() < .95:
            field_is, subject = self.field_text(language)
            own['subject'] = [subject]
            head += 'Subject: %s\n' % field_is
        truth['heads'].append(own)
        if rnd.random() < .9:
            self.serial += 1
            head += 'Message-ID: <%d.%s@x.example>\n' % (self.serial, 'inner' if inside else 'm')
        zone = rnd.choice(['+0000', '-0330', '+0900', 'GMT', '+0200'])
        head += 'Date: %s %s\n' % (time.strftime(rnd.choice(['%a, %d %b %Y %H:%M:%S', '%d %b %Y %H:%M']), time.gmtime(1700000000 + rnd.randrange(-40, 60) * 600)), zone)
        if rnd.random() < .4:
            field_is, value = self.field_text(rnd.choice(LANGUAGES))
            truth.setdefault('note', []).append(value) if not inside else None
            head += 'X-Note: %s\n' % field_is
        more, body = self.part(truth, depth)
        return head + 'MIME-Version: 1.0\n' + more, body

    def mail(self, depth=3):
        truth = {'heads': [], 'bodies': [], 'names': []}
        self.utf8 = self.rnd.random() < .2
        head, body = self.mail_of(truth, depth)
        octets = head.encode() + b'\n' + body
        if self.rnd.random() < .3:
            octets = octets.replace(b'\n', b'\r\n')
        return octets, truth


def encodes(text, label):
    try:
        text.encode(label)
    except UnicodeEncodeError:
        return False
    return True
