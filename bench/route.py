"""How many messages pass, and how long each takes, while everybody writes as fast as answers come."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.contract import Figure, Scale, Tell
from bench.crowd import Crowd, Toll
from bench.stage import CONTENDERS, PEER, stage

ACCOUNTS = (1, 20, 200)


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """The router beside the bare wire at every number of accounts, beside the peer at one."""
    figures: list[Figure] = []
    for accounts in scale.accounts or ACCOUNTS:
        names = [name for name in CONTENDERS if name != PEER or accounts == 1]
        tolls = {}
        for name in names:
            tell(f"{accounts} accounts: {name}")
            tolls[name] = await load(name, accounts, scale)
        figures += compared(tolls, f"{accounts} account{'s' * (accounts > 1)}")
    return figures


async def load(contender: str, accounts: int, scale: Scale) -> Toll:
    """One contender, from its start to its end, under load."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with stage(accounts, Path(directory)) as scene, CONTENDERS[contender](scene) as process:
            return await Crowd(scene.api, scene.bots, scale.users).measure(process.pid, scale)


def compared(tolls: Mapping[str, Toll], label: str) -> list[Figure]:
    """The figures of each contender, and its throughput as a multiple of the router's."""
    router = tolls["router"].per_second
    figures: list[Figure] = []
    for name, toll in tolls.items():
        case = f"{label}, {name}"
        figures += toll.figures(case)
        figures.append(Figure(case, "router is", router / max(toll.per_second, 1e-9), "x"))
    return figures
