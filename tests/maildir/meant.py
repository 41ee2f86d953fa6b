"""Mails as people send them, and what is right about each. A case is a name, a message and what must be true of it:
subject, date (UTC), from_, to, cc, reply_to ([name, address] pairs), tree, preview, not_preview, attached, files (names), safe (safe
names), finds, misses. Each is asked in a Maildir of its own, by List, Show and Search, and must be in its place in sorted lists."""
import base64, datetime, quopri
from op import *

cases = []


def mail(name, octets, options=(), **right):
    cases.append((name, octets if isinstance(octets, bytes) else octets.encode(), options, right))


HEAD = b'From: a@example.org\nTo: b@example.org\nDate: Mon, 2 Mar 2020 10:00:00 +0100\nMIME-Version: 1.0\n'


def typed(field, body, head=b'Subject: t\n', encoding=b'8bit'):
    field = field if isinstance(field, bytes) else field.encode()
    return HEAD + head + (b'Content-Type: ' + field + b'\n' if field else b'') + b'Content-Transfer-Encoding: ' + encoding + b'\n\n' + body


def parts(kind, *each, boundary=b'=_b'):
    return (HEAD + b'Subject: t\nContent-Type: multipart/' + kind + b'; boundary="' + boundary + b'"\n\n'
            + b''.join(b'--' + boundary + b'\n' + p + b'\n' for p in each) + b'--' + boundary + b'--\n')


def part(field, body=b'x', more=b''):
    return b'Content-Type: ' + field + b'\n' + more + b'\n' + body


# --- raw octets in fields and file names ---

ru, gb, pl, el = 'Отчёт за май', '会议通知', 'Żółta łódź', 'Καλημέρα'
for text, label in ((ru, 'windows-1251'), (ru, 'koi8-r'), (gb, 'gbk'), (pl, 'iso-8859-2'), (el, 'iso-8859-7'), ('日本語の件名', 'shift_jis'), ('한국어 제목', 'euc-kr'), ('中文標題', 'big5')):
    raw = text.encode(label)
    mail('raw subject, own charset ' + label, typed('text/plain; charset=' + label, text.encode(label), b'Subject: ' + raw + b'\n'), subject=text, preview=text, finds=[text])
    mail('raw subject, charset of the first text ' + label, HEAD + b'Subject: ' + raw + b'\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset='
         + label.encode() + b'\n\nx\n--b\nContent-Type: application/pdf; name="' + raw + b'.pdf"\n\nx\n--b--\n', subject=text, files=[text + '.pdf'], finds=[text])
mail('raw subject, charset of an encoded word', b'From: =?koi8-r?B?' + base64.b64encode('Иван'.encode('koi8-r')) + b'?= <i@example.org>\nSubject: ' + ru.encode('koi8-r') + b'\n\nx', subject=ru, from_=[['Иван', 'i@example.org']], finds=[ru])
mail('raw sender in GBK, whose octets hold a backslash', b'From: "' + '誠實'.encode('gbk') + b'" <s@example.cn>\nContent-Type: text/plain; charset=gbk\n\nx', from_=[['誠實', 's@example.cn']])
mail('raw UTF-8 stays UTF-8', typed('text/plain; charset=iso-8859-1', b'\xe4', 'Subject: Grüße\n'.encode()), subject='Grüße', preview='ä')
mail('raw UTF-8 with one sequence stays UTF-8', typed('text/plain; charset=iso-8859-1', b'\xe4', 'Subject: Müller\n'.encode()), subject='Müller')
mail('raw UTF-8 under a Chinese label', typed('text/plain; charset=gb2312', gb.encode('gbk'), ('Subject: ' + gb + '\n').encode()), subject=gb)
mail('raw octets that the declared charset forbids', typed('text/plain; charset=euc-jp', b'x', b'Subject: caf\xe9 \xff\n'), subject='café ÿ')
mail('raw octets and nothing declared', b'From: a@b.c\nSubject: caf\xe9\n\nx', subject='café')
mail('the administrator names the charset', b'From: a@b.c\nSubject: ' + ru.encode('windows-1251') + b'\n\n' + ru.encode('windows-1251'), options=('-c', 'windows-1251'), subject=ru, preview=ru, finds=[ru])
mail('the administrator and UTF-8', 'From: a@b.c\nSubject: Grüße\n\nGrüße', options=('-c', 'koi8-r'), subject='Grüße', preview='Grüße')
mail('ISO-2022-JP in a field', b'From: =?x?= \x1b$BEDCf\x1b(B <t@example.jp>\nSubject: \x1b$B2q5D\x1b(B\n\nx', subject='会議', finds=['会議'])
mail('an escape that designates nothing', b'From: a@b.c\nSubject: \x1b[31mred\n\nx', subject='\x1b[31mred')
mail('the declared charset lies beyond 64 KiB', HEAD + b'Subject: ' + ru.encode('koi8-r') + b'\nContent-Type: multipart/mixed; boundary=b\n\n' + b'x' * 70000
     + b'\n--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b--\n', subject=ru.encode('koi8-r').decode('cp1252'))
