"""stopped_writer.py ERR SECONDS PROG...: runs PROG, its standard error into the file ERR, and stops it for so many seconds once the pipe that it writes to is
full; what is in the pipe is read meanwhile, and then all else. Prints the code that it ends with, and how many octets came."""
import fcntl
import os
import select
import signal
import subprocess
import sys
import time

r, w = os.pipe()
fcntl.fcntl(w, 1031, 4096)  # F_SETPIPE_SZ: less than must be taken in time
with open(sys.argv[1], 'wb') as err:
    p = subprocess.Popen(sys.argv[3:], stdout=w, stderr=err)
while select.select([], [w], [], 0)[1] and p.poll() is None:
    time.sleep(0.01)
os.close(w)
p.send_signal(signal.SIGSTOP)
taken = len(os.read(r, 1 << 20))
time.sleep(float(sys.argv[2]))
p.send_signal(signal.SIGCONT)
while True:
    piece = os.read(r, 65536)
    if not piece:
        break
    taken += len(piece)
print(p.wait(), taken)
