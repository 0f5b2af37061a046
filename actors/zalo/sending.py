"""What the Bot API can send, by kind of content: a row of the table each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from actors.errors import Rejected
from actors.hosting import FileHost
from actors.messages import (
    Chat,
    Outbound,
    PhotoContent,
    PhotoFileContent,
    StickerContent,
    TextContent,
    VoiceContent,
)
from actors.zalo.client import BotApi


class Sender:
    """Sends as one bot. `files` gives pictures of our own an address; without it they cannot be sent."""

    def __init__(self, api: BotApi, files: FileHost | None = None) -> None:
        self._api = api
        self._files = files

    async def send(self, outbound: Outbound) -> str:
        """Sends one thing; see `Channel.send`."""
        return await SENDS[type(outbound.content)](self, outbound.chat, outbound.content)

    async def text(self, chat: Chat, content: TextContent) -> str:
        """One text."""
        return await self._api.send_message(chat.chat_id, content.text, content.parse_mode)

    async def photo(self, chat: Chat, content: PhotoContent) -> str:
        """One picture that has an address."""
        return await self._api.send_photo(chat.chat_id, content.url, content.caption)

    async def photo_file(self, chat: Chat, content: PhotoFileContent) -> str:
        """One picture of our own. Its address begins to live now, so a row may wait in the outbox for any time."""
        if self._files is None:
            raise Rejected("a local picture cannot be sent: this router hosts no files")
        return await self._api.send_photo(chat.chat_id, self._files.address_of(content.path), content.caption)

    async def voice(self, chat: Chat, content: VoiceContent) -> str:
        """One voice note. Refused here for groups: there the API may say it was sent though nothing is delivered."""
        if chat.chat_type == "group":
            raise Rejected("sendVoice: Zalo delivers voice notes in private chats only (reference, section 2.9)")
        return await self._api.send_voice(chat.chat_id, content.url)

    async def sticker(self, chat: Chat, content: StickerContent) -> str:
        """One sticker."""
        return await self._api.send_sticker(chat.chat_id, content.sticker_id)


SENDS: Final[dict[type, Callable[[Sender, Chat, Any], Awaitable[str]]]] = {
    TextContent: Sender.text,
    PhotoContent: Sender.photo,
    PhotoFileContent: Sender.photo_file,
    VoiceContent: Sender.voice,
    StickerContent: Sender.sticker,
}
