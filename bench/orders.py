"""What a contender's program reads from standard input: where the simulator is, and its bots' tokens."""

from __future__ import annotations

import sys

import msgspec


class Orders(msgspec.Struct, frozen=True):
    """One line of JSON."""

    url: str
    tokens: list[str]


def read_orders() -> Orders:
    """Raises msgspec.DecodeError for anything else."""
    return msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
