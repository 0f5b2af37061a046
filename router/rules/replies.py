"""From an agent's reply to the things that are sent."""

from __future__ import annotations

import msgspec

from actors.messages import Content, Media, PhotoContent, Reply, TextContent
from router.rules.chunking import chunk
from router.rules.policy import AccountPolicy


class Parts(msgspec.Struct, frozen=True):
    """What is sent, in order, and what cannot be."""

    contents: tuple[Content, ...]
    unsendable: tuple[Media, ...] = ()


def parts(reply: Reply, policy: AccountPolicy) -> Parts:
    """Cuts a reply into what the network takes.

    Pictures with an address go first, the first one with the beginning of the text as its caption; the rest of the text
    follows as messages. Other media with an address are sent as that address, on a line of their own.
    """
    photos = [media for media in reply.media if media.kind == "image" and media.url]
    links = [media.url for media in reply.media if media.kind != "image" and media.url]
    text = "\n".join([*([reply.text] if reply.text.strip() else []), *links])
    chunks = chunk(text, limit=policy.text_limit, mode=policy.chunk_mode)
    captions = chunks[:1] if photos else ()
    contents: list[Content] = [
        PhotoContent(media.url or "", captions[0] if captions and index == 0 else "")
        for index, media in enumerate(photos)
    ]
    contents += [TextContent(part) for part in chunks[len(captions) :]]
    return Parts(tuple(contents), tuple(media for media in reply.media if not media.url))
