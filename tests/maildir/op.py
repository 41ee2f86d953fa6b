"""What the tests of maildir-op share: TAP, a Maildir of their own, calls through Google's protobuf (an independent peer)."""
import atexit, os, shutil, socket, subprocess, sys, time

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
work = os.environ['WORK']
bin_dir = os.environ['BIN']
SANITIZED = os.environ.get('SANITIZED')  # tap.sh
os.environ['PATH'] = bin_dir + ':' + os.environ['PATH']
subprocess.run(['protoc', '--python_out=' + work, '--proto_path=' + top + '/src/proto', top + '/src/proto/maildir.proto'], check=True)
sys.path.insert(0, work)
sys.dont_write_bytecode = True
import maildir_pb2 as pb

count = failed = 0


def ok(good, name):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    return good


def eq(got, want, name):
    if not ok(got == want, name):
        print('# got  %.2000r\n# want %.2000r' % (got, want), flush=True)


def skip(name, why):
    global count
    count += 1
    print('ok %d - # SKIP %s: %s' % (count, name, why), flush=True)
    print('# %s leaves out %s: %s' % (os.path.basename(sys.argv[0]), name, why), file=sys.stderr)


def done():
    print('1..%d' % count)
    sys.exit(failed != 0)


class Box:
    """A Maildir++ and what is asked of it, by maildir-op with options."""
    options = ()  # of maildir-op

    def __init__(self, name='Maildir'):
        self.path = os.path.join(work, name)
        for d in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(self.path, d))

    def folder(self, disk):
        path = os.path.join(self.path, disk)
        for d in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(path, d))
        open(os.path.join(path, 'maildirfolder'), 'w').close()
        return path

    def put(self, name, text=b'Subject: x\n\nbody\n', folder='', sub='cur', mtime=None):
        if isinstance(text, str):
            text = text.encode()
        path = os.path.join(self.path, folder, sub, name)
        with open(path, 'wb') as f:
            f.write(text)
        if mtime is not None:
            os.utime(path, (mtime, mtime))
        return path

    def ls(self, folder='', subs=('new', 'cur')):
        return sorted(s + '/' + n for s in subs for n in os.listdir(os.path.join(self.path, folder, s)))

    def everything(self):
        """Every name, size and time below the mailbox: to show that nothing was changed."""
        out = []
        for d, _, files in os.walk(self.path):
            for n in files + ['']:
                p = os.path.join(d, n)
                st = os.lstat(p)
                out.append((p, st.st_size, st.st_mtime_ns if n else 0, st.st_mode, st.st_ino))
        return sorted(out)

    def raw(self, method, data, env=None):
        r = subprocess.run([os.path.join(bin_dir, 'maildir-op'), *self.options, method], input=data, cwd=self.path, capture_output=True, env=env, timeout=60)
        return r.returncode, r.stdout, r.stderr

    def call(self, method, **fields):
        code, out, err = self.raw(method, getattr(pb, method + 'Req')(**fields).SerializeToString())
        response = getattr(pb, method + 'Resp')()
        response.ParseFromString(out)
        self.code = code
        self.err = err
        return response

    def error(self, method, code, **fields):
        """The error's code and the exit code of a call that must fail."""
        response = self.call(method, **fields)
        return self.code, pb.Error.Code.Name(response.error.code) if response.HasField('error') else None


# A child's peak counts what its parent held when it was forked: so a small process of its own starts it.
LAUNCH = 'import os,sys;p=os.posix_spawn(sys.argv[1],sys.argv[1:],{});_,s,u=os.wait4(p,0);os.write(2,b"%d %d"%(os.waitstatus_to_exitcode(s),u.ru_maxrss))'


def measure(box, method, data, out=subprocess.DEVNULL):
    """Exit code and peak resident KB (not below the launcher's 10,000) of one call."""
    p = subprocess.Popen(['/usr/bin/python3', '-I', '-S', '-c', LAUNCH, os.path.join(bin_dir, 'maildir-op'), method],
                         stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE, cwd=box.path)
    code, kb = p.communicate(data)[1].split(b'\n')[-1].split()
    return int(code), int(kb)


def settle():
    """Until the stamps of what was done before count: what is asked first then leaves it behind, and what is asked next nothing more."""
    time.sleep(.05)


def mids(response):
    return [h.mid for h in (response.found if hasattr(response, 'found') else response.mail_heads)]
