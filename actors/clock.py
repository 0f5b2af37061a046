"""The one source of wall time. Everything that waits uses Trio's own monotonic clock instead."""

from __future__ import annotations

import time
from collections.abc import Callable

WallClock = Callable[[], float]
"""Gives Unix seconds. May jump; use it for what is written down and shown, never to measure a wait."""


def wall_time() -> float:
    """Unix seconds of this machine now."""
    return time.time()  # noqa: TID251 the one place that may
