"""Shows "is typing…" without ever being in anybody's way."""

from __future__ import annotations

import trio

from actors.channel import Channel, ShowsTyping
from actors.messages import Chat


class TypingSigns:
    """At most one typing call per chat and `limit` in all: more are dropped, and all are where the channel has none."""

    def __init__(self, channel: Channel, limit: int) -> None:
        self._channel = channel if isinstance(channel, ShowsTyping) else None
        self._limit = limit
        self._shown: dict[Chat, trio.CancelScope] = {}

    def show(self, nursery: trio.Nursery, chat: Chat) -> None:
        """Begins a call in `nursery`, or drops it when there is one for this chat or too many at once."""
        if self._channel is None or chat in self._shown or len(self._shown) >= self._limit:
            return
        self._shown[chat] = scope = trio.CancelScope()
        nursery.start_soon(self._show, self._channel, chat, scope)

    def hide(self, chat: Chat) -> None:
        """Cancels the call for this chat, if there is one: its message is about to be sent."""
        scope = self._shown.pop(chat, None)
        if scope is not None:
            scope.cancel()

    def hide_all(self) -> None:
        """Cancels every call."""
        for chat in tuple(self._shown):
            self.hide(chat)

    async def _show(self, channel: ShowsTyping, chat: Chat, scope: trio.CancelScope) -> None:
        with scope:
            await channel.show_typing(chat)
        if self._shown.get(chat) is scope:
            del self._shown[chat]
