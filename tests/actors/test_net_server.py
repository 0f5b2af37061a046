"""The HTTP server: what requests mean, and how they are answered."""

from __future__ import annotations

import net_server_stage
import pytest
from net_server_stage import GET, Serve, client_of, raw_answer

from actors.net.http import HttpLimits, Request, Response

serve = net_server_stage.serve


async def test_a_connection_serves_many_requests(serve: Serve) -> None:
    client = await client_of(await serve())
    assert await client.ask("GET", "/a%20b?c=%20d") == (200, b"GET /a b?c=%20d ")
    assert await client.ask("POST", "/x", b"tiny") == (200, b"POST /x? tiny")
    assert await client.ask("POST", "/x", b"b" * 500_000) == (200, b"POST /x? " + b"b" * 500_000)


async def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    first = b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    received = await raw_answer(serve, first + GET.replace(b"/ ", b"/2 ") + GET.replace(b"/ ", b"/3 "))
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.index(b"POST /1? abc") < received.index(b"GET /2?") < received.index(b"GET /3?")


async def test_a_chunked_body_is_joined(serve: Serve) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert (await raw_answer(serve, raw)).endswith(b"POST /? abcde")


async def test_headers_come_in_lower_case_and_are_found(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, (request.get(b"x-one") or b"") + repr(request.get(b"x-two")).encode())

    received = await raw_answer(
        serve, GET.replace(b"\r\n\r\n", b"\r\nX-ONE: yes\r\nX-One: later\r\n\r\n"), handler=handler
    )
    assert received.endswith(b"yesNone")


async def test_an_absolute_target_is_read_as_its_path(serve: Serve) -> None:
    assert (await raw_answer(serve, GET.replace(b"/ ", b"http://x:80/hook?q=1 "))).endswith(b"GET /hook?q=1 ")


async def test_head_has_the_length_and_no_body(serve: Serve) -> None:
    received = await raw_answer(serve, GET.replace(b"GET", b"HEAD"))
    assert b"content-length: 8\r\n" in received
    assert received.endswith(b"\r\n\r\n")


async def test_an_answer_without_content_has_neither_length_nor_body(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        return Response(204, b"ignored")

    received = await raw_answer(serve, GET + GET, handler=handler)
    assert received.count(b"HTTP/1.1 204 No Content\r\n") == 2
    assert b"content-length" not in received
    assert b"ignored" not in received


async def test_http_1_0_is_answered_and_closed(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(b"GET /old HTTP/1.0\r\n\r\n")
    received = await client.read_to_end()
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.endswith(b"GET /old? ")


async def test_connection_close_is_honoured(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + GET)
    assert (await client.read_to_end()).count(b"HTTP/1.1 200") == 1


async def test_a_client_that_waits_for_100_is_told_to_go_on(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert await client.stream.receive_some() == b"HTTP/1.1 100 \r\n\r\n"
    await client.send(b"body")
    assert (await client.stream.receive_some()).endswith(b"POST /? body")


async def test_a_client_that_waits_for_100_with_too_much_is_refused_instead(serve: Serve) -> None:
    client = await client_of(await serve(limits=HttpLimits(max_body_bytes=3)))
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert (await client.read_to_end()).startswith(b"HTTP/1.1 413 ")


SMUGGLED = {
    "both lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "listed lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 5\r\n\r\nabcde",
    "signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
    "old and chunked": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "bad chunk length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "bad chunk end": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc0\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "words": b"hello there\r\n\r\n",
}


@pytest.mark.parametrize("raw", SMUGGLED.values(), ids=SMUGGLED.keys())
async def test_what_could_be_read_in_two_ways_is_400_and_the_end(serve: Serve, raw: bytes) -> None:
    handled: list[Request] = []

    async def handler(request: Request) -> Response:
        handled.append(request)
        return Response(200)

    received = await raw_answer(serve, raw + GET, handler=handler)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in received.lower()
    assert b"HTTP/1.1 200" not in received
    assert len(received.partition(b"\r\n\r\n")[2]) > 10
    assert handled == []


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", b"501"),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000, b"431"),
    ],
)
async def test_what_is_not_spoken_here_is_named(serve: Serve, raw: bytes, status: bytes) -> None:
    assert (await raw_answer(serve, raw)).startswith(b"HTTP/1.1 " + status + b" ")
