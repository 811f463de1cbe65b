"""What all integrations do with an exception that nothing in the service caught."""

from __future__ import annotations

from shipper.events import log_event
from shipper.state import current


def record_failure(framework: str, message: str, error: BaseException) -> None:
    """Record an exception that reached the framework, once; never raises.

    Args:
        framework: Name of the framework, for the logger's name.
        message: What failed, such as ``POST /predict failed``.
        error: The exception.
    """
    pipeline = current()
    if pipeline is not None:
        log_event(pipeline, "error", f"shipper.{framework}", message, {}, error, handled=False)
