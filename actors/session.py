"""One opening of an account: from the first delivery that it may be given to the last receipt that it owes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

import msgspec
import trio

from actors.channel import Channel
from actors.delivery import Delivery, SendOptions
from actors.errors import EndedEarly, MailboxClosed
from actors.intake import AccountIntake
from actors.mailbox import Ref
from actors.messages import AccountKey, Identity
from actors.pacing import Pacing
from actors.protocol import AccountClosed, AccountOpened, AccountToRouter
from actors.restart import RestartPolicy
from actors.vitals import Vitals

LAST_WORD_SECONDS = 10.0
"""How long a router that has no room is waited for by an account that is being cancelled."""


class AccountOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that an account obeys."""

    max_sends_in_flight: Annotated[int, msgspec.Meta(ge=1)] = 4
    policy: RestartPolicy = RestartPolicy()
    poll_grace_seconds: float = 2.0
    """What `receive` is given to return by itself when draining begins."""
    send_grace_seconds: float = 5.0
    """What sends in flight are given to finish when the session ends, for whatever reason."""
    pacing: Pacing = Pacing()


async def at_last(tell: Callable[[], Awaitable[None]]) -> None:
    """Has `tell` put something in the router's mailbox that must arrive, waiting for room as long as it takes.

    Cancelled, it still waits `LAST_WORD_SECONDS` for room, then lets the cancellation go on. A router that has ended
    is spared it.
    """
    with suppress(MailboxClosed):
        try:
            await tell()
        except trio.Cancelled:
            with trio.move_on_after(LAST_WORD_SECONDS, shield=True), suppress(MailboxClosed):
                await tell()
            raise


class Session:
    """A started channel at work: it receives and delivers until it is told to finish or something fails."""

    def __init__(
        self,
        key: AccountKey,
        channel: Channel,
        router: Ref[AccountToRouter],
        vitals: Vitals,
        options: AccountOptions,
        owed: AccountClosed | None = None,
    ) -> None:
        """`owed` is what the session before this one could not tell."""
        self._key = key
        self._channel = channel
        self._router = router
        self._options = options
        self.owed = owed
        """The end of a session that the router had no room to hear of; it must hear it before anything else."""
        self._intake = AccountIntake(key, router, vitals)
        sending = SendOptions(
            max_in_flight=options.max_sends_in_flight,
            grace_seconds=options.send_grace_seconds,
            pacing=options.pacing,
        )
        self._delivery = Delivery(key, channel, router, vitals, sending)
        self._receiving = trio.CancelScope()

    def drain(self) -> None:
        """Takes nothing new in: `receive` has its grace to return, then it is cancelled. Delivery goes on."""
        if not self._intake.stopping:
            self._intake.stop()
            self._receiving.deadline = trio.current_time() + self._options.poll_grace_seconds

    def finish(self) -> None:
        """Drains, and ends delivery too: `run` returns when what is in flight has finished or its grace is over."""
        self.drain()
        self._delivery.finish()

    async def run(self, identity: Identity) -> None:
        """Works between one AccountOpened and exactly one AccountClosed, which comes after all its receipts.

        Raises: what receiving or sending raised, in a group; EndedEarly when receiving returned unasked. However it
        ends, sends in flight are given their grace first.
        """
        await self._tell_owed()
        opened = AccountOpened(self._key, self._delivery.mailbox.ref, identity, self._options.max_sends_in_flight)
        await self._router.tell(opened)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._receive)
                await self._delivery.run()
        finally:
            self.owed = AccountClosed(self._key, self._delivery.close())
            await at_last(self._tell_owed)

    async def _tell_owed(self) -> None:
        if self.owed is not None:
            await self._router.tell(self.owed)
            self.owed = None

    async def _receive(self) -> None:
        with self._receiving:
            await self._channel.receive(self._intake)
        if not self._intake.stopping:
            raise EndedEarly("receiving ended by itself")
