"""A polite word to who sent what nobody can answer: a sticker, something that the network withholds from bots.

Rule 1: at most one such word in a chat in ten minutes, however many stickers come.
Rule 2: it is not remembered over a restart, and of very many chats the longest quiet is forgotten: being polite once
too often does no harm.
Rule 3: kinds that are unknown get none: what a network invents next may not be anybody's message at all.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from actors.messages import Chat, MessageKind

EVERY_SECONDS: Final = 600.0
MAX_CHATS: Final = 10_000

DESERVING: Final[frozenset[MessageKind]] = frozenset({"sticker", "unsupported"})


class Courtesy:
    """Remembers in which chats the word was said of late."""

    def __init__(self) -> None:
        self._said_at: OrderedDict[Chat, float] = OrderedDict()

    def is_due(self, chat: Chat, kind: MessageKind, now: float) -> bool:
        """Whether it is said for this message at `now` (monotonic seconds); if so, that is remembered."""
        if kind not in DESERVING:
            return False
        last = self._said_at.get(chat)
        if last is not None and now - last < EVERY_SECONDS:
            return False
        self._said_at[chat] = now
        self._said_at.move_to_end(chat)
        if len(self._said_at) > MAX_CHATS:
            self._said_at.popitem(last=False)
        return True