mail('the declared charset lies within 64 KiB', HEAD + b'Subject: ' + ru.encode('koi8-r') + b'\nContent-Type: multipart/mixed; boundary=b\n\n' + b'x' * 50000
     + b'\n--b\nContent-Type: text/plain; charset=koi8-r\n\n' + b'y\n' * 20000 + b'--b--\n', subject=ru)

# --- HTML without a charset, escapes without a label ---

for label, text in (('koi8-r', ru), ('windows-1251', ru), ('gb2312', gb), ('iso-8859-7', el)):
    body = ('<p>' + text).encode('gbk' if label == 'gb2312' else label)
    mail('meta charset ' + label, typed('text/html', b'<html><head><meta charset="' + label.encode() + b'">' + body), preview=text, finds=[text])
    mail('http-equiv ' + label, typed('text/html', b'<META content="text/html; charset=' + label.encode() + b'" HTTP-EQUIV=Content-Type>' + body), preview=text)
mail('meta in a comment does not count', typed('text/html', b'<!-- <meta charset=koi8-r> --><p>caf\xe9'), preview='café')
mail('meta in an attribute does not count', typed('text/html', b'<p title="<meta charset=koi8-r>">caf\xe9'), preview='café')
mail('content without http-equiv does not count', typed('text/html', b'<meta content="charset=koi8-r"><p>caf\xe9'), preview='café')
mail('meta beyond 1024 octets does not count', typed('text/html', b'<!--' + b'x' * 1024 + b'--><meta charset=koi8-r><p>caf\xe9'), preview='café')
mail('a label goes before meta', typed('text/html; charset=iso-8859-1', b'<meta charset=koi8-r><p>caf\xe9'), preview='café')
mail('meta in plain text does not count', typed('text/plain', b'see <meta charset=koi8-r> caf\xe9'), preview='café')
mail('meta says utf-16 where ASCII is read', typed('text/html', '<meta charset=utf-16><p>Grüße'.encode()), preview='Grüße')
mail('meta that the octets refute', typed('text/html', '<meta charset=iso-8859-1><p>Grüße'.encode()), preview='Grüße')
mail('a mark in front of HTML', typed('text/html', b'\xff\xfe' + '<p>Grüße'.encode('utf-16-le')), preview='Grüße', finds=['grüße'])
mail('ISO-2022-JP without a label', typed('', b'\x1b$B2q5D\x1b(B'), preview='会議', finds=['会議'])
mail('ISO-2022-JP labelled us-ascii', typed('text/plain; charset=us-ascii', b'\x1b$B2q5D\x1b(B'), preview='会議')
mail('ISO-2022-KR without a label', typed('text/plain', b'\x1b$)C\n\x0eGQ19\x0f'), preview='한국')
mail('ISO-2022-CN without a label', typed('text/plain', b'\x1b$)A\x0e;aRi\x0f'), preview='会议')
mail('escapes with octets above 127', typed('text/plain', b'\x1b$B caf\xe9'), preview='café')
mail('JIS X 0213, plane 2', typed('text/plain; charset=iso-2022-jp-3', b'a\x1b$(P!!\x1b(Bb'), preview='a\ufffdb', not_preview='(P')

# --- labels that the octets refute ---

mail('UTF-8 that says iso-8859-1', typed('text/plain; charset=iso-8859-1', 'Grüße'.encode()), preview='Grüße', finds=['grüße'])
mail('UTF-8 that says windows-1251, in base64', typed('text/plain; charset=windows-1251', base64.b64encode(ru.encode()), encoding=b'base64'), preview=ru)
mail('UTF-8 that says koi8-r, quoted-printable', typed('text/plain; charset=koi8-r', quopri.encodestring(ru.encode()), encoding=b'quoted-printable'), preview=ru)
mail('one sequence refutes nothing', typed('text/plain; charset=iso-8859-1', 'caf\u00e9'.encode()), preview='cafÃ©')
mail('not all of it is UTF-8', typed('text/plain; charset=iso-8859-1', 'Grüße'.encode() + b' \xe9'), preview='GrÃ¼ÃŸe é')
mail('UTF-8 that says gb2312', typed('text/plain; charset=gb2312', gb.encode()), preview=gb)
mail('UTF-8 that says shift_jis', typed('text/plain; charset=shift_jis', '会議'.encode()), preview='会議')
mail('UTF-8 that says iso-2022-jp', typed('text/plain; charset=iso-2022-jp', '会議'.encode()), preview='会議')
mail('GBK that could be UTF-8', typed('text/plain; charset=gbk', b'\xc4\xa3\xca\xbd'), preview='模式')
for label, text in (('gb2312', 'Grüße aus München, schöner Tag'), ('euc-kr', 'Grüße aus München, schöner Tag'), ('shift_jis', 'Übermorgen für uns: grün, schön'), ('big5', 'Žluťoučký kůň'), ('gb18030', 'tää yö: hääyöaie'),
                    ('gbk', 'C\'était à côté, « déjà vu »'), ('euc-jp', 'è più, là, città, perché, lunedì, virtù'), ('iso-2022-jp', 'Jürgen')):
    mail('Latin letters in UTF-8 that says ' + label, typed('text/plain; charset=' + label, text.encode()), preview=text, finds=[text])
