"""Several parts of the program on one listener: who answers which path."""

from __future__ import annotations

import pytest
import trio

from actors.net.http import Head, Request, Response
from actors.net.routes import Route, Routes


def answering(word: str) -> Route:
    async def handler(request: Request) -> Response:
        await trio.lowlevel.checkpoint()
        return Response(200, word.encode())

    return Route(("GET", "HEAD"), handler)


async def ask(routes: Routes, path: str, method: str = "GET") -> Response:
    screened = routes.screen(Head(method, path))
    return screened if screened is not None else await routes.handle(Request(method, path))


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/a", "whole"),
        ("/a/", "whole"),
        ("/a/b", "below"),
        ("/a/b/c", "deeper"),
        ("/a/b/d", "below"),
        ("/", "root"),
        ("/b", None),
        ("/ab", None),
        ("/A", None),
        ("//nowhere", None),
    ],
)
async def test_a_whole_path_beats_the_longest_prefix_beats_the_others(path: str, word: str | None) -> None:
    routes = Routes()
    routes.add("/a", answering("whole"))
    routes.add("/a/*", answering("below"))
    routes.add("/a/b/c/*", answering("deeper"))
    routes.add("/a/b/c", answering("deeper"))
    routes.add("/", answering("root"))
    answer = await ask(routes, path)
    assert (answer.status, answer.body) == ((404, b"not found\n") if word is None else (200, word.encode()))


async def test_another_method_is_405_and_says_what_is_allowed() -> None:
    routes = Routes()
    routes.add("/a", answering("x"))
    answer = await ask(routes, "/a", "POST")
    assert answer.status == 405
    assert answer.headers == ((b"allow", b"GET, HEAD"),)
    assert (await ask(routes, "/a", "HEAD")).status == 200


async def test_a_route_ends_with_its_block_also_for_what_was_let_in() -> None:
    routes = Routes()
    with routes.serving("/a/*", answering("x")):
        assert (await ask(routes, "/a/1")).status == 200
    assert (await ask(routes, "/a/1")).status == 404
    assert (await routes.handle(Request("GET", "/a/1"))).status == 404


def test_a_path_has_one_owner_at_a_time() -> None:
    routes = Routes()
    with routes.serving("/a/", answering("x")):
        with pytest.raises(ValueError, match="/a is served already"):
            routes.add("/a", answering("y"))
        routes.add("/a/*", answering("z"))
    routes.add("/a", answering("y"))


async def test_a_routes_own_screen_is_asked_after_path_and_method() -> None:
    seen: list[str] = []

    def screen(head: Head) -> Response | None:
        seen.append(head.path)
        return Response(401) if head.path == "/a/no" else None

    routes = Routes()
    routes.add("/a/*", Route(("GET",), answering("x").handler, screen))
    assert [(await ask(routes, path)).status for path in ("/b", "/a/no", "/a/yes")] == [404, 401, 200]
    assert (await ask(routes, "/a/yes", "POST")).status == 405
    assert seen == ["/a/no", "/a/yes"]
