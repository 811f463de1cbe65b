"""Django: request ids on every record, and failed requests as error records.

Usage, in the settings::

    MIDDLEWARE = ["shipper.integrations.django.RequestMiddleware", ...]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shipper.correlation import REQUEST_ID_HEADER, correlated, request_fields
from shipper.integrations.failures import record_failure


class RequestMiddleware:
    """Middleware; takes the caller's ``X-Request-ID`` or makes one, and sends it back.

    Args:
        get_response: The next handler.
    """

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Handle one request."""
        given = request.headers.get(REQUEST_ID_HEADER)
        fields = request_fields(request.method, request.path, given)
        with correlated(fields):
            response = self._get_response(request)
        response.headers[REQUEST_ID_HEADER] = fields["http"]["request"]["id"]
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Record an exception that a view raised; Django answers it as always."""
        record_failure("django", f"{request.method} {request.path} failed", exception)
