"""The command agent, one long-lived process: a turn is a line in, an answer is a line out.

A line in is the turn with its id as `id`. A line out is `{"id": …, "text": …, "media": …}`, `{"id": …, "error": "…"}`
or a JSON string; how it finds its turn is told in `actors.agents.questions`. A line that is neither is noise, such as
a banner or a debug print, and is not an answer: a program that speaks plain text wants `mode: "oneshot"`.

When the program ends, the turns that wait on it fail with RetryLater, and the next turn starts it again: at once if it
had answered something, else after a wait that doubles with each start in vain. A program that lets many turns in a row
run out of time without answering any is taken for hung, and is ended.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from actors.agents import wire
from actors.agents.program import start_program
from actors.agents.questions import Questions
from actors.agents.settings import CommandSettings
from actors.errors import RetryLater
from actors.messages import Reply, Turn
from actors.programs import GRACE_SECONDS, attend

HUNG_AFTER = 8
"""Turns in a row that were given up while the program answered nothing."""
QUEUED_LINES = 64
"""Questions that may wait for the program to read; further ones wait outside."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


class JsonlAgent:
    """Keeps one program running while there are turns for it."""

    def __init__(
        self, settings: CommandSettings, nursery: trio.Nursery, *, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._settings = settings
        self._nursery = nursery
        self._grace_seconds = grace_seconds
        self._starting = trio.Lock()
        self._life: _Life | None = None
        self._starts_in_vain = 0
        self._not_before = -math.inf

    async def answer(self, turn: Turn) -> Reply:
        """Asks the program, starting it if need be; see `actors.agents.contract.Agent`.

        On cancellation the program goes on; its late answer is dropped, unless the same turn has been asked again.
        """
        life = await self._running()
        return await life.ask(turn)

    async def _running(self) -> _Life:
        async with self._starting:
            if self._life is not None and not self._life.ending:
                return self._life
            wait_seconds = self._not_before - trio.current_time()
            if wait_seconds > 0:
                raise RetryLater(
                    f"the agent's program ended {self._starts_in_vain} times without answering; it is not started yet",
                    wait_seconds,
                )
            self._life = _Life(await start_program(self._settings))
            self._nursery.start_soon(self._attend, self._life)
            return self._life

    async def _attend(self, life: _Life) -> None:
        await life.run(self._grace_seconds)
        self._starts_in_vain = 0 if life.answers else self._starts_in_vain + 1
        self._not_before = trio.current_time() + restart_wait_seconds(self._starts_in_vain)


def restart_wait_seconds(starts_in_vain: int) -> float:
    """How long to leave a program alone that ended so many times in a row without having answered."""
    if starts_in_vain == 0:
        return 0.0
    return float(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(starts_in_vain - 1, 16)))


class _Life:
    """One run of the program, from its start to its end."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._questions = Questions()
        self._to_program, self._lines = trio.open_memory_channel[bytes](QUEUED_LINES)
        self._scope = trio.CancelScope()
        self._unread = b""
        self._why = "it is being closed"
        self.answers = 0
        self.ending = False

    async def ask(self, turn: Turn) -> Reply:
        question = self._questions.ask(turn.turn_id)
        told = False
        try:
            await self._to_program.send(wire.encode_numbered_turn(turn) + b"\n")
            told = True
            return await question.slot.wait()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise RetryLater("the agent's program ended before it was asked") from error
        finally:
            if told:
                self._questions.abandon(question)
            else:
                self._questions.withdraw(question)
            if self._questions.abandoned_in_a_row >= HUNG_AFTER:
                self._end(f"it left {HUNG_AFTER} messages in a row without an answer")

    async def run(self, grace_seconds: float) -> None:
        """Returns when the program has ended and every question has failed."""
        try:
            with self._scope:
                ended = await attend(self._process, self._feed, self._take, grace_seconds=grace_seconds)
                self._why = self._why if self.ending else str(ended)
        finally:
            self.ending = True
            self._lines.close()
            self._questions.fail_all(f"the agent's program ended, {self._why}")

    def _end(self, why: str) -> None:
        if not self.ending:
            self.ending = True
            self._why = why
            self._scope.cancel()

    async def _feed(self, stdin: trio.abc.SendStream) -> None:
        try:
            async for line in self._lines:
                await stdin.send_all(line)
        except trio.BrokenResourceError:
            # Most often it is just ending, and its exit code will say more than the broken pipe.
            await trio.sleep(FIRST_WAIT_SECONDS)
            self._end("it does not read its stdin any more")

    def _take(self, chunk: bytes) -> bool:
        *whole, self._unread = (self._unread + chunk).split(b"\n")
        for text in whole:
            line = wire.decode_line(text, local_files=True)
            if line is not None:
                self.answers += self._questions.settle(line)
        if len(self._unread) > wire.MAX_ANSWER_BYTES:
            self._end(f"it wrote a line of more than {wire.MAX_ANSWER_BYTES} bytes")
        return bool(chunk) and not self.ending


@asynccontextmanager
async def open_jsonl_agent(
    settings: CommandSettings, *, grace_seconds: float = GRACE_SECONDS
) -> AsyncIterator[JsonlAgent]:
    """Opens the agent; the first turn starts the program, and leaving ends it (SIGTERM, after the grace SIGKILL)."""
    async with trio.open_nursery() as nursery:
        yield JsonlAgent(settings, nursery, grace_seconds=grace_seconds)
        nursery.cancel_scope.cancel()
