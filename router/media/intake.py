"""Fetches the files of admitted messages, before their agents are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import trio
from msgspec.structs import replace

from actors.filetypes import UNKNOWN, FileType, bare, by_extension, declared, sniff
from actors.messages import AccountKey, Media, Turn
from actors.net.fetch import FetchRules, Unfetchable, fetch
from router.events import Event, MediaFetched, MediaUnavailable
from router.media.shelf import MediaShelf
from router.rules.attachments import Attached, objection, with_attachments

RETRY_SECONDS = (0.5, 2.0)
"""Waits before another attempt at a file after a trouble that may pass. A person is waiting: no more than these."""

FALLBACK_RULES = FetchRules(max_bytes=5 * 1024 * 1024, timeout_seconds=30.0)
"""Hold for an account that is no longer in the settings."""


class MediaIntake:
    """Brings a turn's files into the state directory, or says in the turn why that was not possible."""

    def __init__(
        self, shelf: MediaShelf, rules: Mapping[AccountKey, FetchRules], emit: Callable[[Event], None]
    ) -> None:
        self._shelf = shelf
        self._rules = rules
        self._emit = emit

    def use(self, rules: Mapping[AccountKey, FetchRules]) -> None:
        """Fetches under these rules from now on."""
        self._rules = rules

    async def attach(self, turn: Turn) -> Turn:
        """The turn with its files at hand; what cannot be had is said in its text. Raises nothing.

        Files that an earlier run of the same turn has fetched are found, not fetched again. Cancelled, it leaves no
        unfinished file behind.
        """
        if not turn.media:
            return turn
        attached: list[Attached] = [Attached(None, "it was not fetched")] * len(turn.media)

        async def fill(index: int) -> None:
            attached[index] = await self._attached(turn, index)

        async with trio.open_nursery() as nursery:
            for index in range(len(turn.media)):
                nursery.start_soon(fill, index)
        return with_attachments(turn, attached)

    async def _attached(self, turn: Turn, index: int) -> Attached:
        media = turn.media[index]
        if media.url is None or media.path is not None:
            return Attached(media)
        try:
            return Attached(await self._saved(turn, media, file_stem(turn, index)))
        except Unfetchable as error:
            reason = error.reason
        except OSError as error:
            reason = f"it could not be saved ({type(error).__name__})"
        self._emit(MediaUnavailable(chat=turn.chat, inbox_id=turn.turn_id, kind=media.kind, reason=reason))
        return Attached(None, reason)

    async def _saved(self, turn: Turn, media: Media, stem: str) -> Media:
        found = await self._shelf.find(stem)
        if found is not None:
            return _with_file(media, found, by_extension(found.suffix))
        rules = self._rules.get(turn.chat.account, FALLBACK_RULES)
        waits = iter(RETRY_SECONDS)
        with trio.CancelScope(deadline=trio.current_time() + rules.timeout_seconds):
            while True:
                try:
                    return await self._fetched(turn, media, stem, rules)
                except Unfetchable as error:
                    wait_seconds = next(waits, None)
                    if not error.passing or wait_seconds is None:
                        raise
                await trio.sleep(wait_seconds)
        raise Unfetchable(f"it took longer than {rules.timeout_seconds:g} s")

    async def _fetched(self, turn: Turn, media: Media, stem: str, rules: FetchRules) -> Media:
        async with self._shelf.draft(stem) as draft:
            content_type = await fetch(media.url or "", rules, draft.write)
            sniffed = sniff(draft.head)
            trouble = objection(media, bare(content_type), sniffed=sniffed is not None)
            if not draft.bytes:
                trouble = "it is empty"
            if trouble:
                raise Unfetchable(trouble)
            found = sniffed or declared(content_type) or declared(media.mime_type or "") or UNKNOWN
            path = await draft.keep(found.extension)
        self._emit(MediaFetched(chat=turn.chat, inbox_id=turn.turn_id, kind=media.kind, bytes=draft.bytes))
        return _with_file(media, path, found)


def file_stem(turn: Turn, index: int) -> str:
    """The name of a turn's file without extension: `<inbox id>-<index>-<hash>`.

    The hash ties it to message and address: a state directory whose database was made anew counts from 1 again.
    """
    words = (str(turn.chat.account), turn.chat.chat_id, turn.context.message_sid, turn.media[index].url or "")
    digest = hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:16]
    return f"{turn.turn_id}-{index}-{digest}"


def _with_file(media: Media, path: Path, found: FileType) -> Media:
    mime_type = found.mime_type if found != UNKNOWN else media.mime_type or UNKNOWN.mime_type
    return replace(media, path=str(path), mime_type=mime_type)
