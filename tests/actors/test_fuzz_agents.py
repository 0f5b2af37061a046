"""Hostile output of agents of every kind: a reply that can be sent, or an error with a reason; never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import trio
from hostile import BOMBS, assert_tells, documents, texts, written
from hypothesis import example, given
from hypothesis import strategies as st

from actors.agents.completions import StreamedCompletion, decode_completion
from actors.agents.wire import decode_json_reply, decode_line, decode_reply
from actors.errors import Rejected, RetryLater
from actors.messages import Reply
from actors.net.answer import Lines

REPLY_KEYS = ("text", "media", "kind", "url", "path", "id", "mimeType", "error")
REPLIES = documents(REPLY_KEYS, {"text": "ok", "media": [{"url": "https://x.test/a.png"}], "id": "7"})
COMPLETION_KEYS = ("choices", "message", "delta", "content", "refusal", "finish_reason", "error", "code")
COMPLETIONS = documents(COMPLETION_KEYS, {"choices": [{"message": {"content": "ok"}, "delta": {"content": "ok"}}]})

READERS: dict[str, Callable[[bytes], Reply]] = {
    "oneshot": lambda raw: decode_reply(raw, local_files=True),
    "http": decode_json_reply,
    "openai": decode_completion,
}


def assert_can_be_sent(reply: Reply) -> None:
    msgspec.json.encode((reply.text, reply.media))
    for media in reply.media:
        assert media.url or media.path or media.id
        assert (media.url or media.path or media.id or "").isprintable()


def read(reader: Callable[[bytes], Reply], raw: bytes) -> None:
    try:
        assert_can_be_sent(reader(raw))
    except (Rejected, RetryLater) as error:
        assert_tells(str(error))


@pytest.mark.parametrize("kind", sorted(READERS))
@given(raw=REPLIES | COMPLETIONS | st.binary(max_size=40))
def test_fuzz_an_answer_is_a_reply_or_a_named_failure(kind: str, raw: bytes) -> None:
    read(READERS[kind], raw)


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_for_an_answer_is_a_reply_or_a_named_failure(kind: str, bomb: bytes) -> None:
    for raw in (bomb, b'{"text":' + bomb + b"}", b'{"choices":' + bomb + b"}", b'{"error":' + bomb + b"}"):
        read(READERS[kind], raw)


@given(raw=REPLIES | st.binary(max_size=40), local_files=st.booleans())
def test_fuzz_a_line_is_noise_or_somebodys_outcome(raw: bytes, local_files: bool) -> None:
    line = decode_line(raw, local_files=local_files)
    if line is None:
        return
    assert line.id is None or isinstance(line.id, str)
    if isinstance(line.outcome, Reply):
        assert_can_be_sent(line.outcome)
        assert local_files or not any(media.path for media in line.outcome.media)
    else:
        assert_tells(str(line.outcome))


def examples(function: Any) -> Any:
    for bomb in BOMBS:
        function = example(raw=b"data: " + bomb + b"\n", cut=50_000)(function)
    return function


EVENTS = st.lists(
    st.sampled_from((b"", b": ping", b"event: x", b"data", b"data:", b"data: [DONE]", b"id: \x00", b"retry: 9" * 9))
    | COMPLETIONS.map(lambda raw: b"data: " + raw)
    | texts.map(lambda text: b"data: " + written({"choices": [{"delta": {"content": text}}]})),
    max_size=6,
)


@examples
@given(
    raw=st.tuples(EVENTS, st.sampled_from((b"\n", b"\r\n", b"\r"))).map(lambda e: e[1].join(e[0])),
    cut=st.integers(1, 99),
)
async def test_fuzz_server_sent_events_are_a_reply_or_a_named_failure(raw: bytes, cut: int) -> None:
    parts = [raw[at : at + cut] for at in range(0, len(raw), cut)]

    async def next_part() -> bytes | None:
        await trio.lowlevel.checkpoint()
        return parts.pop(0) if parts else None

    completion = StreamedCompletion()
    try:
        async for line in Lines(next_part):
            if not completion.add(line):
                break
        assert_can_be_sent(completion.reply())
    except (Rejected, RetryLater) as error:
        assert_tells(str(error))
