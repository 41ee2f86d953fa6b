"""charset_peer.py UNITS SET: compares the library with Python's codecs, through the filters in the unit tests."""
import base64, binascii, random, re, subprocess, sys

units, what = sys.argv[1:3]
random.seed(20260101)
wrong = 0


def ours(program, argument, inputs):
    run = subprocess.run([f'{units}/{program}', argument], input='\n'.join(i.hex() for i in inputs) + '\n',
                         capture_output=True, text=True, check=True)
    return [bytes.fromhex(line) for line in run.stdout.split('\n')[:-1]]


def compare(name, inputs, expected, got, limit=8):
    global wrong
    assert len(inputs) == len(got), f'{name}: {len(inputs)} inputs, {len(got)} answers'
    bad = [(i, e, g) for i, e, g in zip(inputs, expected, got) if e != g]
    for i, e, g in bad[:limit]:
        print(f'{name}: {i.hex()}: {e!r} ({ascii(e.decode("utf8", "replace"))}), got {g!r} ({ascii(g.decode("utf8", "replace"))})')
    if bad:
        print(f'{name}: {len(bad)} of {len(inputs)} differ')
    wrong += len(bad)


def decode(octets, codec):
    return octets.decode(codec, 'replace').replace('\0', '').encode('utf8', 'replace')


SINGLE = {'iso-8859-1': 'cp1252', 'iso-8859-9': 'cp1254', 'tis-620': 'cp874', 'iso-8859-11': 'cp874', 'macintosh': 'mac_roman',
          'x-mac-cyrillic': 'mac_cyrillic', 'x-mac-ce': 'mac_latin2', 'x-mac-greek': 'mac_greek', 'x-mac-turkish': 'mac_turkish',
          'x-mac-romanian': 'mac_romanian', 'x-mac-croatian': 'mac_croatian', 'x-mac-icelandic': 'mac_iceland',
          'koi8-r': 'koi8_r', 'koi8-u': 'koi8_u', 'koi8-t': 'koi8_t', 'hp-roman8': 'hp_roman8', 'ptcp154': 'ptcp154',
          'kz-1048': 'kz1048'}
SINGLE.update({f'iso-8859-{n}': f'iso8859_{n}' for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)})
SINGLE.update({f'windows-{n}': f'cp{n}' for n in (874, *range(1250, 1259))})
SINGLE.update({f'cp{n}': f'cp{n}' for n in (437, 737, 775, 850, 852, 855, 856, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 1125)})

PAIRS = {'gb18030': 'gb18030', 'gb2312': 'gb18030', 'big5': 'cp950', 'big5-hkscs': 'big5hkscs', 'shift_jis': 'cp932',
         'euc-jp': 'euc_jp', 'euc-kr': 'cp949', 'ks_c_5601-1987': 'cp949'}


def single():
    for label, codec in SINGLE.items():
        inputs = [bytes([c]) for c in range(256)]
        compare(label, inputs, [decode(i, codec) for i in inputs], ours('charset', label, inputs))


def defined(octets, codec):
    """What Python decodes and does not only pass through to private use; else None."""
    try:
        text = octets.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if any(0xe000 <= ord(c) < 0xf900 for c in text) else text


def differs(octets, codec):
    """Where newer standards moved characters that Python leaves where they were, or Python stands alone."""
    if codec == 'cp950':  # WHATWG and HKSCS have circled digits and Cyrillic here; Python has hiragana
        return 0xc6a1 <= int.from_bytes(octets, 'big') <= 0xc8fe
    if codec == 'gb18030':  # GB 18030-2005 gives these characters two octets
        return octets in [chr(c).encode(codec) for c in (0x1e3f, *range(0x9fb4, 0x9fbc))]
    return codec == 'euc_jp' and octets == b'\x8f\xa2\xb7'  # a full-width tilde, says WHATWG


