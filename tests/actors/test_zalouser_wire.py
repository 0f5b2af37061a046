"""Lines of both programs are read alike, and nothing that a line holds breaks the reader."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zalouser_lines import ALICE, BOT, DM, GROUP, IN_GROUP, ME, OWN, PHOTO, ZCA_CLI_DM, line, with_metadata

from actors.messages import Chat, Inbound
from actors.zalouser.wire import Lifecycle, Noise, Undecodable, decode_line


def read(raw: bytes) -> Inbound:
    found = decode_line(raw, ME, BOT)
    assert isinstance(found, Inbound)
    return found


def test_a_private_message_of_openzca() -> None:
    raw = line(DM)
    assert read(raw) == Inbound(
        chat=Chat(ME, ALICE),
        message_id="2001-1771000000001",
        sender_id=ALICE,
        sender_name="Alice Nguyen",
        kind="text",
        text="Hello bot",
        sent_at=1771000000.123,
        raw=raw,
    )


def test_a_group_message_of_openzca() -> None:
    found = read(line(IN_GROUP))
    assert (found.chat, found.sender_id, found.text) == (Chat(ME, GROUP, "group"), ALICE, "Hi all")


def test_a_private_message_as_callers_of_zca_cli_tell_it() -> None:
    found = read(line(ZCA_CLI_DM))
    assert (found.chat, found.sender_id, found.sender_name) == (Chat(ME, ALICE), ALICE, "Alice")
    assert found.sent_at == 1771000000.789


@pytest.mark.parametrize(
    ("metadata", "fields", "chat_type"),
    [
        ({"isGroup": True, "fromId": ALICE}, {"chatType": "user"}, "group"),
        ({"fromId": ALICE}, {"chatType": "group"}, "group"),
        ({"chatType": "group", "fromId": ALICE}, {}, "group"),
        ({"threadType": 2, "senderId": ALICE}, {"type": 1}, "group"),
        ({"threadType": 1, "senderId": "3"}, {"type": 1}, "direct"),
        ({}, {"type": "group", "senderId": ALICE}, "group"),
        ({}, {"type": "user", "senderId": ALICE}, "direct"),
        ({"fromId": "77"}, {}, "direct"),
        ({}, {}, "direct"),
        ({"fromId": ALICE}, {}, "group"),
    ],
)
def test_what_tells_a_group_from_a_person(metadata: dict[str, Any], fields: dict[str, Any], chat_type: str) -> None:
    raw = msgspec.json.encode({"threadId": "77", "content": "x", "metadata": metadata, **fields})
    assert read(raw).chat.chat_type == chat_type


@pytest.mark.parametrize(
    ("timestamp", "ts", "sent_at"),
    [
        (1771000000, ..., 1771000000.0),
        (1771000000123, ..., 1771000000.123),
        (1771000000, "1771000000456", 1771000000.456),
        ("1771000000", ..., 1771000000.0),
        (..., ..., 1771000000.0),  # the metadata has one
        (0, "nonsense", 1771000000.0),
        (True, -5, 1771000000.0),
        (1e300, None, 1771000000.0),
    ],
)
def test_seconds_and_milliseconds(timestamp: Any, ts: Any, sent_at: float) -> None:
    assert read(line(DM, timestamp=timestamp, ts=ts)).sent_at == sent_at


def test_the_sender_is_never_taken_from_to_id() -> None:
    nobody = with_metadata(DM, fromId=..., senderId=...)
    assert read(line(nobody, senderId=...)).sender_id == ALICE
    with pytest.raises(Undecodable, match="fromId"):
        decode_line(line(with_metadata(IN_GROUP, fromId=..., senderId=...), senderId=...), ME, BOT)


def test_a_private_thread_named_for_the_account_itself_is_answered_to_the_other_person() -> None:
    assert read(line(DM, threadId=OWN)).chat == Chat(ME, ALICE)


@pytest.mark.parametrize("fields", [DM, IN_GROUP])
def test_what_the_account_says_itself_is_noise(fields: dict[str, Any]) -> None:
    raw = line(with_metadata(fields, fromId=OWN))
    assert decode_line(raw, ME, BOT) == Noise("the account's own message")
    assert isinstance(decode_line(raw, ME), Inbound)


def test_the_key_of_a_message_holds_when_it_comes_again_and_for_it_alone() -> None:
    first = read(line(DM)).message_id
    assert read(line(DM, msgId="7659999999999")).message_id == first  # again, as Zalo repeats them
    others = [
        read(line(DM, cliMsgId="1771000000009")),
        read(line(IN_GROUP, cliMsgId=DM["cliMsgId"])),  # forwarded to two chats within a millisecond
        read(line(with_metadata(IN_GROUP, fromId="2002"), cliMsgId=DM["cliMsgId"])),
        read(line(PHOTO, cliMsgId=DM["cliMsgId"])),  # an album
        read(line(PHOTO, cliMsgId=DM["cliMsgId"], mediaUrls=["http://x.test/other.jpg"])),
        read(line(DM, cliMsgId=...)),
        read(line(DM, cliMsgId=..., msgId=...)),
    ]
    ids = [first, *(other.message_id for other in others)]
    assert len(set(ids)) == len(ids)
    assert ids[-1].startswith("hash-")


def test_a_picture_that_was_saved_under_another_name_is_still_the_same_message() -> None:
    again = line(PHOTO, mediaPaths=["/elsewhere/b.jpg"], content=PHOTO["content"].replace("a-hd", "b-hd"))
    assert read(again).message_id == read(line(PHOTO)).message_id


@pytest.mark.parametrize(
    ("changed", "kind", "text"),
    [
        ({"msgType": "chat.sticker", "content": "<non-text:chat.sticker>", "mediaKind": "image"}, "sticker", ""),
        ({"msgType": "chat.location.new", "content": "<non-text:chat.location.new>"}, "unsupported", ""),
        ({"content": "<non-text:webchat>"}, "unsupported", ""),
        ({"msgType": "chat.recommended", "content": "https://example.com"}, "text", "https://example.com"),
        ({"msgType": "chat.brand.new", "content": "words"}, "text", "words"),
        ({"content": ""}, "text", ""),
        ({"content": None}, "text", ""),
        ({"msgType": ..., "content": {"title": "a map"}}, "unknown", "a map"),
        ({"content": "I typed <non-text:webchat> myself"}, "text", "I typed <non-text:webchat> myself"),
    ],
)
def test_kinds(changed: dict[str, Any], kind: str, text: str) -> None:
    found = read(line(with_metadata(DM, msgType=...), **changed))
    assert (found.kind, found.text, found.media) == (kind, text, ())


def test_a_reply_keeps_its_context_in_the_text() -> None:
    text = "yes\n[reply context: Bot: Are you coming?]"
    assert read(line(DM, content=text, quote={"ownerId": OWN})).text == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"Listening... Press Ctrl+C to stop.", Lifecycle("listening", "Listening... Press Ctrl+C to stop.")),
        (b"Connected to Zalo websocket.", Lifecycle("connected", "Connected to Zalo websocket.")),
        (b"\x1b[32mConnected to Zalo websocket.\x1b[0m\r", Lifecycle("connected", "Connected to Zalo websocket.")),
        (b"Listener closed (3003) ", Lifecycle("closed", "Listener closed (3003)")),
        (b"Listener closed (1006) abnormal", Lifecycle("closed", "Listener closed (1006)")),
        (b'{"kind":"lifecycle","event":"heartbeat"}', Lifecycle("heartbeat", "heartbeat")),
        (b'{"kind":"lifecycle","event":"closed","code":3000}', Lifecycle("closed", "Listener closed (3000)")),
        (b'{"kind":"lifecycle","event":"error","message":"bad"}', Lifecycle("error", "bad")),
        (b'{"kind":"lifecycle","event":"waltz"}', Noise("a lifecycle event of a kind that is not known")),
        (b'{"level":"info","msg":"hello"}', Noise("an object that is no message")),
        (b"[INFO] warming up", Noise("[INFO] warming up")),
        (b"\xff\xfe", Noise("��")),
        (b"", Noise("")),
    ],
)
def test_lines_that_are_no_message(raw: bytes, found: Lifecycle | Noise) -> None:
    assert decode_line(raw, ME, BOT) == found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"threadId":"2001","cont', "one whole JSON object"),
        (line(DM, threadId=...), "threadId"),
        (line(DM, threadId="  "), "threadId"),
        (line(DM, metadata=[1]), "expected a message of zca"),
        (b'{"threadId":' * 100_000, "JSON|nested"),
    ],
)
def test_what_may_have_been_a_message_is_undecodable_and_says_why(raw: bytes, expected: str) -> None:
    with pytest.raises(Undecodable, match=expected):
        decode_line(raw, ME, BOT)


def test_one_broken_character_does_not_cost_the_message() -> None:
    raw = line(DM).replace(b"Hello", b"H\xffllo")
    assert read(raw).text == "H�llo bot"
    assert read(raw).raw == raw


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from([*DM, *PHOTO, "mentionIds", "quote", "kind", "event", "code"])


@given(st.dictionaries(FIELDS, JSON, max_size=8), st.dictionaries(st.sampled_from([*DM["metadata"]]), JSON))
def test_whatever_stands_in_the_fields_it_is_read_or_undecodable(
    fields: dict[str, Any], metadata: dict[str, Any]
) -> None:
    raw = msgspec.json.encode({**DM, "metadata": {**DM["metadata"], **metadata}, **fields})
    try:
        found = decode_line(raw, ME, BOT)
    except Undecodable:
        return
    if isinstance(found, Inbound):
        assert found.raw == raw
        assert found.chat.chat_id.strip()
        assert found.sender_id not in ("", OWN)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_undecodable(raw: bytes) -> None:
    for each in (raw, b"{" + raw):
        with suppress(Undecodable):
            decode_line(each, ME, BOT)
