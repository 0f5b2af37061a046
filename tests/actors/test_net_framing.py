"""What is read out of a request line, what is objected to, and how an answer begins."""

from __future__ import annotations

import h11
import pytest

from actors.net.framing import head_of, objection, protocol_refusal, response_head, split_target, states_more_than
from actors.net.http import NOBODY, Head


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", ""),
        (b"/a/b?x=1&y=%20", "/a/b", "x=1&y=%20"),
        (b"/a%20b%C3%A9?", "/a bé", ""),
        (b"/%ff", "/\ufffd", ""),
        (b"http://host:1/p?q", "/p", "q"),
        (b"http://host", "/", ""),
        (b"/to?url=http://other/x", "/to", "url=http://other/x"),
        (b"*", "*", ""),
    ],
)
def test_a_target_is_a_path_and_a_query(target: bytes, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


def test_a_head_keeps_headers_in_order_with_lower_case_names() -> None:
    event = h11.Request(method="POST", target="/x", headers=[("Host", "h"), ("X-A", "1"), ("x-a", "2")])
    head = head_of(event, NOBODY)
    assert (head.method, head.path, head.http_version) == ("POST", "/x", "1.1")
    assert head.headers == ((b"host", b"h"), (b"x-a", b"1"), (b"x-a", b"2"))
    assert head.get(b"x-a") == b"1"
    assert head.get(b"x-b") is None


def head(version: str = "1.1", method: str = "POST", **headers: str) -> Head:
    pairs = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Head(method, "/", "", pairs, version)


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (head(), None),
        (head("1.0"), None),
        (head(content_length="100"), None),
        (head(transfer_encoding="chunked"), None),
        (head(content_length="1", transfer_encoding="chunked"), 400),
        (head("1.0", transfer_encoding="chunked"), 400),
        (head("2.0"), 505),
        (head(method="CONNECT"), 501),
    ],
)
def test_what_is_objected_to(subject: Head, status: int | None) -> None:
    refused = objection(subject)
    assert (refused.status if refused else None) == status
    assert refused is None or (refused.close and refused.body)


@pytest.mark.parametrize(
    ("subject", "too_long"),
    [
        (head(), False),
        (head(content_length="100"), False),
        (head(content_length="101"), True),
        (head(content_length="9" * 19), True),
        (head(transfer_encoding="chunked"), False),
    ],
)
def test_a_length_that_is_stated_is_judged_at_once(subject: Head, too_long: bool) -> None:
    assert states_more_than(subject, 100) is too_long


def test_a_protocol_error_is_answered_without_the_bytes_that_caused_it() -> None:
    for hint, status in ((400, 400), (431, 431), (501, 501), (0, 400)):
        refused = protocol_refusal(h11.RemoteProtocolError("bad line: b'secret'", error_status_hint=hint))
        assert refused.status == status
        assert refused.close
        assert b"secret" not in refused.body


def test_an_answers_head_states_type_length_and_its_own_headers() -> None:
    event = response_head(200, "text/plain", 12, ((b"x-a", b"1"),), True)
    assert list(event.headers) == [
        (b"x-a", b"1"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"12"),
        (b"connection", b"close"),
    ]
    assert event.reason == b"OK"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_states_no_length(status: int) -> None:
    assert list(response_head(status, "text/plain", 12, (), False).headers) == []
