"""Each answer of Changes, to clients with old states, is exact; or a reset, where something was done that it must be a reset for, and nowhere else.
STATES_ANSWERS: how many answers (2500)."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import states_model as m  # noqa: E402
from states_model import *  # noqa: E402,F403

ANSWERS = int(os.environ.get('STATES_ANSWERS', '2500'))


def phase(share, deeds, may_reset, clients, what):
    before, reset = m.answers, m.resets
    run(before + ANSWERS * share // 100, deeds, may_reset, clients)
    ok(m.bad == 0, '%d answers, %d of them resets: %s' % (m.answers - before, m.resets - reset, what))
    return m.resets - reset


B.folder('.A')
B.folder('.B')
for _ in range(20):
    deliver()
note()
plain = [deliver, deliver, flag, flag, elsewhere, elsewhere, copy, remove, come_back, by_us, by_us, many]
eq(phase(40, plain, lambda c: False, new_clients(), 'states of one mailbox'), 0, 'no reset')
eq(phase(20, plain + [folder], lambda c: False, new_clients(), 'empty folders come, go and are renamed'), 0, 'no reset')

# --- what must be a reset, and nothing else ---

deed = 0  # the last step at which something was done that states do not outlive


def done_now():
    global deed
    deed = m.step + 1


def states_cut():
    with open('porter.states', 'r+b') as f:
        f.truncate(R.randrange(os.path.getsize('porter.states') + 1))
    done_now()


def states_gone():
    os.unlink('porter.states')
    done_now()


kept = {}


def copy_kept(path):
    if os.path.exists(path):
        with open(path, 'rb') as f:
            kept[path] = f.read()


def states_kept():
    copy_kept('porter.states')


def put_back(path):
    """In place, or as another file."""
    if R.random() < .5:
        os.unlink(path)
    with open(path, 'wb') as f:
        f.write(kept.pop(path))
    done_now()


def states_back():
    if 'porter.states' in kept and os.path.exists('porter.states'):
        put_back('porter.states')


def index_gone():
    path = os.path.join(disk(R.choice(folders())), 'porter.index')
    if os.path.exists(path):
        os.unlink(path)
        done_now()


def index_kept():
    copy_kept(os.path.join(disk(R.choice(folders())), 'porter.index'))


def index_back():
    path = os.path.join(disk(R.choice(folders())), 'porter.index')
    if path in kept and os.path.exists(path):
        put_back(path)


def twin():
    """Another inode with the base of a mail."""
    x = any_mail()
    if x:
        to = os.path.join(disk(x[0]), 'cur', x[3] + ':2,' + R.choice(['R', 'T', 'RT']))
        if not os.path.exists(to):
            write(to)


def twin_gone():
    for name in folders():
        bases = [b for _, _, b, _ in files(name)]
        for place, file, base, _ in files(name):
            if bases.count(base) > 1:
                os.unlink(os.path.join(disk(name), place, file))
                return done_now()


def folder_gone():
    names = folders()
    if len(names) > 3:
        ask('RemoveFolder', name=names[-1], force=True)
        done_now()


def any_twin(c):
    """A twin that went by one of the plain deeds."""
    return any('/' in mid for mid in c.known) or any('/' in mid and step > c.since for mid, step in m.touched.items())


def may_reset(c):
    return c.since < deed or any_twin(c)


deeds = plain + [folder, folder]
resets = phase(20, deeds + [states_cut, states_gone, states_kept, states_back, index_gone, index_kept, index_back], may_reset, new_clients(), 'porter.states and indexes cut, deleted, put back')
ok(resets > 5, 'some are resets')
phase(10, deeds + [twin, twin_gone], may_reset, new_clients(), 'twins')
phase(10, deeds + [folder_gone], may_reset, new_clients(), 'folders with mail are removed')
ok(not m.threads and not os.path.exists('porter.threads'), 'of threads nothing is said as long as nobody asked for them')
m.with_threads = True
ask('Threads')
phase(10, deeds, may_reset, [Client() for _ in range(4)] + [Client([R.choice(folders())]) for _ in range(2)], 'threads')
ok(len(set(m.threads.values())) > 5, 'in %d threads' % len(set(m.threads.values())))
eq(sorted(os.listdir('tmp')), [], 'nothing is left in tmp')
print('# %d steps, %d octets of porter.states' % (m.step, os.path.getsize('porter.states')))
done()
