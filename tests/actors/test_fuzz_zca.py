"""Hostile lines of a listener, and hostile words of one-shot commands."""

from __future__ import annotations

from typing import Any

import msgspec
from hostile import BOMBS, assert_tells, documents, texts
from hypothesis import example, given
from hypothesis import strategies as st

from actors.messages import AccountKey, Identity, Inbound
from actors.zalouser.lines import Line, LineCutter
from actors.zalouser.wire import Lifecycle, Noise, Undecodable, decode_line

ME = AccountKey("zalouser", "default")
OWN = Identity("1001", "Bot Me")
DM = {
    "threadId": "2001",
    "msgId": "77",
    "cliMsgId": "78",
    "content": "hello",
    "type": 0,
    "timestamp": 1771000000,
    "msgType": "webchat",
    "metadata": {"isGroup": False, "fromId": "2001", "senderName": "Alice"},
}
KEYS = (
    *DM,
    "isGroup",
    "fromId",
    "senderId",
    "chatType",
    "mediaUrls",
    "mediaKind",
    "mediaPath",
    "quote",
    "kind",
    "event",
)
LINES = documents(KEYS, DM) | st.tuples(texts, documents(KEYS, DM)).map(
    lambda pair: pair[0].encode("utf-8", "surrogatepass") + pair[1]
)


def examples(function: Any) -> Any:
    for bomb in BOMBS:
        function = example(raw=bomb)(function)
        function = example(raw=b'{"threadId":"2001","content":' + bomb + b"}")(function)
        function = example(raw=b'{"threadId":' + bomb + b',"content":"x"}')(function)
    return function


@examples
@given(raw=LINES | st.binary(max_size=40))
def test_fuzz_a_line_is_a_message_talk_or_undecodable_with_a_reason(raw: bytes) -> None:
    try:
        found = decode_line(raw, ME, OWN)
    except Undecodable as error:
        assert_tells(error.reason)
        return
    if isinstance(found, Inbound):
        msgspec.json.encode((found.text, found.sender_id, found.sender_name, found.media, found.chat, found.sent_at))
        assert found.raw == raw
        assert found.sender_id not in ("", OWN.user_id)
        assert found.message_id
    else:
        assert isinstance(found, Lifecycle | Noise)


@given(raws=st.lists(LINES, max_size=4), cut=st.integers(1, 64), limit=st.integers(1, 300))
def test_fuzz_lines_that_are_cut_and_too_long_are_told_apart_and_whole_ones_come_as_they_were(
    raws: list[bytes], cut: int, limit: int
) -> None:
    stream = b"".join(raw + b"\n" for raw in raws)
    cutter, lines = LineCutter(limit), list[Line]()
    for at in range(0, len(stream), cut):
        lines.extend(cutter.cut(stream[at : at + cut]))
    assert cutter.rest() is None
    expected = stream.split(b"\n")[:-1]
    assert [line.content for line in lines] == [raw[:limit] for raw in expected]
    assert [line.is_whole for line in lines] == [len(raw) <= limit for raw in expected]
