"""What json-to-message takes and refuses, case by case, beside Google's json_format.

refusals.py PB_DIRECTORY BIN: one line for each case. A case is (type, JSON, what is right): a message's fields where it is taken
(then json_format must take it alike), REFUSED where both refuse, STRICT where only we do, with the reason.
"""
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import maildir_pb2 as pb  # noqa: E402
from google.protobuf import json_format  # noqa: E402

REFUSED, STRICT = "refused", "refused here only"

CASES = [
    ("FoldersReq", "{}", {}),
    ("FoldersReq", " \t\r\n{ } \n", {}),
    ("FoldersReq", "", REFUSED),
    ("FoldersReq", "{", REFUSED),
    ("FoldersReq", "[]", STRICT),
    ("FoldersReq", "null", REFUSED),
    ("FoldersReq", "1", REFUSED),
    ("FoldersReq", "{} {}", REFUSED),
    ("FoldersReq", "{}x", REFUSED),
    ("FoldersReq", '{"folder":"x"}', REFUSED),       # unknown
    ("StatsReq", '{"folder":"x"}', dict(folder="x")),
    ("StatsReq", '{"Folder":"x"}', REFUSED),
    ("StatsReq", '{"folder":"x",}', REFUSED),
    ("StatsReq", "{'folder':'x'}", REFUSED),
    ("StatsReq", '{"folder":1}', REFUSED),
    ("StatsReq", '{"folder":true}', REFUSED),
    ("StatsReq", '{"folder":["x"]}', REFUSED),
    ("StatsReq", '{"folder":{}}', REFUSED),
    ("StatsReq", '{"folder":null}', {}),
    ("StatsReq", '{"folder":"a","folder":"b"}', REFUSED),
    ("StatsReq", '{"folder":"a","folder":"a"}', REFUSED),
    ("StatsReq", '{"folder":"\\u0000"}', STRICT),    # maildir.proto has no NUL
    ("StatsReq", '{"folder":"a\\u0000b"}', STRICT),
    ("StatsReq", '{"folder":"a\nb"}', REFUSED),      # RFC 8259 7: control characters are escaped
    ("StatsReq", '{"folder":"\\ud83d\\ude00"}', dict(folder="\U0001f600")),
    ("StatsReq", '{"folder":"\\ud83d"}', REFUSED),   # half a pair
    ("StatsReq", '{"folder":"\\ude00"}', REFUSED),
    ("StatsReq", '{"folder":"\\x41"}', REFUSED),
    ("StatsReq", b'{"folder":"\xff"}', REFUSED),
    ("StatsReq", b'{"folder":"\xed\xa0\x80"}', REFUSED),
    ("StatsReq", b'{"folder":"\xc0\x80"}', REFUSED),
    ("StatsReq", b'\xe2\x82\xac{}', REFUSED),
    ("StatsReq", b'\x1b[0m{}', REFUSED),
    ("StatsReq", '{"\\u001b[0m\\u0085":1}', REFUSED),
    ("StatsReq", b'{}\0', REFUSED),
    ("MoveReq", '{"from_folder":"a","toFolder":"b"}', dict(from_folder="a", to_folder="b")),
    ("MoveReq", '{"from_folder":"a","fromFolder":"a"}', STRICT),  # one field, two spellings
    ("MoveReq", '{"from_Folder":"a"}', REFUSED),
    ("MoveReq", '{"mids":["a","","b"]}', dict(mids=["a", "", "b"])),
    ("MoveReq", '{"mids":[]}', {}),
    ("MoveReq", '{"mids":null}', {}),
    ("MoveReq", '{"mids":[null]}', REFUSED),
    ("MoveReq", '{"mids":"a"}', REFUSED),
    ("MoveReq", '{"mids":[["a"]]}', REFUSED),
    ("MoveReq", '{"mids":{"a":"b"}}', REFUSED),
    ("ListReq", '{"start":1,"end":4294967295}', dict(start=1, end=4294967295)),
    ("ListReq", '{"start":"1","end":"4294967295"}', dict(start=1, end=4294967295)),
    ("ListReq", '{"start":0,"preview":false,"folder":""}', {}),
    ("ListReq", '{"start":4294967296}', REFUSED),
    ("ListReq", '{"start":"4294967296"}', REFUSED),
    ("ListReq", '{"start":-1}', REFUSED),
    ("ListReq", '{"start":"-1"}', REFUSED),
    ("ListReq", '{"start":1.5}', REFUSED),
    ("ListReq", '{"start":1.0}', dict(start=1)),
    ("ListReq", '{"start":1e3}', dict(start=1000)),
    ("ListReq", '{"start":1e10}', REFUSED),
    ("ListReq", '{"start":1e999}', REFUSED),
    ("ListReq", '{"start":NaN}', REFUSED),
    ("ListReq", '{"start":"NaN"}', REFUSED),
    ("ListReq", '{"start":01}', REFUSED),
    ("ListReq", '{"start":+1}', REFUSED),
    ("ListReq", '{"start":0x10}', REFUSED),
    ("ListReq", '{"start":""}', REFUSED),
    ("ListReq", '{"start":" 1"}', REFUSED),
    ("ListReq", '{"start":"1 "}', REFUSED),
    ("ListReq", '{"start":"1x"}', REFUSED),
    ("ListReq", '{"start":true}', REFUSED),
    ("ListReq", '{"start":[]}', REFUSED),
    ("ListReq", '{"start":123456789012345678901234567890}', REFUSED),
    ("ListReq", '{"preview":true}', dict(preview=True)),
    ("ListReq", '{"preview":"true"}', REFUSED),
    ("ListReq", '{"preview":1}', REFUSED),
    ("ListReq", '{"sort":{}}', dict(sort=dict())),
    ("ListReq", '{"sort":{"direction":"DESC","parameter":"SIZE"}}', dict(sort=dict(direction=1, parameter=1))),
    ("ListReq", '{"sort":{"direction":1}}', dict(sort=dict(direction=1))),
    ("ListReq", '{"sort":{"direction":7}}', dict(sort=dict(direction=7))),
    ("ListReq", '{"sort":{"direction":-7}}', dict(sort=dict(direction=-7))),
    ("ListReq", '{"sort":{"direction":2147483648}}', REFUSED),
    ("ListReq", '{"sort":{"direction":"desc"}}', REFUSED),
    ("ListReq", '{"sort":{"direction":""}}', REFUSED),
    ("ListReq", '{"sort":{"direction":true}}', STRICT),
    ("ListReq", '{"sort":"DATE"}', REFUSED),
    ("ListReq", '{"sort":[]}', STRICT),
    ("RawReq", '{"offset":18446744073709551615}', dict(offset=2**64 - 1)),
    ("RawReq", '{"offset":"18446744073709551615","length":9223372036854775808}', dict(offset=2**64 - 1, length=2**63)),
    ("RawReq", '{"offset":9007199254740993}', dict(offset=2**53 + 1)),
    ("RawReq", '{"offset":18446744073709551616}', REFUSED),
    ("RawReq", '{"offset":"18446744073709551616"}', REFUSED),
    ("RawReq", '{"offset":-9223372036854775809}', REFUSED),
    ("RawReq", '{"folder":18446744073709551615}', REFUSED),
    ("RawReq", '{"mid":"18446744073709551615","offset":18446744073709551615}', dict(mid="18446744073709551615", offset=2**64 - 1)),
    ("RawReq", '{"mid":"\\u000018446744073709551615","offset":18446744073709551615}', STRICT),
    ("RawReq", '{"mid":"\\"18446744073709551615","offset":18446744073709551615}', dict(mid='"18446744073709551615', offset=2**64 - 1)),
    ("RawReq", '{"mid":18446744073709551615,"offset":1}', REFUSED),
    ("RawReq", '{"offset":18446744073709551615.5}', REFUSED),
    ("RawResp", '{"body":"AAH/"}', dict(body=b"\0\1\xff")),
    ("RawResp", '{"body":"-_-_"}', dict(body=b"\xfb\xff\xbf")),
    ("RawResp", '{"body":"+/+/"}', dict(body=b"\xfb\xff\xbf")),
    ("RawResp", '{"body":"QQ=="}', dict(body=b"A")),
    ("RawResp", '{"body":"QQ"}', dict(body=b"A")),
    ("RawResp", '{"body":"QUI"}', dict(body=b"AB")),
    ("RawResp", '{"body":"QUI="}', dict(body=b"AB")),
    ("RawResp", '{"body":"QUI=="}', STRICT),
    ("RawResp", '{"body":"Q"}', REFUSED),
    ("RawResp", '{"body":"QQ="}', STRICT),
    ("RawResp", '{"body":"===="}', STRICT),
    ("RawResp", '{"body":"QQ==QQ=="}', STRICT),
    ("RawResp", '{"body":"QU I"}', STRICT),
    ("RawResp", '{"body":"Q\\u0000"}', REFUSED),
    ("RawResp", '{"body":[65]}', REFUSED),
    ("MailBody", '{"discrete":""}', dict(discrete=b"")),
    ("MailBody", '{"discrete":"","mail":null}', dict(discrete=b"")),
    ("MailBody", '{"multipart":{}}', dict(multipart=dict())),
    ("MailBody", '{"discrete":"","multipart":{}}', REFUSED),
    ("Failure", '{"error":{"code":"TEMPORARY","text":"x"}}', dict(error=dict(code=10, text="x"))),
    ("Failure", '{"error":{"error":{}}}', REFUSED),
]


