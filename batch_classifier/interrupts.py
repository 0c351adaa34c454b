"""An interrupt ends a process within seconds, also one that waits for something that does not answer.

The process is given a moment to end in order. It may not be able to: before boto3 lets an interrupt through, it waits for the transfers
that are under way, and so does Python at its end for its threads. With a storage that takes calls and does not answer that lasts as long
as all tries and their time limits, which is many minutes. An end in the middle loses nothing: what is there is as after a kill,
and whoever starts again goes on from there.
"""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import NoReturn

ORDERLY_SECONDS = 5.0
EXIT_CODE = 130
_INTERRUPTS = frozenset({signal.SIGINT, signal.SIGTERM})
_SENTENCE = (
    "Interrupted while something did not answer. Start the same command again; it goes on from where it stood.\n"
)
_SHOW_CURSOR = b"\x1b[?25h"
_READ_BYTES = 64


def end_soon_after_an_interrupt() -> None:
    """From now on an interrupt ends this process, with exit code 130 where it has not ended by itself; call it in the main thread.

    Signal handlers are left as they are, and as others may set them: Python writes the number of each signal that it is to handle
    to a file descriptor at once, whatever the main thread is at.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(heard, told), name="interrupts", daemon=True).start()


def _watch(heard: socket.socket, _told: socket.socket) -> NoReturn:
    """Wait for an interrupt, and end. Both ends of the connection stay open with this thread."""
    while not _INTERRUPTS & set(heard.recv(_READ_BYTES)):
        pass
    time.sleep(ORDERLY_SECONDS)
    # Past Python's own streams, which a thread that hangs may have locked.
    with suppress(OSError):
        if os.isatty(2):
            # A progress bar has hidden it.
            os.write(2, _SHOW_CURSOR + b"\n")
        os.write(2, _SENTENCE.encode())
    os._exit(EXIT_CODE)
