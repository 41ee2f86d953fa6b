"""A program that is held at one of its system calls (tests/stub/hold), while a test plays another client."""
import shutil, tempfile
from op import *

T = 1700000000
HOLD = os.path.join(os.environ['STUB'], 'hold')
ENV = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')  # the search for leaks is a trace itself


class HeldProgram:
    """A program that is held at its when-th system call of that name; held says whether it came there."""

    def __init__(self, argv, call, when, cwd, data=b'', without=False):
        down, up = os.pipe(), os.pipe()

        def three_and_four():
            os.dup2(down[1], 10)
            os.dup2(up[0], 11)
            os.dup2(10, 3)
            os.dup2(11, 4)
        self.p = subprocess.Popen([HOLD] + ['-r'] * without + [call, str(when)] + argv, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, preexec_fn=three_and_four, pass_fds=(3, 4), env=ENV)
        os.close(down[1])
        os.close(up[0])
        self.p.stdin.write(data)
        self.p.stdin.close()
        self.p.stdin = None
        self.reply = up[1]
        self.held = os.read(down[0], 1) != b''
        os.close(down[0])

    def go(self):
        """Lets it go on; what it wrote."""
        if self.held:
            os.write(self.reply, b'x')
        os.close(self.reply)
        out, err = self.p.communicate(timeout=60)
        self.code = self.p.returncode
        return out


class Held(HeldProgram):
    """A call of a method."""

    def __init__(self, box, method, call, when, without=False, program=(os.path.join(bin_dir, 'maildir-op'),), **fields):
        self.method = method
        super().__init__([*program, method], call, when, box.path, getattr(pb, method + 'Req')(**fields).SerializeToString(), without)

    def go(self):
        response = getattr(pb, self.method + 'Resp')()
        response.ParseFromString(super().go())
        return response


def texts(box, *folders):
    """What is where: the text of each file by folder, place and name."""
    found = {}
    for f in folders:
        for name in box.ls(f):
            with open(os.path.join(box.path, f, name), 'rb') as file:
                found[f + '/' + name] = file.read().decode()
    return found


def attempt(f, *args):
    try:
        f(*args)
    except OSError:
        pass


# Thousands of calls that sync: in memory, where there is such a place, that costs nothing. Stats on all kinds is tests/soak's.
memory = tempfile.mkdtemp(prefix='porter-test.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
atexit.register(shutil.rmtree, memory, True)
boxes = 0


def new_box():
    global boxes
    boxes += 1
    box = Box(os.path.join(memory, 'box%d' % boxes))
    for f in ('.A', '.B', '.T'):
        box.folder(f)
    return box


def every_hold(play, calls=('renameat2', 'renameat', 'unlinkat', 'linkat', 'newfstatat', 'statx', 'getdents64', 'fsync')):
    """play(call, when) for each call until it is not reached any more; how many there were, and what was wrong."""
    played, wrong = 0, []
    for call in calls:
        for when in range(1, 30):
            held, fault = play(call, when)
            played += held
            if fault:
                wrong.append('%s %d: %s' % (call, when, fault))
            if not held:
                break
    return played, wrong
