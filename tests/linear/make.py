"""make.py DIR N [NAME...]: one mail for each way to make a reader slow, or for those named, DIR/NAME, with N of what NAME says."""
import base64
import sys

out, n, only = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def write(name, data):
    if only and name not in only:
        return
    with open(f"{out}/{name}", "wb") as f:
        f.write(data)


def nested(count):
    head = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (i, i) for i in range(count))
    return head + b"\nx\n"


def wrapped(count, encode):
    m = b"Subject: x\n\n" + b"x" * (count // 4)
    for _ in range(25):
        m = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(m)
    return m


multipart = b"Content-Type: multipart/mixed; boundary=b\n\n"
open30 = b"".join(b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (b"y" * 60 + b"%d" % i, b"y" * 60 + b"%d" % i)
                  for i in range(29))
write("plain", b"Subject: x\n\n" + b"some words of text\n" * n)
write("parts", multipart + b"--b\nContent-Type: text/x\n\nx\n" * n + b"--b--\n")
write("parts-empty", multipart + b"--b\n\n" * n)
write("boundaries-only", multipart + b"--b\n" * n)
write("closed-again", multipart + b"--b--\n" * n)
write("digest", multipart.replace(b"mixed", b"digest") + b"--b\n\nSubject: x\n\nx\n" * n)
write("nested-multiparts", nested(n))
write("nested-same-boundary", (multipart + b"--b\n") * n)
write("nested-messages", b"Content-Type: message/rfc822\n\n" * n + b"Subject: x\n\nx\n")
write("nested-encoded", wrapped(n, True))
write("almost-boundaries", open30 + (b"--" + b"y" * 60 + b"z\n") * n)
write("dashes", open30 + b"--\n" * n)
write("fields", b"X-Field: x\n" * n + b"\nx\n")
write("keywords", b"Keywords: x\n" * n + b"\nx\n")
write("folded", b"Subject: x\n" + b" x\n" * n + b"\nx\n")
write("junk", b"Subject: x\n" + b"junk\n" * n + b"To: x\n\nx\n")
write("junk-between", b"junk\nTo: x\n" * n + b"\nx\n")
write("junk-unended", b"Subject: x\n" + b"junk\n" * n)
write("words", b"Subject: " + b"=?utf-8?Q?=C3=A9?=\n " * n + b"\n\nx\n")
write("words-alternating", b"Subject: " + b"=?utf-8?Q?=C3=A9?= =?koi8-r?B?wcE=?=\n " * n + b"\n\nx\n")
write("words-unended", b"Subject: " + b"=?utf-8?Q?a" * n + b"\n\nx\n")
write("words-begun", b"Subject: " + b"=?" * n + b"\n\nx\n")
write("words-begun-charset", b"Subject: " + b"=?utf-8?" * n + b"\n\nx\n")
write("raw", b"Subject: " + b"\xe9" * n + b"\n\nx\n")
write("addresses", b"To: " + b"a@b.c, " * n + b"\n\nx\n")
write("addresses-named", b"To: " + b'"x" <a@b.c> (y), ' * n + b"\n\nx\n")
write("addresses-uncommaed", b"To: " + b"a@b.c " * n + b"\n\nx\n")
write("groups", b"To: " + b"a:;, " * n + b"\n\nx\n")
write("groups-open", b"To: " + b"a:" * n + b"\n\nx\n")
write("comments-nested", b"To: " + b"(" * n + b")" * n + b" a@b.c\n\nx\n")
write("comments-open", b"To: " + b"(a" * n + b"\n\nx\n")
write("comments", b"To: " + b"(a)" * n + b" a@b.c\n\nx\n")
write("quotes-open", b"To: " + b'"\\' * n + b"\n\nx\n")
write("quotes", b"To: " + b'""' * n + b"\n\nx\n")
write("angles", b"To: " + b"<" * n + b"\n\nx\n")
write("angles-closed", b"To: " + b"<>" * n + b"\n\nx\n")
write("ats", b"To: " + b"@" * n + b"\n\nx\n")
write("dots", b"To: " + b"a." * n + b"@b\n\nx\n")
write("words-in-addresses", b"To: " + b"=?utf-8?Q?a" * n + b"\n\nx\n")
write("routes", b"To: <" + b"@a," * n + b":a@b>\n\nx\n")
write("date", b"Date: " + b"(" * n + b" 1 Jan 2020 10:00 +0000\n\nx\n")
write("parameters", b"Content-Type: text/plain" + b"; name=x" * n + b"\n\nx\n")
write("parameters-continued", b"Content-Type: text/plain" + b"".join(b"; name*%d*=%%41" % i for i in range(n)) + b"\n\nx\n")
write("parameters-quoted", b"Content-Type: text/plain" + b'; name="x' * n + b"\n\nx\n")
write("parameters-escaped", b'Content-Type: text/plain; name="' + b'\\"' * n + b'"\n\nx\n')
write("parameters-comments", b"Content-Type: text/plain" + b"; ((name=x" * n + b"\n\nx\n")
write("base64-line", b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * n)
write("base64-padding", b"Content-Transfer-Encoding: base64\n\n" + b"QQ==" * n)
write("qp-blanks", b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * n)
write("qp-escapes", b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41" * n)
write("qp-line", b"Content-Transfer-Encoding: quoted-printable\n\n" + b" " * n)
write("uuencode", b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"#86)C\n" * n + b"end\n")
write("uuencode-begun", b"Content-Transfer-Encoding: x-uuencode\n\n" + b"begin 644 x\n" * n)
write("uuencode-none", b"Content-Transfer-Encoding: x-uuencode\n\n" + b"begin \n" * n)
write("carriage-returns", b"\n" + b"\r" * n)
write("malformed", b"Content-Type: text/plain; charset=utf-8\n\n" + b"\xf0" * n)
write("shift-states", b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B\x1b(B" * n)
write("line", b"\n" + b"x" * n)
write("lost-boundary", b"Content-Type: multipart/mixed\n\n" + b"--x\nContent-Type: text/x\n\nx\n" * n)
write("lost-boundary-none", b"Content-Type: multipart/mixed\n\n" + b"--x\nSubject: x\n\nx\n" * n)
write("lost-boundaries", multipart + b"--b\nContent-Type: multipart/mixed\n\n--c\nContent-Type: text/x\n\nx\n" * n)
write("lost-boundaries-nested", b"".join(b"Content-Type: multipart/mixed\n\n--%d\n" % i for i in range(25)) + b"--x\nSubject: x\n" * n)
write("multipart-base64", b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"--b\n\nx\n" * n))
write("multiparts-base64", multipart + (b"--b\nContent-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"--c\nContent-Type: text/x\n\nx\n")) * n)


def der(tag, octets):
    return bytes([tag, 0x84]) + len(octets).to_bytes(4, "big") + octets


def signed(strings):
    oid = bytes.fromhex("06092a864886f70d0107")
    return (b"\x30\x80" + oid + b"\2\xa0\x80\x30\x80\2\1\1" + b"\x31\x80" + b"\x30\x80\0\0" * n + b"\0\0"
            + b"\x30\x80" + oid + b"\1\xa0\x80" + strings)


smime = b"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n"
write("smime-strings", smime + base64.encodebytes(signed(b"\x24\x80" * 15 + b"\4\1x" * n)))
write("smime-open-strings", smime + base64.encodebytes(signed(b"\x24\x80\0\0" * n)))
write("smime-parts", multipart + (b"--b\n" + smime + base64.encodebytes(signed(der(4, b"\n\nx"))[:60])) * n)
write("raw-names", multipart + b"--b\nContent-Type: text/x; name=\xcf\xf0\n\nx\n" * n + b"--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b--\n")
write("raw-names-in-messages", multipart + b"--b\nContent-Type: message/rfc822\n\nContent-Type: text/plain; name=\xcf\xf0; charset=koi8-r\nSubject: \xcf\xf0\n\nx\n" * n)
write("raw-words", b"Subject: " + b"\xcf =?koi8-r?Q?x?= " * n + b"\n\nx\n")
write("raw-semicolons", b"Content-Type: text/plain" + b" charset=x" * n + b"\n\nx\n")
write("meta", b"Content-Type: text/html\n\n" + b"<meta charset=koi8-r>\xcf" * n)
write("refuted", b"Content-Type: text/plain; charset=gb2312\n\n" + b"\xc3\xa9" * n)
write("escapes", b"\n" + b"\x1b$" * n)
write("utf-16", b"Content-Type: text/plain; charset=utf-16\n\n" + b"x\0" * n)
write("to-repeated", b"To: a@b.c\n" * n + b"\nx\n")
write("senders", b"From: " + b"x, " * n + b"a@b.c\n\nx\n")
write("senders-joined", b"From: " + b"x, y <a@b.c>, " * n + b"\n\nx\n")
write("colons", b"To: " + b"a@b.c:" * n + b"\n\nx\n")
write("colons-in-angles", b"To: <" + b"a@b.c:" * n + b"\n\nx\n")
write("brackets", b"To: a@[" + b":" * n + b"\n\nx\n")
write("carriage-returns-alone", b"Subject: x\r" * n)
write("last-delimiters", b"".join(b"--b\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(n)).join(
    [multipart, b""]))
