"""FastAPI and Starlette: request ids on every record, and failed requests as error records.

Usage::

    from shipper.integrations.starlette import RequestMiddleware

    app.add_middleware(RequestMiddleware)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from shipper.correlation import REQUEST_ID_HEADER, correlated, request_fields
from shipper.integrations.failures import record_failure

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_HEADER = REQUEST_ID_HEADER.lower().encode()


class RequestMiddleware:
    """ASGI middleware; takes the caller's ``X-Request-ID`` or makes one, and sends it back.

    Args:
        app: The application inside.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        fields = request_fields(scope["method"], scope["path"], given.decode("latin-1"))
        identity = fields["http"]["request"]["id"].encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (_HEADER, identity)]
            await send(message)

        with correlated(fields):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                record_failure("starlette", f"{scope['method']} {scope['path']} failed", error)
                raise
