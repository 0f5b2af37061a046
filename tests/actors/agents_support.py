"""What the tests of agents share: turns, and the same small answerer as a program, a service and a model.

The answerer repeats the text, except for a few words that make it fail, refuse or stall.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from actors.messages import AccountKey, Chat, ChatType, Context, HistoryEntry, Media, Turn
from actors.net.http import APPLICATION_JSON, Request, Response
from actors.net.server import bound_port, open_listeners, serve_http

PASSING, FINAL, STALL = "fail for now", "fail for good", "stall"

ONESHOT = """
import json, signal, sys
text = json.load(sys.stdin)["text"]
if text == "fail for now":
    sys.exit("overloaded")
if text == "fail for good":
    sys.stderr.write("not my job")
    sys.exit(65)
if text == "stall":
    signal.pause()
print(json.dumps({"text": text}))
"""

JSONL = """
import json, sys
for line in sys.stdin:
    turn = json.loads(line)
    answer = {"id": turn["id"], "text": turn["text"]}
    if turn["text"] == "fail for now":
        answer = {"id": turn["id"], "error": "overloaded"}
    if turn["text"] == "fail for good":
        answer = {"id": turn["id"], "wrong": True}
    if turn["text"] != "stall":
        print(json.dumps(answer), flush=True)
"""


def make_turn(
    text: str = "xin chào",
    *,
    turn_id: int = 7,
    chat_type: ChatType = "direct",
    media: tuple[Media, ...] = (),
    history: tuple[HistoryEntry, ...] = (),
    sender_name: str | None = "Ted",
) -> Turn:
    context = Context(
        body=f"[Zalo Ted] {text}",
        body_for_agent=text,
        raw_body=text,
        command_body=text,
        from_="zalo:u1",
        to="zalo:c1",
        originating_to="zalo:c1",
        originating_channel="zalo",
        session_key="agent:main:main",
        account_id="shop",
        chat_type=chat_type,
        conversation_label="Ted",
        sender_id="u1",
        sender_name=sender_name,
        provider="zalo",
        surface="zalo",
        message_sid="m1",
    )
    return Turn(
        turn_id=turn_id,
        agent_id="main",
        session_key="agent:main:main",
        session_id="s1",
        chat=Chat(AccountKey("zalo", "shop"), "c1", chat_type),
        text=text,
        context=context,
        media=media,
        history=history,
    )


def python(folder: Path, source: str, *arguments: str, name: str = "program.py") -> tuple[str, ...]:
    """The argv that runs `source`; without site packages, which makes it start twice as fast."""
    script = folder / name
    script.write_text(source, encoding="utf-8")
    return (sys.executable, "-I", "-S", str(script), *arguments)


async def wait_process_gone(pid: int) -> None:
    """Returns when process `pid` has ended, reaped or not. A test that waits in vain fails."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        with trio.fail_after(20):
            await trio.lowlevel.wait_readable(handle)
    finally:
        os.close(handle)


async def wait_lines(path: Path, count: int) -> list[str]:
    """The lines of a file that a program writes, once there are `count`. A test that waits in vain fails."""
    with trio.fail_after(20):
        while len(lines := lines_of(path)) < count:
            await trio.sleep(0.005)
    return lines


def lines_of(path: Path) -> list[str]:
    """The whole lines of a file so far."""
    return path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []


async def repeat_or_fail(request: Request) -> Response:
    """The answerer as a web service."""
    text = msgspec.json.decode(request.body)["text"]
    if text == PASSING:
        return Response(503, b"overloaded")
    if text == FINAL:
        return Response(422, b"not my job")
    if text == STALL:
        await request.peer.wait_gone()
    return Response(200, msgspec.json.encode({"text": text}), APPLICATION_JSON)


@asynccontextmanager
async def open_service(handler: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[str]:
    """A web service on a free port; gives its URL."""
    listeners = await open_listeners("127.0.0.1", 0)
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_http, handler, listeners)
        yield f"http://127.0.0.1:{bound_port(listeners)}/answer"
        nursery.cancel_scope.cancel()
