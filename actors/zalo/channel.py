"""The `zalo` channel: one official bot, received from by polling, or by webhook when it has a `webhookUrl`."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import trio

from actors.channel import NOTHING_SHARED, Channel, ChannelKind, Intake, Shared
from actors.errors import RouterError, SettingsError
from actors.hosting import FileHost
from actors.messages import AccountKey, Chat, Identity, Outbound
from actors.net.client import open_http_client
from actors.zalo.client import BotApi
from actors.zalo.polling import Poller
from actors.zalo.sending import Sender
from actors.zalo.settings import ZaloSettings
from actors.zalo.webhook import Hook, open_hook

TYPING_SECONDS: Final = 5.0


class ZaloChannel:
    """One bot. Opened by `open_zalo`; `start` before anything else."""

    def __init__(
        self,
        account: AccountKey,
        api: BotApi,
        poll_timeout_seconds: int = 30,
        random: Callable[[], float] = random.random,
        files: FileHost | None = None,
        hook: Hook | None = None,
    ) -> None:
        self._account = account
        self._api = api
        self._sender = Sender(api, files)
        self._poll_timeout_seconds = poll_timeout_seconds
        self._random = random
        self._hook = hook
        self._own_id = ""

    async def start(self) -> Identity:
        """Asks who the token is; one that polls takes away a webhook that would keep polls from working.

        Raises: BadCredentials when the token is not accepted; RetryLater when the API cannot be reached now; Rejected
        for an answer that no Bot API gives (see `apiUrl` in the settings).
        """
        me = await self._api.get_me()
        self._own_id = str(me.id)
        if self._hook is None and (await self._api.get_webhook_info()).url:
            await self._api.delete_webhook()
        return Identity(self._own_id, me.display_name or me.account_name, me.can_join_groups)

    async def probe(self) -> Identity:
        """Asks the API who the token is. Raises what `start` raises."""
        me = await self._api.get_me()
        return Identity(str(me.id), me.display_name or me.account_name, me.can_join_groups)

    async def receive(self, intake: Intake) -> None:
        """Receives until `intake.stopping`. Raises BadCredentials, by webhook in a group.

        Cancelled, a poll accepts what has arrived first; a webhook stays set at Zalo.
        """
        if self._hook is not None:
            await self._hook.receiver.run(intake, self._own_id, self._hook.registration)
            return
        poller = Poller(self._api, self._account, self._own_id, intake, self._poll_timeout_seconds, self._random)
        await poller.run()

    async def send(self, outbound: Outbound) -> str:
        """Sends one text, picture, voice note or sticker; see `Channel.send`."""
        return await self._sender.send(outbound)

    async def show_typing(self, chat: Chat) -> None:
        """Shows "is typing…" if that works within 5 s; raises nothing."""
        with trio.move_on_after(TYPING_SECONDS):
            try:
                await self._api.send_chat_action(chat.chat_id)
            except RouterError:
                return  # Best effort: the answer itself will say whether the account is well.


@asynccontextmanager
async def open_zalo(
    account: AccountKey, settings: ZaloSettings, shared: Shared = NOTHING_SHARED
) -> AsyncIterator[Channel]:
    """Opens the connections of one bot: one for polls, four for the rest. In webhook mode its path answers from now on.

    Raises: SettingsError when there is no token, a webhook is asked for and cannot be had, or the proxy cannot be used.
    """
    token = settings.bot_token
    if token is None or not token.reveal():
        raise SettingsError((f"{account}: botToken: expected the bot's token; set botToken or tokenFile",))
    url, proxy = settings.api_url, settings.proxy
    async with (
        open_http_client(base_url=url, proxy=proxy, max_connections=1) as polls,
        open_http_client(base_url=url, proxy=proxy, max_connections=4) as calls,
    ):
        api = BotApi(polls, calls, token, settings.request_timeout_seconds)
        with open_hook(account, settings, shared, api, token) as hook:
            yield ZaloChannel(account, api, settings.poll_timeout_seconds, files=shared.files, hook=hook)


KIND: Final = ChannelKind(
    name="zalo",
    label="Zalo",
    id_prefixes=("zalo:", "zl:"),
    settings=ZaloSettings,
    open=open_zalo,
    login_of=lambda settings: settings.bot_token,
)
