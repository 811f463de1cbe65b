"""Celery: task ids on every record, and failed tasks as error records.

Usage, where the application is made::

    from shipper.integrations.celery import instrument

    instrument()

Prefork workers need nothing more: each child begins files of its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from celery import signals

from shipper.correlation import correlated
from shipper.integrations.failures import record_failure
from shipper.state import shutdown

_running: dict[str, ExitStack] = {}


def instrument() -> None:
    """Record the tasks of this process; calling it twice does no harm."""
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid="elkhound")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="elkhound")
    signals.task_failure.connect(_failed, weak=False, dispatch_uid="elkhound")
    # a prefork child ends with os._exit: nothing else would write its last records
    signals.worker_process_shutdown.connect(_shut_down, weak=False, dispatch_uid="elkhound")


def _shut_down(**_: Any) -> None:
    shutdown()


def _begin(task_id: str, task: Any, **_: Any) -> None:
    stack = ExitStack()
    fields = {"transaction": {"id": task_id}, "labels": {"task": str(task.name)}}
    stack.enter_context(correlated(fields))
    _running[task_id] = stack


def _end(task_id: str, **_: Any) -> None:
    stack = _running.pop(task_id, None)
    if stack is not None:
        stack.close()


def _failed(task_id: str, exception: BaseException, sender: Any, **_: Any) -> None:
    record_failure("celery", f"task {sender.name} failed", exception)
