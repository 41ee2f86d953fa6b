"""Controllers that others wrote, through ctlmsg -f, between two recorders: what the controller says reaches tor octet by octet, and what tor says
the controller, but for the names of what is ours. Each is left out where it is not installed."""
import glob, json, os, pty, re, select, shutil, signal, socket, subprocess, threading
from ctl import *

here = os.path.dirname(os.path.abspath(__file__))


class Recorder:
    """Accepts connections, passes them on to target, and keeps what went by, one pair (from the client, from the server) for each."""

    def __init__(self, target):
        self.target, self.address, self.pairs, self.open = target, path('recorder'), [], 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            pair = (bytearray(), bytearray())
            self.pairs.append(pair)
            self.open += 1
            threading.Thread(target=self.relay, args=(client, connect(self.target), pair), daemon=True).start()

    def relay(self, client, server, pair):
        ways = {client: (server, pair[0]), server: (client, pair[1])}
        while True:
            for s in select.select(list(ways), [], [])[0]:
                try:
                    octets = s.recv(65536)
                    ways[s][0].sendall(octets)
                except OSError:
                    octets = b''
                if not octets:
                    client.close()
                    server.close()
                    self.open -= 1
                    return
                ways[s][1].extend(octets)


def without_ours(octets):
    octets = octets.replace(b' POSTMESSAGE CONTROLLERS\r\n', b'\r\n')
    for key in (b'recent-messages', b'new-messages', b'list-controllers', b'messages-lost', b'last-message-id'):
        octets = b''.join(l for l in octets.splitlines(True) if not l.startswith(key + b' -- '))
    return octets


class Chain:
    def __init__(self, *lines):
        self.tor = Tor(*lines)
        self.inner = Recorder(self.tor.socket)
        self.server = Server(tor=self.inner_tor(), itself=True)
        self.outer = Recorder(self.server.address)
        self.address = self.outer.address

    def inner_tor(self):
        class Behind:
            socket, auth, port = self.inner.address, self.tor.auth, None
        return Behind

    def commands(self):
        return sum(bytes(p[0]).count(b'\n') for p in self.outer.pairs)

    def check(self, name, least, cut=False):
        """It asked at least so many commands, and nothing was changed on the way."""
        ok(wait_until(lambda: not self.outer.open and not self.inner.open), name + ': its connections are over')
        # ctlmsg connects to tor when it is connected to; a look whether it listens is a connection without a word.
        outer = [p for p in self.outer.pairs if p[0]]
        inner = [p for p in self.inner.pairs if p[0]]
        ok(self.commands() >= least, '%s: it asked %d commands' % (name, self.commands()), [bytes(p[0])[-300:] for p in outer])
        asked = [(bytes(i[0]), bytes(o[0])) for i, o in zip(inner, outer)]
        said = [(without_ours(bytes(o[1])), bytes(i[1])) for i, o in zip(inner, outer)]
        if cut:
            # Who is ended does not get what is still on its way.
            asked = [(i, o[:len(i)]) for i, o in asked]
            said = [(o, i[:len(o)]) for o, i in said]
        equal([i for i, o in asked], [o for i, o in asked], name + ': tor gets what it says, octet by octet')
        equal([o for o, i in said], [i for o, i in said], name + ': and it gets what tor says')
        self.server.stop()
        stop(self.tor.process)


def installed(name, program):
    if os.path.exists(program) or shutil.which(program):
        return True
    skip(name, program + ' is not there')
    return False


def until_commands(chain, p, count):
    """A program that would go on for ever, or has nothing to do without a network: ended when it has asked enough."""
    wait_until(lambda: chain.commands() >= count or p.poll() is not None)
    stop(p)


env = dict(os.environ, HOME=path('home'), TERM='xterm')
os.mkdir(env['HOME'])

if installed('nyx', 'nyx'):
    chain = Chain()
    master, slave = pty.openpty()
    p = start(['nyx', '-s', chain.address, '-c', '/dev/null'], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    def drain():
        try:
            while os.read(master, 65536):
                pass
        except OSError:
            pass
    threading.Thread(target=drain, daemon=True).start()
    until_commands(chain, p, 30)
    chain.check('nyx', 20, True)

if installed('vanguards', 'vanguards'):
    chain = Chain()
    p = start(['vanguards', '--control_socket', chain.address, '--retry_limit', '1', '--state', path('vanguards'), '--logfile', path('log')], env=env,
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until_commands(chain, p, 9)
    chain.check('vanguards', 3, True)

if installed('onionshare-cli', 'onionshare-cli'):
    chain = Chain()
    config = path('onionshare.json')
    with open(config, 'w') as f:
        json.dump({'connection_type': 'socket_file', 'socket_file_path': chain.address, 'auth_type': 'no_auth', 'version': '2.6'}, f)
    p = start(['onionshare-cli', '--config', config, '--receive', '--data-dir', env['HOME']], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until_commands(chain, p, 11)
    chain.check('onionshare-cli', 5, True)

# Programs of ours with libraries of others: they say "done", or the same as straight.
here += '/others/'


def ends(name, argv, want, least):
    chain = Chain('CookieAuthentication 0')
    # With messages the octets are not the same any more.
    front = Server(tor=chain.tor, itself=True)
    for address, about in ((front.address, ['messages']), (chain.address, [])):
        p = subprocess.run(argv + [address] + about, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        equal((p.returncode, p.stdout.decode()[-600:]), (0, want), ': '.join([name] + about) + ': all goes well')
    front.stop()
    chain.check(name, least)


gocode = os.environ.get('GOCODE', '/usr/share/gocode')
if shutil.which('go') and installed('bine', gocode + '/src/github.com/cretz/bine'):
    cache = path('go')
    goenv = dict(env, GOPATH=gocode, GO111MODULE='off', GOFLAGS='', GOCACHE=cache, GOTOOLCHAIN='local')
    built = subprocess.run(['go', 'build', '-o', WORK + '/bine', here + 'bine.go'], env=goenv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    equal((built.returncode, built.stdout.decode()), (0, ''), 'bine: is built')
    ends('bine', [WORK + '/bine'], 'done\n', 15)

node = shutil.which('node')
if node and subprocess.run([node, '-e', 'require.resolve("tor-control")'], stderr=subprocess.DEVNULL).returncode == 0:
    ends('tor-control', [node, here + 'tor-control.js'], 'done\n', 8)
else:
    skip('tor-control', "npm's tor-control is not there (NODE_PATH)")

if os.path.isdir('/usr/lib/python3/dist-packages/stem'):
    straight = Tor('CookieAuthentication 0')
    chain = Chain('CookieAuthentication 0')

    def said(address, tor):
        p = subprocess.run(['/usr/bin/python3', '-W', 'ignore', here + 'stem_all.py', address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        # Its digits alone may be within a fingerprint.
        return [re.sub(r"(127\.0\.0\.1(?::|', ))%d\b" % tor.port[1], r'\1PORT', l.replace(tor.dir, 'DIR')) for l in without_ours(p.stdout).decode().splitlines()]

    one, other = said(straight.socket, straight), said(chain.address, chain.tor)
    ok(len(one) > 60 and one[-1] == 'events True', 'stem: it has asked a tor for everything', one[-3:])
    equal([(a, b) for a, b in zip(one, other) if a != b], [], 'stem: and got the same through ctlmsg')
    chain.check('stem', 70)
else:
    skip('stem', 'python3-stem is not there')
done()
