"""others.py (python | gmime) FILE...: what another reader sees of each mail, as mail-show prints it, for compare.py."""

import datetime
import email
import email.policy
import hashlib
import json
import sys


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


def in_utc(when):
    if when.tzinfo:
        when = when.astimezone(datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def leaf(path, kind, disposition, filename, octets, text):
    d = {"path": path, "type": kind, "disposition": disposition, "filename": filename}
    if octets is not None:
        d["sha256"] = digest(octets)
        if kind.startswith("text/"):
            text = (text or "").replace("\r\n", "\n").replace("\r", "\n")
            d["text_sha256_trim"] = d["text_sha256"] = digest(text.rstrip("\n").encode("utf-8", "replace"))
    return d


class Tree:
    """Walks over a reader's parts. Its subclasses say what a part is."""

    def __init__(self):
        self.leaves = []

    def walk(self, part, path):
        kind, children, message = self.kind(part), self.children(part), self.message(part)
        if children is not None:
            inside = [self.walk(c, f"{path}.{i}" if path else str(i)) for i, c in enumerate(children, 1)]
            return f"{kind}({','.join(inside)})"
        here = path or "1"
        self.leaves.append(self.leaf(part, here))
        if message is not None:
            return f"{kind}({self.walk(message, here if self.children(message) is not None else here + '.1')})"
        return kind


class PythonTree(Tree):
    def kind(self, part):
        return part.get_content_type()

    def children(self, part):
        return part.get_payload() if part.get_content_maintype() == "multipart" and part.is_multipart() else None

    def message(self, part):
        inside = part.get_content_type() in ("message/rfc822", "message/global", "message/news") and part.is_multipart()
        return part.get_payload(0) if inside else None

    def leaf(self, part, path):
        octets = text = None
        if self.message(part) is None:
            octets = part.get_payload(decode=True) or b""
            try:
                text = part.get_content() if part.get_content_maintype() == "text" else None
            except (LookupError, KeyError):
                text = None
        return leaf(path, part.get_content_type(), part.get_content_disposition(), part.get_filename(), octets, text)


def read_python(name):
    with open(name, "rb") as f:
        m = email.message_from_binary_file(f, policy=email.policy.default)
    d = {"subject": m["subject"] and str(m["subject"]), "date": None}
    if m["date"] and m["date"].datetime:
        d["date"] = in_utc(m["date"].datetime)
    for key in "from", "to", "cc", "bcc", "reply-to", "sender":
        field = m[key]
        d[key] = [[a.display_name or "", a.addr_spec if a.username or a.domain else ""]
                  for a in getattr(field, "addresses", ())] if field else []
    for key in "comments", "keywords":
        d[key] = [str(v) for v in m.get_all(key, [])]
    tree = PythonTree()
    d["tree"] = tree.walk(m, "")
    return dict(d, leaves=tree.leaves)


def read_gmime(name):
    import gi
    gi.require_version("GMime", "3.0")
    from gi.repository import GMime
    if not GMime.check_version(3, 0, 0):
        raise OSError("GMime 3 is not there")
    GMime.init()

    class GmimeTree(Tree):
        def kind(self, part):
            t = part.get_content_type()
            return (t.get_mime_type() if t else "text/plain").lower()

        def children(self, part):
            return [part.get_part(i) for i in range(part.get_count())] if isinstance(part, GMime.Multipart) else None

        def message(self, part):
            inside = part.get_message() if isinstance(part, GMime.MessagePart) else None
            return inside.get_mime_part() if inside else None

        def leaf(self, part, path):
            octets = text = filename = None
            if isinstance(part, GMime.Part):
                filename = part.get_filename()
                wrapper, stream = part.get_content(), GMime.StreamMem.new()
                octets = b""
                if wrapper:
                    wrapper.write_to_stream(stream)
                    array = stream.get_byte_array()
                    octets = bytes(array) if array is not None else b""
                if isinstance(part, GMime.TextPart):
                    text = part.get_text()
            disposition = part.get_disposition()
            return leaf(path, self.kind(part), disposition and disposition.lower(), filename, octets, text)

    def flat(addresses):
        for i in range(addresses.length()) if addresses else ():
            a = addresses.get_address(i)
            if isinstance(a, GMime.InternetAddressGroup):
                yield from flat(a.get_members())
            else:
                yield [a.get_name() or "", a.get_addr() or ""]

    stream = GMime.StreamFile.open(name, "r")
    m = GMime.Parser.new_with_stream(stream).construct_message(GMime.ParserOptions.get_default())
    if not m:
        return {"error": "not opened"}
    when = m.get_date()
    d = {"subject": m.get_subject(), "date": when and when.to_utc().format("%Y-%m-%dT%H:%M:%SZ")}
    for key, read in (("from", m.get_from), ("to", m.get_to), ("cc", m.get_cc), ("bcc", m.get_bcc),
                      ("reply-to", m.get_reply_to), ("sender", m.get_sender)):
        d[key] = list(flat(read()))
    for key in "comments", "keywords":
        value = m.get_header(key)
        d[key] = [value] if value else []
    tree, root = GmimeTree(), m.get_mime_part()
    d["tree"] = tree.walk(root, "") if root else ""
    return dict(d, leaves=tree.leaves)


def main():
    read = {"python": read_python, "gmime": read_gmime}[sys.argv[1]]
    for name in sys.argv[2:]:
        try:
            d = read(name)
        except Exception as e:  # whatever it fails with is its answer
            d = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps({"file": name, "notes": [], "multiparts": [], **d}))


if __name__ == "__main__":
    main()
