"""Running zca: one-shot commands, one at a time for a profile, and the listener's process."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Sequence
from typing import Any, Final

import trio

from actors.errors import RetryLater, UnknownOutcome
from actors.programs import GRACE_SECONDS, Tail, attend
from actors.zalouser.answers import Answer, checked, read_json

MAX_OUTPUT_BYTES: Final = 32 * 1024 * 1024
"""A list of a few thousand groups, members and all, is some ten megabytes."""

ENVIRONMENT: Final = {
    # Without a screen, openzca crashes over the missing xdg-open (zca reference, section 1.3).
    "OPENZCA_QR_AUTO_OPEN": "0",
    # What arrives while a listener recycles is lost, and we notice by ourselves when one has gone deaf.
    "OPENZCA_LISTEN_RECYCLE_MS": "0",
}
"""Our wishes for openzca; whoever sets these variables for the router has the last word."""


class Zca:
    """The program, as one profile of it. Every command is a full login at Zalo, so none is run without need."""

    def __init__(
        self, program: Sequence[str], profile: str | None = None, *, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        """`grace_seconds` lie between the SIGTERM and the SIGKILL that end a command which takes too long."""
        self._program = tuple(program)
        self._profile = profile
        self._grace_seconds = grace_seconds
        self._turn = trio.Lock()

    def command(self, words: Sequence[str]) -> list[str]:
        """The whole command line. `--profile` comes first: after `listen`, `-p` means something else."""
        profile = ("--profile", self._profile) if self._profile else ()
        return [*self._program, *profile, *words]

    async def run(self, words: Sequence[str], timeout_seconds: float) -> Answer:
        """Runs one command when those before it have ended, and returns how it ended.

        Raises: RetryLater when it was not run; UnknownOutcome when it took longer than `timeout_seconds`, not counting
        the time for its turn, and was ended.
        On cancellation the program is ended before this returns.
        """
        async with self._turn:
            output, tail = _Output(), Tail()
            process = await self.open(words)
            with trio.move_on_after(timeout_seconds) as patience:
                ended = await attend(process, _say_nothing, output.add, grace_seconds=self._grace_seconds, tail=tail)
        if patience.cancelled_caught:
            raise UnknownOutcome(f"zca {_name(words)} had no answer after {timeout_seconds:g} s")
        if output.overflowed:
            raise UnknownOutcome(f"zca {_name(words)} printed more than {MAX_OUTPUT_BYTES} bytes and was ended")
        return Answer(ended.exit_code, output.text, tail.text)

    async def look_up(self, words: Sequence[str], timeout_seconds: float) -> Any:
        """Runs a command that changes nothing and prints JSON; returns what is in it.

        Raises: BadCredentials when a person has to log in; RetryLater for everything else, slowness included, since
        that says nothing about the login.
        """
        try:
            answer = await self.run(words, timeout_seconds)
        except UnknownOutcome as error:
            raise RetryLater(error.reason) from error
        found = read_json(checked(answer, _name(words)))
        if found is None:
            # zca-cli may say so with exit code 0, and without a word of JSON.
            checked(Answer(1, answer.stdout, answer.stderr), _name(words))
        return found

    async def open(self, words: Sequence[str]) -> trio.Process:
        """Starts a command without waiting for its end, with pipes on all three streams, in a group of its own.

        Raises: RetryLater when it cannot be started; a person may be installing it right now.
        """
        try:
            return await trio.lowlevel.open_process(
                self.command(words),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**ENVIRONMENT, **os.environ},
                start_new_session=True,
            )
        except OSError as error:
            raise RetryLater(self._why_not_started(error)) from error

    def _why_not_started(self, error: OSError) -> str:
        program = self._program[0]
        if error.errno == errno.ENOENT:
            place = "" if "/" in program else " in PATH"
            return f"{program} not found{place}: install it, or set `program` to where it is"
        return f"{program} cannot be started: {(error.strerror or 'unknown reason').lower()}"


class _Output:
    """Keeps what comes on stdout, up to a limit."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._room = MAX_OUTPUT_BYTES
        self.overflowed = False

    @property
    def text(self) -> str:
        return b"".join(self._chunks).decode("utf-8", "replace")

    def add(self, chunk: bytes) -> bool:
        self._room -= len(chunk)
        self.overflowed = self._room < 0
        if not self.overflowed:
            self._chunks.append(chunk)
        return not self.overflowed


async def _say_nothing(_: trio.abc.SendStream) -> None:
    await trio.lowlevel.checkpoint()


def _name(words: Sequence[str]) -> str:
    """`me info`: what is left when arguments are not to be shown."""
    return " ".join(words[:2])
