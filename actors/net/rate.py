"""How often something may happen: a bucket of tokens that fills steadily. Pure; the time is an argument."""

from __future__ import annotations


class RateLimit:
    """Admits `per_minute` events at once and so many a minute in the long run."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._tokens = self._capacity
        self._seen_at = 0.0

    def wait_seconds(self, now: float) -> float:
        """0 admits an event at `now` and counts it; otherwise how long until the next one would be admitted."""
        self._tokens = min(self._capacity, self._tokens + (now - self._seen_at) * self._per_second)
        self._seen_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second
