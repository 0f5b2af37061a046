"""Fetching from real servers on loopback."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator

import pytest
import trio

from actors.net.fetch import MAX_REDIRECTS, MEGABYTE, FetchRules, Unfetchable, fetch
from actors.testing.file_host import FileHost, run_file_host

HERE = FetchRules(max_bytes=1000, timeout_seconds=20.0, allow_private_networks=True)
SECRET = "sesame-canary"


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with run_file_host() as found:
        yield found


class Sink:
    def __init__(self) -> None:
        self.parts: list[bytes] = []

    async def take(self, part: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.parts.append(part)

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


async def fetched(url: str, rules: FetchRules = HERE) -> tuple[bytes, str]:
    sink = Sink()
    with trio.fail_after(30):
        content_type = await fetch(url, rules, sink.take)
    return sink.body, content_type


async def refusal(url: str, rules: FetchRules = HERE) -> Unfetchable:
    with pytest.raises(Unfetchable) as caught, trio.fail_after(30):
        await fetch(url, rules, Sink().take)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    return caught.value


async def test_a_file_comes_with_its_content_type(host: FileHost) -> None:
    assert await fetched(host.put("/a.jpg", b"abc", "image/jpeg")) == (b"abc", "image/jpeg")
    assert await fetched(host.put("/b?c=d%20e", b"xyz")) == (b"xyz", "")


async def test_the_request_tells_nothing_but_what_is_needed(host: FileHost) -> None:
    await fetched(host.put("/a", b"abc").replace("http://", f"http://user:{SECRET}@") + f"#{SECRET}")
    lines = host.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /a HTTP/1.1"
    assert sorted(line.split(":")[0].lower() for line in lines[1:] if line) == [
        "accept",
        "accept-encoding",
        "host",
        "user-agent",
    ]
    assert f"Host: 127.0.0.1:{host.port}" in lines


@pytest.mark.parametrize("tells_length", [True, False])
async def test_a_file_of_the_very_limit_is_taken_and_one_byte_more_is_not(host: FileHost, tells_length: bool) -> None:
    body, _ = await fetched(host.put("/fits", b"x" * 1000, tells_length=tells_length))
    assert len(body) == 1000
    error = await refusal(host.put("/more", b"x" * 1001, tells_length=tells_length))
    assert error.reason.startswith("larger than")
    assert not error.passing


async def test_a_length_that_is_too_large_is_believed_before_anything_is_taken(host: FileHost) -> None:
    for length in ("1001", "9" * 18):
        raw = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx".encode()
        sink = Sink()
        with pytest.raises(Unfetchable, match="larger than"), trio.fail_after(10):
            await fetch(host.put_raw("/big", raw, hangs=True), HERE, sink.take)
        assert sink.parts == []


async def test_a_length_that_no_number_holds_breaks_nothing(host: FileHost) -> None:
    raw = f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 5000}\r\n\r\nx".encode()
    assert (await refusal(host.put_raw("/huge", raw))).reason.startswith(("the download broke off", "larger than"))


async def test_the_limit_is_said_in_megabytes(host: FileHost) -> None:
    rules = FetchRules(max_bytes=MEGABYTE // 2, timeout_seconds=20.0, allow_private_networks=True)
    assert (await refusal(host.put("/a", b"x" * MEGABYTE), rules)).reason == "larger than 0.5 MB"


async def test_chunks_are_counted_too(host: FileHost) -> None:
    chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert await fetched(host.put_raw("/two", head + 2 * chunk + b"0\r\n\r\n")) == (b"x" * 1000, "")
    assert "larger" in (await refusal(host.put_raw("/three", head + 3 * chunk + b"0\r\n\r\n"))).reason


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"HTTP/1.1 200 OK\r\nConte",
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\nabc",
    ],
)
async def test_half_an_answer_is_none_and_may_be_asked_for_again(host: FileHost, raw: bytes) -> None:
    error = await refusal(host.put_raw("/half", raw))
    assert (error.reason, error.passing) == ("the download broke off", True)


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow"])
async def test_a_silent_server_is_given_up_at_the_deadline(host: FileHost, raw: bytes) -> None:
    rules = FetchRules(max_bytes=1000, timeout_seconds=0.2, allow_private_networks=True)
    error = await refusal(host.put_raw("/slow", raw, hangs=True), rules)
    assert (error.reason, error.passing) == ("it took longer than 0.2 s", True)


@pytest.mark.parametrize(
    ("status", "passing"), [(404, False), (403, False), (304, False), (302, False), (429, True), (503, True)]
)
async def test_another_status_than_success_is_told(host: FileHost, status: int, passing: bool) -> None:
    error = await refusal(host.put_raw("/x", f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()))
    assert (error.reason, error.passing) == (f"the server answered {status}", passing)


async def test_an_encoding_that_was_not_asked_for_is_refused(host: FileHost) -> None:
    error = await refusal(host.put_raw("/z", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc"))
    assert "encoding" in error.reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("relative", [True, False])
async def test_redirects_are_followed(host: FileHost, status: int, relative: bool) -> None:
    address = host.put("/there?a=b", b"abc")
    where = "there?a=b" if relative else address
    assert await fetched(host.redirect("/here", where, status)) == (b"abc", "")


async def test_five_redirects_are_followed_and_a_sixth_is_not(host: FileHost) -> None:
    host.put("/0", b"abc")
    for number in range(1, MAX_REDIRECTS + 2):
        host.redirect(f"/{number}", f"/{number - 1}")
    assert (await fetched(f"{host.url}/{MAX_REDIRECTS}"))[0] == b"abc"
    assert (await refusal(f"{host.url}/{MAX_REDIRECTS + 1}")).reason == "too many redirects"


@pytest.mark.parametrize("location", ["ftp://a/b", "file:///etc/passwd", "http://[", "http://a:99999/", "data:,x"])
async def test_a_redirect_to_what_is_no_address_of_the_web_is_refused(host: FileHost, location: str) -> None:
    assert (await refusal(host.redirect("/x", location))).reason == "its address is not http or https"


@pytest.mark.parametrize("url", ["", "ftp://a.test/b", "http://", "file:///etc/passwd", f"gopher://{SECRET}"])
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    assert (await refusal(url)).reason == "its address is not http or https"


async def test_a_server_that_is_not_there_may_come_back() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    error = await refusal(f"http://127.0.0.1:{port}/{SECRET}")
    assert (error.reason, error.passing) == ("the server was not reached", True)


async def test_a_server_without_tls_is_not_reached_by_https(nursery: trio.Nursery) -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        await stream.receive_some()

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, hang_up, [listener])
    error = await refusal(f"https://127.0.0.1:{listener.socket.getsockname()[1]}/{SECRET}")
    assert error.reason == "the server was not reached"


async def test_a_server_that_is_silent_in_the_handshake_is_given_up_and_its_connection_closed(
    nursery: trio.Nursery,
) -> None:
    ended = trio.Event()

    async def keep_silent(stream: trio.SocketStream) -> None:
        while await stream.receive_some():
            pass
        ended.set()

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, keep_silent, [listener])
    rules = FetchRules(max_bytes=1000, timeout_seconds=0.2, allow_private_networks=True)
    error = await refusal(f"https://127.0.0.1:{listener.socket.getsockname()[1]}/", rules)
    assert error.reason == "it took longer than 0.2 s"
    with trio.fail_after(10):
        await ended.wait()


@pytest.mark.parametrize("name", [f"{'a' * 64}.test", "..", "%00.test"])
async def test_a_name_that_cannot_be_one_is_refused_and_nothing_breaks(name: str) -> None:
    assert (await refusal(f"http://{name}/")).reason in (
        "the server's name is not known",
        "its address is not http or https",
    )


async def test_what_the_taker_raises_comes_out_and_nothing_is_left_open(host: FileHost) -> None:
    async def full(_: bytes) -> None:
        await trio.lowlevel.checkpoint()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"), trio.fail_after(10):
        await fetch(host.put("/a", b"abc"), HERE, full)


async def test_cancelled_it_closes_the_connection(host: FileHost) -> None:
    url = host.put_raw("/slow", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow", hangs=True)
    sink = Sink()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fetch, url, HERE, sink.take)
        with trio.fail_after(10):
            while sink.body != b"slow":
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
