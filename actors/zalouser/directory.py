"""Who an account knows: itself, friends and groups, looked up with zca and remembered for a while.

Every look-up is a login at Zalo, and too many of them throw the listener out (zca reference, section 1.6).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import trio

from actors.errors import RetryLater
from actors.messages import Identity
from actors.zalouser import commands
from actors.zalouser.process import Zca

REMEMBERED_SECONDS: Final = 300.0
LIST_TIMEOUT_SECONDS: Final = 30.0
MEMBERS_REMEMBERED: Final = 100


class Contact(msgspec.Struct, frozen=True):
    """A person or a group, by the id that messages carry."""

    id: str
    name: str


class Directory:
    """The look-ups of one account. Each method raises BadCredentials, or RetryLater when zca cannot answer now."""

    def __init__(self, zca: Zca, timeout_seconds: float = LIST_TIMEOUT_SECONDS) -> None:
        self._zca = zca
        self._timeout_seconds = timeout_seconds
        self._known: dict[commands.Words, tuple[float, tuple[Contact, ...]]] = {}

    async def me(self) -> Identity:
        """Who is logged in. Never from memory: it is how a login is checked."""
        found = await self._zca.look_up(commands.ME, self._timeout_seconds)
        user_id = _word(found.get("userId")) if isinstance(found, dict) else ""
        if not user_id:
            raise RetryLater("zca me info printed no profile with a userId")
        return Identity(user_id, _word(found.get("displayName")))

    async def friends(self) -> tuple[Contact, ...]:
        """All friends."""
        return await self._remembered(commands.FRIENDS, ("userId",), ("displayName", "display_name", "zaloName"))

    async def groups(self) -> tuple[Contact, ...]:
        """All groups that the account is in."""
        return await self._remembered(commands.GROUPS, ("groupId",), ("name",))

    async def members(self, group_id: str) -> tuple[Contact, ...]:
        """Who is in a group."""
        return await self._remembered(commands.members(group_id), ("userId", "id"), ("displayName", "zaloName"))

    async def _remembered(
        self, words: commands.Words, id_keys: tuple[str, ...], name_keys: tuple[str, ...]
    ) -> tuple[Contact, ...]:
        now = trio.current_time()
        at, contacts = self._known.get(words, (-REMEMBERED_SECONDS, ()))
        if now - at < REMEMBERED_SECONDS:
            return contacts
        found = await self._zca.look_up(words, self._timeout_seconds)
        if not isinstance(found, list):
            raise RetryLater(f"zca {' '.join(words[:2])} printed no list")
        contacts = tuple(contact for entry in found if (contact := _contact(entry, id_keys, name_keys)) is not None)
        while len(self._known) >= MEMBERS_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[words] = (trio.current_time(), contacts)
        return contacts


def _contact(entry: Any, id_keys: tuple[str, ...], name_keys: tuple[str, ...]) -> Contact | None:
    if not isinstance(entry, dict):
        return None
    contact_id = next((word for key in id_keys if (word := _word(entry.get(key)))), "")
    name = next((word for key in name_keys if (word := _word(entry.get(key)))), "")
    return Contact(contact_id, name) if contact_id else None


def _word(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""
