"""The updates that wait for one bot's polls."""

from __future__ import annotations

from collections import deque

import trio

from actors.testing.bot_api.records import Behaviour
from actors.testing.bot_api.updates import Update


class UpdateQueue:
    """Gives each update to one poll, the longest waiting first; what happens then is `Behaviour.updates`."""

    def __init__(self) -> None:
        self._fresh: deque[Update] = deque()
        self._returned: deque[Update] = deque()
        self._pollers = trio.lowlevel.ParkingLot()

    def __len__(self) -> int:
        """How many updates were never returned."""
        return len(self._fresh)

    @property
    def pollers(self) -> int:
        """How many polls wait now."""
        return len(self._pollers)

    def put(self, update: Update, behaviour: Behaviour) -> bool:
        """False when it was dropped because nobody polls and nothing is kept."""
        if behaviour.updates == "drop-when-idle" and self.pollers <= len(self._fresh):
            return False
        self._fresh.append(update)
        self._pollers.unpark()
        return True

    def put_back(self, update: Update) -> None:
        """For an update whose poll hung up before it was answered: it is the next one."""
        self._fresh.appendleft(update)
        self._pollers.unpark()

    def take_nowait(self, behaviour: Behaviour) -> Update | None:
        """The next update for a poll, if there is one."""
        if self._fresh:
            update = self._fresh.popleft()
        elif behaviour.updates == "replay" and self._returned:
            update = self._returned.popleft()
        else:
            return None
        if behaviour.updates == "replay":
            self._returned.append(update)
            while len(self._returned) > behaviour.replay_depth:
                self._returned.popleft()
        return update

    async def take(self, behaviour: Behaviour) -> Update:
        """Waits for an update. Cancelled, it has taken none."""
        while (update := self.take_nowait(behaviour)) is None:
            await self._pollers.park()
        return update
