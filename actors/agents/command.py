"""The command agent, one process a message: the turn as JSON on stdin, the answer on stdout.

Exit codes: 0 is an answer. 64 to 78 (sysexits.h) say that trying again is useless, except 75 (EX_TEMPFAIL). All others,
and an end by signal, are taken for a passing trouble. Stderr's last line goes into the reason that the operator sees,
never to chat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from actors.agents import wire
from actors.agents.program import start_program
from actors.agents.settings import CommandSettings
from actors.errors import Rejected, RetryLater
from actors.messages import Reply, Turn
from actors.programs import GRACE_SECONDS, Ended, attend

EX_TEMPFAIL = 75
_FINAL_EXIT_CODES = frozenset(range(64, 79)) - {EX_TEMPFAIL}


class OneshotAgent:
    """Starts the program anew for each turn."""

    def __init__(self, settings: CommandSettings, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._settings = settings
        self._grace_seconds = grace_seconds

    async def answer(self, turn: Turn) -> Reply:
        """Runs the program once; see `actors.agents.contract.Agent`.

        On cancellation the program and its children are ended first, which may take as long as the grace.
        """
        question = wire.encode_turn(turn)
        output = bytearray()

        async def feed(stdin: trio.abc.SendStream) -> None:
            await stdin.send_all(question)

        def take(chunk: bytes) -> bool:
            output.extend(chunk)
            return len(output) <= wire.MAX_ANSWER_BYTES

        process = await start_program(self._settings)
        ended = await attend(process, feed, take, grace_seconds=self._grace_seconds)
        if len(output) > wire.MAX_ANSWER_BYTES:
            raise Rejected(f"the agent's program wrote more than {wire.MAX_ANSWER_BYTES} bytes and was ended")
        _check_exit(ended)
        return wire.decode_reply(bytes(output), local_files=True)


def _check_exit(ended: Ended) -> None:
    if ended.exit_code in _FINAL_EXIT_CODES:
        raise Rejected(f"the agent's program refused the message, {ended}")
    if ended.exit_code != 0:
        raise RetryLater(f"the agent's program failed, {ended}")


@asynccontextmanager
async def open_oneshot_agent(settings: CommandSettings) -> AsyncIterator[OneshotAgent]:
    """Opens nothing: a program is started for each turn and has ended when its answer is given."""
    yield OneshotAgent(settings)
