"""How fast one account may send: a governor that learns from the network's own word.

Zalo documents no rate, only that it answers 429 to who asks too much, and no time to wait (zalo-bot-api reference,
section 1.4). So the law is the one that the internet's own transport lives by: slow down at once when told to, speed up
again little by little.

1. A send costs a token. The bucket holds `burst` tokens and gains `per_minute` of them a minute, the `rate`.
2. At a 429 the rate halves: that of the settings, or the one that was really used lately if that is lower, since a
   rate that nobody used says nothing; but what was used counts as one a second at least, so that a lone refusal does
   not silence an account. The rate never falls below one send in `LOWEST_SECONDS`.
3. Of sends that were under way together only the first 429 counts: the others say the same thing once more.
4. A wait that the network asks for holds for the whole account.
5. Every send that goes well makes the rate a twentieth higher, up to that of the settings.

Pure: times are monotonic seconds and are handed in.
"""

from __future__ import annotations

import math
from typing import Annotated, Final

import msgspec

LOWEST_SECONDS: Final = 30.0
LATELY_SECONDS: Final = 10.0
LEAST_USED: Final = 1.0
RECOVERY: Final = 1.05


class Pacing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`pacing` of an account: how much it may send while the network does not object.

    The defaults are beyond what four sends at a time reach over a network: they bound a runaway loop and are not felt.
    """

    per_minute: Annotated[int, msgspec.Meta(ge=2)] = 12_000
    burst: Annotated[int, msgspec.Meta(ge=1)] = 1000
    """How many may go at once after a quiet time."""


class Pacer:
    """The governor of one account."""

    def __init__(self, pacing: Pacing, now: float) -> None:
        self._pacing = pacing
        self._highest = pacing.per_minute / 60.0
        self._rate = self._highest
        self._tokens = float(pacing.burst)
        self._at = now
        self._not_before = -math.inf
        self._slowed_at = -math.inf
        self._lately = 0.0

    @property
    def per_second(self) -> float:
        """The rate now."""
        return self._rate

    def wait_seconds(self, now: float) -> float:
        """How long until the next send may begin; 0 when it may now."""
        self._pass_time(now)
        for_token = (1.0 - self._tokens) / self._rate if self._tokens < 1.0 else 0.0
        return max(0.0, for_token, self._not_before - now)

    def begin(self, now: float) -> None:
        """A send begins."""
        self._pass_time(now)
        self._tokens -= 1.0
        self._lately += 1.0

    def went_well(self) -> None:
        """A send was confirmed."""
        self._rate = min(self._highest, self._rate * RECOVERY)

    def refused(self, begun_at: float, now: float, retry_after_seconds: float | None) -> None:
        """A send that began at `begun_at` was answered with 429."""
        self._pass_time(now)
        if retry_after_seconds is not None:
            self._not_before = max(self._not_before, now + retry_after_seconds)
        if begun_at <= self._slowed_at:
            return
        self._slowed_at = now
        used = max(LEAST_USED, self._lately / LATELY_SECONDS)
        self._rate = max(1.0 / LOWEST_SECONDS, min(self._rate, used) / 2.0)
        self._tokens = min(self._tokens, 0.0)

    def _pass_time(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), max(now, self._at)
        # A slowed account has no savings to spend at once.
        most = float(self._pacing.burst) if self._rate >= self._highest else 1.0
        self._tokens = min(most, self._tokens + passed * self._rate)
        self._lately *= math.exp(-passed / LATELY_SECONDS)
