"""Sending one message while no router runs: the store, its actor and one account are opened for it, and closed again.

The law is the same as in a running router, because it is the same actor: the message waits behind what is queued for
its chat, is written down before it leaves, and what cannot be sent waits for the next start. What else is queued for
this account is sent on the way. Nothing is received, no agent is asked, and nothing at the network is changed.
"""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from msgspec.structs import replace

from actors.channel import Channel, ChannelKind, Intake, Shared
from actors.messages import AccountKey, Identity, Outbound
from router.actor import RouterActor
from router.control.protocol.messages import MessageSent, SendMessage
from router.entropy import moment, system_chance
from router.fleet import Fleet
from router.logs import LogOptions, open_logs
from router.operations.inside import Inside
from router.operations.sending import Sending
from router.rulebook import make_rulebook
from router.serve import DATABASE
from router.settings.load import Loaded, load_settings
from router.settings.paths import find_config, find_state_dir
from router.settings.schema import Settings
from router.settings.secrets import secrets_in
from router.store.lock import lock_file, machine_lock_directory
from router.store.sqlite import open_sqlite
from router.surroundings import Surroundings
from router.telemetry import Telemetry

LOOK_EVERY_SECONDS = 0.05


def send_without_a_router(params: SendMessage, *, config: Path | None, state_dir: Path | None) -> MessageSent:
    """Sends as `message.send` does, and answers the same.

    Raises: AlreadyRunning when a router has the state directory after all; SettingsError, StoreUnavailable,
    ControlError, OSError.
    """
    loaded = load_settings(find_config(config, os.environ), env=os.environ)
    directory = find_state_dir(state_dir, os.environ)
    options = LogOptions(level=loaded.settings.logging.level)
    with (
        lock_file(directory / "router.lock", f"the state directory {directory}"),
        open_logs(directory, options, io.StringIO()) as logs,
    ):
        for secret in secrets_in(loaded.settings):
            logs.register_secret(secret)
        telemetry = Telemetry()
        telemetry.add_sink(logs.sink, options.level)
        around = Surroundings(
            state_dir=directory, locks=machine_lock_directory(), telemetry=telemetry, redact=logs.redact
        )
        return trio.run(send_alone, params, loaded, around)


async def send_alone(params: SendMessage, loaded: Loaded, around: Surroundings) -> MessageSent:
    """Opens what is needed around one `message.send`. The state directory's lock is the caller's."""
    around = replace(around, channel_kinds={name: send_only(kind) for name, kind in around.channel_kinds.items()})
    settings = loaded.settings
    async with open_sqlite(around.state_dir / DATABASE) as store, trio.open_nursery() as outer:
        router = RouterActor(
            make_rulebook(settings, around.channel_kinds),
            store,
            moment=lambda: moment(around.clock),
            chance=system_chance(),
            emit=around.telemetry.emit,
        )
        await outer.start(router.run, None)
        fleet = Fleet(_one_account(settings, params), router.ref, around)
        inside = Inside(loaded=lambda: loaded, router=router, store=store, fleet=fleet, around=around)
        async with trio.open_nursery() as living:
            if not params.dry_run:
                await living.start(fleet.run)
            answer = await Sending(inside).send(params)
            fleet.finish()
        outer.cancel_scope.cancel()
    return answer


def _one_account(settings: Settings, params: SendMessage) -> Settings:
    """The settings with no account but the one that is meant."""
    meant = [
        account
        for account in settings.accounts
        if account.key.channel == params.channel and params.account in (None, account.key.account_id)
    ]
    chosen = meant if len(meant) < 2 else [account for account in meant if account.is_default]
    return replace(settings, accounts=tuple(chosen))


def send_only(kind: ChannelKind) -> ChannelKind:
    """The same kind of channel, for accounts that only send."""

    @asynccontextmanager
    async def opened(account: AccountKey, settings: Any, shared: Shared) -> AsyncIterator[Channel]:
        async with kind.open(account, settings, shared) as channel:
            yield SendOnly(channel)

    return replace(kind, open=opened)


class SendOnly:
    """A channel that is not started and receives nothing: what a start does at the network would outlive the command.

    Whether the login is good is told by the first send.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def start(self) -> Identity:
        """Asks nobody."""
        await trio.lowlevel.checkpoint()
        return Identity("")

    async def receive(self, intake: Intake) -> None:
        """Returns when the account drains."""
        while not intake.stopping:
            await trio.sleep(LOOK_EVERY_SECONDS)

    async def send(self, outbound: Outbound) -> str:
        """See `Channel.send`."""
        return await self._channel.send(outbound)
