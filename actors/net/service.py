"""What the connections of one server have in common: whom they ask, what they allow, and how mistakes are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from actors.net.framing import check_sendable, server_error
from actors.net.http import Head, HttpLimits, Request, Response

Handler = Callable[[Request], Awaitable[Response]]
Screen = Callable[[Head], Response | None]
ErrorReport = Callable[[Exception], None]


class Service(msgspec.Struct):
    """One for each `serve_http`. The server alone changes it."""

    handler: Handler
    screen: Screen | None
    on_error: ErrorReport | None
    limits: HttpLimits
    stopping: bool = False
    waiting: int = 0
    """Accepted connections for which there is no room yet."""

    @property
    def wants_room(self) -> bool:
        """Whether a connection should end with its next answer, though it could go on."""
        return self.stopping or self.waiting > 0

    def screened(self, head: Head) -> Response | None:
        """The screen's answer, if any. A screen that fails is reported and answered for; unreported, it raises."""
        if self.screen is None:
            return None
        try:
            return self.screen(head)
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error)
            return server_error()

    async def answer(self, request: Request) -> Response:
        """The handler's answer, sendable. A handler that fails is reported and answered for; unreported, it raises."""
        try:
            response = await self.handler(request)
            check_sendable(response)
            return response
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error)
            return server_error()
