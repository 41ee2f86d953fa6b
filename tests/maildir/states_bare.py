"""States without an index: equal only where nothing happened. Arguments: PROGRAM BOX ROUNDS; prints how many answers said that nothing had changed
where something had. Each round: a state is taken, a mail comes, goes or is flagged, or nothing happens, and it is asked what changed."""
from op import *
import random

program, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
R = random.Random(int(os.environ.get('STATES_SEED', '1')))
for d in ('', '.A'):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, d, sub))
os.chdir(path)


def changes(state):
    r = subprocess.run([program, '-I', 'Changes'], input=pb.ChangesReq(state=state).SerializeToString(), stdout=subprocess.PIPE, check=True)
    return pb.ChangesResp.FromString(r.stdout)


def change(serial):
    at = R.choice(['.', '.A'])
    mails = os.listdir(at + '/cur')
    what = R.choice(['comes', 'goes', 'flag', 'nothing'])
    if what == 'comes' or (what != 'nothing' and not mails):
        open('%s/cur/%d.M1P1.h:2,' % (at, serial), 'w').close()
    elif what == 'goes':
        os.unlink(at + '/cur/' + R.choice(mails))
    elif what == 'flag':
        n = R.choice(mails)
        os.rename(at + '/cur/' + n, at + '/cur/' + n.split(':')[0] + (':2,S' if n.endswith(',') else ':2,'))
    return what != 'nothing'


stale = 0
for serial in range(rounds):
    for burst in range(R.randrange(2)):
        change(1000000 + serial)
    state = changes('').state
    happened = change(serial)
    r = changes(state)
    stale += happened and not r.reset
    assert r.reset or not r.changes  # stamps have no lists
print(stale)
