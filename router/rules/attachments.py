"""What an agent is told about the files of a message, once it is known which of them could be had.

Rule 1: a file that could be had is given by path, kind and address; the lists of the context say the same as the turn.
Rule 2: a file that could not be had is in no list. Its place is taken by a note at the end of the text, since an agent
that knows nothing of a picture answers as if none had been sent.
Rule 3: notes are for the agent: what the person wrote, and what commands are read from, stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from actors.filetypes import UNKNOWN
from actors.messages import Media, Turn

_TEXT_FOR_ANOTHER_KIND = frozenset({"text/html", "text/plain", "text/xml", "application/json", "application/xml"})
_NAMES = {"image": "a picture", "voice": "a voice note", "video": "a video"}


class Attached(msgspec.Struct, frozen=True):
    """What became of one file: `media` as the agent may use it, or why it cannot."""

    media: Media | None
    trouble: str = ""
    """Fixed words without an address."""


def with_attachments(turn: Turn, attached: Sequence[Attached]) -> Turn:
    """The turn as its agent is given it; the same turn when no file came with it."""
    media = tuple(each.media for each in attached if each.media is not None)
    notes = "".join(f"\n[media unavailable: {each.trouble}]" for each in attached if each.media is None)
    listed = listing(media)
    context = replace(
        turn.context,
        body=turn.context.body + notes,
        body_for_agent=turn.context.body_for_agent + notes,
        media_paths=listed.paths,
        media_types=listed.types,
        media_urls=listed.urls,
    )
    return replace(turn, text=turn.text + notes, media=media, context=context)


class Listing(msgspec.Struct, frozen=True):
    """The three lists of a context: entry n of each is about the same file."""

    paths: tuple[str, ...]
    types: tuple[str, ...]
    urls: tuple[str, ...]


def listing(media: Iterable[Media]) -> Listing:
    """The lists of these files; saved ones come first, so that the paths may be the shorter list."""
    known = sorted((each for each in media if each.path or each.url), key=lambda each: not each.path)
    return Listing(
        paths=tuple(each.path for each in known if each.path),
        types=tuple(each.mime_type or UNKNOWN.mime_type for each in known),
        # As the reference has it: a saved file's URL is its path.
        urls=tuple(each.path or each.url or "" for each in known),
    )


def objection(media: Media, content_type: str, *, sniffed: bool) -> str:
    """Why what was fetched is not what was sent: an error page in place of a picture, say. Empty when nothing is."""
    name = _NAMES.get(media.kind)
    if sniffed or name is None or content_type not in _TEXT_FOR_ANOTHER_KIND:
        return ""
    return f"the server sent text in place of {name}"
