"""The contract of whoever answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from actors.messages import Reply, Turn


class Agent(Protocol):
    """Answers turns; one per session at a time, many sessions side by side."""

    async def answer(self, turn: Turn) -> Reply:
        """Answers one turn.

        Raises: RetryLater when another attempt may do better (the caller waits and asks again), Rejected when it will
        not. On cancellation, and the caller's deadline is one, no process, socket or slot of this turn is left behind.
        """
        ...


class AgentKind(msgspec.Struct, frozen=True):
    """One row of the table of kinds."""

    name: str
    """The word in the settings: `kind: "echo"`."""
    settings: type[msgspec.Struct]
    open: Callable[[Any], AbstractAsyncContextManager[Agent]]
    """Opens whatever the agent keeps for its whole life (a client, a process) and closes it again."""
    history_limit: Callable[[Any], int] = lambda _settings: 0
    """How many transcript entries a turn should carry, from the agent's settings."""
