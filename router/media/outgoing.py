"""Pictures in files that agents answer with: copied before the answer counts, so that the agent may tidy up after it.

Only pictures, as their first bytes show, of at most the account's `mediaMaxMb`. A copy has a name of chance, which is
also all that its address on the listener will be known by (`actors.hosting`).
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio
from msgspec.structs import replace

from actors.agents.contract import Agent, AgentKind
from actors.clock import WallClock
from actors.filetypes import HEAD_BYTES, sniff
from actors.hosting import CONTENT_TYPES, PREFIX, FileHost
from actors.messages import AccountKey, Media, Reply, Turn
from actors.net.routes import Route
from actors.net.webhooks import WebhookListener
from router.media.shelf import MediaShelf
from router.settings.schema import Settings

FALLBACK_BYTES: Final = 5 * 1024 * 1024
"""Holds for an account that is no longer in the settings."""


class OutgoingFiles:
    """Where pictures wait to be sent."""

    def __init__(self, shelf: MediaShelf, max_bytes: Mapping[AccountKey, int]) -> None:
        self._shelf = shelf
        self._max_bytes = max_bytes

    def use(self, max_bytes: Mapping[AccountKey, int]) -> None:
        """Keeps pictures up to these sizes from now on."""
        self._max_bytes = max_bytes

    async def keep(self, account: AccountKey, reply: Reply) -> Reply:
        """The reply with its pictures in files of our own; one that cannot be had says why in `problem`.

        Raises nothing. Cancelled, it may leave copies behind; they go with time.
        """
        if not any(_is_local_picture(media) for media in reply.media):
            return reply
        limit = self._max_bytes.get(account, FALLBACK_BYTES)
        kept = [await self._kept(media, limit) if _is_local_picture(media) else media for media in reply.media]
        return replace(reply, media=tuple(kept))

    async def _kept(self, media: Media, limit: int) -> Media:
        try:
            content = await trio.to_thread.run_sync(_read, Path(media.path or ""), limit)
            found = sniff(content[:HEAD_BYTES])
            if found is None or found.extension[1:] not in CONTENT_TYPES:
                return replace(media, problem="the agent's file is not a JPEG, PNG, GIF or WebP picture")
            async with self._shelf.draft(secrets.token_hex(16)) as draft:
                await draft.write(content)
                path = await draft.keep(found.extension)
        except _Unfit as error:
            return replace(media, problem=str(error))
        except OSError as error:
            return replace(media, problem=f"the agent's file could not be copied ({error.strerror})")
        return replace(media, path=str(path), mime_type=found.mime_type)


class KeepingAgent:
    """An agent whose pictures are kept before its answer is given."""

    def __init__(self, agent: Agent, files: OutgoingFiles) -> None:
        self._agent = agent
        self._files = files

    async def answer(self, turn: Turn) -> Reply:
        """See `actors.agents.contract.Agent`."""
        return await self._files.keep(turn.chat.account, await self._agent.answer(turn))


def keeping_files(kinds: Mapping[str, AgentKind], files: OutgoingFiles) -> dict[str, AgentKind]:
    """The same kinds, of agents whose pictures are kept."""

    @asynccontextmanager
    async def opened(kind: AgentKind, settings: Any) -> AsyncIterator[Agent]:
        async with kind.open(settings) as agent:
            yield KeepingAgent(agent, files)

    return {name: replace(kind, open=partial(opened, kind)) for name, kind in kinds.items()}


def hosted(directory: Path, settings: Settings, webhooks: WebhookListener | None, clock: WallClock) -> FileHost:
    """Gives the files of `directory` addresses on the listener; without one, or a public address, it refuses."""
    host = FileHost(
        directory,
        None if webhooks is None else settings.webhook.public_url,
        settings.media.host_seconds,
        clock,
    )
    if webhooks is not None:
        webhooks.routes.add(f"{PREFIX}*", Route(("GET", "HEAD"), host.answer))
    return host


class _Unfit(Exception):
    """The file is not what is sent; the text says why."""


def _is_local_picture(media: Media) -> bool:
    return media.kind == "image" and bool(media.path) and not media.url


def _read(path: Path, limit: int) -> bytes:
    """The whole file. Raises OSError, and _Unfit for one that is too large or no file."""
    # Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _Unfit("what the agent named is not a file")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise _Unfit(f"the agent's file is larger than {limit / (1024 * 1024):g} MB (mediaMaxMb)")
    if not content:
        raise _Unfit("the agent's file is empty")
    return content
