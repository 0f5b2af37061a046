"""Pictures for models: those that are saved here go along inside the question, as `data:` addresses.

A model's server often cannot fetch an address (a local server has no fetching at all), or no longer may: the network's
links expire. So a saved picture goes by its bytes even when it has an address.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

import trio
from msgspec.structs import replace

from actors.filetypes import HEAD_BYTES, sniff
from actors.messages import Media, Turn

MAX_PICTURE_BYTES: Final = 10 * 1024 * 1024
"""Of all pictures of one turn together; a third more on the wire."""

SHOWABLE: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What models take. One picture of another type, and a server refuses the whole question."""


async def with_pictures_inside(turn: Turn) -> Turn:
    """The turn with a `data:` address for every saved picture that models take and that there is room for.

    A saved picture of another type, or one that is gone from the disk, loses its address, and the text says so. One
    that there is no room for keeps the address it has; without one, the text says so.
    """
    if not any(_is_saved_picture(media) for media in turn.media):
        return turn
    return await trio.to_thread.run_sync(_inlined, turn)


def _inlined(turn: Turn) -> Turn:
    room = MAX_PICTURE_BYTES
    shown: list[Media] = []
    notes = ""
    for media in turn.media:
        if not _is_saved_picture(media):
            shown.append(media)
            continue
        body = _read(Path(media.path or ""), room)
        found, trouble = _seen(media, body)
        shown.append(found)
        notes += f"\n[media unavailable: {trouble}]" if trouble else ""
        room -= len(body or b"")
    return replace(turn, media=tuple(shown), text=turn.text + notes)


def _seen(media: Media, body: bytes | None) -> tuple[Media, str]:
    """The picture as the model is shown it, and what is to be said of one that it is not."""
    if body is None:
        return media, "" if media.url else "the picture is too large to be shown"
    if not body:
        return replace(media, url=None), "the picture is gone"
    kind = sniff(body[:HEAD_BYTES])
    if kind is None or kind.mime_type not in SHOWABLE:
        return replace(media, url=None), "a picture of this type cannot be shown"
    encoded = base64.b64encode(body).decode("ascii")
    return replace(media, url=f"data:{kind.mime_type};base64,{encoded}"), ""


def _read(path: Path, room: int) -> bytes | None:
    """The file's bytes; none when it cannot be read, None when it has more than `room`."""
    try:
        with path.open("rb") as file:
            body = file.read(room + 1)
    except OSError:
        return b""
    return body if len(body) <= room else None


def _is_saved_picture(media: Media) -> bool:
    return media.kind == "image" and bool(media.path)
