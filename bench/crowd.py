"""People who write to bots and wait for the answer before they write again: load that adapts to who bears it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec
import trio

from actors.testing.bot_api.api import BotApi
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.records import Sent
from bench.contract import Figure, Scale
from bench.numbers import percentile
from bench.usage import usage_of

WARM_UP_SECONDS = 1.0
LOOK_SECONDS = 0.05
TEXT = "Xin chào, cửa hàng còn mở cửa không ạ?"


class Toll(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of load cost."""

    messages: int
    seconds: float
    waits_seconds: list[float]
    """From the update put in to the reply at the simulator, one each message."""
    cpu_seconds: float
    simulator_busy: float
    """How much of a core the simulator and its crowd used, 0 to 1: near 1 it is what limits."""

    @property
    def per_second(self) -> float:
        """Messages answered in a second."""
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time a message cost the measured process."""
        return 1e6 * self.cpu_seconds / max(self.messages, 1)

    def figures(self, case: str) -> list[Figure]:
        """The columns of a table of load."""
        return [
            Figure(case, "messages", self.per_second, "/s"),
            Figure(case, "p50", 1000 * percentile(self.waits_seconds, 50), "ms"),
            Figure(case, "p99", 1000 * percentile(self.waits_seconds, 99), "ms"),
            Figure(case, "CPU a message", self.cpu_us, "µs"),
            Figure(case, "simulator busy", 100 * self.simulator_busy, "%"),
        ]


class Crowd:
    """`users` people at each bot."""

    def __init__(self, api: BotApi, bots: Sequence[SimulatedBot], users: int) -> None:
        self._api = api
        self._bots = bots
        self._users = users
        self._asked_at: dict[tuple[str, str], float] = {}
        self._waits: list[float] = []

    async def measure(self, pid: int, scale: Scale) -> Toll:
        """Loads the bots, and after a warm-up notes what that costs process `pid`. The crowd then falls silent."""
        self._api.on_sent = self._hear
        for bot in self._bots:
            for number in range(self._users):
                self._say(bot, f"user{number}")
        await trio.sleep(WARM_UP_SECONDS)
        self._waits = []
        began, before, own_before = trio.current_time(), usage_of(pid), usage_of(os.getpid())
        with trio.move_on_after(scale.seconds):
            while len(self._waits) < scale.messages:
                await trio.sleep(LOOK_SECONDS)
        seconds, after, own_after = trio.current_time() - began, usage_of(pid), usage_of(os.getpid())
        self._api.on_sent = None
        return Toll(
            messages=len(self._waits),
            seconds=seconds,
            waits_seconds=self._waits,
            cpu_seconds=after.cpu_seconds - before.cpu_seconds,
            simulator_busy=(own_after.cpu_seconds - own_before.cpu_seconds) / seconds,
        )

    def _hear(self, bot: SimulatedBot, sent: Sent) -> None:
        asked_at = self._asked_at.get((bot.bot_id, sent.chat_id))
        if asked_at is not None:
            self._waits.append(trio.current_time() - asked_at)
            self._say(bot, sent.chat_id)

    def _say(self, bot: SimulatedBot, user_id: str) -> None:
        self._asked_at[bot.bot_id, user_id] = trio.current_time()
        self._api.say(bot, user_id, TEXT)
