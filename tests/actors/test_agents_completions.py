"""The chat-completions format: tables of what is sent and what is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agents_support import make_turn
from hypothesis import given
from hypothesis import strategies as st

from actors.agents.completions import StreamedCompletion, decode_completion, encode_request
from actors.agents.settings import OpenaiSettings
from actors.errors import Rejected, RetryLater
from actors.messages import HistoryEntry, Media, Reply, Turn
from actors.secret import Secret

SETTINGS = OpenaiSettings(base_url="http://x/v1", model="m")


def request(turn: Turn, settings: OpenaiSettings = SETTINGS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode_request(settings, turn))
    return found


def test_the_least_request_is_the_model_and_the_question() -> None:
    assert request(make_turn("chào")) == {"model": "m", "messages": [{"role": "user", "content": "chào"}]}


def test_the_whole_request_has_the_prompt_the_history_and_the_numbers() -> None:
    settings = OpenaiSettings(
        base_url="http://x/v1",
        model="m",
        api_key=Secret("sk-1"),
        system_prompt="Be kind.",
        temperature=0.0,
        max_tokens=9,
        stream=True,
    )
    history = (HistoryEntry("user", "a"), HistoryEntry("assistant", "b"))
    assert request(make_turn("c", history=history), settings) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
        "temperature": 0.0,
        "max_tokens": 9,
        "stream": True,
    }


@pytest.mark.parametrize(
    ("turn", "content"),
    [
        (make_turn("hi", chat_type="direct"), "hi"),
        (make_turn("hi", chat_type="group"), "Ted: hi"),
        (make_turn("hi", chat_type="group", sender_name=None), "u1: hi"),
    ],
)
def test_in_a_group_the_model_sees_who_speaks(turn: Turn, content: str) -> None:
    assert request(turn)["messages"][-1]["content"] == content


def test_pictures_with_an_address_are_shown_to_the_model_and_nothing_else_is() -> None:
    media = (
        Media(kind="image", url="https://x/1.png"),
        Media(kind="image", path="/tmp/2.png"),
        Media(kind="voice", url="https://x/3.m4a"),
    )
    assert request(make_turn("look", media=media))["messages"][-1]["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "https://x/1.png"}},
    ]


def whole(message: object, **more: object) -> bytes:
    return json.dumps({"id": "1", "choices": [{"index": 0, "message": message, **more}]}).encode()


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        (whole({"role": "assistant", "content": " hi\n"}), Reply("hi")),
        (whole({"content": "cut sh"}, finish_reason="length"), Reply("cut sh")),
        (whole({"content": ""}), Reply()),
        (whole({"content": None, "tool_calls": []}), Reply()),
        (whole({}), Reply()),
        (whole({"content": "NO_REPLY"}), Reply()),
        (whole({"content": None, "refusal": "I cannot."}), Reply("I cannot.")),
        (b'{"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}], "error": null}', Reply("a")),
    ],
)
def test_what_a_whole_answer_says(body: bytes, reply: Reply) -> None:
    assert decode_completion(body) == reply


@pytest.mark.parametrize(
    ("body", "kind", "complaint"),
    [
        (b"<html>Welcome</html>", Rejected, "not a chat completion; check baseUrl: <html>Welcome"),
        (b"", Rejected, "not a chat completion"),
        (b'{"choices": "none"}', Rejected, "not a chat completion"),
        (b'{"choices": [{"message": {"content": 7}}]}', Rejected, "not a chat completion"),
        (b'{"id": "1", "choices": []}', RetryLater, "without choices"),
        (b'{"status": "ok"}', RetryLater, "without choices"),
        (b'{"error": {"message": "upstream busy", "code": 502}}', RetryLater, "reported an error: upstream busy"),
        (b'{"error": "upstream busy"}', RetryLater, "reported an error: upstream busy"),
        (b'{"error": {"code": 502}}', RetryLater, "502"),
    ],
)
def test_an_answer_that_is_none_is_told_by_what_to_do(body: bytes, kind: type[Exception], complaint: str) -> None:
    with pytest.raises(kind, match=complaint):
        decode_completion(body)


def event(delta: object, finish_reason: str | None = None) -> str:
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


HELLO = [event({"role": "assistant", "content": ""}), "", event({"content": "Hel"}), "", event({"content": "lo"}), ""]


@pytest.mark.parametrize(
    "lines",
    [
        [*HELLO, event({}, "stop"), "", "data: [DONE]", ""],
        [*HELLO, "data: [DONE]"],
        [*HELLO, event({}, "length")],
        [": keep-alive", "event: message", "id: 1", "retry: 5", "nonsense", *HELLO, "data:[DONE]"],
        [*HELLO, event({}, "stop"), 'data: {"choices": [], "usage": {"total_tokens": 3}}', "data: [DONE]"],
    ],
)
def test_a_stream_is_gathered_to_its_end(lines: list[str]) -> None:
    completion = StreamedCompletion()
    for line in lines:
        if not completion.add(line):
            break
    assert completion.reply() == Reply("Hello")


def test_nothing_is_read_past_the_end() -> None:
    assert not StreamedCompletion().add("data: [DONE]")
    assert StreamedCompletion().add(event({}, "stop"))


@pytest.mark.parametrize("lines", [[], HELLO, [": keep-alive"]])
def test_a_stream_that_breaks_off_is_not_taken_for_an_answer(lines: list[str]) -> None:
    completion = StreamedCompletion()
    for line in lines:
        completion.add(line)
    with pytest.raises(RetryLater, match="in the middle"):
        completion.reply()


def test_an_error_in_the_middle_of_a_stream_may_pass() -> None:
    with pytest.raises(RetryLater, match="overloaded"):
        StreamedCompletion().add('data: {"error": {"message": "overloaded"}}')


@given(st.text())
def test_no_text_is_lost_in_a_stream_however_it_is_cut(text: str) -> None:
    completion = StreamedCompletion()
    for character in text:
        completion.add(event({"content": character}))
    completion.add("data: [DONE]")
    assert completion.reply().text == ("" if text.strip() == "NO_REPLY" else text.strip())


@given(st.binary())
def test_no_bytes_make_reading_fail_otherwise_than_named(data: bytes) -> None:
    with pytest.raises((Rejected, RetryLater)):
        decode_completion(data)