mail('raw UTF-8 of Latin letters beside a Chinese text', typed('text/plain; charset=gb2312', gb.encode('gbk'), 'Subject: für Jürgen Müller\n'.encode()), subject='für Jürgen Müller', preview=gb)
mail('an encoded word with Latin letters that says gb2312', b'From: a@b.c\nSubject: =?gb2312?Q?J=C3=BCrgen_M=C3=BCller?=\n\nx', subject='Jürgen Müller')
for label, text in (('gbk', 'QQ某 K歌'), ('gbk', 'A某, B女, C目: 木, 某某某'), ('gbk', 'abc某def 某某'), ('gbk', '女'), ('gbk', 'x母'), ('euc-kr', 'A채 B체: 채'), ('gb2312', 'J眉rgen')):
    assert text == 'QQ某 K歌' or text.encode(label).decode()
    mail('characters beside Latin letters in %s: %s' % (label, text), typed('text/plain; charset=' + label, text.encode(label)), preview=text)
mail('windows-1252 that says utf-8', typed('text/plain; charset=utf-8', b'caf\xe9 cr\xe8me'), preview='café crème', finds=['crème'])
mail('windows-1252 that says utf-8, for an administrator', typed('text/plain; charset=utf-8', 'Привет'.encode('koi8-r')), options=('-c', 'koi8-r'), preview='Привет')
mail('UTF-8 with one octet that is wrong', typed('text/plain; charset=utf-8', 'Grüße '.encode() + b'\xff'), preview='Grüße \ufffd')
mail('an encoded word that says utf-8', b'From: a@b.c\nSubject: =?utf-8?Q?caf=E9?=\n\nx', subject='café')
mail('an encoded word that says iso-8859-1', b'From: a@b.c\nSubject: =?iso-8859-1?B?' + base64.b64encode('Grüße'.encode()) + b'?=\n\nx', subject='Grüße')
mail('an encoded word with one sequence', b'From: a@b.c\nSubject: =?iso-8859-1?Q?caf=C3=A9?=\n\nx', subject='cafÃ©')

# --- labels as people write them ---

for label in ('8859_2', 'ISO 8859-2', '"ISO 8859-2"', '3Diso-8859-2', 'iso-8859-2//TRANSLIT', 'charset=iso-8859-2', 'windows-28592', 'ISO_8859-2', 'iso8859_2', 'x-unknown; charset=iso-8859-2', '""; charset=iso-8859-2'):
    mail('label ' + label, typed('text/plain; charset=' + label, pl.encode('iso-8859-2')), preview=pl)
for label in ('win-1251', 'ansi-1251', 'WIN1251', 'microsoft-cp1251', 'windows-1251//IGNORE', 'cp-1251'):
    mail('label ' + label, typed('text/plain; charset=' + label, ru.encode('windows-1251')), preview=ru)
mail('the first of two labels that are known', typed('text/plain; charset=koi8-r; charset=windows-1251', ru.encode('koi8-r')), preview=ru)
mail('a label nobody knows', typed('text/plain; charset=win-9999', b'caf\xe9'), preview='café')
mail('a missing semicolon', typed('text/html charset=koi8-r', ('<p>' + ru).encode('koi8-r')), preview=ru, tree='text/html')
mail('a missing semicolon behind another parameter', typed('text/plain; format=flowed charset=koi8-r', ru.encode('koi8-r')), preview=ru)
mail('a missing semicolon in front of a boundary', HEAD + b'Subject: t\nContent-Type: multipart/mixed boundary="x"\n\n--x\n\nhello\n--x--\n', tree='multipart/mixed(text/plain)', preview='hello')
mail('a missing semicolon in a disposition', parts(b'mixed', part(b'text/plain'), part(b'application/pdf', more=b'Content-Disposition: attachment filename="a b.pdf"\n')), files=['a b.pdf'])
mail('a file name with a blank and an equals sign', parts(b'mixed', part(b'text/plain'), part(b'application/pdf; name=my x=1.pdf')), files=['my x=1.pdf'])
for order in ('utf-16-le', 'utf-16-be'):
    mail('utf-16 without a mark, ' + order, typed('text/plain; charset=utf-16', 'Hello Grüße'.encode(order)), preview='Hello Grüße', finds=['grüße'])
mail('utf-16 of ideographs without a mark is big-endian', typed('text/plain; charset=utf-16', gb.encode('utf-16-be')), preview=gb)
mail('utf-16 that is ASCII', typed('text/plain; charset=utf-16', b'Hello there'), preview='Hello there', finds=['hello there'])
mail('iso-10646-ucs-2', typed('text/plain; charset=iso-10646-ucs-2', 'Hello'.encode('utf-16-be')), preview='Hello')
mail('a mark of the other order', typed('text/plain; charset=utf-16be', b'\xff\xfe' + 'Hello'.encode('utf-16-le')), preview='Hello')
mail('utf-16le', typed('text/plain; charset=utf-16le', gb.encode('utf-16-le')), preview=gb)