def pairs():
    for label, codec in PAIRS.items():
        inputs = [bytes([a, b]) for a in range(0x80, 0x100) for b in range(0x30, 0x100)]
        if codec == 'euc_jp':
            inputs += [bytes([0x8f, a, b]) for a in range(0xa1, 0xff) for b in range(0xa1, 0xff)]
        if codec == 'gb18030':
            inputs += [(0x10000 + c).to_bytes(4, 'little').decode('utf-32-le').encode(codec) for c in range(0, 0x100000, 97)]
            inputs += [chr(c).encode(codec) for c in range(0x80, 0xe000) if not 0xd800 <= c < 0xe000]
        inputs = [i for i in inputs if defined(i, codec) and not differs(i, codec)]
        compare(label, inputs, [defined(i, codec).encode() for i in inputs], ours('charset', label, inputs))


TEXTS = {'iso-2022-jp': 'iso2022_jp_ext', 'iso-2022-jp-2': 'iso2022_jp_2', 'iso-2022-kr': 'iso2022_kr', 'hz-gb-2312': 'hz',
         'utf-7': 'utf_7', 'utf-16': 'utf_16', 'utf-16le': 'utf_16_le', 'utf-16be': 'utf_16_be', 'utf-32': 'utf_32'}
HAN = [c for c in map(chr, range(0x4e00, 0x9fa6)) if all(defined_in(c) for defined_in in
       [lambda c, codec=codec: c.encode(codec, 'ignore') for codec in ('gb2312', 'iso2022_jp', 'euc_kr')])]


def texts(count):
    alphabet = [HAN, [chr(c) for c in range(0x20, 0x7f)], list('\n +-~&\\')]
    return [''.join(random.choice(random.choice(alphabet)) for _ in range(random.randrange(60))) for _ in range(count)]


def stateful():
    for label, codec in TEXTS.items():
        plain = texts(500)
        if label == 'hz-gb-2312':
            plain = [t.replace('\n', ' ').replace('~', ' ') for t in plain]  # Python's encoder leaves ~ as it is
        compare(label, [t.encode(codec) for t in plain], [t.encode() for t in plain],
                ours('charset', label, [t.encode(codec) for t in plain]))


def noise(count, alphabet=None):
    return [bytes(random.choice(alphabet) if alphabet else random.randrange(256) for _ in range(random.randrange(80)))
            for _ in range(count)]


def random_octets():
    """Octets that mean nothing: what comes out is UTF-8, the same in pieces (the unit test's filter checks), and as Python has it
    where the two agree on how many octets a mistake takes."""
    inputs = noise(2000) + noise(2000, [0x20, 0x41, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xff])
    compare('utf-8', inputs, [decode(i, 'utf-8') for i in inputs], ours('charset', 'utf-8', inputs))
    guessed = []
    for i in inputs:
        try:
            guessed.append(i.decode('utf-8').replace('\0', '').encode())
        except UnicodeDecodeError:
            guessed.append(decode(i, 'cp1252'))
    compare('none', inputs, guessed, ours('charset', 'none', inputs))
    for label in list(PAIRS) + list(TEXTS) + ['iso-2022-cn', 'iso-2022-cn-ext', 'euc-tw', 'viscii', 'tcvn']:
        made = noise(500) + noise(500, b'\x1b$()ABCNO@JI.~{}!0\x0e\x0f\n a+-\x81\xa1\x8e\x8f\xfe\xff')
        for octets, text in zip(made, ours('charset', label, made)):
            text.decode('utf-8')
            assert b'\0' not in text, octets.hex()


