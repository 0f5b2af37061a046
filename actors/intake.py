"""The account's side of receiving: what a channel may do with what arrives, carried to the router."""

from __future__ import annotations

import math
from typing import TypeVar

import trio

from actors.errors import RetryLater
from actors.mailbox import Ref, Request
from actors.messages import AccountKey, Inbound
from actors.protocol import Accept, AccountToRouter, AwaitRoom, Shelve
from actors.restart import short_line
from actors.vitals import Vitals

R = TypeVar("R")


class AccountIntake:
    """The `actors.channel.Intake` of one opening. Every method that asks the router raises MailboxClosed without it."""

    def __init__(self, key: AccountKey, router: Ref[AccountToRouter], vitals: Vitals) -> None:
        self._key = key
        self._router = router
        self._vitals = vitals
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopping

    def stop(self) -> None:
        """Nothing new is to be taken from the network; what has arrived may still be accepted."""
        self._stopping = True

    async def accept(self, inbound: Inbound, *, patience_seconds: float | None = None) -> bool:
        """See `Intake.accept`."""
        new = await self._ask(Accept(inbound), patience_seconds)
        self._vitals.mark_inbound()
        return new

    async def shelve(self, raw: bytes, reason: str, *, patience_seconds: float | None = None) -> None:
        """See `Intake.shelve`."""
        await self._ask(Shelve(self._key, raw, reason), patience_seconds)
        self._vitals.mark_inbound()

    async def wait_for_room(self) -> None:
        """See `Intake.wait_for_room`."""
        await self._router.ask(AwaitRoom(self._key))

    def good(self) -> None:
        """See `Intake.good`."""
        self._vitals.mark_good()

    def verified(self, words: str) -> None:
        """See `Intake.verified`."""
        self._vitals.webhook_verification = short_line(words)

    def troubled(self, reason: str, retry_in_seconds: float) -> None:
        """See `Intake.troubled`."""
        self._vitals.set_trouble(short_line(f"{reason} (tried again in {retry_in_seconds:.0f} s)"))

    async def _ask(self, request: Request[R], patience_seconds: float | None) -> R:
        deadline = math.inf if patience_seconds is None else trio.current_time() + patience_seconds
        with trio.CancelScope(deadline=deadline, shield=patience_seconds is None):
            return await self._router.ask(request)
        raise RetryLater(f"the store has not answered for {patience_seconds:g} s")
