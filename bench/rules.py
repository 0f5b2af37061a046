"""What the law itself costs: pure functions, called over and over."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import trio

from actors.kinds import CHANNEL_KINDS
from actors.messages import Chat, Inbound
from bench.contract import Figure, Scale, Tell
from bench.desk import ACCOUNT, inbound
from bench.stage import router_settings
from router.entropy import system_chance
from router.rulebook import make_rulebook
from router.rules import inflow, turns
from router.rules.chunking import chunk
from router.rules.sessions import session_key
from router.rules.state import Decision, Moment, State
from router.settings.load import load_settings

LONG_TEXT = "Dạ, cửa hàng mở cửa đến 21 giờ. 🙂 Mời anh chị ghé qua!\n\n" * 200
ACCOUNTS = 100
CALLS_BETWEEN_LOOKS = 10
CHANCE = system_chance()
MOMENT = Moment(wall=1_790_000_000.0, monotonic=0.0)


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Each for `seconds` at most."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        file = Path(directory) / "router.json5"
        for case, call in _calls(file).items():
            tell(case)
            await trio.lowlevel.checkpoint()
            per_second = _calls_a_second(call, min(scale.seconds, 2.0))
            figures += [Figure(case, "calls", per_second, "/s"), Figure(case, "each", 1e6 / per_second, "µs")]
    return figures


def _calls(file: Path) -> dict[str, Callable[[], object]]:
    tokens = [f"{10**18 + number}:secret-{number}" for number in range(ACCOUNTS)]
    file.write_bytes(msgspec.json.encode(router_settings("http://127.0.0.1:1", tokens)))
    load = partial(load_settings, file, env={})
    state = State(make_rulebook(load().settings, CHANNEL_KINDS))
    numbers = count()
    chat = Chat(ACCOUNT, "6ede9afa66b88fe6d6a9")
    return {
        "accept a message and begin its turn": lambda: _decide(state, inbound(f"m{next(numbers)}", "u")),
        "cut a text of 11,000 characters": lambda: chunk(LONG_TEXT),
        "cut a text that fits": lambda: chunk("Xin chào"),
        "name a session": lambda: session_key(agent_id="main", chat=chat, dm_scope="per-account-channel-peer"),
        f"load settings of {ACCOUNTS} accounts": load,
    }


def _decide(state: State, message: Inbound) -> None:
    decision = Decision()
    inflow.accept(state, message, MOMENT, CHANCE, decision)
    for turn in decision.turns:
        turns.failed(state, turn.turn_id, "no agent here", MOMENT, CHANCE, Decision())
    state.send_lanes.clear()


def _calls_a_second(call: Callable[[], object], seconds: float) -> float:
    calls, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(CALLS_BETWEEN_LOOKS):
            call()
        calls += CALLS_BETWEEN_LOOKS
    return calls / passed
