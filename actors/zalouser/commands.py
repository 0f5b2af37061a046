"""Command lines of zca: the words after `zca --profile P`.

Rule 1: pure. Rule 2: options first, then `--`, then what people wrote. A text that begins with `-` is otherwise an
option that does not exist, and `--help` prints help and ends with 0, as if it had been sent (zca reference, 1.4).
Rule 3: `-g` for groups, always; without it a group's id is taken for a person's.
"""

from __future__ import annotations

from actors.errors import Rejected
from actors.messages import (
    Chat,
    Content,
    PhotoContent,
    PhotoFileContent,
    StickerContent,
    TextContent,
    VoiceContent,
)

Words = tuple[str, ...]

ME: Words = ("me", "info", "-j")
FRIENDS: Words = ("friend", "list", "-j")
GROUPS: Words = ("group", "list", "-j")


def members(group_id: str) -> Words:
    """Who is in a group."""
    return ("group", "members", "-j", "--", group_id)


def send(chat: Chat, content: Content) -> Words:
    """The command that sends this content to this chat.

    Raises: Rejected for what cannot be an argument of a program, or would be no message.
    """
    words = _send(chat, content)
    for word in words:
        if "\0" in word or not _encodable(word):
            raise Rejected("zca cannot be given this text: it has a null character or half a character in it")
    return words


def _send(chat: Chat, content: Content) -> Words:
    group = ("-g",) if chat.chat_type == "group" else ()
    match content:
        case TextContent(text=text):
            if not text.strip():
                raise Rejected("an empty text cannot be sent")
            return ("msg", "send", *group, "--", chat.chat_id, text)
        case PhotoContent(url=url, caption=caption):
            return ("msg", "image", *_by_url(url), *_caption(caption), *group, "--", chat.chat_id)
        case PhotoFileContent(path=path, caption=caption):
            return ("msg", "image", *_caption(caption), *group, "--", chat.chat_id, path)
        case VoiceContent(url=url):
            # Without -m, which voice does not take: the whole command would fail (zca reference, section 2).
            return ("msg", "voice", *_by_url(url), *group, "--", chat.chat_id)
        case StickerContent(sticker_id=sticker_id):
            return ("msg", "sticker", *group, "--", chat.chat_id, sticker_id)


def _by_url(url: str) -> Words:
    """zca takes a comma for the end of one address and the beginning of another."""
    return ("-u", url.replace(",", "%2C"))


def _caption(caption: str) -> Words:
    return ("-m", caption) if caption.strip() else ()


def _encodable(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
