"""Turns a second of each kind of agent, a thousand sessions at once, and with a server that thinks for a while."""

from __future__ import annotations

import itertools
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.agents.kinds import KINDS
from actors.agents.settings import AgentLimits
from actors.mailbox import Mailbox
from actors.messages import Context, Turn
from bench.children import python_child
from bench.contract import Figure, Scale, Tell
from bench.desk import ACCOUNT, inbound, open_store
from router.agent_pool import AgentPool, OpenAgent
from router.messages import ToRouter, TurnAnswered

SESSIONS = 1_000
ONESHOT_SESSIONS = 8
"""Each a process: more at once measure the machine, not the agent."""
DELAYS_SECONDS = (0.0, 0.05)

ONESHOT = "import json, sys; print(json.dumps({'text': json.load(sys.stdin)['text']}))"
JSONL = textwrap.dedent("""
    import json, sys
    for line in sys.stdin:
        turn = json.loads(line)
        print(json.dumps({"id": turn["id"], "text": turn["text"]}), flush=True)
""")


class AgentFailed(Exception):
    """An agent did not answer."""


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Every kind; those that ask a server once with each delay."""
    figures = []
    for delay_seconds in DELAYS_SECONDS:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            log = Path(name) / "model.log"
            async with python_child(("-m", "bench.model_main", str(delay_seconds)), log):
                for case, (kind, settings) in _entries(await _first_line(log), delay_seconds).items():
                    tell(case)
                    sessions = ONESHOT_SESSIONS if "oneshot" in case else SESSIONS
                    turns = await _turns_a_second(kind, settings, sessions, scale)
                    figures += [Figure(case, "sessions", sessions, ""), Figure(case, "turns", turns, "/s")]
    return figures


def _entries(url: str, delay_seconds: float) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Kind and settings by what the row of the table says."""
    asking: dict[str, tuple[str, dict[str, Any]]] = {
        f"http, {1000 * delay_seconds:.0f} ms": ("http", {"url": f"{url}/service"}),
        f"openai, {1000 * delay_seconds:.0f} ms": ("openai", {"baseUrl": f"{url}/v1", "model": "m"}),
    }
    alone: dict[str, tuple[str, dict[str, Any]]] = {
        "echo": ("echo", {}),
        "command jsonl": ("command", {"command": [sys.executable, "-c", JSONL], "mode": "jsonl"}),
        "command oneshot": ("command", {"command": [sys.executable, "-S", "-c", ONESHOT]}),
    }
    return asking if delay_seconds else {**alone, **asking}


async def _first_line(log: Path) -> str:
    with trio.fail_after(20):
        while not (text := await trio.Path(log).read_text()).endswith("\n"):
            await trio.sleep(0.01)
    return text.splitlines()[0]


async def _turns_a_second(kind_name: str, given: dict[str, Any], sessions: int, scale: Scale) -> float:
    """The pool with `sessions` turns at once, each followed by another, as the router would begin them."""
    kind = KINDS[kind_name]
    settings = msgspec.convert(given, kind.settings)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with open_store(Path(directory)) as store, kind.open(settings) as agent:
            mailbox: Mailbox[ToRouter] = Mailbox(256)
            agents = {"main": OpenAgent(agent, AgentLimits(), kind.history_limit(settings))}
            pool = AgentPool(agents, store, router=mailbox.ref, show_typing=lambda _chat: None)
            async with trio.open_nursery() as nursery:
                await nursery.start(pool.run)
                rate = await _drive(pool, mailbox, sessions, scale.seconds)
                nursery.cancel_scope.cancel()
                return rate


async def _drive(pool: AgentPool, mailbox: Mailbox[ToRouter], sessions: int, seconds: float) -> float:
    numbers = itertools.count(1)
    for _ in range(sessions):
        pool.start(_turn(next(numbers), sessions))
    answered, began = 0, trio.current_time()
    with trio.move_on_after(seconds):
        while True:
            for message in await mailbox.receive_batch(256):
                if not isinstance(message, TurnAnswered):
                    raise AgentFailed(str(message))
                answered += 1
                pool.start(_turn(next(numbers), sessions))
    return answered / (trio.current_time() - began)


def _turn(number: int, sessions: int) -> Turn:
    user_id = f"user{number % sessions}"
    message = inbound(f"m{number}", user_id)
    context = Context(
        body=message.text,
        body_for_agent=message.text,
        raw_body=message.text,
        command_body=message.text,
        from_=f"zalo:{user_id}",
        to=f"zalo:{user_id}",
        originating_to=f"zalo:{user_id}",
        originating_channel="zalo",
        session_key=f"agent:main:{user_id}",
        account_id=ACCOUNT.account_id,
        chat_type="direct",
        conversation_label="Ted",
        sender_id=user_id,
        provider="zalo",
        surface="zalo",
        message_sid=message.message_id,
    )
    return Turn(
        turn_id=number,
        agent_id="main",
        session_key=context.session_key,
        session_id=user_id,
        chat=message.chat,
        text=message.text,
        context=context,
    )
