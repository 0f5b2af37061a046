"""What an HTTP server answered, cut into what callers want. Nothing here touches the world."""

from __future__ import annotations

import math
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from actors.errors import UnknownOutcome

MAX_LINE_BYTES: Final = 1024 * 1024


class HttpAnswer(msgspec.Struct, frozen=True):
    """A whole answer: the head that matters, and all of the body."""

    status: int
    body: bytes
    content_type: str = ""
    """The `Content-Type` header as it came, with its parameters; empty when there was none."""
    retry_after_seconds: float | None = None


def retry_after_seconds(retry_after: str | None, date: str | None) -> float | None:
    """Reads a `Retry-After` header: seconds, or a date, which is measured against the answer's own `Date` header.

    None when there is none or it makes no sense. No clock of ours takes part, so a wrong one does no harm.
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return _seconds_between(date, retry_after)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_between(date: str | None, later: str) -> float | None:
    if date is None:
        return None
    try:
        return max(0.0, (parsedate_to_datetime(later) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def system_words(error: BaseException) -> str:
    """What the operating system or TLS said at the root of `error`, as ` (…)`; empty when neither spoke.

    Only their texts ("Connection refused", with host and port at most), never the error's own, which may hold a URL.
    """
    seen: BaseException | None = error
    for _ in range(10):
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f" (certificate: {seen.verify_message})"
        if isinstance(seen, OSError) and seen.strerror:
            return f" ({seen.strerror})"
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        elif seen is not None:
            seen = seen.__cause__ or seen.__context__
    return ""


class Lines:
    """Cuts a body that arrives in parts into lines: UTF-8, without their ends, the last one with or without an end.

    An object rather than a generator, so that a reader may stop in the middle and leave nothing to clean up.
    Raises, while iterated: what `next_part` raises; UnknownOutcome for a line of more than 1 MiB.
    """

    def __init__(self, next_part: Callable[[], Awaitable[bytes | None]]) -> None:
        self._next_part = next_part
        self._ready: deque[bytes] = deque()
        self._open: list[bytes] = []
        self._open_bytes = 0
        self._ended = False

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> str:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            self._feed(await self._next_part())
        return self._ready.popleft().removesuffix(b"\r").decode("utf-8", "replace")

    def _feed(self, part: bytes | None) -> None:
        if part is None:
            self._ended = True
            if self._open_bytes:
                self._ready.append(b"".join(self._open))
            return
        *whole, rest = part.split(b"\n")
        if whole:
            self._ready.append(b"".join([*self._open, whole[0]]))
            self._ready.extend(whole[1:])
            self._open, self._open_bytes = [], 0
        self._open.append(rest)
        self._open_bytes += len(rest)
        if self._open_bytes > MAX_LINE_BYTES:
            raise UnknownOutcome(f"a line of the answer is longer than {MAX_LINE_BYTES} bytes")
