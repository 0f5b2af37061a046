"""From an agent's reply to the things that are sent."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from actors.messages import (
    Content,
    Media,
    PhotoContent,
    PhotoFileContent,
    Reply,
    StickerContent,
    TextContent,
    VoiceContent,
)
from router.rules.marked_chunks import chunk_marked
from router.rules.policy import AccountPolicy
from router.rules.tables import convert_tables

NO_ADDRESS = "a picture in a file needs an address that the network can reach: set webhook.publicUrl"


class Parts(msgspec.Struct, frozen=True):
    """What is sent, in order, and what cannot be."""

    contents: tuple[Content, ...]
    unsendable: tuple[Media, ...] = ()


def parts(reply: Reply, policy: AccountPolicy) -> Parts:
    """Cuts a reply into what the network takes.

    Pictures go first, the first one with the beginning of the text as its caption; the rest of the text follows as
    messages, then voice notes and stickers, which are the likeliest to be refused and must not take the words along.
    Other media with an address are sent as that address, on a line of their own.
    """
    photos: list[Media] = []
    extras: list[Content] = []
    links: list[str] = []
    unsendable: list[Media] = []
    for media in reply.media:
        if _is_file(media) and not policy.sends_files:
            unsendable.append(replace(media, problem=media.problem or NO_ADDRESS))
        elif media.problem:
            unsendable.append(media)
        elif media.kind == "image" and (media.url or media.path):
            photos.append(media)
        elif (extra := _extra(media)) is not None:
            extras.append(extra)
        elif media.url:
            links.append(media.url)
        else:
            unsendable.append(media)
    chunks = _texts(reply.text, links, policy)
    caption = chunks[0] if photos and chunks else ""
    contents = [_photo(media, "" if index else caption) for index, media in enumerate(photos)]
    contents += [TextContent(part, policy.parse_mode) for part in chunks[1 if photos else 0 :]]
    return Parts((*contents, *extras), tuple(unsendable))


def trace_of(media: Media) -> Content:
    """What the operator finds of media that cannot be sent."""
    if media.kind == "image":
        return _photo(media, "")
    return TextContent(media.path or media.url or "")


def _texts(text: str, links: list[str], policy: AccountPolicy) -> tuple[str, ...]:
    written = convert_tables(text, policy.tables, policy.parse_mode)
    whole = "\n".join([*([written] if written.strip() else []), *links])
    return chunk_marked(whole, limit=policy.text_limit, mode=policy.chunk_mode, parse_mode=policy.parse_mode)


def _is_file(media: Media) -> bool:
    return media.kind == "image" and bool(media.path) and not media.url


def _photo(media: Media, caption: str) -> Content:
    if media.url:
        return PhotoContent(media.url, caption)
    return PhotoFileContent(media.path or "", caption)


def _extra(media: Media) -> Content | None:
    if media.kind == "sticker" and media.id:
        return StickerContent(media.id)
    if media.kind == "voice" and media.url and media.url.endswith(".aac"):
        return VoiceContent(media.url)
    return None
