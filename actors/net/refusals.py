"""What a webhook listener turned away, told so that an operator sees it and nobody can flood a log with it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from actors.messages import AccountKey

INTERVAL_SECONDS = 60.0


class Refusal(msgspec.Struct, frozen=True):
    """Requests that were not taken. Holds nothing that a stranger sent."""

    path: str
    """A path that is served here; empty for all others."""
    status: int
    reason: str
    account: AccountKey | None = None
    """Whose secret came along; None when it was nobody's."""
    times: int = 1
    """How many such there were since the last report, this one included."""


class Refusals:
    """Passes on the first refusal of each kind at once, and then at most one a minute with the number of the rest."""

    def __init__(self, report: Callable[[Refusal], None], interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._report = report
        self._interval_seconds = interval_seconds
        self._told: dict[tuple[str, int, AccountKey | None], tuple[float, int]] = {}

    def note(self, refusal: Refusal, now: float) -> None:
        """Counts it at `now`, in seconds of any one clock. Paths and accounts must be of a bounded number."""
        kind = (refusal.path, refusal.status, refusal.account)
        last, held = self._told.get(kind, (-self._interval_seconds + now, 0))
        if now - last < self._interval_seconds:
            self._told[kind] = (last, held + 1)
            return
        self._told[kind] = (now, 0)
        self._report(msgspec.structs.replace(refusal, times=held + 1))
