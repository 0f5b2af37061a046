"""The account's side of sending: one task per delivery, and a true receipt for each, however the session ends."""

from __future__ import annotations

from typing import Any

import msgspec
import trio

from actors.channel import Channel
from actors.errors import BadCredentials, Rejected, RetryLater, TooManyRequests, UnknownOutcome
from actors.mailbox import Asked, Mailbox, Ref
from actors.messages import (
    AccountKey,
    Chat,
    Outbound,
    Outcome,
    Receipt,
    Refused,
    Retry,
    Sent,
    Unknown,
)
from actors.pacing import Pacer, Pacing
from actors.protocol import AccountMessage, AccountToRouter, Deliver, Delivered, ShowTyping
from actors.typing_signs import TypingSigns
from actors.vitals import Vitals

NOT_BEGUN = Retry("account stopped before it was sent")
CUT_OFF = Unknown("the send was cut off before the network answered")

_SPARE_ROOM = 64
"""Places in the mailbox beyond the deliveries that the router may have outstanding: for signs of typing."""


class SendOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that a delivery obeys."""

    max_in_flight: int
    grace_seconds: float
    """What sends in flight are given to finish once no more are begun."""
    pacing: Pacing = Pacing()


class Delivery:
    """Sends what the router tells to `mailbox`, for one opening of an account.

    Receipts are told as they come; those that could not be told are returned by `close`. At every moment the receipt
    that would be true if everything ended now is on file, so that no way of ending can leave one out.

    Sends begin as fast as the pacing allows, in the order in which they were told; one that still waits for its turn
    when the delivery ends has not begun.
    """

    def __init__(
        self,
        key: AccountKey,
        channel: Channel,
        router: Ref[AccountToRouter],
        vitals: Vitals,
        options: SendOptions,
    ) -> None:
        self.mailbox: Mailbox[AccountMessage] = Mailbox(2 * options.max_in_flight + _SPARE_ROOM)
        self._key = key
        self._channel = channel
        self._router = router
        self._vitals = vitals
        self._grace_seconds = options.grace_seconds
        self._typing = TypingSigns(channel, options.max_in_flight)
        self._pacer = Pacer(options.pacing, trio.current_time())
        self._turns = trio.Lock()
        self._taking = trio.CancelScope()
        self._ending = trio.Event()
        self._on_file: dict[int, Outcome] = {}
        self._in_flight: dict[trio.CancelScope, Chat] = {}

    def finish(self) -> None:
        """Takes nothing more; `run` returns when the sends in flight have finished or their grace is over."""
        self._taking.cancel()

    async def run(self) -> None:
        """Delivers until `finish`. Cancelled, it gives the sends in flight the same grace, then lets it go on.

        Raises: BadCredentials from a send, and whatever else a channel should not have raised; that send's receipt is
        then left for `close`.
        """
        async with trio.open_nursery() as nursery:
            try:
                with self._taking:
                    await self._take(nursery)
            finally:
                self._begin_grace()

    def close(self) -> tuple[Receipt, ...]:
        """Refuses further messages; the receipts that were not told, for what was cut off and what never began."""
        for message in self.mailbox.close():
            if isinstance(message, Deliver):
                self._on_file[message.outbound.outbox_id] = NOT_BEGUN
        return tuple(Receipt(outbox_id, outcome) for outbox_id, outcome in self._on_file.items())

    async def _take(self, nursery: trio.Nursery) -> None:
        while True:
            match await self.mailbox.receive():
                case Deliver(outbound=outbound):
                    self._begin(nursery, outbound)
                case ShowTyping(chat=chat):
                    if chat not in self._in_flight.values():
                        self._typing.show(nursery, chat)
                case Asked() as asked:
                    _refuse_question(asked)

    def _begin(self, nursery: trio.Nursery, outbound: Outbound) -> None:
        self._typing.hide(outbound.chat)
        self._on_file[outbound.outbox_id] = NOT_BEGUN
        # Shielded, and made here rather than in the task: whoever ends the session sets its deadline, also when the
        # task has not had its first turn yet.
        scope = trio.CancelScope(shield=True)
        self._in_flight[scope] = outbound.chat
        nursery.start_soon(self._deliver, outbound, scope)

    def _begin_grace(self) -> None:
        self._typing.hide_all()
        self._ending.set()
        for scope in self._in_flight:
            scope.deadline = trio.current_time() + self._grace_seconds

    async def _deliver(self, outbound: Outbound, scope: trio.CancelScope) -> None:
        with scope:
            if await self._turn_comes():
                self._on_file[outbound.outbox_id] = CUT_OFF
                self._on_file[outbound.outbox_id] = await self._attempt(outbound)
        del self._in_flight[scope]
        await self._tell(outbound.outbox_id)

    async def _turn_comes(self) -> bool:
        """Waits until another send may begin, the first told first; False when the delivery ends before."""
        async with self._turns:
            while (wait_seconds := self._pacer.wait_seconds(trio.current_time())) > 0:
                with trio.move_on_after(wait_seconds):
                    await self._ending.wait()
                    return False
            self._pacer.begin(trio.current_time())
            return True

    async def _attempt(self, outbound: Outbound) -> Outcome:
        """One send, as an outcome. What is not in this table is a defect: it stays `Unknown` and ends the session."""
        begun_at = trio.current_time()
        try:
            message_id = await self._channel.send(outbound)
        except TooManyRequests as error:
            self._pacer.refused(begun_at, trio.current_time(), error.retry_after_seconds)
            return Retry(error.reason, error.retry_after_seconds)
        except RetryLater as error:
            return Retry(error.reason, error.retry_after_seconds)
        except Rejected as error:
            return Refused(error.reason)
        except UnknownOutcome as error:
            return Unknown(error.reason)
        except BadCredentials as error:
            self._on_file[outbound.outbox_id] = Retry(error.reason)
            raise
        self._pacer.went_well()
        self._vitals.mark_outbound()
        return Sent(message_id)

    async def _tell(self, outbox_id: int) -> None:
        receipt = Receipt(outbox_id, self._on_file[outbox_id])
        await self._router.tell(Delivered(self._key, receipt))
        del self._on_file[outbox_id]


def _refuse_question(asked: Asked[Any]) -> None:
    asked.slot.fail(Rejected("an account answers no questions"))
