"""The benches: one row each."""

from __future__ import annotations

from bench import route, serial
from bench.contract import Bench

BENCHES = (
    Bench("route", "how much passes through, and how fast", route.run),
    Bench("serial", "how long a single message takes", serial.run),
)
