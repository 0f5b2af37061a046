"""The text of a message and its files, told apart.

A line names its files twice: in fields, and in notes that stand before what the person wrote (zca reference, 1.5):

    [media attached: 2 files]
    [media attached 1/2: /home/me/.openclaw/media/…/a.jpg (image/jpeg) | https://…/t.jpg]
    [media attached 2/2: https://…/hd.jpg (image/*)]
    my photo

Rule 1: pure. Rule 2: a note counts only for what the fields name too. Notes are text, and people can type them: a
stranger must not have a file of this machine attached by writing its path.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any, Final

import msgspec

from actors.messages import Media, MediaKind, MessageKind

_COUNT: Final = re.compile(r"\[media attached: (\d{1,3}) files\]")
_NOTE: Final = re.compile(r"\[media attached(?: \d+/\d+)?: (?P<what>.+)\]")
_TYPED: Final = re.compile(r"(?P<place>.+) \((?P<mime>[\w.+-]+/[\w.+*-]+)\)")
_NON_TEXT: Final = re.compile(r"<non-text:[^>\n]*>")

MEDIA_OF: Final[dict[MessageKind, MediaKind]] = {
    "image": "image",
    "voice": "voice",
    "video": "video",
    "file": "file",
}
ONE_IN_MANY_FORMS: Final = frozenset({"image", "voice"})
"""Kinds of which a message has one: several files are its thumbnail, its sizes, its encodings."""


class Attached(msgspec.Struct, frozen=True):
    """What the person wrote, and what they attached."""

    text: str
    media: tuple[Media, ...] = ()
    addresses: tuple[str, ...] = ()
    """Of all files, also those that were passed over: what tells two messages with files apart."""


class _File(msgspec.Struct, frozen=True):
    path: str | None = None
    url: str | None = None
    mime_type: str | None = None


def read_attached(
    content: Any, kind: MessageKind, *, paths: tuple[str, ...], urls: tuple[str, ...], mime_types: tuple[str, ...]
) -> Attached:
    """Parts `content`; the rest are the line's media fields."""
    if isinstance(content, dict):
        return _from_object(content, kind)
    text = content if isinstance(content, str) else ""
    if not paths and not urls:
        return Attached(_NON_TEXT.sub("", text, count=1) if _NON_TEXT.match(text) else text)
    notes, words = _without_notes(text)
    files = _files(notes, paths, urls) or [_File(*each) for each in zip_longest(paths, urls, mime_types)]
    # A voice note's last line is its own address, not something that was said; a link's is.
    said = "" if kind in MEDIA_OF and words.strip() in urls else words
    return Attached("" if _NON_TEXT.fullmatch(said.strip()) else said, _media(files, kind), tuple(sorted(urls)))


def _from_object(content: dict[Any, Any], kind: MessageKind) -> Attached:
    """The content as Zalo's own web client has it: `{title, description, href, thumb, …}`."""
    href, title = content.get("href"), content.get("title") or content.get("description")
    words = title if isinstance(title, str) else ""
    if not isinstance(href, str) or not _is_url(href):
        return Attached(words)
    media = _media([_File(url=href)], kind)
    return Attached(words or ("" if media else href), media, (href,))


def _without_notes(text: str) -> tuple[list[str], str]:
    """What the notes at the beginning say, and the text behind them."""
    lines = text.split("\n")
    counted = _COUNT.fullmatch(lines[0])
    begin, end = (1, 1 + int(counted[1])) if counted else (0, 1)
    found = [_NOTE.fullmatch(line) for line in lines[begin:end]]
    notes = [match["what"] for match in found if match]
    return (notes, "\n".join(lines[end:])) if len(notes) == len(found) else ([], text)


def _files(notes: list[str], paths: tuple[str, ...], urls: tuple[str, ...]) -> list[_File]:
    made = [_file(note) for note in notes]
    known = [_File(_among(file.path, paths), _among(file.url, urls), file.mime_type) for file in made]
    return [file for file in known if file.path or file.url]


def _file(note: str) -> _File:
    left, _, right = note.rpartition(" | ") if " | " in note else (note, "", "")
    typed = _TYPED.fullmatch(left)
    place, mime_type = (typed["place"], typed["mime"]) if typed else (left, None)
    if mime_type is not None and "*" in mime_type:
        mime_type = None
    return _File(None, place, mime_type) if _is_url(place) else _File(place, right or None, mime_type)


def _media(files: list[_File], kind: MessageKind) -> tuple[Media, ...]:
    media_kind = MEDIA_OF.get(kind)
    if media_kind is None:
        return ()
    made = tuple(
        Media(
            kind=media_kind, url=file.url if _is_url(file.url or "") else None, path=file.path, mime_type=file.mime_type
        )
        for file in files
    )
    if media_kind not in ONE_IN_MANY_FORMS or len(made) < 2:
        return made
    # The forms come from the smallest to the largest, though nobody promises it. One that is here already is better
    # than one that has to be fetched.
    return (next((one for one in reversed(made) if one.path), made[-1]),)


def _among(value: str | None, known: tuple[str, ...]) -> str | None:
    return value if value in known else None


def _fetchable(url: str | None) -> str | None:
    return url if url is not None and _is_url(url) else None


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))
