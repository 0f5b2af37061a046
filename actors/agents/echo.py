"""The echo agent: answers with what was said. It is what answers until another agent is set up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.agents import wire
from actors.agents.settings import EchoSettings
from actors.messages import Reply, Turn


class EchoAgent:
    """Repeats the text, and the media that has an address to be sent by."""

    async def answer(self, turn: Turn) -> Reply:
        """Never fails, never waits."""
        return wire.reply(turn.text, tuple(one for one in turn.media if one.url))


@asynccontextmanager
async def open_echo_agent(_settings: EchoSettings) -> AsyncIterator[EchoAgent]:
    """Opens nothing."""
    yield EchoAgent()
