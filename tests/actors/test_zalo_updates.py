"""Updates as documented, as captured live, as feared."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import AccountKey, Chat, Inbound, Media
from actors.zalo.updates import Ignored, Undecodable, decode_update, message_key

SHOP = AccountKey("zalo", "shop")
TED = "6ede9afa66b88fe6d6a9"
GROUP = "zgr-f8a7101d77709e2ec761"
OWN = "1459232241454765289"


def update(event: str | None = "message.text.received", **message: Any) -> dict[str, Any]:
    """A private message from Ted; a keyword that is None removes the field."""
    fields = {
        "from": {"id": TED, "display_name": "Ted", "is_bot": False},
        "chat": {"id": TED, "chat_type": "PRIVATE"},
        "message_id": "2d758cb5e222177a4e35",
        "date": 1750316131602,
    }
    fields.update({name.rstrip("_"): value for name, value in message.items()})
    kept = {name: value for name, value in fields.items() if value is not None}
    return {"message": kept} | ({} if event is None else {"event_name": event})


def read(value: Any) -> Inbound:
    got = decode_update(json.dumps(value).encode(), SHOP, OWN)
    assert isinstance(got, Inbound)
    return got


def test_a_text_carries_all_that_admission_needs_and_the_bytes_as_they_came() -> None:
    raw = json.dumps(update(text="Xin chào")).encode()
    assert decode_update(raw, SHOP, OWN) == Inbound(
        chat=Chat(SHOP, TED, "direct"),
        message_id="2d758cb5e222177a4e35",
        sender_id=TED,
        sender_name="Ted",
        kind="text",
        text="Xin chào",
        sent_at=1750316131.602,
        raw=raw,
    )


def test_a_wrapped_update_reads_like_a_bare_one() -> None:
    bare = update(text="hi")
    wrapped = {"ok": True, "result": bare, "error_code": 0}
    assert msgspec.structs.replace(read(wrapped), raw=b"") == msgspec.structs.replace(read(bare), raw=b"")


def test_a_group_text_is_from_its_sender_in_its_group() -> None:
    got = read(update(text="@Bot Demo giá?", chat={"id": GROUP, "chat_type": "GROUP"}))
    assert (got.chat, got.sender_id) == (Chat(SHOP, GROUP, "group"), TED)


@pytest.mark.parametrize(
    ("event", "fields", "kind", "text", "media"),
    [
        ("message.text.received", {"text": ""}, "text", "", ()),
        ("message.image.received", {"photo_url": "https://p/1.jpg", "caption": "cap"}, "image", "cap", ("image",)),
        ("message.image.received", {"photo": "https://p/1.jpg"}, "image", "", ("image",)),
        ("message.image.received", {"photo_url": "", "photo": "https://p/1.jpg"}, "image", "", ("image",)),
        ("message.image.received", {"photo_url": ["https://p/1.jpg"]}, "image", "", ()),
        ("message.image.received", {"photo_url": "file:///etc/passwd"}, "image", "", ()),
        ("message.image.received", {}, "image", "", ()),
        ("message.sticker.received", {"sticker": "0e07", "url": "https://p/1.jpg"}, "sticker", "", ("image",)),
        ("message.sticker.received", {"sticker": {"id": 1}}, "sticker", "", ()),
        ("message.voice.received", {"voice_url": "https://p/1.jpg"}, "voice", "", ("voice",)),
        ("message.unsupported.received", {}, "unsupported", "", ()),
        ("message.video.received", {"text": "later kinds"}, "unknown", "later kinds", ()),
        (17, {"text": "odd"}, "unknown", "odd", ()),
        (None, {"text": "no event"}, "text", "no event", ()),
        (None, {}, "unknown", "", ()),
    ],
)
def test_every_event_has_its_kind(
    event: Any, fields: dict[str, Any], kind: str, text: str, media: tuple[str, ...]
) -> None:
    got = read(update(event, **fields))
    assert (got.kind, got.text, tuple(one.kind for one in got.media)) == (kind, text, media)
    assert all(one.url == "https://p/1.jpg" for one in got.media)


def test_a_voice_note_is_aac() -> None:
    got = read(update("message.voice.received", voice_url="https://f2-voice-aac-dl.zdn.vn/a.aac"))
    assert got.media == (Media(kind="voice", url="https://f2-voice-aac-dl.zdn.vn/a.aac", mime_type="audio/aac"),)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ({"display_name": "A", "first_name": "B", "name": "C"}, "A"),
        ({"display_name": "", "first_name": "B"}, "B"),
        ({"name": "C"}, "C"),
        ({"display_name": 5}, None),
        ({}, None),
    ],
)
def test_a_senders_name_has_had_several_names(who: dict[str, Any], name: str | None) -> None:
    assert read(update(text="x", from_={"id": TED, **who})).sender_name == name


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        (1750316131602, 1750316131.602),
        (1750316131, 1750316131.0),
        (1787124248, 1787124248.0),
        (100_000_000_000, 100_000_000.0),
        (99_999_999_999, 99_999_999_999.0),
        (1750316131602.5, 1750316131.6025),
        (0, None),
        (-5, None),
        (10**15, None),
        (10**18, None),
        (True, None),
        ("1750316131602", None),
        (None, None),
    ],
)
def test_dates_are_milliseconds_or_seconds_by_their_size(date: Any, seconds: float | None) -> None:
    assert read(update(text="x", date=date)).sent_at == seconds


@pytest.mark.parametrize(
    ("chat", "chat_type"),
    [
        ({"id": TED, "chat_type": "PRIVATE"}, "direct"),
        ({"id": TED, "chat_type": "private"}, "direct"),
        ({"id": GROUP, "chat_type": "GROUP"}, "group"),
        ({"id": TED}, "direct"),
        ({"id": GROUP}, "group"),
        ({"id": GROUP, "chat_type": "CHANNEL"}, "group"),
        ({"id": TED, "chat_type": 3}, "direct"),
    ],
)
def test_a_chat_of_unknown_type_is_direct_only_if_it_is_the_senders_own(chat: dict[str, Any], chat_type: str) -> None:
    assert read(update(text="x", chat=chat)).chat.chat_type == chat_type


def test_ids_are_taken_as_they_are() -> None:
    got = read(
        update(text="x", from_={"id": " odd id "}, chat={"id": 7, "chat_type": "PRIVATE"}, message_id=12345678901)
    )
    assert (got.sender_id, got.chat.chat_id, got.message_id) == (" odd id ", "7", "12345678901")


@pytest.mark.parametrize("missing", [None, "", "  ", [], True])
def test_a_missing_message_id_is_made_of_the_bytes(missing: Any) -> None:
    raw = json.dumps(update(text="x", message_id=missing)).encode()
    again = decode_update(raw, SHOP, OWN)
    other = read(update(text="y", message_id=missing))
    assert isinstance(again, Inbound)
    assert again.message_id == message_key(raw)
    assert again.message_id.startswith("hash-")
    assert other.message_id != again.message_id


@pytest.mark.parametrize("is_bot", [True, False])
def test_the_bots_own_words_are_ignored(is_bot: bool) -> None:
    own = update(text="echo", from_={"id": OWN, "is_bot": is_bot}, chat={"id": GROUP, "chat_type": "GROUP"})
    assert decode_update(json.dumps(own).encode(), SHOP, OWN) == Ignored("the bot's own message")
    assert isinstance(decode_update(json.dumps(own).encode(), SHOP), Inbound)


def test_another_bot_is_heard() -> None:
    assert read(update(text="x", from_={"id": "another", "is_bot": True})).sender_id == "another"


@pytest.mark.parametrize("wrap", [False, True])
def test_a_webhook_test_is_ignored(wrap: bool) -> None:
    probe = {
        "event_name": "webhook.test",
        "message": {"date": 1787124248, "message_id": "webhook-test", "text": "please respond with HTTP 200"},
    }
    assert decode_update(json.dumps({"ok": True, "result": probe} if wrap else probe).encode(), SHOP) == Ignored(
        "a webhook test"
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "JSON"),
        (b"hello", "JSON"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"{}", "with a message"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'{"ok":true,"result":{}}', "with a message"),
        (b'{"ok":true,"result":[]}', "Expected `object"),
        (b'{"event_name":"user.followed"}', "with a message"),
        (b'{"message":"text"}', "Expected `object"),
        (b'{"message":{"from":{"id":"u"},"text":"x"}}', "message.chat.id"),
        (b'{"message":{"chat":{"id":""},"from":{"id":"u"}}}', "message.chat.id"),
        (b'{"message":{"chat":{"id":"c"},"text":"x"}}', "message.from.id"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":null}}}', "message.from.id"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"text":"\\ud83d"}}', "JSON"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"text":"\\udc00 low"}}', "JSON"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"text":"\xff"}}', "JSON"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"text":"\xed\xa0\xbd"}}', "JSON"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"date":1e999}}', "out of range"),
        (b'{"message":{"chat":{"id":"c"},"from":{"id":"u"},"date":' + b"9" * 5000 + b"}}", "out of range"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"message":{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "nested too deeply"),
    ],
)
def test_what_is_no_message_is_undecodable_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=r"^expected ") as caught:
        decode_update(raw, SHOP, OWN)
    assert reason in caught.value.reason


def test_a_reason_holds_nothing_of_the_message() -> None:
    with pytest.raises(Undecodable) as caught:
        decode_update(b'{"message":{"chat":"secret words","from":{"id":"u"}}}', SHOP)
    assert "secret words" not in str(caught.value)
    assert caught.value.__suppress_context__


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "chat_type", "name"]), inner),
    max_leaves=6,
)
messages = st.dictionaries(
    st.sampled_from(["from", "chat", "message_id", "date", "text", "caption", "photo_url", "url", "voice_url"]),
    json_values | st.fixed_dictionaries({"id": st.text() | st.integers()}),
)


@given(event=json_values, message=messages, wrap=st.booleans())
def test_any_json_is_read_ignored_or_undecodable(event: Any, message: dict[str, Any], wrap: bool) -> None:
    value = {"event_name": event, "message": message}
    raw = json.dumps({"ok": True, "result": value} if wrap else value).encode()
    try:
        got = decode_update(raw, SHOP, OWN)
    except Undecodable:
        return
    if isinstance(got, Inbound):
        assert got.message_id
        assert got.chat.chat_id
        # All of it can be written down.
        msgspec.json.encode((got.text, got.sender_id, got.sender_name, got.sent_at, got.media))


@given(cut=st.integers(0, 300), flip=st.integers(0, 300), byte=st.integers(0, 255))
def test_damaged_bytes_are_read_ignored_or_undecodable(cut: int, flip: int, byte: int) -> None:
    raw = bytearray(json.dumps(update(text="Xin chào"), ensure_ascii=False).encode())
    raw[flip % len(raw)] = byte
    try:
        got = decode_update(bytes(raw[: max(cut, flip) + 1]), SHOP, OWN)
    except Undecodable:
        return
    assert isinstance(got, Inbound | Ignored)
