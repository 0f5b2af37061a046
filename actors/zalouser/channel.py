"""The `zalouser` channel: one personal account, through a zca program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from actors.channel import NOTHING_SHARED, Channel, ChannelKind, Intake, Shared
from actors.messages import AccountKey, Identity, Outbound
from actors.secret import Secret
from actors.zalouser import commands
from actors.zalouser.answers import sent_id
from actors.zalouser.directory import Directory
from actors.zalouser.hearing import Patience
from actors.zalouser.listener import Listener
from actors.zalouser.process import Zca
from actors.zalouser.settings import ZalouserSettings
from actors.zalouser.wire import NOBODY


class ZalouserChannel:
    """One personal account. Opened by `open_zalouser`; `start` before anything else."""

    def __init__(
        self,
        account: AccountKey,
        zca: Zca,
        settings: ZalouserSettings,
        warn: Callable[[str], None],
        record: Path | None = None,
    ) -> None:
        """`record` is a file for `Listener`."""
        self._account = account
        self._zca = zca
        self._settings = settings
        self.directory = Directory(zca)
        patience = Patience(reconnect_seconds=settings.reconnect_seconds, silence_seconds=settings.silence_seconds)
        self._listener = Listener(zca, settings.listen_args, patience, warn, record=record)
        self._own = NOBODY

    async def start(self) -> Identity:
        """Asks zca who is logged in: that it can tell proves the login, at the price of one.

        Raises: BadCredentials when zca says that nobody is, or that Zalo ended the session; RetryLater when it cannot
        be run or has not answered in time, which says nothing about the login.
        """
        self._own = await self.directory.me()
        return self._own

    async def probe(self) -> Identity:
        """The same question at any other time."""
        return await self.directory.me()

    async def receive(self, intake: Intake) -> None:
        """Listens with one process; see `Listener.run` for what it raises."""
        await self._listener.run(self._account, self._own, intake)

    async def send(self, outbound: Outbound) -> str:
        """Sends one text, picture, voice note or sticker; see `Channel.send`. One after the other."""
        words = commands.send(outbound.chat, outbound.content)
        return sent_id(await self._zca.run(words, self._settings.send_timeout_seconds))


@asynccontextmanager
async def open_zalouser(
    account: AccountKey, settings: ZalouserSettings, shared: Shared = NOTHING_SHARED
) -> AsyncIterator[Channel]:
    """Opens one personal account; no process runs before `start`, and none after the block."""
    zca = Zca(settings.program, settings.profile)
    record = shared.state_dir / "zalouser" / f"{account.account_id}.listener" if shared.state_dir is not None else None
    yield ZalouserChannel(account, zca, settings, partial(shared.warn, account), record)


def _login_of(settings: ZalouserSettings) -> Secret:
    """One process for a profile: a second listener would throw the first one out."""
    return Secret("\0".join(("zalouser", *settings.program, settings.profile or "")))


KIND: Final = ChannelKind(
    name="zalouser",
    label="Zalo Personal",
    id_prefixes=("zalouser:", "zlu:"),
    settings=ZalouserSettings,
    open=open_zalouser,
    login_of=_login_of,
    groups_must_be_named=True,
    sends_files=True,
    max_sends_in_flight=1,
)