# --- addresses ---

mail('repeated lists', b'From: a@b.c\nTo: b@b.c\nReply-To: r@b.c\nTo: "C, D" <c@b.c>, d@b.c\nCc: e@b.c\nCc: \nCc: f@b.c\nReply-To: s@b.c\nSubject: t\n\nx',
     to=[['', 'b@b.c'], ['C, D', 'c@b.c'], ['', 'd@b.c']], cc=[['', 'e@b.c'], ['', 'f@b.c']], reply_to=[['', 'r@b.c'], ['', 's@b.c']], finds=['d@b.c', 'f@b.c', 's@b.c'])
mail('repeated From and Subject', b'From: a@b.c\nFrom: b@b.c\nSubject: one\nSubject: two\n\nx', from_=[['', 'a@b.c']], subject='one', misses=['two'])
mail('a sender with a comma', b'From: Doe, Jane <j@e.org>\n\nx', from_=[['Doe, Jane', 'j@e.org']], finds=['doe, jane'])
mail('a sender with two', b'From: Doe, Jane, PhD <j@e.org>, "X" <x@e.org>\n\nx', from_=[['Doe, Jane, PhD', 'j@e.org'], ['X', 'x@e.org']])
mail('Reply-To with a comma', b'From: a@b.c\nReply-To: Doe, Jane <j@e.org>\n\nx', reply_to=[['Doe, Jane', 'j@e.org']])
mail('To with a comma stays', b'From: a@b.c\nTo: jdoe, Jane <j@e.org>\n\nx', to=[['', 'jdoe'], ['Jane', 'j@e.org']])
mail('two senders stay two', b'From: a@b.c, Jane <j@e.org>\n\nx', from_=[['', 'a@b.c'], ['Jane', 'j@e.org']])
mail('a lone word as sender stays', b'From: MAILER-DAEMON\n\nx', from_=[['', 'MAILER-DAEMON']])
mail('an address in an encoded word', b'From: =?utf-8?q?Zo=C3=AB_=3Cz=40e=2Eorg=3E?=\n\nx', from_=[['Zoë', 'z@e.org']], finds=['z@e.org'])
mail('an address alone in an encoded word', b'From: =?utf-8?q?z=40e=2Eorg?=\n\nx', from_=[['', 'z@e.org']])
mail('an address in encoded words, base64', b'To: =?utf-8?B?' + base64.b64encode('"Zoë" <z@e.org>'.encode()) + b'?=\nFrom: a@b.c\n\nx', to=[['Zoë', 'z@e.org']])
mail('an encoded word in angles', b'From: Zo <=?utf-8?q?z=40e=2Eorg?=>\n\nx', from_=[['Zo', 'z@e.org']])
mail('a real address goes before one in its name', b'From: =?utf-8?q?Bank_=3Cbank=40e=2Eorg=3E?= <x@e.org>\n\nx', from_=[['Bank <bank@e.org>', 'x@e.org']])
mail('an at sign in an encoded name', b'From: =?utf-8?q?you_=40_home?=\n\nx', from_=[['you @ home', '']])
for to in ('<Undisclosed-Recipient:;@host>', 'undisclosed-recipients:;', '<undisclosed-recipients:;>', 'Undisclosed recipients:;@host', '"Undisclosed-Recipient:;"@host', '<"Undisclosed recipients:;"@host>', 'a:;, b:;', '<Undisclosed-Recipient:>'):
    mail('nobody: ' + to, 'From: a@b.c\nTo: %s\n\nx' % to, to=[])
mail('nobody, and somebody', b'From: a@b.c\nTo: undisclosed-recipients:;, b@b.c\n\nx', to=[['', 'b@b.c']])
mail('a group with members', b'From: a@b.c\nTo: Friends: b@b.c, "C" <c@b.c>;\n\nx', to=[['', 'b@b.c'], ['C', 'c@b.c']])
mail('two addresses with a colon', b'From: a@b.c:x@e.org\n\nx', from_=[['', 'a@b.c'], ['', 'x@e.org']])
mail('two addresses with a colon in angles', b'From: Bank <a@b.c:x@e.org>\n\nx', from_=[['Bank', 'a@b.c'], ['', 'x@e.org']])
mail('a route is none', b'From: <@b.c:x@e.org>\n\nx', from_=[['', 'x@e.org']])
mail('a number as domain', b'From: x@[IPv6:2001:db8::1]\nTo: X <y@[IPv6:2001:db8::1]>\n\nx', from_=[['', 'x@[IPv6:2001:db8::1]']], to=[['X', 'y@[IPv6:2001:db8::1]']])

# --- attachments ---

