"""A listener's stdout, line by line, made durable; and the clocks that tell when it has gone deaf."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
import trio

from actors.channel import Intake
from actors.errors import Recycle, RetryLater, StoreUnavailable
from actors.messages import AccountKey, Identity
from actors.restart import RestartPolicy, backoff_seconds, short_line
from actors.zalouser.lines import Line, LineCutter
from actors.zalouser.wire import Lifecycle, Noise, Undecodable, decode_line

STOP_CHECK_SECONDS: Final = 1.0
LAST_LINES_SECONDS: Final = 1.0
"""What a cancelled listener is given to end, and to say what it has to say."""
CHUNK_BYTES: Final = 65536
BACKOFF: Final = RestartPolicy(initial_delay_seconds=1.0, max_delay_seconds=60.0, jitter=0.2)
"""Only its waits matter here: for a store that cannot be written."""

_A_LOOK_SECONDS: Final = 0.05
"""However late it is, what is in the pipe already is read before a clock is believed."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a listener may be deaf."""

    reconnect_seconds: float = 60.0
    """After `Listener closed`: openzca may go on living without a connection (zca reference, section 1.5)."""
    silence_seconds: float = 0.0
    """Without any line; 0 means for ever. Quiet accounts are silent too."""


class Hearing:
    """What one listener process says, from its first line to its last."""

    def __init__(
        self, account: AccountKey, own: Identity, intake: Intake, patience: Patience, stop: Callable[[], None]
    ) -> None:
        """`stop` asks the process to end; it is called at most twice and must not wait."""
        self._account = account
        self._own = own
        self._intake = intake
        self._patience = patience
        self._stop = stop
        self._cutter = LineCutter()
        self._waiting: deque[Line] = deque()
        self._heard_at = trio.current_time()
        self._reconnect_by = math.inf
        self._closed = ""
        self._told_to_stop = False
        self.last_noise = ""
        """The last line that was neither message nor lifecycle: some programs put their errors there."""

    async def listen(self, stream: trio.abc.ReceiveStream) -> None:
        """Takes lines until the stream ends. The next is taken when the one before is durable and there is room.

        Once the account stops, the process is told to end and what it still says is taken. Cancelled, the same in a
        second at most.

        Raises: RetryLater when the connection was lost and did not come back; Recycle after too long a silence.
        """
        try:
            while chunk := await self._next_chunk(stream):
                self._waiting.extend(self._cutter.cut(chunk))
                await self._take_waiting()
            await self._take_rest()
        except trio.Cancelled:
            # What was printed is no longer at Zalo, which does not say it twice.
            self._stop()
            with trio.move_on_after(LAST_LINES_SECONDS, shield=True):
                await self._take_all(stream)
            raise

    async def _next_chunk(self, stream: trio.abc.ReceiveStream) -> bytes:
        while True:
            now = trio.current_time()
            until = min(self._reconnect_by, self._silent_at(), now + STOP_CHECK_SECONDS)
            with trio.move_on_at(max(until, now + _A_LOOK_SECONDS)):
                return await _read(stream)
            self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        now = trio.current_time()
        if self._intake.stopping:
            if not self._told_to_stop:
                self._told_to_stop = True
                self._stop()
        elif now >= self._reconnect_by:
            raise RetryLater(f"no connection for {self._patience.reconnect_seconds:g} s after {self._closed!r}")
        elif now >= self._silent_at():
            raise Recycle(f"zca listen was silent for {self._patience.silence_seconds:g} s")

    def _silent_at(self) -> float:
        seconds = self._patience.silence_seconds
        return self._heard_at + seconds if seconds else math.inf

    async def _take_waiting(self) -> None:
        while self._waiting:
            await self._take(self._waiting[0])
            self._waiting.popleft()
            if not self._intake.stopping:
                await self._intake.wait_for_room()

    async def _take_rest(self) -> None:
        """The last line of a program that did not finish it."""
        rest = self._cutter.rest()
        if rest is not None:
            self._waiting.append(rest)
        await self._take_waiting()

    async def _take_all(self, stream: trio.abc.ReceiveStream) -> None:
        while True:
            while self._waiting:
                await self._take(self._waiting[0])
                self._waiting.popleft()
            chunk = await _read(stream)
            if not chunk:
                return
            self._waiting.extend(self._cutter.cut(chunk))

    async def _take(self, line: Line) -> None:
        """Has one line made durable, if it is worth it. A store that fails is waited for."""
        self._heard_at = trio.current_time()
        failures = 0
        while True:
            try:
                return await self._take_once(line)
            except StoreUnavailable as error:
                failures += 1
                wait_seconds = backoff_seconds(failures, BACKOFF, random.random())
                self._intake.troubled(error.reason, wait_seconds)
                await trio.sleep(wait_seconds)

    async def _take_once(self, line: Line) -> None:
        if not line.is_whole:
            await self._intake.shelve(
                line.content, f"a line of more than {len(line.content)} bytes; its beginning is kept"
            )
            return
        try:
            said = decode_line(line.content, self._account, self._own)
        except Undecodable as error:
            await self._intake.shelve(line.content, error.reason)
            return
        match said:
            case Noise(words=words):
                self.last_noise = short_line(words) or self.last_noise
            case Lifecycle():
                self._note(said)
            case _:
                await self._intake.accept(said)
                self._is_well()

    def _note(self, said: Lifecycle) -> None:
        if said.event == "closed":
            self._closed = said.words
            self._reconnect_by = trio.current_time() + self._patience.reconnect_seconds
            self._intake.troubled(said.words, self._patience.reconnect_seconds)
        elif said.event in ("connected", "heartbeat"):
            self._is_well()

    def _is_well(self) -> None:
        self._reconnect_by = math.inf
        self._intake.good()


async def _read(stream: trio.abc.ReceiveStream) -> bytes:
    try:
        return bytes(await stream.receive_some(CHUNK_BYTES))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return b""
