"""The HTTP client over memory streams against scripted peers, with a clock that jumps."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing
from net_peers import OK, MemoryEnd, answering, carrier, client_to, failing_as, post, read_request, silent
from trio.testing import MockClock

from actors.errors import Rejected, RetryLater, UnknownOutcome
from actors.net.answer import HttpAnswer
from actors.net.client import CONNECT_SECONDS, open_http_client

CANARY = "4242:canary-token"
__all__ = ["carrier"]  # a fixture, used below

pytestmark = pytest.mark.usefixtures("carrier")


# --- what is sent


async def test_a_post_carries_the_body_and_just_the_headers_it_needs(autojump_clock: MockClock) -> None:
    seen: list[bytes] = []
    async with client_to(answering(OK, seen=seen), headers={"X-Extra": "1"}) as (client, network):
        await client.post("/sendMessage", body=b'{"a":1}', timeout_seconds=5, headers={"X-Once": "2"})
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert network.connected_to == [("api.test", 80)]
    assert body == b'{"a":1}'
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /bot4242:canary-token/sendmessage http/1.1"
    assert sorted(line.split(b":")[0] for line in lines[1:]) == sorted(
        [
            b"host",
            b"user-agent",
            b"accept",
            b"accept-encoding",
            b"content-type",
            b"content-length",
            b"x-extra",
            b"x-once",
        ]
    )
    assert b"host: api.test" in lines
    assert b"content-length: 7" in lines


async def test_a_get_has_no_body_and_may_go_to_an_absolute_url(autojump_clock: MockClock) -> None:
    seen: list[bytes] = []
    async with client_to(answering(OK, seen=seen)) as (client, network):
        await client.get("http://other.test:8080/a?b=c", timeout_seconds=5)
    assert network.connected_to == [("other.test", 8080)]
    assert seen[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"host: other.test:8080" in seen[0].lower()
    assert b"content-length" not in seen[0].lower()


async def test_headers_given_override_our_own(autojump_clock: MockClock) -> None:
    seen: list[bytes] = []
    async with client_to(answering(OK, seen=seen), headers={"User-Agent": "mine"}) as (client, _):
        await post(client, headers={"Content-Type": "text/plain"})
    assert seen[0].lower().count(b"user-agent: mine") == 1
    assert seen[0].lower().count(b"content-type: text/plain") == 1
    assert b"application/json" not in seen[0]


async def test_connections_are_kept(autojump_clock: MockClock) -> None:
    async with client_to(answering(OK, OK, OK)) as (client, network):
        for _ in range(3):
            await post(client)
    assert len(network.connected_to) == 1


async def test_many_urls_do_not_pile_up(autojump_clock: MockClock) -> None:
    async with client_to(answering(*[OK] * 200)) as (client, _):
        for n in range(200):
            await client.get(f"/{n}", timeout_seconds=5)
        assert len(client._urls) <= 64


# --- what comes back


@pytest.mark.parametrize("status", [200, 301, 401, 404, 429, 500, 504])
async def test_every_status_is_an_answer_and_redirects_are_not_followed(status: int, autojump_clock: MockClock) -> None:
    answer = (
        b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nLocation: http://other.test/\r\nRetry-After: 7\r\n"
        b"Content-Length: 3\r\n\r\nabc" % status
    )
    async with client_to(answering(answer)) as (client, network):
        assert await post(client) == HttpAnswer(status, b"abc", "text/html", 7.0)
    assert len(network.connected_to) == 1


async def test_an_answer_without_length_or_type_is_read_to_its_end(autojump_clock: MockClock) -> None:
    async with client_to(answering(b"HTTP/1.1 200 OK\r\n\r\nabc")) as (client, _):
        assert await post(client) == HttpAnswer(200, b"abc", "", None)


# --- what failed, and whether it may have happened


async def test_a_connection_that_is_not_made_in_time_had_no_effect(autojump_clock: MockClock) -> None:
    async with client_to(None) as (client, _):
        began = trio.current_time()
        with failing_as(RetryLater, "not reached: ConnectTimeout"):
            await post(client, timeout_seconds=60)
        assert trio.current_time() - began == CONNECT_SECONDS


async def test_a_deadline_before_the_connection_stands_had_no_effect(autojump_clock: MockClock) -> None:
    async with client_to(None) as (client, _):
        with failing_as(RetryLater, "not reached within 2 s"):
            await post(client, timeout_seconds=2)


async def test_no_answer_within_the_deadline_is_an_unknown_outcome(autojump_clock: MockClock) -> None:
    async with client_to(silent) as (client, _):
        began = trio.current_time()
        with failing_as(UnknownOutcome, "no whole answer within 30 s"):
            await post(client)
        assert trio.current_time() - began == 30


async def test_waiting_for_a_free_connection_past_the_deadline_had_no_effect(autojump_clock: MockClock) -> None:
    async with client_to(silent, connections=1) as (client, _), trio.open_nursery() as nursery:
        nursery.start_soon(post, client)
        await trio.testing.wait_all_tasks_blocked()
        with failing_as(RetryLater, "not reached within 3 s"):
            await post(client, timeout_seconds=3)
        nursery.cancel_scope.cancel()


async def test_the_deadline_holds_for_the_body_too(autojump_clock: MockClock) -> None:
    async def slow(stream: MemoryEnd) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with client_to(slow) as (client, _):
        began = trio.current_time()
        with failing_as(UnknownOutcome, "within 10 s"):
            await post(client, timeout_seconds=10)
        assert trio.current_time() - began == 10


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="closed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken chunk"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="another protocol"),
    ],
)
async def test_a_broken_answer_is_an_unknown_outcome(answer: bytes, autojump_clock: MockClock) -> None:
    async with client_to(answering(answer)) as (client, _):
        with failing_as(UnknownOutcome, "no whole answer"):
            await post(client)


async def test_an_encoding_that_was_not_asked_for_is_not_guessed_at(autojump_clock: MockClock) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"
    async with client_to(answering(answer)) as (client, _):
        with failing_as(UnknownOutcome, "encoding"):
            await post(client)


async def test_a_kept_connection_that_broke_before_the_body_left_had_no_effect(autojump_clock: MockClock) -> None:
    async def answers_once(stream: MemoryEnd) -> None:
        await read_request(stream)
        await stream.send_all(OK)
        await trio.sleep(1)
        await stream.aclose()

    async with client_to(answers_once) as (client, network):
        await post(client)
        await trio.sleep(2)
        with failing_as(RetryLater, "not reached"):
            await post(client)
        assert len(network.connected_to) == 1


@pytest.mark.parametrize("head", [b"Content-Length: 101\r\n", b""])
async def test_an_answer_larger_than_allowed_is_not_taken_in(head: bytes, autojump_clock: MockClock) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 101
    async with client_to(answering(answer), max_body_bytes=100) as (client, _):
        with failing_as(UnknownOutcome, "larger than allowed"):
            await post(client)


@pytest.mark.parametrize(
    "url", ["ftp://h/", "nonsense", "http://", "http://[::1/", "http://a\x00b/", "http://x:99999/"]
)
async def test_a_url_that_is_none_is_rejected_unseen(url: str, autojump_clock: MockClock) -> None:
    async with open_http_client() as client:
        with failing_as(Rejected, "not an http:// or https:// URL"):
            await client.get(url + CANARY, timeout_seconds=1)


@pytest.mark.parametrize("value", ["canary\u2013key", "canary\r\nX: 1"])
async def test_a_header_that_http_cannot_carry_is_rejected_unseen(value: str, autojump_clock: MockClock) -> None:
    async with client_to(answering(OK)) as (client, _):
        with failing_as(Rejected, "cannot be sent"):
            await post(client, headers={"Authorization": value})


# --- logs


async def test_nothing_is_logged_even_when_all_is_asked_for(
    caplog: pytest.LogCaptureFixture, autojump_clock: MockClock
) -> None:
    caplog.set_level(logging.DEBUG)
    async with client_to(answering(OK)) as (client, _):
        await post(client)
    assert caplog.records == []
