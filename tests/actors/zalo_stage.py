"""The zalo channel on stage with the simulated Bot API, over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from zalo_fakes import OWN, SHOP, FakeIntake

from actors.channel import NOTHING_SHARED, Channel
from actors.messages import Chat, Content, Outbound
from actors.secret import Secret
from actors.testing.bot_api import Behaviour, BotApi, SimulatedBot, Webhook, run_bot_api
from actors.zalo.channel import KIND
from actors.zalo.settings import ZaloSettings

TOKEN = f"{OWN}:canary-token"
TED = "6ede9afa66b88fe6d6a9"
DEFAULT = Behaviour()
DEADLINE_SECONDS = 20.0


@asynccontextmanager
async def opened(behaviour: Behaviour = DEFAULT) -> AsyncIterator[tuple[BotApi, SimulatedBot, Channel]]:
    # A test that waits for what never comes should say so, not hang.
    with trio.fail_after(DEADLINE_SECONDS):
        async with run_bot_api(TOKEN, behaviour=behaviour) as api:
            settings = ZaloSettings(bot_token=Secret(TOKEN), api_url=api.url)
            async with KIND.open(SHOP, settings, NOTHING_SHARED) as channel:
                yield api, api.bot(OWN), channel


@asynccontextmanager
async def receiving(channel: Channel, intake: FakeIntake) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(channel.receive, intake)
        yield
        nursery.cancel_scope.cancel()


def set_webhook(bot: SimulatedBot) -> None:
    bot.webhook = Webhook("https://elsewhere.test/hook", "secret-token", 1)
    bot.had_webhook = True


def out(content: Content, chat_id: str = TED) -> Outbound:
    return Outbound(1, Chat(SHOP, chat_id), content)


class Accepting(FakeIntake):
    """An intake that one can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = trio.lowlevel.ParkingLot()

    def good(self) -> None:
        super().good()
        self._changed.unpark_all()

    def troubled(self, reason: str, retry_in_seconds: float) -> None:
        super().troubled(reason, retry_in_seconds)
        self._changed.unpark_all()

    async def wait_for_texts(self, count: int) -> list[str]:
        while len(self.accepted) < count:
            await self._changed.park()
        return list(self.texts)

    async def wait_for_trouble(self) -> None:
        while not self.troubles:
            await self._changed.park()
