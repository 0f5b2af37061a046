"""Who answers which path of a listener that several parts of the program share. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import trio

from actors.net.http import Head, Request, Response
from actors.net.service import Handler, Screen

NOT_FOUND = Response(404, b"not found\n")


class Route(msgspec.Struct, frozen=True):
    """What is served at one path, or below one prefix."""

    methods: tuple[str, ...]
    """Others are answered with 405. HEAD is not implied by GET."""
    handler: Handler
    screen: Screen | None = None
    """Sees each head with a known path and method before the body is read; must not wait."""


class Routes:
    """A table of routes that may change at any time. Its `screen` and `handle` are what `serve_http` wants."""

    def __init__(self) -> None:
        self._exact: dict[str, Route] = {}
        self._below: dict[str, Route] = {}

    def add(self, path: str, route: Route) -> None:
        """Serves `route` at `path`, or at everything below it if it ends in "/*".

        Paths are compared as they are after percent-decoding, a "/" at the end aside; the longest prefix wins and a
        whole path beats every prefix.

        Raises: ValueError when the path is taken.
        """
        table, key = self._place(path)
        if key in table:
            raise ValueError(f"the path {path} is served already")
        table[key] = route

    @contextmanager
    def serving(self, path: str, route: Route) -> Iterator[None]:
        """Like `add`, for as long as the block lasts. What has been let in when it ends is answered with 404."""
        self.add(path, route)
        try:
            yield
        finally:
            table, key = self._place(path)
            del table[key]

    def screen(self, head: Head) -> Response | None:
        """404, 405 or the route's own screen."""
        route = self._route(head.path)
        if route is None:
            return NOT_FOUND
        if head.method not in route.methods:
            allowed = ", ".join(route.methods).encode("ascii")
            return Response(405, b"method not allowed\n", headers=((b"allow", allowed),))
        return None if route.screen is None else route.screen(head)

    async def handle(self, request: Request) -> Response:
        """The route's answer to what its screen let in."""
        route = self._route(request.path)
        if route is None:  # it ended while the body came in
            await trio.lowlevel.checkpoint()
            return NOT_FOUND
        return await route.handler(request)

    def _place(self, path: str) -> tuple[dict[str, Route], str]:
        return (self._below, path[:-1]) if path.endswith("/*") else (self._exact, normal_path(path))

    def _route(self, path: str) -> Route | None:
        found = self._exact.get(path) or self._exact.get(normal_path(path))
        if found is None and self._below:
            prefix = max((each for each in self._below if path.startswith(each)), key=len, default="")
            found = self._below.get(prefix)
        return found


def normal_path(path: str) -> str:
    """The path without "/" at its end."""
    return path.rstrip("/") or "/"
