"""A storm: two processes change a mailbox, three call maildir-op, half of whose calls are killed within 6 ms; a checker stops the changes for a
moment and compares with the truth. INDEX_SECONDS: how long (6)."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op import *  # noqa: E402,F403

OP = os.path.join(os.environ['BIN'], 'maildir-op')
SECONDS = float(os.environ.get('INDEX_SECONDS', '6'))
T = 1700000000
B = Box()
os.chdir(B.path)
BODY = b'From: a@example.org\nSubject: x\n\nneedle\n'
for i in range(300):
    B.put('%d.M%dP1.host:2,S' % (T + i, i), BODY)
REQUESTS = [('Stats', b''), ('ListSearch', pb.ListSearchReq(limit=5).SerializeToString()), ('ListSearch', pb.ListSearchReq(limit=5, search='needle').SerializeToString()),
            ('List', pb.ListReq(start=100, end=110, sort=pb.Sort(parameter='SENDER')).SerializeToString()), ('SetFlags', pb.SetFlagsReq(mids=['%d.M7P1.host' % (T + 7)], add='F').SerializeToString())]
stop = threading.Event()
pause = threading.Lock()
changed = [0, 0]


def change(which):
    r = random.Random(which)
    serial = 0
    while not stop.is_set():
        with pause if which == 0 else second:
            serial += 1
            cur = os.listdir('cur')
            x = r.random()
            n = r.choice(cur)
            try:
                if x < .3:
                    with open('tmp/%d-%d' % (which, serial), 'wb') as f:
                        f.write(BODY)
                    os.rename('tmp/%d-%d' % (which, serial), 'new/%d.M%dP%d.h' % (T, serial, 2 + which))
                elif x < .45 and len(cur) > 280:
                    os.unlink('cur/' + n)
                else:
                    os.rename('cur/' + n, 'cur/' + n.split(':')[0] + ':2,' + r.choice(['', 'S', 'F', 'FS']))
                changed[which] += 1
            except OSError:
                pass
        time.sleep(r.random() * .004)


second = threading.Lock()
killed = calls = 0
failed = []


def call(which):
    global killed, calls
    r = random.Random(100 + which)
    while not stop.is_set():
        method, request = r.choice(REQUESTS)
        p = subprocess.Popen([OP, method], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            p.stdin.write(request)
            p.stdin.close()
        except BrokenPipeError:
            pass
        if r.random() < .5:
            time.sleep(r.random() * .006)
            p.send_signal(signal.SIGKILL)
        p.stdout.read()
        err = p.stderr.read()
        code = p.wait()
        calls += 1
        killed += code == -9
        if code not in (0, -9, 3):
            failed.append((method, code, err))


threads = [threading.Thread(target=change, args=(i,)) for i in range(2)] + [threading.Thread(target=call, args=(i,)) for i in range(3)]
for t in threads:
    t.start()
checks = 0
wrong = []
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    with pause, second:
        out = subprocess.run([OP, 'Stats'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
        got = pb.StatsResp.FromString(out)
        names = os.listdir('new') + os.listdir('cur')
        # SetFlags of a caller may be under way: it changes no count, and nobody's S.
        want = len(names), sum('S' not in n.split(':2,')[-1] if ':2,' in n else True for n in names)
        checks += 1
        if (got.mail_count, got.unread_count) != want:
            wrong.append(((got.mail_count, got.unread_count), want))
    time.sleep(.01)
stop.set()
for t in threads:
    t.join()
eq(wrong, [], '%d checks, %d changes, %d calls of which %d were killed: each count is the truth' % (checks, sum(changed), calls, killed))
eq(failed[:3], [], 'no call failed')
for method, request in REQUESTS[:4]:
    a = subprocess.run([OP, method], input=request, stdout=subprocess.PIPE).stdout
    b = subprocess.run([OP, '-I', method], input=request, stdout=subprocess.PIPE).stdout
    eq(a, b, '%s afterwards: as without the index' % method)
done()
