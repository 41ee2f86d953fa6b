"""slow_reader.py ERR PROG...: runs PROG, its standard error into the file ERR, and reads 3000 octets a second of what it writes. Prints the code that it
ends with; "goes on" where it has not ended after 60 s. 64 KiB take 22 s then: with -t 30 that is enough for a piece, but no 4 KiB a second."""
import fcntl
import os
import subprocess
import sys
import time

r, w = os.pipe()
fcntl.fcntl(w, 1031, 4096)  # F_SETPIPE_SZ
with open(sys.argv[1], 'wb') as err:
    p = subprocess.Popen(sys.argv[2:], stdout=w, stderr=err)
os.close(w)
begun = time.monotonic()
taken = 0
while p.poll() is None and time.monotonic() - begun < 60:
    while taken < 3000 * (time.monotonic() - begun):
        piece = os.read(r, 500)
        if not piece:
            break
        taken += len(piece)
    time.sleep(0.05)
print('goes on' if p.poll() is None else p.returncode)
p.kill()
p.wait()