text, html = part(b'text/plain', b'hello'), part(b'text/html', b'<p>hello')
png = b'image/png; name=a.png'
mail('text alone', typed('text/plain', b'x'), attached=False)
mail('an inline picture', parts(b'mixed', text, part(png, more=b'Content-Disposition: inline\n')), attached=True)
mail('a picture that HTML shows', parts(b'related', part(b'text/html', b'<img src="cid:i@x">'), part(png, more=b'Content-ID: <i@x>\n')), attached=False)
mail('a picture that HTML shows in another part', parts(b'mixed', part(b'text/html', b'<img src=cid:i@x>'), part(png, more=b'Content-ID: <i@x>\nContent-Disposition: attachment\n')), attached=False)
mail('a picture that no HTML shows', parts(b'related', html, part(png, more=b'Content-ID: <i@x>\n')), attached=True)
mail('a document in related', parts(b'related', html, part(b'application/pdf')), attached=True)
mail('a forwarded mail', parts(b'mixed', text, part(b'message/rfc822', b'Subject: x\n\nx')), attached=True)
mail('a bounce', parts(b'report', text, part(b'message/delivery-status'), part(b'message/rfc822', b'Subject: x\n\nx')), attached=False)
mail('a receipt', parts(b'report', text, part(b'message/disposition-notification'), part(b'text/rfc822-headers')), attached=False)
mail('a report that is a file', parts(b'report', text, part(b'application/gzip')), attached=True)
mail('a digest', parts(b'digest', b'\nSubject: x\n\nx', b'\nSubject: y\n\ny'), attached=False)
mail('what is in a digest does not count', parts(b'digest', b'\nContent-Type: application/pdf\n\nx'), attached=False)
mail('a signature', parts(b'signed', text, part(b'application/pgp-signature; name=s.asc', more=b'Content-Disposition: attachment\n')), attached=False)
mail('PGP/MIME', parts(b'encrypted', part(b'application/pgp-encrypted'), part(b'application/octet-stream')), attached=True)
mail('an invitation', parts(b'alternative', text, html, part(b'text/calendar; method=REQUEST')), attached=True)
mail('another text without a name', parts(b'mixed', text, part(b'text/x-log')), attached=False)
mail('another text with a name', parts(b'mixed', text, part(b'text/x-log; name=a.log')), attached=True)
mail('the body has a name', typed('text/plain; name=message.txt', b'The text'), attached=False, preview='The text', finds=['the text'])
mail('the inline body has a name', parts(b'mixed', part(b'text/plain; name=a.txt', b'The text', b'Content-Disposition: inline; filename=a.txt\n'), text), attached=False, preview='The text')
mail('the first text says attachment', parts(b'mixed', part(b'text/plain; name=a.txt', b'no', b'Content-Disposition: attachment\n'), text), attached=True, preview='hello', not_preview='no')
mail('the second text has a name', parts(b'mixed', text, part(b'text/plain; name=b.txt', b'more')), attached=True, preview='hello')

# --- opaque S/MIME ---


def der(tag, *inside):
    octets = b''.join(inside)
    n = len(octets)
    length = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([tag]) + length + octets


def ber(tag, *inside):
    return bytes([tag, 0x80]) + b''.join(inside) + b'\0\0'


def oid(last):
    return der(6, bytes.fromhex('2a864886f70d0107') + bytes([last]))


def strings(octets, depth):
    s = b''.join(der(4, octets[i:i + 20]) for i in range(0, len(octets), 20))
    for _ in range(depth):
        s = ber(0x24, s)
    return s


def signed(content, box=der, string=None, kind=2, rest=b'\xa0\x03\x02\x01\x05'):
    octets = der(4, content) if string is None else string
    return box(0x30, oid(kind), box(0xa0, box(0x30, der(2, b'\1'), der(0x31, der(0x30, oid(9))), box(0x30, oid(1), box(0xa0, octets)), rest)))


def smime(octets, kind=b'application/pkcs7-mime; smime-type=signed-data', encoding=b'base64'):
    return typed(kind + b'; name=smime.p7m', base64.encodebytes(octets) if encoding == b'base64' else octets, b'Subject: t\nContent-Disposition: attachment; filename=smime.p7m\n', encoding)


inner = b'Content-Type: text/plain; charset=utf-8\r\n\r\n' + 'Streng geheim, müßig'.encode()
pkcs7 = dict(tree='application/pkcs7-mime(text/plain)', preview='Streng geheim', finds=['geheim, mussig'], attached=False, texts=['Streng geheim, müßig'])
mail('S/MIME in DER', smime(signed(inner)), **pkcs7)
mail('S/MIME in BER', smime(signed(inner, ber, strings(inner, 1))), **pkcs7)
mail('S/MIME in strings of strings', smime(signed(inner, ber, strings(inner, 5))), **pkcs7)
mail('S/MIME in binary', smime(signed(inner, ber, strings(inner, 2)), encoding=b'binary'), **pkcs7)
mail('S/MIME under its old name', smime(signed(inner), b'application/x-pkcs7-mime'), tree='application/x-pkcs7-mime(text/plain)', preview='Streng geheim')
mail('S/MIME that is cut', smime(signed(inner, ber, strings(inner, 1))[:110]), tree='application/pkcs7-mime(text/plain)')
mail('S/MIME with an attachment', smime(signed(parts(b'mixed', text, part(b'application/pdf; name=in.pdf')).split(b'MIME-Version: 1.0\nSubject: t\n')[1])),
     tree='application/pkcs7-mime(multipart/mixed(text/plain,application/pdf))', attached=True, files=['in.pdf'], preview='hello', finds=['in.pdf'])
