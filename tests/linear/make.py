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
write("last-delimiters", b"".join(b"--b\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(n)).join(
    [multipart, b""]))
