"""What is known of an account from moment to moment, besides its supervisor's word: the marks that status shows."""

from __future__ import annotations

from collections.abc import Callable

from actors.clock import WallClock
from actors.messages import Identity


class Vitals:
    """Marks of one account. Written by its intake and delivery, read for status; times are Unix seconds."""

    def __init__(self, clock: WallClock, on_change: Callable[[], None]) -> None:
        """`on_change` is called when receiving gets into trouble or out of it."""
        self._clock = clock
        self._on_change = on_change
        self.identity: Identity | None = None
        self.trouble = ""
        """Why receiving does not work for now; empty when it does."""
        self.webhook_verification = ""
        """How the network's own test of the webhook went; empty without one."""
        self.last_inbound_at: float | None = None
        self.last_outbound_at: float | None = None
        self.last_good_at: float | None = None

    def mark_inbound(self) -> None:
        """Something arrived and is durable."""
        self.last_inbound_at = self._clock()

    def mark_outbound(self) -> None:
        """Something was sent and confirmed."""
        self.last_outbound_at = self._clock()

    def mark_good(self) -> None:
        """Receiving certainly works."""
        self.last_good_at = self._clock()
        self.set_trouble("")

    def set_trouble(self, reason: str) -> None:
        """Receiving does not work because of `reason`; empty: it may be tried afresh."""
        if reason != self.trouble:
            self.trouble = reason
            self._on_change()
