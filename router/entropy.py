"""Where the router's randomness and its idea of now come from: handed to the law as values."""

from __future__ import annotations

import random
import secrets
import time

import trio

from actors.clock import WallClock, wall_time
from router.rules.pairing import CODE_ALPHABET, CODE_LENGTH
from router.rules.state import Chance, Moment


def system_chance() -> Chance:
    """Codes and session ids that nobody can guess."""
    return Chance(
        pairing_code=lambda: "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH)),
        session_id=lambda: secrets.token_hex(16),
        fraction=random.random,
    )


def moment(clock: WallClock = wall_time) -> Moment:
    """Now: on the wall clock, on Trio's clock, and in this machine's time zone."""
    wall = clock()
    local = time.localtime(wall)
    return Moment(wall, trio.current_time(), local.tm_gmtoff // 60, local.tm_zone)