mail('S/MIME in a part', parts(b'mixed', text, b'Content-Transfer-Encoding: base64\n' + part(b'application/pkcs7-mime', base64.encodebytes(signed(inner)))), attached=False, finds=['geheim'], texts=['hello', 'Streng geheim, müßig'])
mail('S/MIME in too many strings', smime(signed(inner, ber, strings(inner, 17))), misses=['geheim'])
mail('S/MIME that is encrypted', smime(signed(inner, kind=3), b'application/pkcs7-mime; smime-type=enveloped-data'), tree='application/pkcs7-mime', attached=True, misses=['geheim'])
mail('S/MIME that is nothing', smime(b'\x30\x80\x06\xff'), tree='application/pkcs7-mime', attached=True)

# --- boundaries, encodings, line ends ---

lost = b'--bb\nContent-Type: text/plain\n\nhello body\n--bb\nContent-Type: application/pdf; name=a.pdf\n\nx\n--bb--\n'
both = dict(tree='multipart/mixed(text/plain,application/pdf)', preview='hello body', finds=['hello body', 'a.pdf'], attached=True)
mail('another boundary', typed('multipart/mixed; boundary="aa"', lost), **both)
mail('no boundary', typed('multipart/mixed', lost), **both)
mail('a boundary on a line that was not folded', HEAD + b'Subject: t\nContent-Type: multipart/mixed;\nboundary="bb"\n\n' + lost, **both)
mail('an empty boundary', typed('multipart/mixed; boundary=""', lost), **both)
mail('another boundary, behind a preamble', typed('multipart/mixed; boundary=aa', b'-- \nThis is MIME.\n--\n\n' + lost), **both)
mail('another boundary inside a part', parts(b'mixed', part(b'multipart/alternative; boundary=cc', b'--dd\nContent-Type: text/plain\n\nhello\n--dd--')), tree='multipart/mixed(multipart/alternative(text/plain))', preview='hello')
mail('a dash line and another field', typed('multipart/mixed; boundary=aa', b'--bb\nSubject: x\n\nhello\n'), tree='multipart/mixed()', preview='--bb')
mail('a multipart that has no boundary line', typed('multipart/mixed; boundary=aa', b'hello there\n'), tree='multipart/mixed()', preview='hello there', finds=['hello there'])
mail('plain text with such a line', typed('text/plain', lost), tree='text/plain', preview='--bb')
mail('a multipart in base64', typed('multipart/mixed; boundary=bb', base64.encodebytes(lost), encoding=b'base64'), **both)
mail('a multipart in quoted-printable', typed('multipart/mixed; boundary="=bb"', quopri.encodestring(lost.replace(b'--bb', b'--=bb')), encoding=b'quoted-printable'), **both)
mail('a multipart in base64 with another boundary', typed('multipart/mixed; boundary=aa', base64.encodebytes(lost), encoding=b'base64'), **both)
mail('a multipart that only says base64', typed('multipart/mixed; boundary=bb', lost, encoding=b'base64'), **both)
mail('base64 that is text', typed('text/plain', b'Hello, this is plain text.\n', encoding=b'base64'), preview='Hello, this is plain', finds=['plain text'])
mail('base64 that is HTML', typed('text/html', b'<p>Hello, this is <b>HTML</b>\n', encoding=b'base64'), preview='Hello, this is HTML')
mail('base64 behind empty lines', typed('text/plain', b'\n\n' + base64.encodebytes(b'Hello there'), encoding=b'base64'), preview='Hello there')
mail('base64 with one blank', typed('text/plain', b'SGVsbG8g dGhlcmU=', encoding=b'base64'), preview='Hello there')
cr = typed('text/plain', b'line one\nline two\n', b'Subject: cr mail\n').replace(b'\n', b'\r')
mail('CR alone', cr, subject='cr mail', preview='line one line two', date='2020-03-02T09:00:00Z', finds=['one line'])
mail('CR alone in a multipart', parts(b'mixed', text, html).replace(b'\n', b'\r'), tree='multipart/mixed(text/plain,text/html)', preview='hello')
mail('CR alone and a LF behind 8 KiB', cr + b'x' * 8192 + b'\n', subject='cr mail')
mail('one LF', cr.replace(b'\r', b'\n', 1), subject='')

# --- dates ---

