"""The header of an index, for tests that put another one there: its check (index_check), and what it says."""
import struct

M64 = (1 << 64) - 1
SECTIONS = 13
CHECKED = 504  # octets of a header in front of its check


def check_word(h, w):
    h = (h ^ w) * 0xff51afd7ed558ccd & M64
    return h ^ h >> 32


def check(seed, s):
    """index_check of octets that are a multiple of eight."""
    words = struct.unpack('<%dQ' % (len(s) // 8), s)
    h = ((seed + len(s)) * 0x9e3779b97f4a7c15 & M64) ^ 0x6a09e667f3bcc908
    lanes = [(h + i) & M64 for i in range(4)]
    whole = len(words) // 4 * 4
    for i, w in enumerate(words[:whole]):
        lanes[i % 4] = check_word(lanes[i % 4], w)
    for lane in lanes:
        h = check_word(h, lane)
    for w in words[whole:]:
        h = check_word(h, w)
    h = h * 0xc4ceb9fe1a85ec53 & M64
    return h ^ h >> 29


def hollow(path, n):
    """Makes of an index one of n mails of which nothing is there but its header, whose check is right, and its segments."""
    with open(path, 'rb') as f:
        octets = f.read()
    head = bytearray(octets[:CHECKED])
    segments = octets[struct.unpack_from('<Q', head, 32)[0]:]
    at = CHECKED + 8
    for i, size in enumerate([2 * n, 8 * n, 64 * n, n] + [4 * n] * 6 + [0, 4 * 6 * ((4 * n + 4095) // 4096), 0]):
        struct.pack_into('<QQ', head, 96 + 16 * i, at, size)
        at += (size + 63) // 64 * 64
    struct.pack_into('<Q', head, 32, at)
    struct.pack_into('<II', head, 40, n, 0)
    with open(path, 'wb') as f:
        f.write(head + struct.pack('<Q', check(0, bytes(head))))
        f.seek(at)
        f.write(segments)
