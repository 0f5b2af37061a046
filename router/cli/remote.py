"""One question to the running router."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import trio

from router.control.client import open_control
from router.control.endpoint import read_endpoint
from router.control.protocol import Call
from router.settings.paths import find_state_dir

R = TypeVar("R")


def ask(state_dir: Path | None, params: Call[R]) -> R:
    """Connects to the router of this state directory (or the default one), asks, and gives the answer.

    Raises: NotRunning, ControlError; OSError when the address may not be read.
    """
    return trio.run(_ask, find_state_dir(state_dir, os.environ), params)


async def _ask(state_dir: Path, params: Call[R]) -> R:
    async with open_control(read_endpoint(state_dir)) as client:
        return await client.call(params)
