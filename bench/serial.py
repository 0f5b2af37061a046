"""How long one message takes when it is the only one."""

from __future__ import annotations

from msgspec.structs import replace

from bench.contract import Figure, Scale, Tell
from bench.route import compared, load
from bench.stage import CONTENDERS


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """One person at one bot, for each contender."""
    alone = replace(scale, users=1, messages=min(scale.messages, 2000))
    tolls = {}
    for name in CONTENDERS:
        tell(name)
        tolls[name] = await load(name, 1, alone)
    return compared(tolls, "one at a time")
