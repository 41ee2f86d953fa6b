"""Imported, it keeps stem 1.8 from waiting for ever: its close() has a lock while it waits for the thread that handles events, which wants that
lock where a tor has said that it was reloaded. There it gives up."""
import functools
import stem.control

BaseController = stem.control.BaseController


def patient(notify):
    @functools.wraps(notify)
    def notified(self, state):
        lock = self._socket._get_send_lock()
        if lock.acquire(timeout=2):
            try:
                notify(self, state)
            finally:
                lock.release()
    return notified


if hasattr(BaseController, '_notify_status_listeners'):
    BaseController._notify_status_listeners = patient(BaseController._notify_status_listeners)
