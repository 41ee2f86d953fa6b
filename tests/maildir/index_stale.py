"""Never stale: a mailbox is changed and asked at once, on each file system given. Arguments: PROGRAM BOX ROUNDS; prints how many answers were not
the truth."""
import os
import random
import subprocess
import sys

program, box, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
R = random.Random(int(os.environ.get('INDEX_SEED', '1')))
MAILS = 400
BODY = b'From: a@example.org\nSubject: x\nDate: Thu, 26 Nov 2026 13:00:00 +0000\n\nhi\n'
for d in ('cur', 'new', 'tmp'):
    os.makedirs(os.path.join(box, d))
os.chdir(box)
with open('tmp/seed', 'wb') as f:
    f.write(BODY)
for i in range(MAILS):
    os.link('tmp/seed', 'cur/%d.M%dP1.host,S=%d:2,S' % (1700000000 + i, i, len(BODY)))


def op(method, request=b''):
    return subprocess.run([program, method], input=request, stdout=subprocess.PIPE, check=True).stdout


def varint(octets, i):
    value = shift = 0
    while True:
        b = octets[i]
        i += 1
        value |= (b & 127) << shift
        shift += 7
        if b < 128:
            return value, i


def ask():
    out, fields, i = op('Stats'), {1: 0, 2: 0}, 0
    while i < len(out):
        tag, i = varint(out, i)
        value, i = varint(out, i)
        fields[tag >> 3] = value
    return fields[1], fields[2]


def truth():
    cur, new = os.listdir('cur'), os.listdir('new')
    return len(cur) + len(new), len(new) + sum('S' not in n.split(':2,')[1] for n in cur)


def change(serial):
    cur, new, x = os.listdir('cur'), os.listdir('new'), R.random()
    if x < .25:
        os.link('tmp/seed', 'new/18%08d.M%dP2.host,S=%d' % (serial, serial, len(BODY)))
    elif x < .45 and new:
        n = R.choice(new)
        os.rename('new/' + n, 'cur/' + n + ':2,')
    elif x < .6 and len(cur) > 20:
        os.unlink('cur/' + R.choice(cur))
    elif cur:
        n = R.choice(cur)
        base, flags = n.split(':2,')
        os.rename('cur/' + n, 'cur/' + base + (':2,' if 'S' in flags else ':2,S'))


op('ListSearch', b'\x20\x01')  # a page makes the index
assert os.path.exists('porter.index')
stale = serial = 0
for _ in range(rounds):
    for _ in range(R.choice([1, 1, 1, 2, 5])):
        serial += 1
        change(serial)
    for _ in range(R.choice([1, 1, 2, 3])):
        stale += ask() != truth()
print(stale)