for date, want in (('Mon, 2 Mar 2020 10:00:00 CEST', '2020-03-02T08:00:00Z'), ('Mon, 2 Mar 2020 10:00:00 CET', '2020-03-02T09:00:00Z'), ('Mon, 2 Mar 2020 10:00:00 EET', '2020-03-02T08:00:00Z'),
                   ('Mon, 2 Mar 2020 10:00:00 JST', '2020-03-02T01:00:00Z'), ('Mon, 2 Mar 2020 10:00:00 KST', '2020-03-02T01:00:00Z'), ('Mon, 2 Mar 2020 10:00:00 MSK', '2020-03-02T07:00:00Z'),
                   ('Mon, 2 Mar 2020 10:00:00 IST', '2020-03-02T04:30:00Z'), ('Mon, 2 Mar 2020 10:00:00 XYZ', '2020-03-02T10:00:00Z'), ('Mon, 2 Mar 2020 10:00:00 0200', '2020-03-02T08:00:00Z'),
                   ('2020-05-07T05:00:55Z', '2020-05-07T05:00:55Z'), ('2020-05-07T05:00:55+02:00', '2020-05-07T03:00:55Z'), ('2020-05-07 05:00:55 -0100', '2020-05-07T06:00:55Z'), ('20200507T050055Z', '2020-05-07T05:00:55Z'),
                   ('2020-05-07T05:00:55.25Z', '2020-05-07T05:00:55Z'), ('2020-13-07T05:00:55Z', None), ('Mon Mar 02 10:00:00 CET 2020', '2020-03-02T09:00:00Z'), ('Mon Mar  2 10:00:00 2020', '2020-03-02T10:00:00Z'),
                   ('Di, 17 Mai 2005 12:31:00 +0200', '2005-05-17T10:31:00Z'), ('Do, 05 Mär 2020 10:00:00 +0100', '2020-03-05T09:00:00Z'), ('mar., 17 févr. 2009 12:31:00 +0100', '2009-02-17T11:31:00Z'), ('jeu, 02 août 2018 10:00:00 +0200', '2018-08-02T08:00:00Z'),
                   ('mar, 17 mayo 2005 12:31:00 +0200', '2005-05-17T10:31:00Z'), ('lun, 03 dic 2018 10:00:00 +0100', '2018-12-03T09:00:00Z'), ('mar, 17 gennaio 2017 10:00:00 +0100', '2017-01-17T09:00:00Z'), ('do, 05 mrt 2020 10:00:00 +0100', '2020-03-05T09:00:00Z'),
                   ('tor, 03 maj 2018 10:00:00 +0200', '2018-05-03T08:00:00Z'), ('ter, 05 out 2021 10:00:00 +0100', '2021-10-05T09:00:00Z'), ('pon, 17 października 2005 12:31:00 +0200', '2005-10-17T10:31:00Z'), ('Пн, 17 мая 2005 12:31:00 +0400', '2005-05-17T08:31:00Z'),
                   ('Mon, 32 Mar 2020 10:00:00 +0000', None), ('tomorrow', None)):
    mail('date ' + date, 'From: a@b.c\nDate: %s\nSubject: t\n\nx' % date, date=want)

# --- previews ---

for tag in ('<!DOCTYPE html><html>', '<html>', '<HEAD></HEAD>', '<body>', '<table>', '<div class=x>', '<p>', '<font color=red>'):
    mail('HTML in plain text: ' + tag, typed('text/plain', tag.encode() + b'Hello <b>you</b>'), preview='Hello you', not_preview='<', finds=['hello you'])
mail('a tag that is never closed', typed('text/plain', b'<p> is a tag'), preview='<p> is a tag')
mail('another tag', typed('text/plain', b'<name>Jo</name>'), preview='<name>Jo</name>')
mail('a tag later on', typed('text/plain', b'use <div>x</div>'), preview='use <div>x</div>')
mail('enriched text', typed('text/enriched', b'<bold>Hello</bold> <<you\n\n<color><param>red</param>there</color>'), preview='Hello <you there', not_preview='param', finds=['hello <you'])
mail('Markdown', typed('text/markdown', b'# Hello\n\n*you*'), preview='# Hello *you*')
mail('another text', typed('text/x-log', b'one line'), preview='one line')
mail('an excuse for a plain part', parts(b'alternative', part(b'text/plain', b'Your reader cannot show HTML.'), part(b'text/html', b'<p>' + b'What was written. ' * 5)), preview='What was written.', not_preview='cannot')
mail('a short plain part without that word', parts(b'alternative', part(b'text/plain', b'Short.'), part(b'text/html', b'<p>' + b'What was written. ' * 5)), preview='Short.')
mail('a plain part with that word that is as long', parts(b'alternative', part(b'text/plain', b'I like HTML, you know, very much so.'), part(b'text/html', b'<p>I like HTML, you know, very much so.')), preview='I like HTML')
mail('a word that has it', parts(b'alternative', part(b'text/plain', b'See xhtmlx.'), part(b'text/html', b'<p>' + b'What was written. ' * 5)), preview='See xhtmlx.')
mail('pictures alone', typed('text/html', b'<html><body><img src=a alt="Sommer&shy;fest &amp; mehr"><img src=b alt=\'am Fluss\'></body>'), preview='fest & mehr am Fluss')
mail('pictures beside text', typed('text/html', b'<img src=a alt="no">Hello'), preview='Hello', not_preview='no')

# --- search, names ---

mail('text that is compared', typed('text/plain; charset=utf-8', 'Die STRAẞE, ﬁnal Œuvre, e\u0301te\u0301, so\u00adft, ﾊﾝｶｸ, ＷＩＤＥ, Łódź'.encode()),
     finds=['strasse', 'Straße', 'FINAL', 'oeuvre', 'œuvre', 'été', 'ete', 'soft', 'ハンカク', 'wide', 'lodz', 'łódź'], misses=['strase', 'weit'])