def transfer():
    inputs = [base64.encodebytes(i) for i in noise(300)] + [i.rstrip(b'=\n') for i in map(base64.b64encode, noise(300))]
    compare('base64', inputs, [binascii.a2b_base64(i + b'===') for i in inputs], ours('transfer', 'base64', inputs))
    letters = noise(1500, b'=\n\r \t0Aaf3z') + noise(300)
    # Python keeps = before blanks, cuts up to the next LF behind = CR, and takes == for one =.
    inputs = [i for i in letters if not re.search(rb'=(=|[ \t]+[\r\n]|[ \t]*\r(?!\n)|[ \t]+$)', i)]
    assert len(inputs) > 800
    compare('quoted-printable', inputs, [binascii.a2b_qp(i) for i in inputs], ours('transfer', 'qp', inputs))
    whole = noise(300)
    lines = [b'hello\nbegin 644 a b.txt\n' + b''.join(binascii.b2a_uu(i[k:k + 45]) for k in range(0, len(i), 45)) + b'`\nend\n' for i in whole]
    compare('uuencode', lines, whole, ours('transfer', 'uu', lines))


def fold():
    every = [c for c in map(chr, range(1, 0x30000)) if not 0xd800 <= ord(c) < 0xe000]
    got = ours('fold', 'fold', [c.encode() for c in every])
    # Simple folding is full folding (casefold) wherever that gives one character; Python's Unicode may be older or newer.
    compare('fold', [c.encode() for c in every if len(c.casefold()) == 1 and c not in 'ı'],
            [cherokee(c).encode() for c in every if len(c.casefold()) == 1 and c not in 'ı'],
            [g for c, g in zip(every, got) if len(c.casefold()) == 1 and c not in 'ı'])


def cherokee(c):
    """Cherokee's folding goes to upper case in the standard, to lower case here: the same letters are equal."""
    return c.lower() if 0x13a0 <= ord(c) <= 0x13f5 else chr(ord(c)) if 0xab70 <= ord(c) <= 0xabbf or 0x13f8 <= ord(c) <= 0x13fd else c.casefold()


def compared():
    """A text, its composed and its decomposed form and the folding of each are compared alike, for every character."""
    import unicodedata
    points = [chr(c) for c in list(range(1, 0xd800)) + list(range(0xe000, 0x30000)) if unicodedata.category(chr(c)) != 'Cn']
    # Marks, and letters that take them, in any order. (U+0345 folds to a letter, so that marks behind it are not those of the letter before it.)
    loose = [''.join(random.choice('aeoαи \u0300\u0302\u0323\u0327\u05b4\u05bc\u20dd\u1ea1ếẬ') for _ in range(random.randrange(1, 9))) for _ in range(2000)]
    for what in 'compared', 'accented':
        plain = ours('compared', what, [c.encode() for c in points + loose])
        for form in (lambda c: unicodedata.normalize('NFD', c), lambda c: unicodedata.normalize('NFC', c), lambda c: cherokee(c) if len(c.casefold()) == 1 else c.casefold()):
            compare(what, [c.encode() for c in points + loose], plain, ours('compared', what, [form(c).encode() for c in points + loose]))


def folders():
    def encode(text):
        out, i = '', 0
        while i < len(text):
            k = i
            while k < len(text) and not ' ' <= text[k] <= '~':
                k += 1
            if k > i:
                out += '&' + base64.b64encode(text[i:k].encode('utf-16-be')).decode().rstrip('=').replace('/', ',') + '-'
            else:
                k = i + 1
                out += '&-' if text[i] == '&' else text[i]
            i = k
        return out.encode()
    names = texts(500) + ['Entwürfe', '&', '&-', '台北', '😀a😀', '~peter/mail/台北/日本語']
    compare('encode', [n.encode() for n in names], [encode(n) for n in names], ours('mutf7', 'encode', [n.encode() for n in names]))
    compare('decode', [encode(n) for n in names], [n.encode() for n in names], ours('mutf7', 'decode', [encode(n) for n in names]))


{'single': single, 'pairs': pairs, 'stateful': stateful, 'random': random_octets, 'transfer': transfer, 'fold': fold, 'compared': compared,
 'folders': folders}[what]()
sys.exit(wrong != 0)
