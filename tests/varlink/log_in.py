"""log_in.py SOCKET USER PASSWORD MAILBOX UNIX_USER: the credentials' frame, then varlink; prints how far that came."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.dont_write_bytecode = True
from varlink_client import MAIL, Refused, Varlink  # noqa: E402

path, user, password, mailbox, unix_user = sys.argv[1:]
c = Varlink(unix=path)
message = (user + '\0' + password + '\0\0').encode()
c.raw(struct.pack('>I4sI', 4, b'Auth', len(message)) + message)
c.send(MAIL + '.Init', {'unix_user': unix_user, 'mailbox_path': mailbox})
try:
    first = c.piece()
    if first[:1] == b'\0':
        c.rest()
        sys.exit(print('refused by a frame'))
    c.buffer += first
    reply = c.reply()
    if 'error' in reply:
        raise Refused(reply['error'], reply['parameters'])
    print(c.call(MAIL + '.Stats', {'folder': ''})['mail_count'], 'mail')
except Refused as e:
    print(e.name.rsplit('.', 1)[1])
