"""Requests, answers and refusals of the Bot API, by table."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadCredentials, Rejected, RetryLater, RouterError, TooManyRequests, UnknownOutcome
from actors.zalo import wire
from actors.zalo.wire import ApiError, Call, Success

HTML = b"<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>"


@pytest.mark.parametrize(
    ("call", "method", "body"),
    [
        (wire.GetMe(), "getMe", {}),
        (wire.GetWebhookInfo(), "getWebhookInfo", {}),
        (wire.DeleteWebhook(), "deleteWebhook", {}),
        (wire.GetUpdates(30), "getUpdates", {"timeout": 30}),
        (wire.SendMessage("c1", "xin chào"), "sendMessage", {"chat_id": "c1", "text": "xin chào"}),
        (wire.SendPhoto("c1", "https://x/y.png"), "sendPhoto", {"chat_id": "c1", "photo": "https://x/y.png"}),
        (wire.SendPhoto("c1", "u", "cap"), "sendPhoto", {"chat_id": "c1", "photo": "u", "caption": "cap"}),
        (wire.SendChatAction("c1"), "sendChatAction", {"chat_id": "c1", "action": "typing"}),
    ],
)
def test_requests_are_json_with_the_documented_names(call: Call, method: str, body: dict[str, object]) -> None:
    assert call.method == method
    assert json.loads(wire.encode(call)) == body


def test_only_what_a_person_would_see_twice_counts_as_a_send() -> None:
    calls = [wire.GetMe, wire.GetWebhookInfo, wire.DeleteWebhook, wire.GetUpdates, wire.SendChatAction]
    assert not any(call.sends for call in calls)
    assert wire.SendMessage.sends
    assert wire.SendPhoto.sends


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, b'{"ok":true,"result":{"id":"1"},"error_code":0}', Success(b'{"id":"1"}')),
        (200, b'{"ok":true}', Success(b"")),
        (200, b'{"ok":true,"result":null}', Success(b"null")),
        # Both styles of refusal: HTTP 200 with a code, and the code as status.
        (200, b'{"ok":false,"description":"Unauthorized","error_code":401}', ApiError(401, "Unauthorized")),
        (408, b'{"ok":false,"description":"Request timeout","error_code":408}', ApiError(408, "Request timeout")),
        (404, b'{"ok":false,"description":"Not Found"}', ApiError(404, "Not Found")),
        (200, b'{"ok":false,"description":"x","error_code":"429"}', ApiError(429, "x")),
        (200, b'{"ok":false,"description":"daily","errorCode":426}', ApiError(426, "daily")),
        (200, b'{"ok":false}', ApiError(200, "no description")),
        (200, b'{"ok":false,"description":null,"error_code":null}', ApiError(200, "no description")),
        (500, b'{"ok":false,"description":"x","error_code":"12345678901"}', ApiError(500, "x")),
        (500, b'{"ok":false,"description":"x","error_code":"zero"}', ApiError(500, "x")),
        # `ok` decides even against the status and the code.
        (500, b'{"ok":true,"result":{},"error_code":500}', Success(b"{}")),
    ],
)
def test_ok_decides_whatever_the_status_says(status: int, body: bytes, answer: Success | ApiError) -> None:
    assert wire.decode_answer(status, body) == answer


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        b"",
        b"null",
        b"[]",
        b'"ok"',
        b"{}",
        b'{"ok":1}',
        b'{"ok":"true"}',
        b'{"ok":true,"resu',
        b'{"message":"Success"}',
        b'{"ok":false,"description":{"a":1}}',
        b'{"ok":false,"description":"\xff"}',
        b'{"ok":true,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_envelope_is_the_fronts(body: bytes) -> None:
    assert wire.decode_answer(502, body) == ApiError(502, "HTTP 502 without an answer of the Bot API", by_front=True)


@given(st.integers(100, 599), st.binary())
def test_no_answer_of_any_kind_is_a_crash(status: int, body: bytes) -> None:
    assert isinstance(wire.decode_answer(status, body), Success | ApiError)


BY_API: list[tuple[int, type[RouterError]]] = [
    (400, Rejected),
    (401, BadCredentials),
    (403, RetryLater),
    (404, Rejected),
    (408, RetryLater),
    (409, RetryLater),
    (410, Rejected),
    (418, Rejected),
    (426, RetryLater),
    (429, TooManyRequests),
    (500, RetryLater),
    (502, RetryLater),
    (504, RetryLater),
    (200, RetryLater),
    (-216, RetryLater),
]


@pytest.mark.parametrize(("code", "kind"), BY_API)
@pytest.mark.parametrize("call", [wire.SendMessage, wire.GetUpdates])
def test_a_refusal_by_the_api_is_certain_for_sends_too(code: int, kind: type[RouterError], call: type[Call]) -> None:
    assert type(wire.classify(ApiError(code, "words"), call)) is kind


BY_FRONT: list[tuple[int, type[RouterError], type[RouterError]]] = [
    # status, for a send, for the rest
    (200, UnknownOutcome, RetryLater),
    (302, RetryLater, RetryLater),
    (400, Rejected, Rejected),
    (401, RetryLater, RetryLater),
    (403, RetryLater, RetryLater),
    (404, RetryLater, RetryLater),
    (408, RetryLater, RetryLater),
    (413, Rejected, Rejected),
    (414, Rejected, Rejected),
    (429, TooManyRequests, TooManyRequests),
    (500, UnknownOutcome, RetryLater),
    (502, UnknownOutcome, RetryLater),
    (503, RetryLater, RetryLater),
    (504, UnknownOutcome, RetryLater),
    (520, UnknownOutcome, RetryLater),
]


@pytest.mark.parametrize(("status", "send", "rest"), BY_FRONT)
def test_a_front_that_gave_up_cannot_say_whether_a_send_went_out(
    status: int, send: type[RouterError], rest: type[RouterError]
) -> None:
    error = wire.decode_answer(status, HTML)
    assert isinstance(error, ApiError)
    assert type(wire.classify(error, wire.SendMessage)) is send
    assert type(wire.classify(error, wire.SendPhoto)) is send
    assert type(wire.classify(error, wire.GetUpdates)) is rest
    assert type(wire.classify(error, wire.SendChatAction)) is rest


def test_an_error_names_the_method_the_words_and_the_code() -> None:
    error = wire.classify(ApiError(410, "The chat_id is invaild"), wire.SendMessage)
    assert str(error) == "sendMessage: The chat_id is invaild (410)"


def test_what_the_peer_asks_to_wait_is_passed_on() -> None:
    by_api = wire.classify(ApiError(429, "Quota exceeded"), wire.SendMessage, 7.0)
    by_front = wire.classify(ApiError(429, "x", by_front=True), wire.SendMessage, 8.0)
    assert isinstance(by_api, RetryLater)
    assert by_api.retry_after_seconds == 7.0
    assert isinstance(by_front, RetryLater)
    assert by_front.retry_after_seconds == 8.0


def test_a_peers_words_become_one_short_printable_line() -> None:
    words = str(wire.classify(ApiError(400, "a\r\nb\x1b[31m\x00c " + "x" * 1000), wire.SendMessage))
    assert words.startswith("sendMessage: a b [31m c xxx")
    assert words.endswith("x… (400)")
    assert words.isprintable()
    assert len(words) < 230


@pytest.mark.parametrize(
    ("result", "updates"),
    [
        (b"", ()),
        (b"null", ()),
        (b"{}", ()),
        (b"[]", ()),
        (b'{"event_name":"x"}', (b'{"event_name":"x"}',)),
        (b'[{"a":1}, {"b":2}]', (b'{"a":1}', b'{"b":2}')),
        (b"[1,", (b"[1,",)),
        (b'"odd"', (b'"odd"',)),
    ],
)
def test_a_poll_brings_one_update_none_or_a_list(result: bytes, updates: tuple[bytes, ...]) -> None:
    assert wire.updates_in(result) == updates


@pytest.mark.parametrize(
    ("result", "me"),
    [
        (
            b'{"id":"1459","account_name":"bot.V","account_type":"BASIC","can_join_groups":false}',
            wire.Me("1459", "bot.V", account_type="BASIC", can_join_groups=False),
        ),
        (b'{"id":1459}', wire.Me(1459)),
        (b'{"account_name":"bot.V"}', None),
        (b"", None),
        (b"[", None),
    ],
)
def test_a_result_is_read_or_is_none(result: bytes, me: wire.Me | None) -> None:
    assert wire.decode_result(result, wire.Me) == me
