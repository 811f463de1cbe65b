"""How a process ends: whatever the way, what waits is written first.

``sys.exit``, the end of the script and uncaught exceptions run ``atexit``. A ``SIGTERM`` that
nobody handles does not, nor do the children of ``multiprocessing``: those are seen to here.
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

Close = Callable[..., object]
"""Closes the shipper; ``is_final`` says that the process is killed right after."""

_POOLS = ("multiprocessing.util", "billiard.util")
"""Modules whose child processes end with ``os._exit`` after running finalizers of their own."""


def close_at_exit(close: Close, on_sigterm: bool) -> None:
    """Have the shipper closed when the process ends; called once.

    Args:
        close: Closes the shipper.
        on_sigterm: Also when ``SIGTERM`` would end the process and nobody else handles it.
    """
    atexit.register(close)
    # as process 1 of a container the kernel ignores a SIGTERM that nobody handles
    if on_sigterm and threading.current_thread() is threading.main_thread() and os.getpid() != 1:
        _handle_sigterm(close)


def close_with_child(close: Close) -> None:
    """Have the shipper closed when this child of a process pool ends; called in the child."""
    for name in _POOLS:
        library: Any = sys.modules.get(name)
        if library is not None and hasattr(library, "Finalize"):
            library.Finalize(None, close, exitpriority=0)


def is_pool_child() -> bool:
    """Return whether this process was started by ``multiprocessing``."""
    library: Any = sys.modules.get("multiprocessing.process")
    return library is not None and library.parent_process() is not None


def _handle_sigterm(close: Close) -> None:
    try:
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return

        def end(number: int, frame: object) -> None:
            # a second SIGTERM ends the process at once
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # in a thread: the one that was interrupted may hold a lock that closing needs
            _thread.start_new_thread(close_and_die, ())

        def close_and_die() -> None:
            try:
                close(is_final=True)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        signal.signal(signal.SIGTERM, end)
    except (ValueError, OSError, AttributeError):  # no such signal here, or a subinterpreter
        return
