"""compare.py EXPECTED OURS [KNOWN]: field by field, what two readers say of the same mails (documents as mail-show prints).

Prints a figure for each field, and each difference that the first does not call AMBIGUOUS and that KNOWN, a list of
"file field", does not name. Exits 1 where there is one, and where KNOWN names one that is none."""

import collections
import json
import re
import sys


def load(name):
    with open(name) as f:
        return {d["file"]: d for d in map(json.loads, f)}


def folded(s):
    return None if s is None else re.sub(r"\s+", " ", s).strip()


def addresses(pairs):
    return [[folded(name.strip('"')) if name else "", address] for name, address in pairs]


def around(document, which):
    return sorted((m["path"], m[which]) for m in document["multiparts"] if m[which])


def fields(a, b):
    """Field, what each says, and whether the first says that there is no one right answer."""
    ambiguous = [n[len("AMBIGUOUS "):] for n in a["notes"] if isinstance(n, str) and n.startswith("AMBIGUOUS ")]

    def is_ambiguous(what):
        return any(n.startswith(what) for n in ambiguous)

    for key in "subject", "date":
        yield key, folded(a[key]), folded(b[key]), is_ambiguous(key)
    for key in "comments", "keywords":
        yield key, [folded(v) for v in a[key]], [folded(v) for v in b[key]], False
    for key in "from", "to", "cc", "bcc", "reply-to", "sender":
        if a[key] or b[key]:
            yield key, addresses(a[key]), addresses(b[key]), is_ambiguous(key)
    unclear = is_ambiguous("tree") or any("multipart without parts" in n for n in ambiguous)
    yield "tree", a["tree"], b["tree"], unclear
    if a["tree"] != b["tree"]:
        return
    for key in "preamble", "epilogue":
        if around(a, key) or around(b, key):
            yield key, around(a, key), around(b, key), unclear
    theirs = {leaf["path"]: leaf for leaf in b["leaves"]}
    yield "path", [leaf["path"] for leaf in a["leaves"]], list(theirs), unclear
    for x in a["leaves"]:
        path = x["path"]
        y = theirs.get(path)
        if y is None:
            continue
        unclear_leaf = unclear or is_ambiguous(path + ":")
        if x["filename"] or y["filename"]:
            yield "filename", x["filename"], y["filename"], unclear_leaf
        yield "disposition", x["disposition"], y["disposition"], unclear_leaf
        if "sha256" not in x or "sha256" not in y:
            continue
        yield "octets", x["sha256"], y["sha256"], unclear_leaf
        if x["sha256"] == y["sha256"] and "text_sha256" in x and "text_sha256" in y:
            yield "text", x["text_sha256_trim"], y["text_sha256_trim"], unclear_leaf


def main():
    expected, ours = load(sys.argv[1]), load(sys.argv[2])
    known = set()
    if len(sys.argv) > 3:
        with open(sys.argv[3]) as f:
            known = {tuple(line.split()[:2]) for line in f if line.strip() and not line.startswith("#")}
    same, seen, unclear, explained = (collections.Counter() for _ in range(4))
    unknown, met = [], set()
    for name, a in expected.items():
        b = ours.get(name)
        seen["opened"] += 1
        if b is None or "error" in b:
            unknown.append((name, "opened", "", b))
            continue
        same["opened"] += 1
        for field, x, y, ambiguous in fields(a, b):
            seen[field] += 1
            if x == y:
                same[field] += 1
            elif ambiguous:
                unclear[field] += 1
            elif (name, field) in known:
                met.add((name, field))
                explained[field] += 1
            else:
                unknown.append((name, field, x, y))
    for field in seen:
        percent = 100 * same[field] / seen[field]
        print(f"# {field:12} {same[field]:6} of {seen[field]:6} {percent:6.2f} %  the others:"
              f" {unclear[field]} without one right answer, {explained[field]} explained")
    for name, field, x, y in unknown:
        print(f"# {name}: {field}: {ascii(x)[:300]}, not {ascii(y)[:300]}")
    for name, field in sorted(known - met):
        print(f"# {name}: {field}: is listed as a difference, but is none")
    sys.exit(bool(unknown or known - met))


if __name__ == "__main__":
    main()