mail('file names are found', parts(b'mixed', text, part(b'application/pdf', more=b"Content-Disposition: attachment; filename*=utf-8''B%C3%A9r%20report.pdf\n")), finds=['bér report', 'ber report.pdf'], files=['Bér report.pdf'])
for name, safe in (('AC/DC live.mp3', 'AC_DC live.mp3'), ('/etc/passwd', 'passwd'), ('~/x/a.txt', 'a.txt'), ('./x/a.txt', 'a.txt'), ('../../a.txt', 'a.txt'), ('C:\\\\Temp\\\\a.txt', 'a.txt'), ('\\\\\\\\srv\\\\a.txt', 'a.txt'), ('a/../b', 'a_.._b'), ('either\\\\or', 'either_or')):
    mail('safe name of ' + name, parts(b'mixed', text, part(b'application/x-y; name="' + name.encode() + b'"')), safe=['part-1.txt', safe])
mail('a part without a name', parts(b'mixed', text, part(b'image/jpeg'), part(b'message/rfc822', b'Subject: x\n\nx'), part(b'application/x-very-long-one')), safe=['part-1.txt', 'part-2.jpg', 'part-3.eml', 'part-4.bin'])


# --- asking ---


def pairs(list_):
    return [[a.name, a.address] for a in list_]


def tree(mime, body):
    kind = mime.main_type + '/' + mime.sub_type
    which = body.WhichOneof('body')
    if which == 'multipart':
        return kind + '(' + ','.join(tree(p.mime_header, p.body) for p in body.multipart.parts) + ')'
    return kind + '(' + tree(body.mail.head.mime, body.mail.body) + ')' if which == 'mail' else kind


def names(mime, body, of):
    which = body.WhichOneof('body')
    if which == 'multipart':
        return [n for p in body.multipart.parts for n in names(p.mime_header, p.body, of)]
    own = [of(mime)] if of(mime) else []
    return own if which != 'mail' or of(mime) != mime.file_name else (own if own != ['smime.p7m'] else []) + names(body.mail.head.mime, body.mail.body, of)


def utc(date):
    return datetime.datetime.fromisoformat(date.replace('Z', '+00:00')).astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ') if date else None


class Asked(Box):
    options = ()

    def raw(self, method, data, env=None):
        r = subprocess.run([os.path.join(bin_dir, 'maildir-op'), *self.options, method], input=data, cwd=self.path, capture_output=True, env=env, timeout=60)
        return r.returncode, r.stdout, r.stderr


B = Asked('meant')
path = None
for name, octets, options, right in cases:
    if path:
        os.unlink(path)
    path = B.put('1700000000.M1P1.h:2,S', octets)
    B.options = options
    h = B.call('List', end=1, preview=True).mail_heads[0]
    plain = B.call('List', end=1).mail_heads[0]
    m = B.call('Show', mid=h.mid).mail
    is_ = dict(subject=h.header.subject, date=utc(h.header.send_date), from_=pairs(h.header.written_from), to=pairs(h.header.send_to), cc=pairs(h.header.cc),
               reply_to=pairs(h.header.reply_to), attached=h.has_attachment, tree=tree(m.head.mime, m.body), files=names(m.head.mime, m.body, lambda x: x.file_name),
               safe=names(m.head.mime, m.body, lambda x: x.safe_name))
    bad = []
    for k, v in right.items():
        if k in ('preview', 'not_preview'):
            if (v in h.preview) != (k == 'preview'):
                bad.append((k, h.preview, v))
        elif k in ('finds', 'misses'):
            bad += [(k, w) for w in v if bool(B.call('Search', pattern=w).found) != (k == 'finds')]
        elif k == 'texts':
            got = [t.text for t in B.call('Fetch', mails=[dict(mid=h.mid)], texts='ALL').mails[0].texts]
            bad += [(k, got, v)] if got != v else []
        elif is_[k] != v:
            bad.append((k, is_[k], v))
    # What a list shows after its first reading, with a preview, and what Show has, is the same; sorting sees it too.
    h.preview = ''
    if plain != h:
        bad.append(('the list without preview differs', plain))
    for field in ('subject', 'written_from', 'send_to', 'send_date'):
        if getattr(m.head, field) != getattr(h.header, field):
            bad.append(('Show differs in', field))
    for parameter, key in (('SUBJECT', h.header.subject), ('SENDER', (h.header.written_from[0].name or h.header.written_from[0].address) if h.header.written_from else '')):
        r = B.call('ListSearch', limit=1, sort=dict(parameter=parameter))
        if key and r.first_bound.param.casefold().replace('ss', 'ß') != key.casefold().replace('ss', 'ß')[:len(r.first_bound.param.replace('ss', 'ß'))] and not key.lower().startswith('re'):
            bad.append(('sorted by ' + parameter, r.first_bound.param, key))
    if not ok(not bad, name):
        print('# %.1500r' % bad)
done()
