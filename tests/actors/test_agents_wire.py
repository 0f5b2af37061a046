"""Turns and replies as JSON: tables of bytes in and values out."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from agents_support import make_turn
from hypothesis import given
from hypothesis import strategies as st

from actors.agents import wire
from actors.errors import Rejected, RetryLater
from actors.messages import HistoryEntry, Media, MediaKind, Reply


def picture(url: str) -> Media:
    return Media(kind="image", url=url)


def test_a_turn_is_one_line_of_json_with_camel_case_names() -> None:
    turn = make_turn(
        "xin\nchào",
        media=(Media(kind="image", url="https://x/1.jpg", path="/tmp/1.jpg", mime_type="image/jpeg"),),
        history=(HistoryEntry("user", "a"), HistoryEntry("assistant", "b")),
    )
    encoded = wire.encode_turn(turn)
    assert b"\n" not in encoded
    found = json.loads(encoded)
    context = found.pop("context")
    assert found == {
        "turnId": 7,
        "attempt": 1,
        "agentId": "main",
        "sessionKey": "agent:main:main",
        "sessionId": "s1",
        "text": "xin\nchào",
        "media": [{"kind": "image", "url": "https://x/1.jpg", "path": "/tmp/1.jpg", "mimeType": "image/jpeg"}],
        "history": [{"role": "user", "text": "a"}, {"role": "assistant", "text": "b"}],
        "chat": {"channel": "zalo", "accountId": "shop", "chatId": "c1", "chatType": "direct"},
    }
    assert context["SessionKey"] == "agent:main:main"
    assert context["From"] == "zalo:u1"
    assert context["SenderName"] == "Ted"


def test_a_numbered_turn_is_the_same_with_its_id() -> None:
    plain, numbered = (json.loads(encode(make_turn())) for encode in (wire.encode_turn, wire.encode_numbered_turn))
    assert numbered.pop("id") == 7
    assert numbered == plain


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (b"", Reply()),
        (b" \n", Reply()),
        (b"{}", Reply()),
        (b'{"text": ""}', Reply()),
        (b'{"text": null, "media": null}', Reply()),
        (b"NO_REPLY\n", Reply()),
        (b'{"text": " NO_REPLY "}', Reply()),
        (b"NO_REPLY please", Reply("NO_REPLY please")),
        (b"no_reply", Reply("no_reply")),
        (b"xin chao\r\n", Reply("xin chao")),
        (b"a\n\nb\n", Reply("a\n\nb")),
        (b'{"text": "a"}\n', Reply("a")),
        (b' {"text": "a", "mood": 1} ', Reply("a")),
        (b'{"text": "a", "error": null}', Reply("a")),
        (b'{"text": "NO_REPLY", "media": ["https://x/1"]}', Reply("", (picture("https://x/1"),))),
        # Only an object is taken apart.
        (b'"quoted"', Reply('"quoted"')),
        (b"42", Reply("42")),
        (b"null", Reply("null")),
        (b'["a"]', Reply('["a"]')),
        (b"{hello}", Reply("{hello}")),
        (b'{"text": "a"} trailing', Reply('{"text": "a"} trailing')),
        (b"{" * 100_000, Reply("{" * 100_000)),
        # Bytes that are no text.
        (b"caf\xe9", Reply("caf\ufffd")),
        (b'{"text": "\\ud83d"}', Reply("\ufffd")),
        (b'{"text": "\\ud83d\\ude00"}', Reply("😀")),
    ],
)
def test_what_an_answer_says(answer: bytes, reply: Reply) -> None:
    assert wire.decode_reply(answer) == reply


@pytest.mark.parametrize(
    ("given", "media"),
    [
        ("https://x/1.png", Media(kind="image", url="https://x/1.png")),
        ("https://x/a.MP4?size=2", Media(kind="video", url="https://x/a.MP4?size=2")),
        ("http://x/a.m4a", Media(kind="voice", url="http://x/a.m4a")),
        ("http://x/a.pdf", Media(kind="file", url="http://x/a.pdf")),
        ("http://x.pdf", Media(kind="image", url="http://x.pdf")),
        ("http://x/render?id=3", Media(kind="image", url="http://x/render?id=3")),
        ({"url": "http://x/a", "kind": "file"}, Media(kind="file", url="http://x/a")),
        (
            {"url": "http://x/a.mp3", "mimeType": "audio/mpeg"},
            Media(kind="voice", url="http://x/a.mp3", mime_type="audio/mpeg"),
        ),
    ],
)
def test_media_is_an_address_and_a_kind(given: object, media: Media) -> None:
    assert wire.decode_reply(json.dumps({"media": [given]}).encode()) == Reply(media=(media,))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"answer": "a"}, "its keys are: answer"),
        ({"text": 1}, "Expected `str"),
        ({"media": "https://x/1"}, "Expected `array"),
        ({"media": [1]}, "Expected"),
        ({"media": [{"kind": "image"}]}, "without an http"),
        ({"media": ["/etc/passwd"]}, "without an http"),
        ({"media": ["file:///etc/passwd"]}, "without an http"),
        ({"media": ["https://"]}, "without an http"),
        ({"media": ["https://[::1"]}, "not a URL"),
        ({"media": ["https://x/\ud83d"]}, "without an http"),
        ({"media": [{"url": "https://x/1", "kind": "poem"}]}, "Invalid enum value"),
    ],
)
def test_an_object_that_is_no_reply_is_rejected_with_what_is_wrong(given: object, complaint: str) -> None:
    with pytest.raises(Rejected, match=complaint):
        wire.decode_reply(json.dumps(given).encode())


@pytest.mark.parametrize(
    ("given", "media"),
    [
        ({"path": "/tmp/chart.png"}, Media(kind="image", path="/tmp/chart.png")),
        ({"path": "/tmp/note.pdf"}, Media(kind="file", path="/tmp/note.pdf")),
        ({"path": "/tmp/x", "kind": "image"}, Media(kind="image", path="/tmp/x")),
        ({"path": "/tmp/x.png", "url": "https://x/1.png"}, Media(kind="image", url="https://x/1.png")),
    ],
)
def test_a_program_of_ours_may_name_files(given: object, media: Media) -> None:
    answer = json.dumps({"media": [given]}).encode()
    assert wire.decode_reply(answer, local_files=True) == Reply(media=(media,))
    assert wire.decode_line(answer, local_files=True) == wire.Line(None, Reply(media=(media,)))


@pytest.mark.parametrize("path", ["chart.png", "", "~/chart.png", "/tmp/a\nb.png"])
def test_a_file_is_named_from_the_root(path: str) -> None:
    with pytest.raises(Rejected, match="not absolute"):
        wire.decode_reply(json.dumps({"media": [{"path": path}]}).encode(), local_files=True)


@pytest.mark.parametrize("decode", [wire.decode_reply, wire.decode_json_reply])
def test_a_service_elsewhere_may_not_name_files(decode: Callable[[bytes], Reply]) -> None:
    with pytest.raises(Rejected, match="only a command agent may name"):
        decode(b'{"media": [{"path": "/etc/passwd", "kind": "image"}]}')


def test_a_sticker_goes_by_its_id() -> None:
    given = b'{"media": [{"kind": "sticker", "id": "0e078a2fb66a5f34067b"}]}'
    assert wire.decode_json_reply(given) == Reply(media=(Media(kind="sticker", id="0e078a2fb66a5f34067b"),))


@pytest.mark.parametrize(
    "given", [{"kind": "sticker"}, {"kind": "sticker", "id": ""}, {"kind": "sticker", "id": "a\n"}]
)
def test_a_sticker_without_an_id_is_rejected(given: object) -> None:
    with pytest.raises(Rejected, match='sticker without an "id"'):
        wire.decode_reply(json.dumps({"media": [given]}).encode())


def test_an_object_with_an_error_asks_for_another_attempt() -> None:
    with pytest.raises(RetryLater, match="overloaded"):
        wire.decode_reply(b'{"error": "overloaded"}')


@pytest.mark.parametrize(
    ("answer", "reply"), [(b'"a\\nb"', Reply("a\nb")), (b'{"text": "a"}', Reply("a")), (b"{}", Reply())]
)
def test_json_may_also_be_a_string(answer: bytes, reply: Reply) -> None:
    assert wire.decode_json_reply(answer) == reply


@pytest.mark.parametrize("answer", [b"", b"oops", b"1", b"[]", b"null", b'{"text": "a"'])
def test_what_is_said_to_be_json_has_to_be(answer: bytes) -> None:
    with pytest.raises(Rejected, match="not a JSON object or string"):
        wire.decode_json_reply(answer)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{"id": 7, "text": "a"}', wire.Line("7", Reply("a"))),
        (b'{"id": "7", "text": "a"}\r', wire.Line("7", Reply("a"))),
        (b'{"id": 7}', wire.Line("7", Reply())),
        (b'{"text": "a"}', wire.Line(None, Reply("a"))),
        (b'"a"', wire.Line(None, Reply("a"))),
        (b"", None),
        (b"Loading model...", None),
        (b"42", None),
        (b"[1]", None),
        (b'{"id": 7, "te', None),
    ],
)
def test_what_a_line_says(text: bytes, line: wire.Line | None) -> None:
    assert wire.decode_line(text) == line


@pytest.mark.parametrize(
    ("text", "kind"), [(b'{"id": 7, "error": "busy"}', RetryLater), (b'{"id": 7, "wrong": 1}', Rejected)]
)
def test_a_line_may_bear_a_failure_of_its_turn(text: bytes, kind: type[Exception]) -> None:
    line = wire.decode_line(text)
    assert line is not None
    assert line.id == "7"
    assert isinstance(line.outcome, kind)


@given(st.binary())
def test_no_bytes_make_decoding_fail_otherwise_than_named(data: bytes) -> None:
    for decode in (wire.decode_reply, wire.decode_json_reply, wire.decode_line):
        with suppress(Rejected, RetryLater):
            decode(data)


@given(st.text())
def test_a_reply_can_always_be_encoded(text: str) -> None:
    wire.decode_reply(json.dumps({"text": text}).encode()).text.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", "a"), (" a\n b\tc ", "a b c"), ("x" * 300, "x" * 300), ("x" * 301, "x" * 300 + "…"), (b"\xff", "\ufffd")],
)
def test_an_excerpt_is_one_short_line(text: str | bytes, shown: str) -> None:
    assert wire.excerpt(text) == shown


def test_the_kinds_of_media_by_suffix_are_kinds_that_exist() -> None:
    kinds: set[MediaKind] = {"video", "voice", "file"}
    assert set(wire._KIND_BY_SUFFIX.values()) == kinds


@pytest.mark.parametrize(
    "raw", [rb'{"text":"ok","\ud800":1}', rb'{"text":"ok","media":[{"kind":"sticker","id":"7","x":"\udfff"}]}']
)
def test_half_a_character_beside_an_answer_does_not_cost_it(raw: bytes) -> None:
    assert wire.decode_reply(raw).text == "ok"


def test_what_a_peer_said_moves_no_terminal() -> None:
    assert wire.excerpt("a\x00b\x1b[2J\u202ec\r\nd") == "a b [2J c d"
