"""Compares message-to-json and json-to-message with Google's own mapping (json_format) on random messages.

peer.py PB_DIRECTORY BIN SEED COUNT: prints one line for each difference, and a last line with what was compared.
"""
import base64
import json
import random
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import maildir_pb2 as pb  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from google.protobuf.descriptor import FieldDescriptor as F  # noqa: E402

BIN = sys.argv[2]
SEED = int(sys.argv[3])
COUNT = int(sys.argv[4])
TEXT = ["", "a", "Grüße", "日本語", "\U0001f600", "\"\\/", "\x01\x1f\x7f", "\t\r\n\b\f", "\u2028", "x" * 9000, "\ufffd", "\ue000"]
bad = 0


def run(program, name, data, *options):
    done = subprocess.run([f"{BIN}/{program}", *options, name], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def differ(what, name, got, want):
    global bad
    bad += 1
    print(f"{what} of {name}: got {got!r:.300}, want {want!r:.300}")


def value(r, field, depth):
    kind = field.type
    if kind == F.TYPE_STRING:
        return "".join(r.choice(TEXT) for _ in range(r.randrange(3)))
    if kind == F.TYPE_BYTES:
        return r.randbytes(r.choice([0, 1, 2, 3, 4, 100, 9001]))
    if kind == F.TYPE_BOOL:
        return r.random() < 0.5
    if kind == F.TYPE_UINT32:
        return r.choice([0, 1, 127, 128, 2**31, 2**32 - 1, r.getrandbits(32)])
    if kind == F.TYPE_UINT64:
        return r.choice([0, 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, r.getrandbits(64)])
    if kind == F.TYPE_ENUM:
        return r.choice([v.number for v in field.enum_type.values] + [77, -1, -2**31])
    raise AssertionError(field.full_name)


def fill(r, message, depth=0, inside=None):
    """inside: how many messages may be in the whole; one that holds its own kind several times would have no end."""
    inside = inside or [100]
    for field in message.DESCRIPTOR.fields:
        if r.random() < 0.4:
            continue
        if field.type == F.TYPE_MESSAGE:
            repeated = field.label == F.LABEL_REPEATED
            for _ in range(r.randrange(4) if repeated else 1):
                if depth > 8 or inside[0] == 0:
                    continue
                inside[0] -= 1
                part = getattr(message, field.name)
                if not repeated:
                    part.SetInParent()
                fill(r, part.add() if repeated else part, depth + 1, inside)
        elif field.label == F.LABEL_REPEATED:
            getattr(message, field.name).extend(value(r, field, depth) for _ in range(r.randrange(4)))
        else:
            setattr(message, field.name, value(r, field, depth))
    return message


def pairs(text):
    """JSON with the order of names kept and repeated names seen."""
    return json.loads(text, object_pairs_hook=lambda p: ("object", p))


def to_json(name, wire, message):
    code, out, err = run("message-to-json", name, wire)
    want = json_format.MessageToJson(message)
    try:
        got = pairs(out) if code == 0 else (code, err)
    except ValueError as error:
        got = (error, out)
    if got != pairs(want) or out.count(b"\n") != 1:
        differ("JSON", name, got, pairs(want))
    code, out, err = run("message-to-json", name, wire, "-d")
    want = json_format.MessageToJson(message, including_default_value_fields=True)
    got = json.loads(out) if code == 0 else (code, err)
    if got != json.loads(want):
        differ("JSON with defaults", name, got, json.loads(want))


def to_message(name, text, message):
    code, out, err = run("json-to-message", name, text.encode())
    want = message.SerializeToString(deterministic=True)
    if code or out != want:
        differ("message", name, (code, out, err), want)


def numbers_for_strings(node, r):
    """64-bit numbers written as JSON numbers, at random."""
    if isinstance(node, dict):
        return {k: int(v) if k in ("size", "byteSize", "offset", "length", "mailCount", "unreadCount", "maxRequest", "maxResponse")
                and r.random() < 0.5 else numbers_for_strings(v, r) for k, v in node.items()}
    return [numbers_for_strings(v, r) for v in node] if isinstance(node, list) else node


def main():
    r = random.Random(SEED)
    types = sorted(pb.DESCRIPTOR.message_types_by_name)
    compared = 0
    for name in types:
        cls = getattr(pb, name)
        for i in range(COUNT):
            message = fill(r, cls())
            wire = message.SerializeToString()
            to_json(name, wire, message)
            to_message(name, json_format.MessageToJson(message), message)
            to_message(name, json.dumps(numbers_for_strings(json_format.MessageToDict(message), r)), message)
            to_message(name, json_format.MessageToJson(message, preserving_proto_field_name=True,
                                                       use_integers_for_enums=True, including_default_value_fields=True), message)
            # Two encodings behind each other are their merger; fields that a newer schema has are passed over.
            second = fill(r, cls()).SerializeToString()
            unknown = b"\xc0\x3e\x05\xca\x3e\x03abc\xcd\x3e0123\xc9\x3e01234567"
            joined = cls.FromString(wire + unknown + second)
            to_json(name, wire + unknown + second, joined)
            compared += 7
    print(f"{compared} comparisons over {len(types)} types, {bad} differences")


main()
sys.exit(bad != 0)