def theirs(name, text):
    try:
        message = json_format.Parse(text if isinstance(text, bytes) else text.encode(), getattr(pb, name)())
        return message.SerializeToString(deterministic=True)
    except (json_format.ParseError, ValueError, TypeError, OverflowError):
        return None


def main():
    bad = 0
    for n, (name, text, right) in enumerate(CASES, 1):
        data = text if isinstance(text, bytes) else text.encode()
        done = subprocess.run([sys.argv[2] + "/json-to-message", name], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        other = theirs(name, text)
        why = ""
        if isinstance(right, dict):
            want = getattr(pb, name)(**right).SerializeToString(deterministic=True)
            good = (done.returncode, done.stdout, done.stderr) == (0, want, b"") and other == want
        else:
            good = (done.returncode, done.stdout) == (4, b"") and done.stderr.startswith(b"json-to-message: fatal: ") \
                and done.stderr.count(b"\n") == 1 and done.stderr.endswith(b"\n") and done.stderr.decode()[:-1].isprintable() \
                and (other is None) == (right == REFUSED)
            why = f" # {right}"
        bad += not good
        print(f"{'ok' if good else 'not ok'} {name} {data!r}: {done.returncode} {done.stdout!r} {done.stderr!r}, json_format {other!r}{why}")
    print(f"{len(CASES)} cases, {bad} bad")
    sys.exit(bad != 0)


main()
